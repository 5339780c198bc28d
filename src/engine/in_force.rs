//! Which policies are in force: those of the start, until others are put in their place.

use std::sync::Arc;

use crate::model::catalogue::Catalogue;
use crate::model::event::{Cause, Event};
use crate::model::finding::Finding;
use crate::model::policy::PolicyFolder;
use crate::model::time::Timestamp;

use super::error::{PutPoliciesError, Unavailable};
use super::folder::{catalogue_of, compile, daemon};
use super::generation::Generation;
use super::state::State;
use super::writer::Origin;
use super::{Call, Engine, Written};

/// Policies that govern from an event on, and their catalogue.
#[derive(Debug)]
pub(crate) struct Governing {
    generation: Arc<Generation>,
    catalogue: Arc<Catalogue>,
}

impl Governing {
    pub(crate) fn folder(&self) -> &PolicyFolder {
        &self.generation.folder
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
        let generation = Arc::new(compile(folder).map_err(PutPoliciesError::Policies)?);
        let origin = call.origin();
        self.write_with(move |state| {
            if state.generation.hash == generation.hash {
                return Ok((None, None, false));
            }
            // The places of packages are those of the newest state, which only the writer knows.
            let catalogue = catalogue_of(&generation.folder, Some(&state.catalogue))
                .map_err(|finding: Finding| PutPoliciesError::Policies(vec![finding]))?;
            let event = Event::PoliciesInForce {
                hash: generation.hash.clone(),
            };
            let in_force = Governing {
                generation,
                catalogue: Arc::new(catalogue),
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
            let event = Event::PoliciesInForce { hash: hash.clone() };
            let in_force = Governing {
                generation: Arc::clone(&state.generation),
                catalogue: Arc::clone(&state.catalogue),
            };
            Ok::<_, Unavailable>((Some(origin.record(state, event)), Some(in_force), ()))
        });
        written.map(|_| ())
    }
}
