//! The events that a question can see, and the state that they make.

use std::collections::BTreeSet;

use crate::cedar::Identity;
use crate::model::event::Event;
use crate::model::id::{OrgNo, RequestId, Revision, SystemId, SystemUserId};
use crate::model::question::Question;
use crate::store::{ClientTrace, ReadError, Store, Subject};

use super::super::state::State;
use super::within::within;

/// What a question can see.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) users: BTreeSet<SystemUserId>,
    pub(super) clients: BTreeSet<OrgNo>,
    /// The firms that own those system users.
    pub(super) firms: BTreeSet<OrgNo>,
    mandates: BTreeSet<(SystemUserId, OrgNo)>,
    systems: BTreeSet<SystemId>,
}

impl Scope {
    fn of(question: &Question, named: &[&Identity]) -> Self {
        let mut scope = Self::default();
        scope.mandate(question.system_user, question.client);
        for identity in named {
            match identity {
                Identity::System(id) => {
                    scope.systems.insert(id.clone());
                }
                Identity::SystemUser(id) => {
                    scope.users.insert(*id);
                }
                Identity::Mandate(id, party) => scope.mandate(*id, *party),
            }
        }
        scope
    }

    fn mandate(&mut self, user: SystemUserId, client: OrgNo) {
        self.mandates.insert((user, client));
        self.users.insert(user);
        self.clients.insert(client);
    }
}

/// The state at a revision, as far as a question can see it: made by the events about that, on top of an empty one.
pub(super) fn state(
    store: &Store,
    mut state: State,
    question: &Question,
    named: &[&Identity],
    up_to: Revision,
) -> Result<State, ReadError> {
    let mut scope = Scope::of(question, named);
    let mut revisions = BTreeSet::new();
    for user in &scope.users {
        let own = Subject::Request(RequestId(user.0));
        for revision in store.subject_history(own, up_to) {
            let revision = revision?;
            revisions.insert(revision);
            if let Some(recorded) = store.event(revision)?
                && let Event::RequestCreated(request) = recorded.event
            {
                scope.firms.insert(request.key.firm);
                scope.systems.insert(request.key.system);
            }
        }
    }
    for system in &scope.systems {
        for revision in store.subject_history(Subject::System(system), up_to) {
            revisions.insert(revision?);
        }
    }
    for (user, client) in &scope.mandates {
        for trace in store.delegation_history(*user, *client, up_to) {
            revisions.insert(trace?.0);
        }
    }
    for client in &scope.clients {
        for trace in store.client_history(*client, up_to) {
            let (revision, what) = trace?;
            let is_seen = match what {
                ClientTrace::Relation { firm, .. } => scope.firms.contains(&firm),
                ClientTrace::Party => true,
                // Those of the mandates are read above.
                ClientTrace::Delegation { .. } => false,
            };
            if is_seen {
                revisions.insert(revision);
            }
        }
    }
    for revision in revisions {
        let mut recorded = store.event(revision)?.ok_or(ReadError::Missing(revision))?;
        within(&mut recorded.event, &scope);
        state.apply(&recorded);
    }
    Ok(state)
}
