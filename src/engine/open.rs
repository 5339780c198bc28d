//! Opening: which policies an engine begins with, and its threads.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

use arc_swap::ArcSwap;

use crate::model::policy::PolicyFolder;
use crate::model::time::Timestamp;
use crate::store::Store;

use super::error::OpenEngineError;
use super::folder::compile;
use super::generation::Generation;
use super::in_force::{Staged, folder_taken, last_in_force, put_last};
use super::keeper::Keeper;
use super::sets::PackageSets;
use super::state::State;
use super::writer::Writer;
use super::{Engine, Settings, pages, thread};

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

    /// As [`Self::open`], with a folder that is checked and compiled already, which can be used for other engines too.
    pub fn open_staged(
        data: &Path,
        staged: &Staged,
        settings: Settings,
        now: Timestamp,
    ) -> Result<Self, OpenEngineError> {
        Self::start(Store::open(data)?, staged.generation.anew(), settings, now)
    }
}
