//! The state at one revision: everything that a decision, a list or a command reads, seen together.
//!
//! A state is a handful of persistent maps: cloning it costs a few reference counts, and changing the clone leaves the
//! original as it was. Readers hold one state for as long as they read; the writer makes the next beside it.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet, Vector};

use crate::model::caller::Actor;
use crate::model::catalogue::Catalogue;
use crate::model::delegation::{Held, coverage};
use crate::model::id::{OrgNo, PackageCode, RequestId, Revision, SystemId, SystemUserId};
use crate::model::package_set::PackageSet;
use crate::model::party::{LegalForm, Party};
use crate::model::relation::{RelationKey, Role};
use crate::model::request::{Request, RequestKey, UserKind};
use crate::model::system::{SingleRight, System};
use crate::model::time::{Timestamp, Window};

use super::column::{Column, Entry};
use super::generation::Generation;
use super::pairs::Pairs;
use super::sets::{PackageSets, SetId};
use super::users::SystemUsers;

/// Who did something, when, at which revision.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Stamp {
    pub(crate) by: Actor,
    pub(crate) at: Timestamp,
    pub(crate) revision: Revision,
}

/// A registered system, deleted or not.
#[derive(Debug, Clone)]
pub(crate) struct SystemRecord {
    pub(crate) system: System,
    pub(crate) registered: Stamp,
    pub(crate) deleted: Option<Stamp>,
    pub(crate) changed: Revision,
}

/// A request and who made it.
#[derive(Debug, Clone)]
pub(crate) struct RequestRecord {
    pub(crate) request: Request,
    pub(crate) made: Stamp,
    pub(crate) changed: Revision,
}

/// What is particular about one client of a system user: kept beside the column, not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) window: Window,
    /// What the delegation holds now, interned: the system user's packages without those it lost.
    pub(crate) set: SetId,
}

/// A system user, deleted or not.
///
/// What a decision reads stands first and in this order, so that it waits for two lines of memory and not for four.
#[derive(Debug, Clone)]
#[repr(C)]
pub(crate) struct SystemUser {
    /// Its clients, each with the revision it was added at.
    pub(crate) clients: Column<()>,
    /// The clients that are not held always and with all packages.
    pub(crate) exceptions: OrdMap<u32, Exception>,
    pub(crate) rights: Arc<[SingleRight]>,
    /// Its system's place in [`State::systems`].
    pub(crate) system: u32,
    pub(crate) set: SetId,
    pub(crate) owner: OrgNo,
    pub(crate) kind: UserKind,
    pub(crate) deleted: Option<Box<Stamp>>,
    pub(crate) id: SystemUserId,
    pub(crate) packages: PackageSet,
    pub(crate) approved: Stamp,
    pub(crate) changed: Revision,
}

/// One client of a system user, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delegation {
    pub(crate) client: u32,
    pub(crate) added: Revision,
    pub(crate) window: Window,
    pub(crate) set: SetId,
}

impl SystemUser {
    /// The delegation for a client, if the client is added and something is left of it.
    pub(crate) fn delegation(&self, client: OrgNo) -> Option<Delegation> {
        self.clients
            .get(client.as_u32())
            .map(|entry| self.delegation_of(entry))
    }

    pub(crate) fn delegation_of(&self, entry: Entry<()>) -> Delegation {
        let plain = Exception {
            window: Window::ALWAYS,
            set: self.set,
        };
        let Exception { window, set } = self.exception(entry.key).copied().unwrap_or(plain);
        Delegation {
            client: entry.key,
            added: entry.added,
            window,
            set,
        }
    }

    /// What is particular about a client that was added, if anything is.
    #[inline]
    pub(crate) fn exception(&self, client: u32) -> Option<&Exception> {
        if self.exceptions.is_empty() {
            return None;
        }
        self.exceptions.get(&client)
    }
}

/// A firm: the relations of its clients, by client and role.
#[derive(Debug, Clone, Default)]
pub(crate) struct Firm {
    /// By [`relation_place`]; the value is what the client has assigned, interned.
    pub(crate) relations: Column<SetId>,
    pub(crate) changed: Revision,
}

/// The key of a relation in its firm's column. Organisation numbers are below 2^30, so the role fits beneath.
pub(crate) fn relation_place(client: u32, role: Role) -> u32 {
    let role = match role {
        Role::Accountant => 0,
        Role::Auditor => 1,
        Role::BusinessManager => 2,
        Role::RightHolder => 3,
    };
    client << 2 | role
}

/// The client and role of a relation's key.
pub(crate) fn of_relation_place(place: u32) -> (u32, Role) {
    let role = match place & 3 {
        0 => Role::Accountant,
        1 => Role::Auditor,
        2 => Role::BusinessManager,
        _ => Role::RightHolder,
    };
    (place >> 2, role)
}

/// Everything at one revision.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) revision: Revision,
    pub(crate) generation: Arc<Generation>,
    /// The hash of the folder that the journal says is in force.
    pub(crate) policies_in_force: Option<Box<str>>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) sets: Arc<PackageSets>,
    pub(crate) parties: OrdMap<OrgNo, Arc<Party>>,
    pub(crate) systems: Vector<Arc<SystemRecord>>,
    /// Of each system whether it was deleted: all that a decision asks of it.
    systems_deleted: Arc<Vec<bool>>,
    pub(crate) system_places: OrdMap<SystemId, u32>,
    pub(crate) requests: OrdMap<RequestId, Arc<RequestRecord>>,
    /// The newest request of each key.
    pub(crate) request_keys: OrdMap<RequestKey, RequestId>,
    pub(crate) requests_of_firm: OrdSet<(OrgNo, RequestId)>,
    pub(crate) requests_of_vendor: OrdSet<(OrgNo, RequestId)>,
    pub(crate) users: SystemUsers,
    pub(crate) users_of_firm: OrdSet<(OrgNo, SystemUserId)>,
    pub(crate) users_of_vendor: OrdSet<(OrgNo, SystemUserId)>,
    pub(crate) firms: OrdMap<OrgNo, Arc<Firm>>,
    /// Client and firm, where there is a relation between them.
    pub(crate) firms_of_client: Pairs,
}

impl State {
    /// Nothing has happened yet.
    pub(crate) fn empty(generation: Arc<Generation>, sets: Arc<PackageSets>) -> Self {
        Self {
            revision: Revision::ZERO,
            catalogue: Arc::clone(&generation.catalogue),
            generation,
            policies_in_force: None,
            sets,
            parties: OrdMap::new(),
            systems: Vector::new(),
            systems_deleted: Arc::default(),
            system_places: OrdMap::new(),
            requests: OrdMap::new(),
            request_keys: OrdMap::new(),
            requests_of_firm: OrdSet::new(),
            requests_of_vendor: OrdSet::new(),
            users: SystemUsers::default(),
            users_of_firm: OrdSet::new(),
            users_of_vendor: OrdSet::new(),
            firms: OrdMap::new(),
            firms_of_client: Pairs::default(),
        }
    }

    pub(crate) fn system(&self, id: &SystemId) -> Option<&Arc<SystemRecord>> {
        self.system_at(*self.system_places.get(id)?)
    }

    pub(crate) fn system_at(&self, place: u32) -> Option<&Arc<SystemRecord>> {
        self.systems.get(place as usize)
    }

    pub(crate) fn user(&self, id: SystemUserId) -> Option<&Arc<SystemUser>> {
        self.users.get(id)
    }

    /// Whether a system user's system was deleted. A system that is not there denies like a deleted one.
    #[inline]
    pub(crate) fn system_is_deleted(&self, user: &SystemUser) -> bool {
        let deleted = self.systems_deleted.get(user.system as usize);
        deleted.copied().unwrap_or(true)
    }

    /// Puts a system in, after all others.
    pub(crate) fn push_system(&mut self, record: SystemRecord) {
        let place = u32::try_from(self.systems.len()).unwrap_or(u32::MAX);
        self.system_places.insert(record.system.id.clone(), place);
        Arc::make_mut(&mut self.systems_deleted).push(record.deleted.is_some());
        self.systems.push_back(Arc::new(record));
    }

    /// Changes a system, whether it is deleted too.
    pub(crate) fn edit_system(
        &mut self,
        place: u32,
        revision: Revision,
        edit: impl FnOnce(&mut SystemRecord),
    ) {
        let place = place as usize;
        if let Some(record) = self.systems.get_mut(place) {
            let record = Arc::make_mut(record);
            edit(record);
            record.changed = revision;
            if let Some(deleted) = Arc::make_mut(&mut self.systems_deleted).get_mut(place) {
                *deleted = record.deleted.is_some();
            }
        }
    }

    /// The system users that a firm owns, deleted ones too.
    pub(crate) fn users_of(&self, firm: OrgNo) -> impl Iterator<Item = &Arc<SystemUser>> {
        let first = (firm, SystemUserId(uuid::Uuid::nil()));
        let of_firm = self
            .users_of_firm
            .range(first..)
            .take_while(move |(owner, _)| *owner == firm);
        of_firm.filter_map(|(_, id)| self.users.get(*id))
    }

    pub(crate) fn form(&self, party: OrgNo) -> Option<LegalForm> {
        self.parties.get(&party).map(|party| party.form)
    }

    /// One relation: what was assigned and the revision that wrote it.
    pub(crate) fn relation(&self, key: &RelationKey) -> Option<Entry<SetId>> {
        self.firms
            .get(&key.firm)?
            .relations
            .get(relation_place(key.client.as_u32(), key.role))
    }

    /// The relations of a client to a firm.
    pub(crate) fn relations_between(
        &self,
        client: OrgNo,
        firm: OrgNo,
    ) -> Vec<(Role, Entry<SetId>)> {
        let Some(firm) = self.firms.get(&firm) else {
            return Vec::new();
        };
        let first = relation_place(client.as_u32(), Role::Accountant);
        let of_client = firm
            .relations
            .from(first)
            .take_while(|entry| entry.key >> 2 == client.as_u32());
        of_client
            .map(|entry| (of_relation_place(entry.key).1, entry))
            .collect()
    }

    /// What a client's relations put in a firm's hands; with one of them left out or seen otherwise.
    pub(crate) fn coverage_with(
        &self,
        client: OrgNo,
        firm: OrgNo,
        form: Option<LegalForm>,
        change: Option<(Role, Option<PackageSet>)>,
    ) -> PackageSet {
        let relations = self.relations_between(client, firm).into_iter();
        let held = relations.map(|(role, entry)| Held {
            role,
            assigned: self.sets.set(entry.value),
        });
        let kept = held.filter(|held| change.is_none_or(|(role, _)| role != held.role));
        let changed = change.and_then(|(role, assigned)| {
            Some(Held {
                role,
                assigned: assigned?,
            })
        });
        coverage(kept.chain(changed), form, &self.catalogue)
    }

    /// What a client's relations put in a firm's hands.
    pub(crate) fn coverage(&self, client: OrgNo, firm: OrgNo) -> PackageSet {
        self.coverage_with(client, firm, self.form(client), None)
    }

    /// The set of these codes. A code that this catalogue lacks was in an earlier one: it keeps a place of its own.
    pub(crate) fn set_of(&mut self, codes: &[PackageCode]) -> PackageSet {
        if codes
            .iter()
            .any(|code| self.catalogue.find_stored(code).is_none())
        {
            let catalogue = Arc::make_mut(&mut self.catalogue);
            for code in codes {
                catalogue.retain(code);
            }
        }
        codes
            .iter()
            .filter_map(|code| self.catalogue.find_stored(code))
            .collect()
    }

    pub(crate) fn codes(&self, set: SetId) -> Vec<PackageCode> {
        self.catalogue.codes(&self.sets.set(set)).0
    }
}
