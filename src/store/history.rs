//! Histories: what happened to a delegation, and to a client, by revision. Derived from events as they are written, so
//! that reading them never scans the journal.

use std::collections::BTreeMap;

use crate::model::event::{Event, ImportedFacts, Recorded};
use crate::model::id::{OrgNo, Revision, SystemUserId};
use crate::model::relation::{RelationKey, Role};
use crate::model::trace::TraceKind;

use super::Store;
use super::disk::DiskError;
use super::error::ReadError;
use super::keys::{self, ClientKey};

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

/// The history keys of an event, with what happened at each: more than one thing if an import says so, in its order.
pub(super) fn entries(recorded: &Recorded) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let revision = recorded.revision;
    let mut entries: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let mut add = |key, what| entries.entry(key).or_default().push(what);
    for trace in recorded.event.traces() {
        let (user, client) = (trace.system_user, trace.client);
        add(keys::delegation(user, client, revision), trace.what as u8);
        add(
            keys::client_delegation(client, revision, user),
            trace.what as u8,
        );
    }
    for (key, what) in relations(&recorded.event) {
        add(keys::client_relation(&key, revision), what as u8);
    }
    entries
}

fn relations(event: &Event) -> Vec<(RelationKey, RelationTrace)> {
    let Event::Imported { facts } = event else {
        let ended = matches!(event, Event::RelationEnded { .. });
        let what = if ended {
            RelationTrace::Ended
        } else {
            RelationTrace::Written
        };
        return event
            .relations()
            .into_iter()
            .map(|key| (key, what))
            .collect();
    };
    let mut all = Vec::new();
    for fact in facts {
        let (firm, role, clients, what) = match fact {
            ImportedFacts::Relations {
                firm,
                role,
                clients,
                ..
            } => (*firm, *role, clients, RelationTrace::Written),
            ImportedFacts::EndedRelations {
                firm,
                role,
                clients,
                ..
            } => (*firm, *role, clients, RelationTrace::Ended),
            ImportedFacts::Parties { .. } | ImportedFacts::Delegations { .. } => continue,
        };
        all.extend(
            clients
                .iter()
                .map(|client| (RelationKey { client, firm, role }, what)),
        );
    }
    all
}

impl Store {
    /// What happened to the delegation of a client to a system user, up to and with a revision, newest first.
    pub fn delegation_history(
        &self,
        user: SystemUserId,
        client: OrgNo,
        up_to: Revision,
    ) -> impl Iterator<Item = Result<(Revision, TraceKind), ReadError>> + '_ {
        let first = keys::delegation(user, client, Revision::ZERO);
        let end = keys::delegation(user, client, up_to.min(self.head()).next());
        newest_first(self.disk.range(first, end), |key, value| {
            let revision = keys::delegation_revision(key)?;
            let kinds = value
                .iter()
                .rev()
                .map(|kind| Some((revision, TraceKind::from_stored(*kind)?)));
            kinds.collect()
        })
    }

    /// What happened to a client's delegations and relations, up to and with a revision, newest first.
    pub fn client_history(
        &self,
        client: OrgNo,
        up_to: Revision,
    ) -> impl Iterator<Item = Result<(Revision, ClientTrace), ReadError>> + '_ {
        let first = keys::client(client, Revision::ZERO);
        let end = keys::client(client, up_to.min(self.head()).next());
        newest_first(self.disk.range(first, end), |key, value| {
            let (revision, what) = keys::client_key(key)?;
            let traces = value.iter().rev().map(|kind| {
                let trace = match what {
                    ClientKey::Delegation(system_user) => ClientTrace::Delegation {
                        system_user,
                        what: TraceKind::from_stored(*kind)?,
                    },
                    ClientKey::Relation(firm, role) => ClientTrace::Relation {
                        firm,
                        role,
                        what: RelationTrace::from_stored(*kind)?,
                    },
                };
                Some((revision, trace))
            });
            traces.collect()
        })
    }
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
                let what = keys::revision_of(key.as_ref()).map_or_else(
                    || "a history".to_owned(),
                    |revision| format!("the history of revision {revision}"),
                );
                let why = "it says what no event does";
                vec![Err(ReadError::damaged(what, key.as_ref(), why))]
            }
        }
        Err(error) => vec![Err(error.into())],
    })
}
