//! The one writer: takes commands in their order, plans each against the newest state, makes all that has queued
//! durable in one batch, publishes the state, and answers. Group commit, gapless revisions and read-your-writes in one
//! place.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use crate::model::caller::Actor;
use crate::model::event::{Cause, Event, Recorded};
use crate::model::policy::PolicyFolder;
use crate::model::time::Timestamp;
use crate::store::Store;

use super::error::Unavailable;
use super::pages;
use super::state::State;

/// The most commands in one batch: a writer that never pauses must still answer.
const MOST_AT_ONCE: usize = 256;
/// How often the state is written down as pages, beside the journal.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);
/// How much journal may pile up between two checkpoints.
const CHECKPOINT_JOURNAL: u64 = 64 * 1024 * 1024;

/// What a command came to, once planned: an event to write down, or nothing; and how to answer.
pub(crate) struct Step {
    pub(crate) recorded: Option<Recorded>,
    /// The policy folders that the event puts in force, to be kept beside it.
    pub(crate) policies: Vec<PolicyFolder>,
    pub(crate) answer: Box<dyn FnOnce(Result<(), Unavailable>) + Send>,
}

type Plan = Box<dyn FnOnce(&State) -> Step + Send>;

pub(crate) enum Order {
    Plan(Plan),
    /// Write the pages now, and answer when they are durable.
    Checkpoint(SyncSender<Result<(), Unavailable>>),
    Stop,
}

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

/// The writer's thread, from its first command to the order to stop.
pub(crate) struct Writer {
    pub(crate) store: Arc<Store>,
    pub(crate) published: Arc<ArcSwap<State>>,
    pub(crate) orders: Receiver<Order>,
    /// What the pages in the store hold.
    pub(crate) written_down: Arc<State>,
}

impl Writer {
    pub(crate) fn run(mut self) {
        let mut last_checkpoint = Instant::now();
        loop {
            let wait = CHECKPOINT_EVERY.saturating_sub(last_checkpoint.elapsed());
            match self.orders.recv_timeout(wait) {
                Ok(Order::Plan(first)) => {
                    if let Some(order) = self.commit(first)
                        && self.obey(order)
                    {
                        return;
                    }
                }
                Ok(order @ (Order::Checkpoint(_) | Order::Stop)) => {
                    if self.obey(order) {
                        return;
                    }
                }
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
            }
            let due = last_checkpoint.elapsed() >= CHECKPOINT_EVERY
                || self.store.journal_bytes_since_checkpoint() >= CHECKPOINT_JOURNAL;
            if due {
                let _ = self.checkpoint();
                last_checkpoint = Instant::now();
            }
        }
    }

    /// Whether this was the order to stop.
    fn obey(&mut self, order: Order) -> bool {
        match order {
            Order::Plan(plan) => {
                let next = self.commit(plan);
                next.is_some_and(|order| self.obey(order))
            }
            Order::Checkpoint(done) => {
                let _ = done.send(self.checkpoint());
                false
            }
            Order::Stop => {
                let _ = self.checkpoint();
                true
            }
        }
    }

    /// Commits this plan and those that have queued behind it; what else came is handed back.
    fn commit(&self, first: Plan) -> Option<Order> {
        let mut state = State::clone(&self.published.load());
        let (mut commits, mut policies, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        let mut next = Some(first);
        let mut left_over = None;
        while let Some(plan) = next.take() {
            let step = plan(&state);
            if let Some(recorded) = step.recorded {
                state.apply(&recorded);
                commits.push(recorded);
            }
            policies.extend(step.policies);
            answers.push(step.answer);
            if answers.len() < MOST_AT_ONCE {
                match self.orders.try_recv() {
                    Ok(Order::Plan(plan)) => next = Some(plan),
                    Ok(order @ (Order::Checkpoint(_) | Order::Stop)) => left_over = Some(order),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
                }
            }
        }
        let outcome = self.make_durable(state, &commits, &policies);
        // A command that changed nothing is answered with the others: what it saw includes their changes.
        for answer in answers {
            answer(outcome.clone());
        }
        left_over
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

    fn checkpoint(&mut self) -> Result<(), Unavailable> {
        let state = self.published.load_full();
        if state.revision == self.written_down.revision {
            return Ok(());
        }
        match pages::write_down(&self.store, &state, &self.written_down) {
            Ok(()) => {
                self.written_down = state;
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "the state could not be written down as pages; the journal holds it");
                Err(Unavailable::StoreFailed(error.to_string()))
            }
        }
    }
}

/// A place for one answer, filled by the writer's thread.
pub(crate) fn answer_slot<T>() -> (SyncSender<T>, Receiver<T>) {
    sync_channel(1)
}
