//! System users by id.

use std::sync::Arc;

use foldhash::fast::RandomState;
use imbl::GenericHashMap;
use imbl::shared_ptr::DefaultSharedPtr;

use crate::model::id::SystemUserId;
use crate::model::request::UserKind;

use super::state::SystemUser;

// The ids are random already, so that a light hash serves.
type ById = GenericHashMap<SystemUserId, Arc<SystemUser>, RandomState, DefaultSharedPtr>;

/// All system users. Cloning costs two reference counts.
///
/// Agents are kept apart, so that what a decision about one costs does not grow with standard system users, of which there
/// may be one for each organisation that bought a program.
#[derive(Debug, Clone, Default)]
pub(crate) struct SystemUsers {
    agents: ById,
    standard: ById,
}

impl SystemUsers {
    fn of(&mut self, kind: UserKind) -> &mut ById {
        match kind {
            UserKind::Agent => &mut self.agents,
            UserKind::Standard => &mut self.standard,
        }
    }

    /// An agent system user.
    #[inline]
    pub(crate) fn agent(&self, id: SystemUserId) -> Option<&SystemUser> {
        self.agents.get(&id).map(|user| &**user)
    }

    /// A system user of either kind.
    pub(crate) fn get(&self, id: SystemUserId) -> Option<&Arc<SystemUser>> {
        self.agents.get(&id).or_else(|| self.standard.get(&id))
    }

    pub(crate) fn get_mut(&mut self, id: SystemUserId) -> Option<&mut Arc<SystemUser>> {
        // Twice, since a borrow that may be returned lasts.
        if self.agents.contains_key(&id) {
            return self.agents.get_mut(&id);
        }
        self.standard.get_mut(&id)
    }

    pub(crate) fn insert(&mut self, user: SystemUser) {
        self.of(user.kind).insert(user.id, Arc::new(user));
    }

    pub(crate) fn len(&self) -> usize {
        self.agents.len() + self.standard.len()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Arc<SystemUser>> {
        self.agents.values().chain(self.standard.values())
    }
}
