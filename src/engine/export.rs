//! The compiled state as values that `cedar/` writes as plain Cedar.

use crate::cedar::{Export, ExportWorld, Found, Identity};
use crate::model::id::{OrgNo, SystemUserId};
use crate::model::request::UserKind;

use super::Snapshot;
use super::state::{State, SystemUser};

/// How much to export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportScope {
    /// Everything: for worlds of up to about ten thousand mandates.
    Whole,
    /// One system user and all its mandates.
    SystemUser(SystemUserId),
    /// One mandate.
    Mandate(SystemUserId, OrgNo),
}

impl Snapshot {
    /// The policies and the grants in force as plain Cedar, which answers as this snapshot does.
    pub fn export(&self, scope: ExportScope) -> Export {
        let state = &self.state;
        let mut world = ExportWorld::default();
        match scope {
            ExportScope::Whole => state.export_all(&mut world),
            ExportScope::SystemUser(id) => {
                if let Some(user) = state.live(id) {
                    state.export_user(user, &mut world);
                }
            }
            ExportScope::Mandate(id, party) => {
                state.export_found(&Identity::Mandate(id, party), &mut world);
            }
        }
        for mentioned in state.generation.policies.mentioned() {
            state.export_found(mentioned, &mut world);
        }
        world.users.sort_by_key(|user| user.id);
        world.users.dedup();
        world.systems.sort();
        world.systems.dedup();
        world
            .mandates
            .sort_by_key(|mandate| (mandate.user.id, mandate.party));
        world.mandates.dedup();
        state.generation.policies.export(&world)
    }
}

impl State {
    fn export_all(&self, world: &mut ExportWorld) {
        let live = self
            .systems
            .iter()
            .filter(|record| record.deleted.is_none());
        world
            .systems
            .extend(live.map(|record| record.system.id.clone()));
        for user in self.users.values() {
            if let Some(user) = self.live(user.id) {
                self.export_user(user, world);
            }
        }
    }

    fn export_user(&self, user: &SystemUser, world: &mut ExportWorld) {
        let facts = self.user_facts(user);
        world.systems.push(facts.system.clone());
        world.users.push(facts);
        let parties: Vec<OrgNo> = match user.kind {
            UserKind::Standard => vec![user.owner],
            UserKind::Agent => user
                .clients
                .iter()
                .filter_map(|entry| OrgNo::from_u32(entry.key).ok())
                .collect(),
        };
        for party in parties {
            if let Some(held) = Self::held(user, party) {
                world.mandates.push(self.mandate(&held, party));
            }
        }
    }

    fn export_found(&self, identity: &Identity, world: &mut ExportWorld) {
        match self.find(identity) {
            Some(Found::Mandate(mandate)) => {
                world.users.push(mandate.user.clone());
                world.systems.push(mandate.user.system.clone());
                world.mandates.push(mandate);
            }
            Some(Found::SystemUser(user)) => {
                world.systems.push(user.system.clone());
                world.users.push(user);
            }
            Some(Found::System(system)) => world.systems.push(system),
            None => {}
        }
    }
}
