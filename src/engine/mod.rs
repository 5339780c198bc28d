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

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;

use crate::model::caller::Caller;
use crate::model::event::{Cause, Event, Recorded};
use crate::model::id::Revision;
use crate::model::policy::PolicyFolder;
use crate::model::request::DAYS_TO_EXPIRY;
use crate::model::time::Timestamp;
use crate::store::Store;

use folder::compile;
use generation::Generation;
use in_force::{Governing, folder_taken, last_in_force, put_last};
use keeper::Keeper;
use sets::PackageSets;
use state::State;
use writer::{Origin, Plan, Step, Writer, answer_slot};

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
    /// Opens the store in `data`, puts `policies` in force, and starts the writer.
    ///
    /// If a caller has put others in force since these were, the caller's stay: a folder comes in force again only when it
    /// holds something else. Costs reading all pages and the journal after them. Fails if another process holds the store,
    /// if the store is damaged or newer than this version, or if the policies have a single finding.
    pub fn open(
        data: &Path,
        policies: PolicyFolder,
        settings: Settings,
        now: Timestamp,
    ) -> Result<Self, OpenEngineError> {
        Self::open_if(data, policies, settings, now, |_| Ok(()))
    }

    /// As [`Self::open`], where policies that are not in force yet have to pass a test of the caller's own.
    pub fn open_if(
        data: &Path,
        policies: PolicyFolder,
        settings: Settings,
        now: Timestamp,
        is_good: impl FnOnce(&Staged) -> Result<(), String>,
    ) -> Result<Self, OpenEngineError> {
        let staged = Self::stage(policies).map_err(OpenEngineError::Policies)?;
        // A folder that is refused leaves no store behind.
        if !Store::is_at(data) {
            is_good(&staged).map_err(OpenEngineError::Refused)?;
            return Self::open_staged(data, &staged, settings, now);
        }
        let store = Store::open(data)?;
        let put = put_last(&store, store.head())?.map(|(_, hash)| hash);
        let is_in_force = put.as_deref() == Some(staged.hash());
        if !is_in_force {
            let taken = folder_taken(&store, store.head())?;
            if taken.as_deref() == Some(staged.hash()) {
                return Self::start_as_it_was(store, settings, now);
            }
            is_good(&staged).map_err(OpenEngineError::Refused)?;
        }
        Self::start(store, staged.generation.anew(), settings, now)
    }

    /// As [`Self::open`], with the policies that were last in force: what is left to a daemon whose folder is broken.
    ///
    /// Fails too if there is no store, or none that ever had policies; no store is made then.
    pub fn open_as_it_was(
        data: &Path,
        settings: Settings,
        now: Timestamp,
    ) -> Result<Self, OpenEngineError> {
        if !Store::is_at(data) {
            return Err(OpenEngineError::NoPolicies);
        }
        Self::start_as_it_was(Store::open(data)?, settings, now)
    }

    fn start_as_it_was(
        store: Store,
        settings: Settings,
        now: Timestamp,
    ) -> Result<Self, OpenEngineError> {
        let folder = last_in_force(&store)?.ok_or(OpenEngineError::NoPolicies)?;
        let generation = compile(folder).map_err(OpenEngineError::Policies)?;
        Self::start(store, generation, settings, now)
    }

    fn start(
        store: Store,
        generation: Generation,
        settings: Settings,
        now: Timestamp,
    ) -> Result<Self, OpenEngineError> {
        let store = Arc::new(store);
        let empty = State::empty(Arc::new(generation), Arc::new(PackageSets::default()));
        let mut state = pages::read_back(&store, empty)?;
        let written_down = Arc::new(state.clone());
        for recorded in store.events_after(state.revision) {
            state.apply(&recorded?);
        }
        let published = Arc::new(ArcSwap::from_pointee(state));
        let (plans, received) = channel();
        let writer = Writer {
            store: Arc::clone(&store),
            published: Arc::clone(&published),
            plans: received,
        };
        let (keeper_orders, orders) = channel();
        let keeper = Keeper {
            store: Arc::clone(&store),
            published: Arc::clone(&published),
            orders,
            written_down,
        };
        let engine = Self {
            store,
            published,
            plans: Some(plans),
            writer: Some(thread("fullmakt-writer", move || writer.run())?),
            keeper_orders,
            keeper: Some(thread("fullmakt-keeper", move || keeper.run())?),
            settings,
        };
        engine.put_in_force(now)?;
        Ok(engine)
    }

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
