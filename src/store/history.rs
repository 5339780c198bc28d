//! Histories: what happened to a delegation, to a client and to a subject, by revision. Reading them never scans the
//! journal: `touched` writes an entry for each thing as its event is written.

use crate::model::id::{OrgNo, Revision, SystemUserId};
use crate::model::relation::Role;
use crate::model::trace::TraceKind;

use super::Store;
use super::disk::DiskError;
use super::error::ReadError;
use super::keys::{self, ClientKey, Subject};
use super::packed;
use super::touched::touched;

/// What table 4 says of a party.
pub(super) const PARTY_WRITTEN: u8 = 1;

/// What happened to a client in one revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientTrace {
    /// To its delegation to a system user.
    Delegation {
        /// Which system user.
        system_user: SystemUserId,
        /// What.
        what: TraceKind,
    },
    /// To its relation to a firm.
    Relation {
        /// Which firm.
        firm: OrgNo,
        /// In which role.
        role: Role,
        /// What.
        what: RelationTrace,
    },
    /// To its name or form.
    Party,
}

/// What happened to a relation. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RelationTrace {
    /// It came to be, or its packages changed.
    Written = 1,
    /// It ended.
    Ended = 2,
}

impl RelationTrace {
    fn from_stored(number: u8) -> Option<Self> {
        [Self::Written, Self::Ended]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }
}

impl Store {
    /// What happened to the delegation of a client to a system user, up to and with a revision, newest first.
    ///
    /// Costs a search for each thing that happened, and two for each large event that touched the system user.
    pub fn delegation_history(
        &self,
        user: SystemUserId,
        client: OrgNo,
        up_to: Revision,
    ) -> impl Iterator<Item = Result<(Revision, TraceKind), ReadError>> + '_ {
        let end = up_to.min(self.head()).next();
        let first = keys::delegation(user, client, Revision::ZERO);
        let apart = newest_first(
            self.disk.range(first, keys::delegation(user, client, end)),
            |key, value| {
                let revision = keys::delegation_revision(key)?;
                let kinds = value
                    .iter()
                    .rev()
                    .map(|kind| Some((revision, TraceKind::from_stored(*kind)?)));
                kinds.collect()
            },
        );
        let range = (
            keys::packed_user(user, Revision::ZERO),
            keys::packed_user(user, end),
        );
        let packed = packed::groups_with(&self.disk, range, client).map(|group| {
            let group = group?;
            keys::packed_what(&group).ok_or_else(|| not_a_history(&group))
        });
        merged(apart, packed)
    }

    /// What happened to a client's delegations and relations and to the party itself, up to and with a revision, newest
    /// first.
    ///
    /// Costs a search for each thing that happened, two for each large event there is, and the reading of those large
    /// events that touched the client.
    pub fn client_history(
        &self,
        client: OrgNo,
        up_to: Revision,
    ) -> impl Iterator<Item = Result<(Revision, ClientTrace), ReadError>> + '_ {
        let end = up_to.min(self.head()).next();
        let first = keys::client(client, Revision::ZERO);
        let apart = newest_first(
            self.disk.range(first, keys::client(client, end)),
            |key, value| {
                let (revision, what) = keys::client_key(key)?;
                let traces = value
                    .iter()
                    .rev()
                    .map(|kind| Some((revision, client_trace(&what, *kind)?)));
                traces.collect()
            },
        );
        let range = (
            keys::packed_clients(Revision::ZERO),
            keys::packed_clients(end),
        );
        let packed = packed::groups_with(&self.disk, range, client).flat_map(move |group| {
            match group.and_then(|group| self.traces_at(&group, client)) {
                Ok(traces) => traces.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            }
        });
        merged(apart, packed)
    }

    /// The revisions of the events about a subject, up to and with a revision, newest first.
    pub fn subject_history(
        &self,
        subject: Subject<'_>,
        up_to: Revision,
    ) -> impl Iterator<Item = Result<Revision, ReadError>> + '_ {
        let first = keys::subject(subject, Revision::ZERO);
        let end = keys::subject(subject, up_to.min(self.head()).next());
        newest_first(self.disk.range(first, end), |key, _| {
            Some(vec![keys::revision_of(key)?])
        })
    }

    /// What a large event did to a client, last first.
    fn traces_at(
        &self,
        group: &[u8],
        client: OrgNo,
    ) -> Result<Vec<(Revision, ClientTrace)>, ReadError> {
        let revision = keys::revision_of(group).ok_or_else(|| not_a_history(group))?;
        let recorded = self.event(revision)?.ok_or(ReadError::Missing(revision))?;
        let of_client = touched(&recorded.event)
            .into_iter()
            .rev()
            .filter(|(touched, _)| *touched == client);
        Ok(of_client.map(|(_, trace)| (revision, trace)).collect())
    }
}

fn client_trace(key: &ClientKey, what: u8) -> Option<ClientTrace> {
    Some(match *key {
        ClientKey::Delegation(system_user) => ClientTrace::Delegation {
            system_user,
            what: TraceKind::from_stored(what)?,
        },
        ClientKey::Relation(firm, role) => ClientTrace::Relation {
            firm,
            role,
            what: RelationTrace::from_stored(what)?,
        },
        ClientKey::Party => (what == PARTY_WRITTEN).then_some(ClientTrace::Party)?,
    })
}

/// Two histories as one. No revision is in both.
fn merged<'a, T: 'a>(
    apart: impl Iterator<Item = Result<(Revision, T), ReadError>> + 'a,
    packed: impl Iterator<Item = Result<(Revision, T), ReadError>> + 'a,
) -> impl Iterator<Item = Result<(Revision, T), ReadError>> + 'a {
    let (mut apart, mut packed) = (apart.peekable(), packed.peekable());
    std::iter::from_fn(move || {
        let packed_is_next = match (apart.peek(), packed.peek()) {
            (Some(Ok((apart, _))), Some(Ok((packed, _)))) => packed > apart,
            (Some(_), None) | (Some(Err(_)), Some(Ok(_))) => false,
            (_, Some(Err(_))) | (None, _) => true,
        };
        if packed_is_next {
            packed.next()
        } else {
            apart.next()
        }
    })
}

fn not_a_history(key: &[u8]) -> ReadError {
    let what = keys::revision_of(key).map_or_else(
        || "a history".to_owned(),
        |revision| format!("the history of revision {revision}"),
    );
    ReadError::damaged(what, key, "it says what no event does")
}

/// A range backwards, each key as what it says, or as damaged.
fn newest_first<'a, K, V, T: 'a>(
    range: impl DoubleEndedIterator<Item = Result<(K, V), DiskError>> + 'a,
    read: impl Fn(&[u8], &[u8]) -> Option<Vec<T>> + 'a,
) -> impl Iterator<Item = Result<T, ReadError>> + 'a
where
    K: AsRef<[u8]>,
    V: AsRef<[u8]>,
{
    range.rev().flat_map(move |item| match item {
        Ok((key, value)) => {
            if let Some(traces) = read(key.as_ref(), value.as_ref()) {
                traces.into_iter().map(Ok).collect()
            } else {
                vec![Err(not_a_history(key.as_ref()))]
            }
        }
        Err(error) => vec![Err(error.into())],
    })
}
