//! Relations: what a client has put in a firm's hands, and in which role.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::id::{OrgNo, shown};

/// In which role a firm acts for a client.
///
/// Source: Enhetsregisteret's roles `REGN`, `REVI`, `FFØR`, and the right holder of Altinn's direct assignments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Accountant.
    #[serde(rename = "regnskapsforer")]
    Accountant,
    /// Auditor.
    #[serde(rename = "revisor")]
    Auditor,
    /// Business manager.
    #[serde(rename = "forretningsforer")]
    BusinessManager,
    /// Right holder: of the packages that the client itself has assigned.
    #[serde(rename = "rettighetshaver")]
    RightHolder,
}

impl Role {
    /// All of them, in the order in which a chain of authority names them.
    pub const ALL: [Self; 4] = [
        Self::Accountant,
        Self::Auditor,
        Self::BusinessManager,
        Self::RightHolder,
    ];

    /// The code on the wire: the register's Norwegian word.
    pub fn code(self) -> &'static str {
        match self {
            Self::Accountant => "regnskapsforer",
            Self::Auditor => "revisor",
            Self::BusinessManager => "forretningsforer",
            Self::RightHolder => "rettighetshaver",
        }
    }
}

/// A role that is not one of the four.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "role `{given}` is not one of `regnskapsforer`, `revisor`, `forretningsforer`, `rettighetshaver`; did you mean `{nearest}`?"
)]
pub struct RoleError {
    given: String,
    nearest: &'static str,
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        if let Some(role) = Self::ALL.into_iter().find(|role| role.code() == text) {
            return Ok(role);
        }
        let nearest = Self::ALL
            .into_iter()
            .map(Self::code)
            .min_by_key(|code| strsim::damerau_levenshtein(code, text));
        Err(RoleError {
            given: shown(text),
            nearest: nearest.unwrap_or("regnskapsforer"),
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Which relation is meant: from this client, to this firm, in this role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RelationKey {
    /// Who put something in the firm's hands.
    pub client: OrgNo,
    /// Who acts for it.
    pub firm: OrgNo,
    /// As what.
    pub role: Role,
}

impl fmt::Display for RelationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of `{}` for `{}`", self.role, self.client, self.firm)
    }
}
