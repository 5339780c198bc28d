//! Everything at one revision.

use std::sync::Arc;

use crate::cedar::Compiled;
use crate::model::catalogue::Catalogue;
use crate::model::id::Revision;
use crate::store::Store;

use super::state::State;

/// How much there is at one revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Policies and templates in force.
    pub policies: usize,
    /// System users, deleted ones too.
    pub system_users: usize,
}

/// What the delegations of one revision take in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DelegationsHeld {
    /// Clients of agent system users, each as often as it is added.
    pub delegations: usize,
    /// Bytes of the columns that they are in.
    pub bytes: usize,
}

/// Everything at one revision. Answers from one snapshot agree with each other.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub(super) state: Arc<State>,
    pub(super) store: Arc<Store>,
}

impl Snapshot {
    /// The revision of everything in it.
    pub fn revision(&self) -> Revision {
        self.state.revision
    }

    /// The policies in force, compiled.
    pub fn policies(&self) -> &Compiled {
        &self.state.generation.policies
    }

    /// The hash of the policy folder in force.
    pub fn policy_hash(&self) -> &str {
        &self.state.generation.hash
    }

    /// How much there is. Costs a count of the policies.
    pub fn size(&self) -> Size {
        Size {
            policies: self.state.generation.policies.policies().count(),
            system_users: self.state.users.len(),
        }
    }

    /// How many delegations there are and what they take in memory. Costs a step for each system user.
    pub fn delegations_held(&self) -> DelegationsHeld {
        let users = self.state.users.values();
        users.fold(DelegationsHeld::default(), |held, user| DelegationsHeld {
            delegations: held.delegations + user.clients.len(),
            bytes: held.bytes + user.clients.bytes(),
        })
    }

    /// The access packages that exist.
    pub fn catalogue(&self) -> &Catalogue {
        &self.state.catalogue
    }
}
