//! The policies that were ever in force, newest first, as the journal has them.

use crate::model::caller::{Act, Caller, Target};
use crate::model::event::{Event, Recorded};
use crate::model::id::{Revision, shown};
use crate::model::policy::PolicyFolder;
use crate::store::{ReadError, Subject};

use super::Snapshot;
use super::error::ViewError;
use super::in_force::put_last;

/// The fewest digits of a hash that name a version.
const FEWEST_DIGITS: usize = 6;

/// Why a version was not found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoVersion {
    /// It is neither a revision nor the beginning of a hash.
    #[error("`{}` names no version: give a revision, or at least {FEWEST_DIGITS} digits of a hash", shown(.0))]
    Malformed(String),
    /// No policies of that hash were ever in force, or proposed.
    #[error("no policies whose hash begins with `{}` were ever in force", shown(.0))]
    Unknown(String),
    /// There are several.
    #[error("several policies have a hash that begins with `{}`: give more digits", shown(.0))]
    Several(String),
    /// Nothing was in force at that revision.
    #[error("revision {0} is not made yet")]
    NoRevision(Revision),
    /// It could not be read.
    #[error(transparent)]
    View(#[from] ViewError),
}

impl From<ReadError> for NoVersion {
    fn from(error: ReadError) -> Self {
        Self::View(error.into())
    }
}

impl Snapshot {
    /// The events that put policies in force or proposed them, newest first, before a revision if one is given.
    pub fn policy_versions(
        &self,
        by: &Caller,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Recorded>, ViewError> {
        self.state.authorise(by, Act::ReadJournal, &Target::Store)?;
        let from = match before {
            Some(Revision(0)) => return Ok(Vec::new()),
            Some(before) => Revision(before.0 - 1).min(self.state.revision),
            None => self.state.revision,
        };
        let history = self.store.subject_history(Subject::Policies, from);
        let events = history.take(limit).map(|revision| {
            let revision = revision?;
            let recorded = self.store.event(revision)?;
            recorded.ok_or(ReadError::Missing(revision))
        });
        Ok(events.collect::<Result<_, _>>()?)
    }

    /// Proposals that can still be approved, newest first.
    pub fn policy_proposals(&self, by: &Caller) -> Result<Vec<Recorded>, ViewError> {
        self.state.authorise(by, Act::ReadJournal, &Target::Store)?;
        let mut open = Vec::new();
        for revision in self
            .store
            .subject_history(Subject::Policies, self.state.revision)
        {
            let revision = revision?;
            let recorded = self.store.event(revision)?;
            let recorded = recorded.ok_or(ReadError::Missing(revision))?;
            if !matches!(recorded.event, Event::PoliciesProposed { .. }) {
                break;
            }
            open.push(recorded);
        }
        Ok(open)
    }

    /// A version by a revision at which it was in force or proposed, or by the beginning of its hash: the event that
    /// brought it last, and the folder.
    pub fn policy_version(
        &self,
        by: &Caller,
        named: &str,
    ) -> Result<(Recorded, PolicyFolder), NoVersion> {
        let (store, newest) = (&self.store, self.state.revision);
        self.state
            .authorise(by, Act::ReadJournal, &Target::Store)
            .map_err(ViewError::from)?;
        // Six digits are a revision, as far as there is one, and more likely than a hash of digits alone.
        let number = named.parse().ok().map(Revision);
        let revision = match number.filter(|_| named.len() < 16) {
            Some(asked) if asked > newest || asked == Revision::ZERO => {
                return Err(NoVersion::NoRevision(asked));
            }
            Some(asked) => self.at_revision(asked)?,
            None => self.of_hash(named)?,
        };
        let unknown = || NoVersion::Unknown(named.to_owned());
        let revision = revision.ok_or_else(unknown)?;
        let recorded = store.event(revision)?;
        let recorded = recorded.ok_or(ReadError::Missing(revision))?;
        let hash = recorded.event.policy_hash().ok_or_else(unknown)?;
        let folder = store.policy_folder(hash)?;
        let folder = folder.ok_or(ReadError::Missing(revision))?;
        Ok((recorded, folder))
    }

    /// The revision that put in force what was so at another; of a proposal, its own.
    fn at_revision(&self, asked: Revision) -> Result<Option<Revision>, ReadError> {
        let recorded = self.store.event(asked)?;
        let is_proposal = recorded
            .is_some_and(|recorded| matches!(recorded.event, Event::PoliciesProposed { .. }));
        if is_proposal {
            return Ok(Some(asked));
        }
        Ok(put_last(&self.store, asked)?.map(|(put, _)| put.revision))
    }

    /// The newest revision that brought the one folder whose hash begins so.
    fn of_hash(&self, digits: &str) -> Result<Option<Revision>, NoVersion> {
        let is_hash = digits
            .bytes()
            .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if !is_hash || digits.len() < FEWEST_DIGITS {
            return Err(NoVersion::Malformed(digits.to_owned()));
        }
        let mut found: Option<(Revision, Box<str>)> = None;
        for revision in self
            .store
            .subject_history(Subject::Policies, self.state.revision)
        {
            let revision = revision?;
            let recorded = self.store.event(revision)?;
            let recorded = recorded.ok_or(ReadError::Missing(revision))?;
            let Some(hash) = recorded
                .event
                .policy_hash()
                .filter(|hash| hash.starts_with(digits))
            else {
                continue;
            };
            match &found {
                None => found = Some((revision, hash.into())),
                Some((_, other)) if **other != *hash => {
                    return Err(NoVersion::Several(digits.to_owned()));
                }
                Some(_) => {}
            }
        }
        Ok(found.map(|(revision, _)| revision))
    }
}
