//! Policies that callers put in force: at once, or as a proposal that another caller approves.

use std::sync::Arc;

use crate::model::caller::{Act, Actor, Target};
use crate::model::event::Event;
use crate::model::finding::Finding;
use crate::model::id::Revision;
use crate::model::publication::Publication;
use crate::store::ReadError;

use super::error::{NotEntitled, Unavailable};
use super::in_force::{Staged, put_last};
use super::{Call, Engine, Written};

/// Why policies were neither put in force nor proposed. Those before them stay.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The caller may not.
    #[error(transparent)]
    NotEntitled(#[from] NotEntitled),
    /// Others came in force meanwhile.
    #[error(
        "the policies in force are `{in_force}`, not `{given}`: read them, and publish what is to follow them"
    )]
    Changed {
        /// What the caller took to be in force.
        given: String,
        /// What is.
        in_force: Box<str>,
    },
    /// The policies are broken.
    #[error("the policies are broken: {}", .0.first().map(Finding::to_string).unwrap_or_default())]
    Policies(Vec<Finding>),
    /// There is no such proposal.
    #[error("revision {0} is no proposal of policies")]
    NoProposal(Revision),
    /// It was decided already, or others came in force after it was made.
    #[error(
        "proposal {proposal} was to follow the policies `{base}`, and others came in force since, now `{in_force}`: propose them anew"
    )]
    Overtaken {
        /// The proposal.
        proposal: Revision,
        /// What it was to follow.
        base: Box<str>,
        /// What is in force.
        in_force: Box<str>,
    },
    /// Whoever proposed it cannot approve it.
    #[error("{by} proposed it; another caller has to approve it")]
    SamePerson {
        /// Who.
        by: String,
    },
    /// No changes are taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] ReadError),
}

/// What became of policies that were published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// They are in force.
    InForce,
    /// They were in force already.
    Already,
    /// They are a proposal, named by its revision.
    Proposed,
}

impl Engine {
    /// Puts policies in force in the place of those with the hash `follows`; or proposes them, where the caller may do no
    /// more than that.
    ///
    /// Of two callers that want to follow the same policies one is refused. When it returns, the folder is in the journal,
    /// and where it came in force every later decision is made by it.
    pub fn publish(
        &self,
        call: &Call,
        staged: Staged,
        follows: &str,
        publication: Publication,
    ) -> Result<Written<Published>, PublishError> {
        let (origin, by) = (call.origin(), call.by.clone());
        let follows = follows.to_owned();
        self.write_with(move |state| {
            let may_publish = state.may(&by, Act::PublishPolicies, &Target::Store);
            if !may_publish {
                let propose = state.authorise(&by, Act::ProposePolicies, &Target::Store);
                propose.map_err(|_| {
                    NotEntitled::new(&by, Act::PublishPolicies, &Target::Store, false)
                })?;
            }
            let base = &state.generation.hash;
            if **base != *follows {
                return Err(PublishError::Changed {
                    given: follows,
                    in_force: base.clone(),
                });
            }
            if **base == *staged.hash() {
                return Ok((None, None, Published::Already));
            }
            let mut governing = staged.governing(state).map_err(PublishError::Policies)?;
            let hash = staged.hash().into();
            let publication = Box::new(publication);
            let (event, published) = if may_publish {
                let publication = Some(publication);
                let event = Event::PoliciesInForce { hash, publication };
                (event, Published::InForce)
            } else {
                governing.is_proposed = true;
                let base = base.clone();
                let event = Event::PoliciesProposed {
                    hash,
                    base,
                    publication,
                };
                (event, Published::Proposed)
            };
            Ok((
                Some(origin.record(state, event)),
                Some(governing),
                published,
            ))
        })
    }

    /// Puts proposed policies in force, on behalf of another caller than the one who proposed them. `folder` is the hash
    /// of the watched folder now, if one is watched.
    ///
    /// Costs reading, checking and compiling the folder anew.
    pub fn approve_policies(
        &self,
        call: &Call,
        proposal: Revision,
        folder: Option<Box<str>>,
    ) -> Result<Written<()>, PublishError> {
        let entitled = self.snapshot();
        entitled.may_on_store(&call.by, Act::ApprovePolicies)?;
        let no_proposal = || PublishError::NoProposal(proposal);
        let recorded = self.store.event(proposal)?.ok_or_else(no_proposal)?;
        let Event::PoliciesProposed {
            hash,
            base,
            publication,
        } = recorded.event
        else {
            return Err(no_proposal());
        };
        let missing = ReadError::Missing(proposal);
        let policies = self.store.policy_folder(&hash)?.ok_or(missing)?;
        let staged = Self::stage(policies).map_err(PublishError::Policies)?;
        let (origin, by) = (call.origin(), call.by.clone());
        let store = Arc::clone(&self.store);
        self.write_with(move |state| {
            state.authorise(&by, Act::ApprovePolicies, &Target::Store)?;
            if by.as_actor() == recorded.by {
                let by = shown(&recorded.by);
                return Err(PublishError::SamePerson { by });
            }
            // A hash may come back by a rollback. A proposal does not: whatever came in force after it decided it.
            let newest = put_last(&store, store.head())?;
            let is_decided = newest.is_some_and(|(put, _)| put.revision > proposal);
            if is_decided || state.generation.hash != base {
                return Err(PublishError::Overtaken {
                    proposal,
                    base,
                    in_force: state.generation.hash.clone(),
                });
            }
            let governing = staged.governing(state).map_err(PublishError::Policies)?;
            let publication = Publication {
                proposal: Some(proposal),
                folder: folder.or(publication.folder.clone()),
                ..*publication
            };
            let event = Event::PoliciesInForce {
                hash,
                publication: Some(Box::new(publication)),
            };
            Ok((Some(origin.record(state, event)), Some(governing), ()))
        })
    }
}

fn shown(by: &Actor) -> String {
    format!("{} `{}`", by.kind, by.id)
}
