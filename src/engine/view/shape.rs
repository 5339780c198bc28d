//! The shapes of what callers see.

use crate::model::caller::Actor;
use crate::model::id::{OrgNo, PackageCode, Revision, SystemId, SystemUserId};
use crate::model::party::Party;
use crate::model::relation::{RelationKey, Role};
use crate::model::request::{Request, UserKind};
use crate::model::system::{SingleRight, System};
use crate::model::time::{Timestamp, Window};

use super::super::state::SystemRecord;

/// A system, and when it was registered and deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemView {
    /// The system.
    pub system: System,
    /// When it was registered.
    pub registered: Timestamp,
    /// When it was deleted, if it was.
    pub deleted: Option<Timestamp>,
}

/// A request with what its reader should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestView {
    /// The request.
    pub request: Request,
    /// The system that asks; the vendor's number is part of its id.
    pub system: System,
    /// The vendor's name, if it is known.
    pub vendor: Option<Party>,
    /// Packages that no single relation covers together.
    pub warnings: Vec<String>,
}

/// A system user and how many clients it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemUserView {
    /// Which.
    pub id: SystemUserId,
    /// For whom it acts.
    pub kind: UserKind,
    /// Whose it is.
    pub owner: OrgNo,
    /// Of which system.
    pub system: SystemId,
    /// What it holds, or asks of each client.
    pub packages: Vec<PackageCode>,
    /// The single rights that it holds.
    pub rights: Vec<SingleRight>,
    /// What the request called it.
    pub title: Option<Box<str>>,
    /// The vendor's reference on the request.
    pub external_ref: Option<Box<str>>,
    /// Who approved it.
    pub approved_by: Actor,
    /// When.
    pub approved: Timestamp,
    /// When it was deleted, if it was.
    pub deleted: Option<Timestamp>,
    /// Whether its system was deleted.
    pub system_deleted: bool,
    /// How many clients are added to it.
    pub clients: usize,
}

/// A client of a system user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientView {
    /// Who.
    pub client: OrgNo,
    /// Its name and form, if they are known.
    pub party: Option<Party>,
    /// When it was added, and by whom.
    pub added: Timestamp,
    /// By whom.
    pub added_by: Actor,
    /// At which revision.
    pub revision: Revision,
    /// When the delegation holds.
    pub window: Window,
    /// The packages that it holds now.
    pub packages: Vec<PackageCode>,
    /// The packages that it lost since it was added.
    pub lost: Vec<PackageCode>,
    /// The roles of its relations to the firm.
    pub roles: Vec<Role>,
    /// Whether it is the firm itself.
    pub is_self: bool,
}

/// A client that can be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailableClient {
    /// Who.
    pub client: OrgNo,
    /// Its name and form, if they are known.
    pub party: Option<Party>,
    /// The roles of its relations to the firm.
    pub roles: Vec<Role>,
    /// Whether it is the firm itself.
    pub is_self: bool,
}

/// A relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationView {
    /// Which.
    pub key: RelationKey,
    /// What it puts in the firm's hands now.
    pub packages: Vec<PackageCode>,
    /// The revision that wrote it.
    pub revision: Revision,
}

impl SystemView {
    pub(super) fn of(record: &SystemRecord) -> Self {
        Self {
            system: record.system.clone(),
            registered: record.registered.at,
            deleted: record.deleted.as_ref().map(|stamp| stamp.at),
        }
    }
}
