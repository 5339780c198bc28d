//! Clients: added to and removed from agent system users, one by one or thousands in one call.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::caller::{Act, Caller};
use crate::model::delegation::missing_for_self;
use crate::model::event::Event;
use crate::model::id::{OrgNo, SystemUserId};
use crate::model::org_list::OrgList;
use crate::model::request::UserKind;
use crate::model::time::{Timestamp, Window, Within};

use super::super::error::{ClientError, ClientRefused};
use super::super::state::{State, SystemUser};
use super::super::{Call, Engine, Written};

/// What became of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientOutcome {
    /// Added, or added anew, or its window changed.
    Added,
    /// It was added already, and lacked nothing.
    Already,
    /// Removed.
    Removed,
    /// It was not there to remove.
    Absent,
    /// It could not be added; nothing changed for it.
    Refused(ClientRefused),
}

/// Clients to add and to remove in one call.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// To add, in any order; repetitions count once.
    pub add: Vec<OrgNo>,
    /// To remove.
    pub remove: Vec<OrgNo>,
}

/// One client of a batch, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchLine {
    /// The client.
    pub client: OrgNo,
    /// What became of it.
    pub outcome: ClientOutcome,
}

impl Engine {
    /// Adds one client. Without a window said, a client that is held already lacks nothing, and keeps its window.
    ///
    /// A client can be added only if its relations cover every package of the system user.
    pub fn add_client(
        &self,
        call: &Call,
        user: SystemUserId,
        client: OrgNo,
        window: Option<Window>,
    ) -> Result<Written<ClientOutcome>, ClientError> {
        let (by, now) = (call.by.clone(), call.now);
        self.write(call, move |state| {
            let act = state.act_on(user, client, Act::AddClient);
            let user = state.agent(&by, act, user)?;
            state.check_system_lives(&user)?;
            if let Some(until) = window
                .and_then(|window| window.until())
                .filter(|until| *until <= now)
            {
                return Err(ClientError::WindowOver { until, now });
            }
            Ok(match state.plan_add(&by, &user, client, window, now) {
                ClientOutcome::Added => {
                    let window = window.unwrap_or(Window::ALWAYS);
                    (
                        Some(added_event(user.id, client, window)),
                        ClientOutcome::Added,
                    )
                }
                ClientOutcome::Refused(refused) => return Err(refused.into()),
                outcome @ (ClientOutcome::Already
                | ClientOutcome::Removed
                | ClientOutcome::Absent) => (None, outcome),
            })
        })
    }

    /// Removes one client: no decision after this is a permit because of it. Removing what is not there is not an error.
    pub fn remove_client(
        &self,
        call: &Call,
        user: SystemUserId,
        client: OrgNo,
    ) -> Result<Written<ClientOutcome>, ClientError> {
        let by = call.by.clone();
        self.write(call, move |state| {
            let act = state.act_on(user, client, Act::RemoveClient);
            let user = state.agent(&by, act, user)?;
            if user.delegation(client).is_none() {
                return Ok((None, ClientOutcome::Absent));
            }
            let removed = OrgList::new(vec![client]);
            let event = Event::ClientsChanged {
                system_user: user.id,
                added: OrgList::default(),
                added_within: Vec::new(),
                removed,
            };
            Ok((Some(event), ClientOutcome::Removed))
        })
    }

    /// Adds and removes many clients in one commit: those that pass; the others are told one by one, in the order sent.
    pub fn change_clients(
        &self,
        call: &Call,
        user: SystemUserId,
        batch: Batch,
    ) -> Result<Written<Vec<BatchLine>>, ClientError> {
        let (by, now) = (call.by.clone(), call.now);
        self.write(call, move |state| {
            let removed: BTreeSet<_> = batch.remove.iter().copied().collect();
            if let Some(both) = batch.add.iter().find(|client| removed.contains(client)) {
                return Err(ClientError::AddedAndRemoved(*both));
            }
            let act = if batch.add.is_empty() {
                Act::RemoveClient
            } else {
                Act::AddClient
            };
            let user = state.agent(&by, act, user)?;
            if !batch.remove.is_empty() {
                state.authorise(&by, Act::RemoveClient, &state.target_of_user(&user))?;
            }
            if !batch.add.is_empty() {
                state.check_system_lives(&user)?;
            }
            let add = once_each(&batch.add)
                .map(|client| (client, state.plan_add(&by, &user, client, None, now)));
            let remove = once_each(&batch.remove)
                .map(|client| (client, state.plan_remove(&by, &user, client)));
            let lines: Vec<_> = add
                .chain(remove)
                .map(|(client, outcome)| BatchLine { client, outcome })
                .collect();
            let with = |wanted: &ClientOutcome| -> OrgList {
                lines
                    .iter()
                    .filter(|line| line.outcome == *wanted)
                    .map(|line| line.client)
                    .collect()
            };
            let (added, removed) = (with(&ClientOutcome::Added), with(&ClientOutcome::Removed));
            let changes = !added.is_empty() || !removed.is_empty();
            let event = Event::ClientsChanged {
                system_user: user.id,
                added,
                added_within: Vec::new(),
                removed,
            };
            Ok((changes.then_some(event), lines))
        })
    }
}

fn once_each(clients: &[OrgNo]) -> impl Iterator<Item = OrgNo> + '_ {
    let mut seen = BTreeSet::new();
    clients
        .iter()
        .copied()
        .filter(move |client| seen.insert(*client))
}

fn added_event(system_user: SystemUserId, client: OrgNo, window: Window) -> Event {
    let (added, added_within) = if window.is_always() {
        (OrgList::new(vec![client]), Vec::new())
    } else {
        (OrgList::default(), vec![(client, window)])
    };
    Event::ClientsChanged {
        system_user,
        added,
        added_within,
        removed: OrgList::default(),
    }
}

impl State {
    /// The act for one client: adding or removing the firm itself is one of its own.
    fn act_on(&self, user: SystemUserId, client: OrgNo, act: Act) -> Act {
        if self.user(user).is_some_and(|user| user.owner == client) {
            Act::AddSelf
        } else {
            act
        }
    }

    /// An agent system user that was not deleted, for a caller who is entitled to this.
    fn agent(
        &self,
        by: &Caller,
        act: Act,
        id: SystemUserId,
    ) -> Result<Arc<SystemUser>, ClientError> {
        let user = self.live_user(by, act, id)??;
        match user.kind {
            UserKind::Agent => Ok(Arc::clone(user)),
            UserKind::Standard => Err(ClientError::NotAgent(id)),
        }
    }

    fn check_system_lives(&self, user: &SystemUser) -> Result<(), ClientError> {
        match self.system_at(user.system) {
            Some(record) if record.deleted.is_some() => Err(ClientError::SystemDeleted {
                user: user.id,
                system: record.system.id.clone(),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// What adding a client would come to. What a list offers and what adding does are both this.
    pub(crate) fn plan_add(
        &self,
        by: &Caller,
        user: &SystemUser,
        client: OrgNo,
        window: Option<Window>,
        now: Timestamp,
    ) -> ClientOutcome {
        let is_self = client == user.owner;
        if is_self
            && let Err(refused) = self.authorise(by, Act::AddSelf, &self.target_of_user(user))
        {
            return ClientOutcome::Refused(refused.into());
        }
        if let Some(held) = user.delegation(client) {
            let lacks_nothing = held.set == user.set && held.window.at(now) != Within::Over;
            if lacks_nothing && window.is_none_or(|window| window == held.window) {
                return ClientOutcome::Already;
            }
        }
        let firm = user.owner;
        if is_self {
            let missing = missing_for_self(&user.packages, &self.catalogue);
            if !missing.is_empty() {
                return ClientOutcome::Refused(ClientRefused::NotAssignable {
                    firm,
                    missing: self.catalogue.codes(&missing),
                });
            }
        } else {
            let missing = user.packages.minus(&self.coverage(client, firm));
            if !missing.is_empty() {
                let missing = self.catalogue.codes(&missing);
                return ClientOutcome::Refused(ClientRefused::NotCovered {
                    client,
                    firm,
                    missing,
                });
            }
        }
        ClientOutcome::Added
    }

    fn plan_remove(&self, by: &Caller, user: &SystemUser, client: OrgNo) -> ClientOutcome {
        if client == user.owner
            && let Err(refused) = self.authorise(by, Act::AddSelf, &self.target_of_user(user))
        {
            return ClientOutcome::Refused(refused.into());
        }
        if user.delegation(client).is_some() {
            ClientOutcome::Removed
        } else {
            ClientOutcome::Absent
        }
    }
}
