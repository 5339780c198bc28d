//! Deciding for those who ask much: the names of a question looked up once, as text, and what callers may ask remembered.

use std::sync::Arc;

use arc_swap::Guard;

use crate::cedar::{ActionIdx, ResourceSlot};
use crate::model::caller::{Act, Caller, Target};
use crate::model::id::{OrgNo, Revision, SystemUserId};
use crate::model::question::{Asked, Decision, Obligations, Question};
use crate::model::time::Timestamp;

use super::Engine;
use super::generation::Generation;
use super::state::State;
use once_cell::sync::OnceCell;

/// An action and a resource that the policies in force know. Good for the look that it is of.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    action: (ActionIdx, &'a str),
    resource: (ResourceSlot, &'a str),
}

/// What one caller may ask about, by resource slot, each asked once.
#[derive(Debug)]
pub(super) struct Asks {
    caller: Arc<Caller>,
    by_slot: Box<[OnceCell<bool>]>,
}

impl Generation {
    fn may_ask_at(
        &self,
        caller: &Arc<Caller>,
        place: u32,
        slot: ResourceSlot,
        ask: impl FnOnce() -> bool,
    ) -> bool {
        let row = self.asks.get_or_init(place, || Asks {
            caller: Arc::clone(caller),
            by_slot: (0..self.policies.resource_slots())
                .map(|_| OnceCell::new())
                .collect(),
        });
        // Whoever numbers callers otherwise finds another's row, and is answered without it.
        let row = row.filter(|row| Arc::ptr_eq(&row.caller, caller));
        let cell = row.and_then(|row| row.by_slot.get(self.policies.slot_index(slot)));
        match cell {
            Some(cell) => *cell.get_or_init(ask),
            None => ask(),
        }
    }
}

/// What a snapshot is, for as long as it takes to answer: it counts no reference, so that threads that decide share nothing.
/// Held for long, it makes the writer keep what it would have let go.
pub struct Look {
    state: Guard<Arc<State>>,
}

impl Engine {
    /// A look at the newest state; never waits.
    #[inline]
    pub fn look(&self) -> Look {
        Look {
            state: self.published.load(),
        }
    }
}

impl Look {
    /// The revision of everything in it.
    pub fn revision(&self) -> Revision {
        self.state.revision
    }

    /// The hash of the policy folder in force.
    pub fn policy_hash(&self) -> &str {
        &self.state.generation.hash
    }

    /// The names of a question, if the policies in force know both, as actions and resources of delegations.
    #[inline]
    pub fn named<'a>(&self, action: &'a str, resource: &'a str) -> Option<Named<'a>> {
        let generation = &self.state.generation;
        match generation.placed(action, resource)? {
            (found, slot @ ResourceSlot::Known(_)) if !generation.policies.is_plain() => {
                Some(Named {
                    action: (found, action),
                    resource: (slot, resource),
                })
            }
            _ => None,
        }
    }

    /// As [`Snapshot::decide`](super::Snapshot::decide), of names that were looked up and with an empty context.
    #[inline]
    pub fn decide_named(
        &self,
        system_user: SystemUserId,
        named: Named<'_>,
        client: OrgNo,
        now: Timestamp,
    ) -> Decision {
        let (action, resource) = (named.action, named.resource);
        let settled = self
            .state
            .settled(system_user, client, Some((action.0, resource.0)));
        if let Some(decision) = settled {
            return decision;
        }
        let (Ok(action), Ok(resource)) = (action.1.parse(), resource.1.parse()) else {
            // Names that the policies know are well-formed.
            return Decision {
                permit: false,
                obligations: Obligations::NONE,
                revision: self.state.revision,
            };
        };
        let question = Question {
            system_user,
            action,
            resource,
            client,
            asked: Asked::default(),
        };
        self.state.weighed(&question, now)
    }

    /// Whether a caller may ask about the resource, as [`Snapshot::may_ask`](super::Snapshot::may_ask) says it. Callers are
    /// numbered from zero on: `place` is this one's, always the same. Costs a comparison once it was asked.
    #[inline]
    pub fn may_ask_named(&self, caller: &Arc<Caller>, place: u32, named: Named<'_>) -> bool {
        let (slot, name) = named.resource;
        let ask = || {
            name.parse().is_ok_and(|resource| {
                self.state
                    .may(caller, Act::Ask, &Target::Resource(resource))
            })
        };
        self.state.generation.may_ask_at(caller, place, slot, ask)
    }
}
