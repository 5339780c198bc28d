//! Which policies are in force: those of the start, until others are put in their place.

use std::sync::Arc;

use crate::cedar::{Coverage, CoveredPolicy};
use crate::model::caller::{Act, Caller, Target};
use crate::model::catalogue::Catalogue;
use crate::model::event::{Cause, Event, Recorded};
use crate::model::finding::Finding;
use crate::model::id::Revision;
use crate::model::policy::PolicyFolder;
use crate::model::time::Timestamp;
use crate::store::{ReadError, Store, Subject};

use super::error::{PutPoliciesError, Unavailable, ViewError};
use super::folder::{catalogue_of, compile, daemon};
use super::generation::Generation;
use super::state::State;
use super::writer::Origin;
use super::{Call, Engine, Snapshot, Written};

/// Policies that govern from an event on, and their catalogue.
#[derive(Debug)]
pub(crate) struct Governing {
    generation: Arc<Generation>,
    catalogue: Arc<Catalogue>,
    /// Only proposed: kept, and not in force.
    pub(super) is_proposed: bool,
}

impl Governing {
    pub(super) fn new(generation: Generation, catalogue: Catalogue) -> Self {
        Self {
            generation: Arc::new(generation),
            catalogue: Arc::new(catalogue),
            is_proposed: false,
        }
    }

    pub(crate) fn folder(&self) -> &PolicyFolder {
        &self.generation.folder
    }
}

/// A policy folder that was checked and compiled, and is not in force yet.
#[derive(Debug)]
pub struct Staged {
    pub(super) generation: Arc<Generation>,
}

impl Staged {
    /// The folder.
    pub fn folder(&self) -> &PolicyFolder {
        &self.generation.folder
    }

    /// These policies as they would govern after a state.
    pub(super) fn governing(&self, state: &State) -> Result<Governing, Vec<Finding>> {
        // The places of packages are those of the newest state, which only the writer knows.
        let catalogue = catalogue_of(self.folder(), Some(&state.catalogue));
        Ok(Governing {
            generation: Arc::clone(&self.generation),
            catalogue: Arc::new(catalogue.map_err(|finding| vec![finding])?),
            is_proposed: false,
        })
    }

    /// The hash of the folder.
    pub fn hash(&self) -> &str {
        &self.generation.hash
    }

    /// Every policy of the folder, with what questions met of it.
    pub fn covered(&self, coverage: &Coverage) -> Vec<CoveredPolicy> {
        let generation = &self.generation;
        generation.policies.covered(coverage, &generation.folder)
    }
}

/// The folder that was last in force, if one was.
pub(super) fn last_in_force(store: &Store) -> Result<Option<PolicyFolder>, ReadError> {
    let Some((recorded, hash)) = put_last(store, store.head())? else {
        return Ok(None);
    };
    let missing = || ReadError::Missing(recorded.revision);
    store.policy_folder(&hash)?.ok_or_else(missing).map(Some)
}

/// The events that put policies in force or proposed them up to a revision, newest first.
pub(super) fn policy_events(
    store: &Store,
    up_to: Revision,
) -> impl Iterator<Item = Result<Recorded, ReadError>> + '_ {
    let history = store.subject_history(Subject::Policies, up_to);
    history.map(|revision| {
        let revision = revision?;
        store.event(revision)?.ok_or(ReadError::Missing(revision))
    })
}

/// The event that put the policies in force that were so at a revision, and their hash.
pub(super) fn put_last(
    store: &Store,
    at: Revision,
) -> Result<Option<(Recorded, Box<str>)>, ReadError> {
    for recorded in policy_events(store, at) {
        let recorded = recorded?;
        if let Event::PoliciesInForce { hash, .. } = &recorded.event {
            let hash = hash.clone();
            return Ok(Some((recorded, hash)));
        }
    }
    Ok(None)
}

/// The hash of the watched folder as it was last taken: of policies that a caller put in force, what the folder held then.
pub(super) fn folder_taken(store: &Store, at: Revision) -> Result<Option<Box<str>>, ReadError> {
    let put = put_last(store, at)?;
    Ok(
        put.and_then(|(recorded, hash)| match recorded.event.publication() {
            Some(publication) => publication.folder.clone(),
            None => Some(hash),
        }),
    )
}

impl Snapshot {
    /// The event that put the policies in force: their revision and hash, since when, by whom. Reads the store.
    pub fn policies_put(&self, by: &Caller) -> Result<Option<Recorded>, ViewError> {
        self.state.authorise(by, Act::ReadJournal, &Target::Store)?;
        Ok(put_last(&self.store, self.state.revision)?.map(|(recorded, _)| recorded))
    }

    /// The hash of the watched folder as it was last taken, if it ever was. Reads the store, and is for the daemon itself.
    pub fn folder_taken(&self) -> Result<Option<Box<str>>, ViewError> {
        Ok(folder_taken(&self.store, self.state.revision)?)
    }

    /// The folder in force.
    pub fn policy_folder(&self) -> &PolicyFolder {
        &self.state.generation.folder
    }
}

impl State {
    /// Puts these policies in the place of those before. Grants stay as they are, and so do the numbers of package sets:
    /// the catalogue has to keep the places of the one before.
    pub(crate) fn govern(&mut self, by: Governing) {
        self.generation = by.generation;
        self.catalogue = by.catalogue;
    }
}

impl Engine {
    /// Checks a policy folder and puts it in force, whole or not at all; answers whether it differs from the one before.
    ///
    /// When it returns, the folder is in the journal and every later decision is made by it, while snapshots taken before
    /// go on answering by theirs. A changed catalogue takes nothing from delegations that exist, as at a start. Costs
    /// checking and compiling the folder on the caller's thread; commands and decisions go on meanwhile. Whether the
    /// caller may do this is not asked here: whoever holds the engine chose the policies that it was opened with.
    pub fn put_policies(
        &self,
        call: &Call,
        folder: PolicyFolder,
    ) -> Result<Written<bool>, PutPoliciesError> {
        let staged = Self::stage(folder).map_err(PutPoliciesError::Policies)?;
        self.put(call.origin(), staged)
    }

    /// Checks and compiles a policy folder, for [`Self::put_staged`]. Nothing is changed by it.
    pub fn stage(folder: PolicyFolder) -> Result<Staged, Vec<Finding>> {
        let generation = Arc::new(compile(folder)?);
        Ok(Staged { generation })
    }

    /// As [`Self::put_policies`], on behalf of nobody but the daemon itself, which found its folder changed.
    pub fn put_staged(
        &self,
        staged: Staged,
        now: Timestamp,
    ) -> Result<Written<bool>, PutPoliciesError> {
        let origin = Origin {
            by: daemon(),
            at: now,
            cause: Cause::Folder,
        };
        self.put(origin, staged)
    }

    fn put(&self, origin: Origin, staged: Staged) -> Result<Written<bool>, PutPoliciesError> {
        self.write_with(move |state| {
            if state.generation.hash == staged.generation.hash {
                return Ok((None, None, false));
            }
            let in_force = staged
                .governing(state)
                .map_err(PutPoliciesError::Policies)?;
            let event = Event::PoliciesInForce {
                hash: staged.generation.hash.clone(),
                publication: None,
            };
            Ok((Some(origin.record(state, event)), Some(in_force), true))
        })
    }

    /// Writes down that the folder of the start is in force from now on, if another was before.
    pub(super) fn put_in_force(&self, now: Timestamp) -> Result<(), Unavailable> {
        let origin = Origin {
            by: daemon(),
            at: now,
            cause: Cause::Start,
        };
        let written = self.write_with(move |state| {
            let hash = &state.generation.hash;
            if state.policies_in_force.as_ref() == Some(hash) {
                return Ok((None, None, ()));
            }
            let event = Event::PoliciesInForce {
                hash: hash.clone(),
                publication: None,
            };
            let in_force = Governing {
                generation: Arc::clone(&state.generation),
                catalogue: Arc::clone(&state.catalogue),
                is_proposed: false,
            };
            Ok::<_, Unavailable>((Some(origin.record(state, event)), Some(in_force), ()))
        });
        written.map(|_| ())
    }
}
