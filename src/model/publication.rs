//! What is kept beside a policy folder that somebody put in force: why, and after what.

use serde::{Deserialize, Serialize};

use super::id::Revision;

/// The most characters of a note.
pub const LONGEST_NOTE: usize = 1_000;

/// What is known of policies that a caller put in force or proposed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Why, in the caller's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Box<str>>,
    /// The revision whose policies they are, if they are those of an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<Revision>,
    /// The proposal that was approved by it, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Revision>,
    /// The hash of the watched policy folder then: it comes in force again only when it holds something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<Box<str>>,
}
