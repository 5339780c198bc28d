//! One snapshot, one writer: decisions, explanations and lists read a state; commands make the next.
//!
//! [`Engine`] opens a store and a policy folder, keeps the newest [`Snapshot`], and takes commands. It never reads a
//! clock: every call says what instant it is. It prints nothing and knows nothing of HTTP.

mod apply;
mod apply_clients;
mod authorise;
mod chain;
mod column;
mod command;
mod cover;
mod decide;
mod entitled;
mod error;
mod explain;
mod export;
mod folder;
mod generation;
mod grow;
mod import;
mod in_force;
mod keeper;
mod keys;
mod list;
mod memo;
mod named;
mod names;
mod open;
mod packed;
mod pages;
mod pairs;
mod past;
mod plain;
mod publish;
mod rerun;
mod search;
mod sets;
mod snapshot;
mod standing;
mod state;
mod users;
mod versions;
mod view;
mod writer;

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use arc_swap::ArcSwap;

use crate::model::caller::Caller;
use crate::model::event::{Cause, Event, Recorded};
use crate::model::id::Revision;
use crate::model::request::DAYS_TO_EXPIRY;
use crate::model::time::Timestamp;
use crate::store::Store;

use in_force::Governing;
use state::State;
use writer::{Origin, Plan, Step, answer_slot};

pub use authorise::SearchAbout;
pub use command::client::{Batch, BatchLine, ClientOutcome};
pub use command::relation::RelationWritten;
pub use command::request::RequestMade;
pub use decide::ContextError;
pub use error::{
    ClientError, ClientRefused, CreateRequestError, DecideError, DeleteSystemUserError, NoSystem,
    NoSystemUser, NotEntitled, OpenEngineError, PartyError, PutPoliciesError, RelationError,
    SystemError, Unavailable, ViewError,
};
pub use export::ExportScope;
pub use folder::check_policies;
pub use import::{Import, ImportError, ImportFinding, ImportProgress};
pub use in_force::Staged;
pub use list::{MOST_ITEMS, Page, PageRequest, USUAL_ITEMS};
pub use named::{Look, Named};
pub use past::{At, Past, PastError};
pub use plain::OwnQuestion;
pub use publish::{PublishError, Published};
pub use rerun::{Rerun, RerunError};
pub use search::{Count, Found, MOST_LOOKED_AT, Reaching, Sought};
pub use snapshot::{DelegationsHeld, Size, Snapshot};
pub use versions::NoVersion;
pub use view::{
    AvailableClient, ClientView, RelationView, RequestView, SystemUserView, SystemView,
};

/// Who calls, when, and under which request id: what every command is given.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who.
    pub by: Caller,
    /// The instant; the edge's clock, not the caller's.
    pub now: Timestamp,
    /// The id of the request that brought it, for the journal.
    pub request_id: Option<Box<str>>,
}

impl Call {
    fn origin(&self) -> Origin {
        let cause = Cause::Command {
            request_id: self.request_id.clone(),
        };
        Origin {
            by: self.by.as_actor(),
            at: self.now,
            cause,
        }
    }
}

/// What a command came to, and the revision that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// The revision: a new one if something changed, else the one that was read.
    pub revision: Revision,
    /// What it came to.
    pub value: T,
}

/// What a deployment may set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many days a request stays new.
    pub days_to_expiry: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            days_to_expiry: DAYS_TO_EXPIRY,
        }
    }
}

/// The engine: one store, one policy folder, one writer, any number of readers. Cheap to share behind an [`Arc`].
#[derive(Debug)]
pub struct Engine {
    store: Arc<Store>,
    published: Arc<ArcSwap<State>>,
    // Dropped first of all, so that the writer ends.
    plans: Option<Sender<Plan>>,
    writer: Option<JoinHandle<()>>,
    keeper_orders: Sender<keeper::Order>,
    keeper: Option<JoinHandle<()>>,
    settings: Settings,
}

impl Engine {
    /// The newest snapshot. Costs two reference counts; never waits.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            state: self.published.load_full(),
            store: Arc::clone(&self.store),
        }
    }

    /// Writes the state down as pages, so that the next start need not replay the journal.
    pub fn checkpoint(&self) -> Result<(), Unavailable> {
        let (answer, answered) = answer_slot();
        let order = keeper::Order::Checkpoint(answer);
        self.keeper_orders
            .send(order)
            .map_err(|_| Unavailable::Stopping)?;
        answered.recv().map_err(|_| Unavailable::Stopping)?
    }

    /// Why no changes are taken, if none are. Decisions go on.
    pub fn failure(&self) -> Option<String> {
        let writer_is_gone = self.writer.as_ref().is_none_or(JoinHandle::is_finished);
        let gone = || writer_is_gone.then(|| "the writer has stopped".to_owned());
        self.store.failure().map(str::to_owned).or_else(gone)
    }

    /// The store's lineage: another one after every restore.
    pub fn lineage(&self) -> uuid::Uuid {
        self.store.lineage()
    }

    /// Has the writer plan a change against the newest state, make it durable, and answer.
    fn write<T, E>(
        &self,
        call: &Call,
        plan: impl FnOnce(&State) -> Result<(Option<Event>, T), E> + Send + 'static,
    ) -> Result<Written<T>, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
    {
        let origin = call.origin();
        self.write_with(move |state| {
            let (event, value) = plan(state)?;
            Ok((event.map(|event| origin.record(state, event)), None, value))
        })
    }

    fn write_with<T, E>(
        &self,
        plan: impl FnOnce(&State) -> Result<(Option<Recorded>, Option<Governing>, T), E>
        + Send
        + 'static,
    ) -> Result<Written<T>, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
    {
        let (answer, answered) = answer_slot::<Result<Written<T>, E>>();
        let plan: Plan = Box::new(move |state: &State| {
            let (recorded, in_force, outcome) = match plan(state) {
                Ok((recorded, in_force, value)) => {
                    let revision = recorded
                        .as_ref()
                        .map_or(state.revision, |recorded| recorded.revision);
                    (recorded, in_force, Ok(Written { revision, value }))
                }
                Err(error) => (None, None, Err(error)),
            };
            let answer = move |durable: Result<(), Unavailable>| {
                let _ = answer.send(durable.map_err(E::from).and(outcome));
            };
            Step {
                recorded,
                in_force,
                answer: Box::new(answer),
            }
        });
        let plans = self.plans.as_ref().ok_or(Unavailable::Stopping)?;
        plans.send(plan).map_err(|_| Unavailable::Stopping)?;
        answered.recv().map_err(|_| Unavailable::Stopping)?
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // The writer finishes what has queued; then the keeper writes the last pages.
        drop(self.plans.take());
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
        let _ = self.keeper_orders.send(keeper::Order::Stop);
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Unavailable> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map_err(|error| Unavailable::StoreFailed(format!("no thread `{name}`: {error}")))
}
