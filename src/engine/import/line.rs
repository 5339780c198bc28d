//! The lines of an import: one fact each.

use serde::{Deserialize, Deserializer};

use crate::model::id::{OrgNo, SystemUserId};
use crate::model::party::{LegalForm, Party, PartyName};
use crate::model::relation::Role;
use crate::model::time::Timestamp;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RelationLine {
    pub(super) client: OrgNo,
    pub(super) firm: OrgNo,
    pub(super) role: Role,
    #[serde(default)]
    pub(super) packages: Vec<String>,
    #[serde(default)]
    pub(super) ended: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DelegationLine {
    pub(super) system_user: SystemUserId,
    pub(super) client: OrgNo,
    #[serde(default)]
    pub(super) from: Option<Timestamp>,
    #[serde(default)]
    pub(super) until: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Line {
    #[serde(deserialize_with = "strict_party")]
    Party(Party),
    Relation(RelationLine),
    Delegation(DelegationLine),
}

fn strict_party<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Party, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct PartyLine {
        org: OrgNo,
        name: PartyName,
        form: LegalForm,
    }
    PartyLine::deserialize(deserializer).map(|PartyLine { org, name, form }| Party {
        org,
        name,
        form,
    })
}

impl Line {
    /// What the line is about, so that the same again is noticed.
    pub(super) fn place(&self) -> (u32, u128, u8) {
        match self {
            Self::Party(party) => (party.org.as_u32(), 0, 0),
            Self::Relation(line) => (
                line.client.as_u32(),
                line.firm.as_u32().into(),
                1 + line.role as u8,
            ),
            Self::Delegation(line) => (line.client.as_u32(), line.system_user.0.as_u128(), 9),
        }
    }
}
