//! What was true then: questions answered as of an earlier revision, from the journal.
//!
//! A question reads one system user, its system, its client's relations and what the policies name. So the state of then
//! is made of the events about those alone, found by their histories, and the question is answered by the same steps
//! as today's. Nothing here scans the journal, and no older state is kept.

mod gather;
mod within;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::cedar::{CheckedContext, ContextError, Identity};
use crate::model::finding::Finding;
use crate::model::id::{ActionName, Revision};
use crate::model::question::{Asked, Explained, Question};
use crate::model::time::Timestamp;
use crate::store::{ReadError, Store};

use super::Snapshot;
use super::folder::compile;
use super::generation::Generation;
use super::in_force::put_last;
use super::sets::PackageSets;
use super::state::State;

/// How far commands that queued together may stand out of the order of their instants.
const MOST_OUT_OF_ORDER: u64 = 1024;

/// Which state of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// As it was when this revision was made, by the clock of that instant.
    Revision(Revision),
    /// As it was at this instant, and by its clock.
    Instant(Timestamp),
    /// As it was when this revision was made, by the clock of a later instant: what a decision log tells of an answer.
    Answer(Revision, Timestamp),
}

/// Why there is no such past.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PastError {
    /// The revision is not made yet.
    #[error("revision {asked} does not exist; the newest is {newest} and the first is 1")]
    NoRevision {
        /// What was asked for.
        asked: Revision,
        /// The newest there is.
        newest: Revision,
    },
    /// The instant is before everything that the journal holds.
    #[error("nothing was written down by {asked}; the journal begins at {first}")]
    BeforeAll {
        /// What was asked for.
        asked: Timestamp,
        /// The instant of the first change.
        first: Timestamp,
    },
    /// The instant has not come yet.
    #[error("{asked} has not come yet; it is {now}")]
    NotYet {
        /// What was asked for.
        asked: Timestamp,
        /// The clock.
        now: Timestamp,
    },
    /// This version does not take the policies of then.
    #[error("the policies in force at revision {revision} do not compile with this version: {}", first_of(.findings))]
    Policies {
        /// The revision.
        revision: Revision,
        /// What is wrong with them.
        findings: Vec<Finding>,
    },
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] ReadError),
}

fn first_of(findings: &[Finding]) -> String {
    findings.first().map(Finding::to_string).unwrap_or_default()
}

/// The policies of an earlier revision, to ask questions of that revision with.
#[derive(Debug)]
pub struct Past {
    store: Arc<Store>,
    revision: Revision,
    now: Timestamp,
    generation: Arc<Generation>,
    /// Of this past alone: what it numbers is of its own catalogue.
    sets: Arc<PackageSets>,
}

impl Snapshot {
    /// The past at a revision or instant, up to this snapshot's revision. `now` is the clock of today.
    ///
    /// Reads the store, and compiles the policies of then if they are not those of now: call it off the async threads.
    pub fn past(&self, at: At, now: Timestamp) -> Result<Past, PastError> {
        let store = Arc::clone(&self.store);
        let newest = self.state.revision;
        let (revision, now) = match at {
            At::Revision(asked) => {
                let recorded = (asked <= newest).then(|| store.event(asked)).transpose()?;
                let recorded = recorded
                    .flatten()
                    .ok_or(PastError::NoRevision { asked, newest })?;
                (asked, recorded.at)
            }
            At::Instant(asked) if asked > now => return Err(PastError::NotYet { asked, now }),
            At::Answer(asked, at) => {
                let none = PastError::NoRevision { asked, newest };
                let is_made = asked > Revision::ZERO && asked <= newest;
                is_made.then_some((asked, at)).ok_or(none)?
            }
            At::Instant(asked) => (made_by(&store, newest, asked)?, asked),
        };
        Ok(Past {
            store,
            revision,
            now,
            generation: Arc::new(self.policies_at(revision)?),
            sets: Arc::default(),
        })
    }

    /// The policies in force at a revision, with no class asked of them yet.
    fn policies_at(&self, revision: Revision) -> Result<Generation, PastError> {
        // The first event puts policies in force.
        let hash = put_last(&self.store, revision)?
            .map_or_else(|| self.state.generation.hash.clone(), |(_, hash)| hash);
        if hash == self.state.generation.hash {
            return Ok(self.state.generation.anew());
        }
        let missing = || PastError::Store(ReadError::Missing(revision));
        let folder = self.store.policy_folder(&hash)?.ok_or_else(missing)?;
        compile(folder).map_err(|findings| PastError::Policies { revision, findings })
    }
}

/// The last revision that was made by an instant.
///
/// Commands that queue together may be written a little out of the order of their instants, which is seen through. A
/// clock that was set back leaves instants that stand for several stretches of the journal; then this is the end of one.
fn made_by(store: &Store, newest: Revision, asked: Timestamp) -> Result<Revision, PastError> {
    let at = |revision| -> Result<Timestamp, ReadError> {
        let recorded = store.event(revision)?;
        recorded
            .map(|recorded| recorded.at)
            .ok_or(ReadError::Missing(revision))
    };
    let (mut made, mut later) = (0, newest.0 + 1);
    while later - made > 1 {
        let middle = made + (later - made) / 2;
        if at(Revision(middle))? <= asked {
            made = middle;
        } else {
            later = middle;
        }
    }
    for next in later..(later + MOST_OUT_OF_ORDER).min(newest.0 + 1) {
        if at(Revision(next))? <= asked {
            made = next;
        }
    }
    if made == 0 {
        let first = at(Revision(1))?;
        return Err(PastError::BeforeAll { asked, first });
    }
    Ok(Revision(made))
}

impl Past {
    /// The revision that questions are answered as of.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The clock that they are answered by.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The context of a question by the schema of then; as [`Snapshot::context`] by that of now.
    pub fn context(
        &self,
        action: &ActionName,
        members: &Map<String, Value>,
    ) -> Result<Asked, ContextError> {
        let policies = &self.generation.policies;
        let checked = policies.check_context(policies.action(action.as_str()), members)?;
        Ok(checked.asked().clone())
    }

    /// The answer of then, and why. Costs reading the events about the system user, its system and the client.
    pub fn explain(&self, question: &Question) -> Result<Explained, ReadError> {
        let policies = &self.generation.policies;
        let context =
            policies.check_asked(policies.action(question.action.as_str()), &question.asked);
        // A context that is not understood is denied without looking at what it names.
        let by_context = context.iter().flat_map(CheckedContext::mentioned);
        let named: Vec<&Identity> = policies.mentioned().iter().chain(by_context).collect();
        let empty = State::empty(Arc::clone(&self.generation), Arc::clone(&self.sets));
        let mut state = gather::state(&self.store, empty, question, &named, self.revision)?;
        state.revision = self.revision;
        let snapshot = Snapshot {
            state: Arc::new(state),
            store: Arc::clone(&self.store),
        };
        snapshot.explain(question, self.now)
    }
}
