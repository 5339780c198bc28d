//! The policies that were ever in force, newest first, as the journal has them.

use crate::model::caller::{Act, Caller, Target};
use crate::model::event::{Event, Recorded};
use crate::model::id::{Revision, shown};
use crate::model::policy::PolicyFolder;
use crate::store::ReadError;

use super::Snapshot;
use super::error::ViewError;
use super::in_force::{policy_events, put_last};

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
        let events = policy_events(&self.store, from).take(limit);
        Ok(events.collect::<Result<_, _>>()?)
    }

    /// Proposals that can still be approved, newest first.
    pub fn policy_proposals(&self, by: &Caller) -> Result<Vec<Recorded>, ViewError> {
        self.state.authorise(by, Act::ReadJournal, &Target::Store)?;
        let mut open = Vec::new();
        for recorded in policy_events(&self.store, self.state.revision) {
            let recorded = recorded?;
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
        self.state
            .authorise(by, Act::ReadJournal, &Target::Store)
            .map_err(ViewError::from)?;
        let newest = self.state.revision;
        let number = named.parse().ok().map(Revision);
        let recorded = match number {
            Some(asked) if asked > Revision::ZERO && asked <= newest => self.at_revision(asked)?,
            // A hash may begin with digits alone.
            Some(asked) if named.len() < FEWEST_DIGITS => {
                return Err(NoVersion::NoRevision(asked));
            }
            Some(_) | None => self.of_hash(named)?,
        };
        let unknown = || NoVersion::Unknown(named.to_owned());
        let recorded = recorded.ok_or_else(unknown)?;
        let hash = recorded.event.policy_hash().ok_or_else(unknown)?;
        let folder = self.store.policy_folder(hash)?;
        let folder = folder.ok_or(ReadError::Missing(recorded.revision))?;
        Ok((recorded, folder))
    }

    /// The event that put in force what was so at a revision; of a proposal, its own.
    fn at_revision(&self, asked: Revision) -> Result<Option<Recorded>, ReadError> {
        let recorded = self.store.event(asked)?;
        let is_proposal =
            |recorded: &Recorded| matches!(recorded.event, Event::PoliciesProposed { .. });
        match recorded.filter(is_proposal) {
            Some(proposal) => Ok(Some(proposal)),
            None => Ok(put_last(&self.store, asked)?.map(|(put, _)| put)),
        }
    }

    /// The newest event that brought the one folder whose hash begins so.
    fn of_hash(&self, digits: &str) -> Result<Option<Recorded>, NoVersion> {
        let is_hash = digits
            .bytes()
            .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if !is_hash || digits.len() < FEWEST_DIGITS {
            return Err(NoVersion::Malformed(digits.to_owned()));
        }
        let mut found: Option<Recorded> = None;
        for recorded in policy_events(&self.store, self.state.revision) {
            let recorded = recorded?;
            let hash = recorded.event.policy_hash();
            if !hash.is_some_and(|hash| hash.starts_with(digits)) {
                continue;
            }
            match &found {
                None => found = Some(recorded),
                Some(other) if other.event.policy_hash() != hash => {
                    return Err(NoVersion::Several(digits.to_owned()));
                }
                Some(_) => {}
            }
        }
        Ok(found)
    }
}
