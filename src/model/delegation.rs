//! Delegations: one client added to one agent system user, and what a relation's end takes from it.

use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;
use super::id::{OrgNo, PackageCode, SystemUserId};
use super::package_set::PackageSet;
use super::party::LegalForm;
use super::relation::Role;

/// One relation of a client to a firm, as far as coverage goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// In which role.
    pub role: Role,
    /// What the client has assigned; read for right holders only.
    pub assigned: PackageSet,
}

/// All that a client's relations to a firm put in the firm's hands.
pub fn coverage(
    relations: impl IntoIterator<Item = Held>,
    form: Option<LegalForm>,
    catalogue: &Catalogue,
) -> PackageSet {
    relations.into_iter().fold(PackageSet::EMPTY, |all, held| {
        all.union(&catalogue.gives(held.role, form, &held.assigned))
    })
}

/// What a firm may add itself for: every package must be one that an organisation can give directly.
///
/// Returns the packages that keep it from being added; empty if it can be.
pub fn missing_for_self(packages: &PackageSet, catalogue: &Catalogue) -> PackageSet {
    packages.minus(catalogue.assignable())
}

/// Packages that a delegation lost because a relation ended or narrowed. Recorded, so that a replay needs no catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Of which system user.
    pub system_user: SystemUserId,
    /// For which client.
    pub client: OrgNo,
    /// What it lost now; codes, sorted.
    pub packages: Vec<PackageCode>,
    /// Whether nothing is left: the delegation has ended.
    pub ended: bool,
}
