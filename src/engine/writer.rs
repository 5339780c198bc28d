//! The one writer: takes commands in their order, plans each against the newest state, makes all that has queued
//! durable in one batch, publishes the state, and answers. Group commit, gapless revisions and read-your-writes in one
//! place.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use arc_swap::ArcSwap;

use crate::model::caller::Actor;
use crate::model::event::{Cause, Event, Recorded};
use crate::model::policy::PolicyFolder;
use crate::model::time::Timestamp;
use crate::store::Store;

use super::error::Unavailable;
use super::in_force::Governing;
use super::state::State;

/// The most commands in one batch: a writer that never pauses must still answer.
const MOST_AT_ONCE: usize = 256;
/// How often the writer gives its turn away before it takes the queue for empty. Costs a microsecond where nobody waits.
const TURNS_GIVEN: usize = 2;

/// What a command came to, once planned: an event to write down, or nothing; and how to answer.
pub(crate) struct Step {
    pub(crate) recorded: Option<Recorded>,
    /// The policies that the event puts in force; their folder is kept beside it.
    pub(crate) in_force: Option<Governing>,
    pub(crate) answer: Box<dyn FnOnce(Result<(), Unavailable>) + Send>,
}

/// A command: planned against the newest state when its turn comes.
pub(crate) type Plan = Box<dyn FnOnce(&State) -> Step + Send>;

/// Who, when and why: what every event carries beside itself.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) by: Actor,
    pub(crate) at: Timestamp,
    pub(crate) cause: Cause,
}

impl Origin {
    /// The event as the next one of this state.
    pub(crate) fn record(&self, state: &State, event: Event) -> Recorded {
        let Self { by, at, cause } = self.clone();
        Recorded {
            revision: state.revision.next(),
            at,
            by,
            cause,
            event,
        }
    }
}

/// The writer's thread: until nobody can send it a command any more.
pub(crate) struct Writer {
    pub(crate) store: Arc<Store>,
    pub(crate) published: Arc<ArcSwap<State>>,
    pub(crate) plans: Receiver<Plan>,
}

impl Writer {
    pub(crate) fn run(self) {
        while let Ok(first) = self.plans.recv() {
            self.commit(first);
        }
    }

    /// Commits this command and those that have queued behind it.
    fn commit(&self, first: Plan) {
        let mut state = State::clone(&self.published.load());
        let (mut commits, mut policies, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        let queued = std::iter::from_fn(|| self.queued());
        for plan in std::iter::once(first).chain(queued).take(MOST_AT_ONCE) {
            let step = plan(&state);
            if let Some(recorded) = step.recorded {
                state.apply(&recorded);
                commits.push(recorded);
            }
            if let Some(in_force) = step.in_force {
                policies.push(in_force.folder().clone());
                if !in_force.is_proposed {
                    state.govern(in_force);
                }
            }
            answers.push(step.answer);
        }
        let outcome = self.make_durable(state, &commits, &policies);
        // A command that changed nothing is answered with the others: what it saw includes their changes.
        for answer in answers {
            answer(outcome.clone());
        }
    }

    /// The next command, if one has queued, or does while those who were just answered have their turn: they share this
    /// batch's sync then, rather than wait for it.
    fn queued(&self) -> Option<Plan> {
        for _ in 0..TURNS_GIVEN {
            if let Ok(plan) = self.plans.try_recv() {
                return Some(plan);
            }
            std::thread::yield_now();
        }
        self.plans.try_recv().ok()
    }

    fn make_durable(
        &self,
        state: State,
        commits: &[Recorded],
        policies: &[PolicyFolder],
    ) -> Result<(), Unavailable> {
        if commits.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.store.append(commits, policies) {
            tracing::error!(%error, "a change could not be made durable");
            return Err(Unavailable::StoreFailed(error.to_string()));
        }
        self.published.store(Arc::new(state));
        Ok(())
    }
}

/// A place for one answer, filled by the writer's thread.
pub(crate) fn answer_slot<T>() -> (SyncSender<T>, Receiver<T>) {
    sync_channel(1)
}
