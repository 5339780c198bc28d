//! What events make of system users' clients and of firms' relations.

use std::sync::Arc;

use crate::model::delegation::Loss;
use crate::model::id::{OrgNo, PackageCode, Revision, SystemUserId};
use crate::model::org_list::OrgList;
use crate::model::relation::Role;
use crate::model::time::Window;

use super::sets::SetId;
use super::state::{Exception, State, SystemUser, relation_place};

impl State {
    pub(super) fn add_clients(
        &mut self,
        id: SystemUserId,
        clients: &OrgList,
        window: Window,
        revision: Revision,
    ) {
        if clients.is_empty() {
            return;
        }
        self.edit_user(id, revision, |user| {
            let edits: Vec<_> = clients
                .iter()
                .map(|client| (client.as_u32(), Some((revision, ()))))
                .collect();
            user.clients = user.clients.edited(&edits);
            for client in clients.iter() {
                user.set_window(client, window);
            }
        });
    }

    pub(super) fn add_within(
        &mut self,
        id: SystemUserId,
        clients: &[(OrgNo, Window)],
        revision: Revision,
    ) {
        for (client, window) in clients {
            self.add_clients(id, &OrgList::new(vec![*client]), *window, revision);
        }
    }

    pub(super) fn remove_clients(
        &mut self,
        id: SystemUserId,
        clients: &OrgList,
        revision: Revision,
    ) {
        if clients.is_empty() {
            return;
        }
        self.edit_user(id, revision, |user| {
            let edits: Vec<_> = clients
                .iter()
                .map(|client| (client.as_u32(), None))
                .collect();
            user.clients = user.clients.edited(&edits);
            for client in clients.iter() {
                user.exceptions.remove(&client.as_u32());
            }
        });
    }

    pub(super) fn put_relations(
        &mut self,
        of: OrgNo,
        role: Role,
        assigned: &[PackageCode],
        clients: impl IntoIterator<Item = OrgNo>,
        revision: Revision,
    ) {
        let assigned = self.set_of(assigned);
        let assigned = self.sets.intern(assigned);
        let clients: Vec<OrgNo> = clients.into_iter().collect();
        let edits: Vec<_> = clients
            .iter()
            .map(|client| {
                let place = relation_place(client.as_u32(), role);
                (place, Some((revision, assigned)))
            })
            .collect();
        self.edit_relations(of, &edits, revision);
        self.firms_of_client.put(of, clients.into_iter());
    }

    pub(super) fn end_relations(
        &mut self,
        of: OrgNo,
        role: Role,
        clients: impl IntoIterator<Item = OrgNo>,
        revision: Revision,
    ) {
        let clients: Vec<OrgNo> = clients.into_iter().collect();
        let edits: Vec<_> = clients
            .iter()
            .map(|client| (relation_place(client.as_u32(), role), None))
            .collect();
        self.edit_relations(of, &edits, revision);
        let gone: Vec<OrgNo> = clients
            .into_iter()
            .filter(|client| self.relations_between(*client, of).is_empty())
            .collect();
        self.firms_of_client.take_out(of, gone.into_iter());
    }

    fn edit_relations(
        &mut self,
        of: OrgNo,
        edits: &[(u32, Option<(Revision, SetId)>)],
        revision: Revision,
    ) {
        let firm = Arc::make_mut(self.firms.entry(of).or_default());
        firm.relations = firm.relations.edited(edits);
        firm.changed = revision;
    }

    pub(super) fn lose(&mut self, losses: &[Loss], revision: Revision) {
        for loss in losses {
            if loss.ended {
                self.remove_clients(loss.system_user, &OrgList::new(vec![loss.client]), revision);
                continue;
            }
            let lost = self.set_of(&loss.packages);
            let sets = Arc::clone(&self.sets);
            self.edit_user(loss.system_user, revision, |user| {
                if let Some(held) = user.delegation(loss.client) {
                    let set = sets.intern(sets.set(held.set).minus(&lost));
                    user.exceptions.insert(
                        loss.client.as_u32(),
                        Exception {
                            window: held.window,
                            set,
                        },
                    );
                }
            });
        }
    }
}

impl SystemUser {
    /// A client that was added, or added anew: with every package, in this window.
    fn set_window(&mut self, client: OrgNo, window: Window) {
        if window.is_always() {
            self.exceptions.remove(&client.as_u32());
        } else {
            self.exceptions.insert(
                client.as_u32(),
                Exception {
                    window,
                    set: self.set,
                },
            );
        }
    }
}
