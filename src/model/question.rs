//! Questions and their answers.

use serde::Serialize;

use super::id::{ActionName, OrgNo, ResourceId, Revision, SystemUserId};
use super::quote::Quote;
use super::reason::{Code, Mend, Said};
use super::time::Timestamp;

/// May this system user do this, on this resource, for this client?
///
/// The client is a member of its own and never taken from a token: `systemuser_org` there is the firm.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Who acts.
    pub system_user: SystemUserId,
    /// What it wants to do.
    pub action: ActionName,
    /// On what.
    pub resource: ResourceId,
    /// For whom.
    pub client: OrgNo,
    /// What else the policies may look at.
    pub asked: Asked,
}

/// The context of a question, besides the daemon's own clock.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// The level that the user behind the system user has signed in at, if the caller knows it.
    pub authentication_level: Option<i64>,
    /// Members that the administrators' schema adds, in Cedar's JSON form.
    pub members: serde_json::Map<String, serde_json::Value>,
}

impl Asked {
    /// At an authentication level and nothing else.
    pub fn at_level(level: i64) -> Self {
        Self {
            authentication_level: Some(level),
            members: serde_json::Map::new(),
        }
    }
}

/// What a permit obliges the caller to: the highest value among the determining policies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Obligations {
    /// `@minimum_authentication_level`.
    pub minimum_authentication_level: Option<u8>,
    /// `@minimum_authentication_level_org`.
    pub minimum_authentication_level_org: Option<u8>,
}

impl Obligations {
    /// Neither.
    pub const NONE: Self = Self {
        minimum_authentication_level: None,
        minimum_authentication_level_org: None,
    };

    /// Both sides' obligations, the higher value of each.
    #[must_use]
    #[inline]
    pub fn and(self, other: Self) -> Self {
        Self {
            minimum_authentication_level: self
                .minimum_authentication_level
                .max(other.minimum_authentication_level),
            minimum_authentication_level_org: self
                .minimum_authentication_level_org
                .max(other.minimum_authentication_level_org),
        }
    }

    /// These, or none.
    #[must_use]
    #[inline]
    pub(crate) fn if_so(self, so: bool) -> Self {
        std::hint::select_unpredictable(so, self, Self::NONE)
    }

    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

/// The answer to a question at one revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is permitted.
    pub permit: bool,
    /// What a permit obliges to; none on no access.
    pub obligations: Obligations,
    /// The revision of everything that was read.
    pub revision: Revision,
}

/// What one link of a chain of authority is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// The client's relation to the firm.
    Relation,
    /// The approval of the request.
    Approval,
    /// The client added to the system user.
    Delegation,
    /// The firm acts for itself.
    #[serde(rename = "self")]
    Itself,
    /// A single right of a standard system user.
    SingleRight,
}

/// One link of the chain of authority: who made it, when, and at which revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// What it is.
    pub link: LinkKind,
    /// By whom.
    pub by: Box<str>,
    /// When.
    pub at: Timestamp,
    /// At which revision.
    pub revision: Revision,
    /// The role, on a relation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<super::relation::Role>,
}

/// Why an answer is what it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The revision of everything that was read.
    pub revision: Revision,
    /// `permit`, or the first missing link.
    pub code: Code,
    /// A sentence in Norwegian and English.
    pub reason: Said,
    /// Who can mend it, and how; nothing on a permit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<Mend>,
    /// The policies that decided, by id: permits that were satisfied, or forbids that were satisfied or erred.
    pub policies: Vec<String>,
    /// Their lines, from the folder in force at the revision.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quotes: Vec<Quote>,
    /// The chain of authority: whole on a permit, up to the missing link on no access.
    pub chain: Vec<Link>,
}

/// A decision with its explanation, both of one revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The answer.
    pub decision: Decision,
    /// Why.
    pub explanation: Explanation,
}
