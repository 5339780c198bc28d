//! Package sets, interned: a decision compares a number, not a set.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::package_set::PackageSet;

use super::grow::Grow;

/// An interned package set. Never reused while the engine lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SetId(pub(crate) u32);

/// Every package set that was ever held, each with its number.
#[derive(Debug, Default)]
pub(crate) struct PackageSets {
    sets: Grow<PackageSet>,
    ids: Mutex<HashMap<PackageSet, SetId>>,
}

impl PackageSets {
    /// The number of a set; a new one if it was never seen. Called by the writer and at start, never by a decision.
    pub(crate) fn intern(&self, set: PackageSet) -> SetId {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let next = SetId(u32::try_from(ids.len()).unwrap_or(u32::MAX));
        let id = *ids.entry(set).or_insert(next);
        self.sets.get_or_init(id.0, || set);
        id
    }

    /// The set with this number.
    pub(crate) fn set(&self, id: SetId) -> PackageSet {
        // A number that was never given out holds nothing, so it opens nothing.
        self.sets.get(id.0).copied().unwrap_or_default()
    }
}
