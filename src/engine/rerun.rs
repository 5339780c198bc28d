//! The journal, lived through again: an engine that stands at an earlier revision, made from the events alone.
//!
//! Nothing of the checkpoint is read. What a decision log holds can be asked again of it, every kind of question in the
//! same way as it was asked then.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

use arc_swap::ArcSwap;

use crate::model::event::Event;
use crate::model::finding::Finding;
use crate::model::id::Revision;
use crate::store::{OpenError, ReadError, Store};

use super::folder::{catalogue_of, compile};
use super::in_force::Governing;
use super::sets::PackageSets;
use super::state::State;
use super::{Engine, Settings};

/// Older revisions that are kept at hand: a log is nearly in the order of its revisions, and not quite.
const AT_HAND: usize = 4096;

/// Why the journal cannot be lived through.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RerunError {
    /// The store could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no store.
    #[error("there is no store in `{0}`")]
    NoStore(String),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The journal has no such revision.
    #[error("revision {asked} is not in the journal; the newest is {newest}")]
    NoRevision {
        /// What was asked for.
        asked: Revision,
        /// The newest there is.
        newest: Revision,
    },
    /// This version does not take the policies of then.
    #[error(
        "the policies that revision {revision} put in force do not compile with this version: {}",
        .findings.first().map(Finding::to_string).unwrap_or_default()
    )]
    Policies {
        /// The revision.
        revision: Revision,
        /// What is wrong with them.
        findings: Vec<Finding>,
    },
}

/// A journal on the way through its revisions. Moving on costs each event in between; moving back may cost all of them.
#[derive(Debug)]
pub struct Rerun {
    engine: Arc<Engine>,
    /// The furthest that was lived to.
    newest: Option<State>,
    at_hand: VecDeque<Arc<State>>,
}

impl Rerun {
    /// The journal of a store that no process holds, before its first event.
    pub fn of(data: &Path) -> Result<Self, RerunError> {
        if !Store::is_at(data) {
            return Err(RerunError::NoStore(data.display().to_string()));
        }
        let store = Arc::new(Store::open(data)?);
        let first = first_policies(&store)?;
        let nobody_waits = channel().0;
        let engine = Engine {
            store,
            published: Arc::new(ArcSwap::from_pointee(first.clone())),
            plans: None,
            writer: None,
            keeper_orders: nobody_waits,
            keeper: None,
            settings: Settings::default(),
        };
        Ok(Self {
            engine: Arc::new(engine),
            newest: Some(first),
            at_hand: VecDeque::new(),
        })
    }

    /// The engine, at the revision that was gone to last. It answers questions and takes no changes.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Goes to a revision.
    pub fn go_to(&mut self, revision: Revision) -> Result<(), RerunError> {
        let newest = self.engine.store.head();
        if revision > newest || revision == Revision::ZERO {
            return Err(RerunError::NoRevision {
                asked: revision,
                newest,
            });
        }
        let mut kept = self.at_hand.iter().rev();
        if let Some(state) = kept.find(|state| state.revision == revision) {
            self.engine.published.store(Arc::clone(state));
            return Ok(());
        }
        let state = match self.newest.take() {
            Some(state) if state.revision < revision => state,
            Some(_) | None => first_policies(&self.engine.store)?,
        };
        let reached = self.live(state, revision)?;
        self.engine.published.store(Arc::new(reached.clone()));
        self.newest = Some(reached);
        Ok(())
    }

    fn live(&mut self, mut state: State, to: Revision) -> Result<State, RerunError> {
        while state.revision < to {
            let next = state.revision.next();
            let recorded = self.engine.store.event(next)?;
            let recorded = recorded.ok_or(ReadError::Missing(next))?;
            if let Event::PoliciesInForce { hash, .. } = &recorded.event
                && *hash != state.generation.hash
            {
                govern(&mut state, &self.engine.store, hash, next)?;
            }
            state.apply(&recorded);
            if self.at_hand.len() == AT_HAND {
                self.at_hand.pop_front();
            }
            self.at_hand.push_back(Arc::new(state.clone()));
        }
        Ok(state)
    }
}

/// A state before every event, with the policies that the first of them puts in force.
fn first_policies(store: &Store) -> Result<State, RerunError> {
    let first = Revision::ZERO.next();
    let missing = || RerunError::Read(ReadError::Missing(first));
    let recorded = store.event(first)?.ok_or_else(missing)?;
    let Event::PoliciesInForce { hash, .. } = &recorded.event else {
        return Err(missing());
    };
    let folder = store.policy_folder(hash)?.ok_or_else(missing)?;
    let generation = compile(folder).map_err(|findings| RerunError::Policies {
        revision: first,
        findings,
    })?;
    let sets = Arc::new(PackageSets::default());
    Ok(State::empty(Arc::new(generation), sets))
}

/// Puts the folder of a hash in force, as the engine did at that revision.
fn govern(
    state: &mut State,
    store: &Store,
    hash: &str,
    revision: Revision,
) -> Result<(), RerunError> {
    let missing = || RerunError::Read(ReadError::Missing(revision));
    let refused = |findings| RerunError::Policies { revision, findings };
    let folder = store.policy_folder(hash)?.ok_or_else(missing)?;
    let generation = compile(folder).map_err(refused)?;
    let catalogue = catalogue_of(&generation.folder, Some(&state.catalogue));
    let catalogue = catalogue.map_err(|finding| refused(vec![finding]))?;
    state.govern(Governing::new(generation, catalogue));
    Ok(())
}
