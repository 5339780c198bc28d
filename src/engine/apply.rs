//! What each event makes of a state. The same events make the same state, on whatever machine and under whatever
//! catalogue: nothing here decides, looks at a clock or can fail.

use std::sync::Arc;

use crate::model::event::{Event, ImportedFacts, Recorded};
use crate::model::id::{RequestId, Revision, SystemUserId};
use crate::model::party::Party;
use crate::model::request::{Decided, Outcome, Request};
use crate::model::system::System;
use crate::model::time::Window;

use super::column::Column;
use super::state::{RequestRecord, Stamp, State, SystemRecord, SystemUser};

impl State {
    /// The state after this change.
    pub(crate) fn apply(&mut self, recorded: &Recorded) {
        let revision = recorded.revision;
        let stamp = || Stamp {
            by: recorded.by.clone(),
            at: recorded.at,
            revision,
        };
        match &recorded.event {
            Event::PoliciesInForce { hash, .. } => self.policies_in_force = Some(hash.clone()),
            Event::PoliciesProposed { .. } => {}
            Event::PartyPut { party, lost } => {
                self.put_parties(std::slice::from_ref(party));
                self.lose(lost, revision);
            }
            Event::SystemPut(system) => self.put_system(system, stamp()),
            Event::SystemDeleted { id } => {
                if let Some(place) = self.system_places.get(id).copied() {
                    self.edit_system(place, revision, |record| record.deleted = Some(stamp()));
                }
            }
            Event::RequestCreated(request) => self.put_request(request, stamp()),
            Event::RequestWithdrawn { id } => {
                self.decide_request(*id, Outcome::Withdrawn, recorded);
            }
            Event::RequestRejected { id } => self.decide_request(*id, Outcome::Rejected, recorded),
            Event::RequestEscalated { id } => {
                self.edit_request(*id, revision, |request| request.escalated = true);
            }
            Event::RequestApproved { id } => {
                self.decide_request(*id, Outcome::Approved, recorded);
                self.make_system_user(*id, stamp());
            }
            Event::SystemUserDeleted { id } => {
                self.edit_user(*id, revision, |user| user.deleted = Some(Box::new(stamp())));
            }
            Event::ClientsChanged {
                system_user,
                added,
                added_within,
                removed,
            } => {
                self.add_clients(*system_user, added, Window::ALWAYS, revision);
                self.add_within(*system_user, added_within, revision);
                self.remove_clients(*system_user, removed, revision);
            }
            Event::RelationPut {
                key,
                assigned,
                lost,
            } => {
                self.put_relations(key.firm, key.role, assigned, [key.client], revision);
                self.lose(lost, revision);
            }
            Event::RelationEnded { key, lost } => {
                self.end_relations(key.firm, key.role, [key.client], revision);
                self.lose(lost, revision);
            }
            Event::Imported { facts } => facts
                .iter()
                .for_each(|facts| self.apply_import(facts, revision)),
        }
        self.revision = revision;
    }

    pub(crate) fn apply_import(&mut self, facts: &ImportedFacts, revision: Revision) {
        match facts {
            ImportedFacts::Parties { parties, lost } => {
                self.put_parties(parties);
                self.lose(lost, revision);
            }
            ImportedFacts::Relations {
                firm,
                role,
                assigned,
                clients,
                lost,
            } => {
                self.put_relations(*firm, *role, assigned, clients.iter(), revision);
                self.lose(lost, revision);
            }
            ImportedFacts::EndedRelations {
                firm,
                role,
                clients,
                lost,
            } => {
                self.end_relations(*firm, *role, clients.iter(), revision);
                self.lose(lost, revision);
            }
            ImportedFacts::Delegations {
                system_user,
                window,
                clients,
            } => {
                self.add_clients(*system_user, clients, *window, revision);
            }
        }
    }

    fn put_parties(&mut self, parties: &[Party]) {
        for party in parties {
            self.parties.insert(party.org, Arc::new(party.clone()));
        }
    }

    fn put_system(&mut self, system: &System, stamp: Stamp) {
        if let Some(place) = self.system_places.get(&system.id).copied() {
            self.edit_system(place, stamp.revision, |record| {
                record.system = system.clone();
            });
            return;
        }
        let changed = stamp.revision;
        self.push_system(SystemRecord {
            system: system.clone(),
            registered: stamp,
            deleted: None,
            changed,
        });
    }

    fn put_request(&mut self, request: &Request, stamp: Stamp) {
        let (id, firm, vendor) = (request.id, request.key.firm, request.key.system.vendor());
        self.request_keys.insert(request.key.clone(), id);
        self.requests_of_firm.insert((firm, id));
        self.requests_of_vendor.insert((vendor, id));
        let changed = stamp.revision;
        self.requests.insert(
            id,
            Arc::new(RequestRecord {
                request: request.clone(),
                made: stamp,
                changed,
            }),
        );
    }

    fn edit_request(&mut self, id: RequestId, revision: Revision, edit: impl FnOnce(&mut Request)) {
        if let Some(record) = self.requests.get_mut(&id) {
            let record = Arc::make_mut(record);
            edit(&mut record.request);
            record.changed = revision;
        }
    }

    fn decide_request(&mut self, id: RequestId, outcome: Outcome, recorded: &Recorded) {
        let decided = Decided {
            outcome,
            by: recorded.by.id.clone(),
            at: recorded.at,
        };
        self.edit_request(id, recorded.revision, |request| {
            request.decided = Some(decided);
        });
    }

    fn make_system_user(&mut self, id: RequestId, approved: Stamp) {
        let Some(record) = self.requests.get(&id).cloned() else {
            return;
        };
        let request = &record.request;
        let Some(system) = self.system_places.get(&request.key.system).copied() else {
            return;
        };
        let packages = self.set_of(&request.packages);
        let set = self.sets.intern(packages);
        let changed = approved.revision;
        self.insert_user(SystemUser {
            id: id.into(),
            kind: request.kind,
            owner: request.key.firm,
            system,
            packages,
            set,
            rights: request.rights.clone().into(),
            approved,
            deleted: None,
            clients: Column::default(),
            exceptions: imbl::OrdMap::new(),
            changed,
        });
    }

    /// Puts a system user in, and in the indexes of its firm and vendor.
    pub(crate) fn insert_user(&mut self, user: SystemUser) {
        if let Some(vendor) = self
            .system_at(user.system)
            .map(|record| record.system.vendor())
        {
            self.users_of_vendor.insert((vendor, user.id));
        }
        self.users_of_firm.insert((user.owner, user.id));
        self.users.insert(user);
    }

    pub(super) fn edit_user(
        &mut self,
        id: SystemUserId,
        revision: Revision,
        edit: impl FnOnce(&mut SystemUser),
    ) {
        if let Some(user) = self.users.get_mut(id) {
            let user = Arc::make_mut(user);
            edit(user);
            user.changed = revision;
        }
    }
}
