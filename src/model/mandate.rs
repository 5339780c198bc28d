//! What grants compile to: mandates, system users, systems and links, as plain values.
//!
//! The engine makes these from its columns; `cedar/` makes Cedar entities and policies of them, and both ways back.

use serde::{Deserialize, Serialize};

use super::id::{OrgNo, PackageCode, SystemId, SystemUserId};
use super::request::UserKind;
use super::system::SingleRight;
use super::time::Window;

/// A system user as Cedar sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFacts {
    /// Which.
    pub id: SystemUserId,
    /// Whose.
    pub owner: OrgNo,
    /// Of which system; the vendor is part of its id.
    pub system: SystemId,
    /// For whom it acts.
    pub kind: UserKind,
}

/// A system user's authority to act for one party: the principal of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mandate {
    /// Who acts.
    pub user: UserFacts,
    /// For whom.
    pub party: OrgNo,
    /// With which packages; codes, sorted. Those it lost are not among them.
    pub packages: Vec<PackageCode>,
    /// When it holds.
    pub window: Window,
    /// With which single rights: a standard system user's, on its owner's mandate.
    pub rights: Vec<SingleRight>,
}

impl Mandate {
    /// The firm through which it acts, if it acts for another than its owner.
    pub fn via(&self) -> Option<OrgNo> {
        (self.user.kind == UserKind::Agent).then_some(self.user.owner)
    }

    /// Its id as a Cedar entity: `<system user>@<party>`.
    pub fn entity_id(&self) -> String {
        mandate_id(self.user.id, self.party)
    }
}

/// The id of a mandate's Cedar entity: `<system user>@<party>`.
pub fn mandate_id(user: SystemUserId, party: OrgNo) -> String {
    format!("{user}@{party}")
}
