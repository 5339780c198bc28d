//! What is quoted of the policies that decided: for people, who look for the line to change.

use serde::Serialize;

/// A policy that decided, as it stands in the folder in force at the revision of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// Its `@id`, or `<file>#<number>`.
    pub policy: Box<str>,
    /// The file, by its path in the folder.
    pub file: Box<str>,
    /// The line that it begins at, from 1.
    pub line: usize,
    /// Its lines, as they are written.
    pub text: Box<str>,
    /// The conditions that were looked at on the way to the answer, by where they stand; none for a policy that has none
    /// beside its scope.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<QuotedCondition>,
}

/// A condition of a policy, and what it came to for the question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuotedCondition {
    /// The line in the file, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// As it is written, on one line.
    pub text: String,
    /// Whether it was true. One that could not be evaluated is not here.
    pub holds: bool,
}
