//! Events: what the journal keeps. One command is one event; a state is what its events make.
//!
//! An event carries all that applying it needs: losses of packages are written down when the relation ends, so that a
//! replay under another catalogue makes the same state.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::caller::Actor;
use super::delegation::Loss;
use super::id::{OrgNo, PackageCode, RequestId, Revision, SystemId, SystemUserId};
use super::party::Party;
use super::relation::RelationKey;
use super::request::Request;
use super::system::System;
use super::time::{Timestamp, Window};

/// One change as the journal keeps it: what, by whom, when, why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The revision that it made.
    pub revision: Revision,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// Why: on whose behalf of which call.
    pub cause: Cause,
    /// What.
    pub event: Event,
}

/// Why a change was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A command, with the id of the request that brought it, if it had one.
    Command {
        /// The caller's request id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<Box<str>>,
    },
    /// An import.
    Import {
        /// The import's id: the hash of its whole input.
        id: Box<str>,
        /// Its first line in this change, from 1.
        first_line: u64,
        /// Its last.
        last_line: u64,
    },
    /// The daemon itself, when it starts: policies put in force, the demo's world.
    Start,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Policies came in force.
    PoliciesInForce {
        /// The hash of the policy folder.
        hash: Box<str>,
    },
    /// A party's name and form were written; with another form, delegations may have lost packages.
    PartyPut {
        /// The party.
        party: Party,
        /// What delegations lost by it.
        lost: Vec<Loss>,
    },
    /// A system was registered, or changed.
    SystemPut(System),
    /// A system was deleted: its system users may do nothing from now on.
    SystemDeleted {
        /// Which.
        id: SystemId,
    },
    /// A request was made.
    RequestCreated(Request),
    /// A request was withdrawn by its vendor.
    RequestWithdrawn {
        /// Which.
        id: RequestId,
    },
    /// A request was rejected by the firm.
    RequestRejected {
        /// Which.
        id: RequestId,
    },
    /// A request was passed on to an access manager.
    RequestEscalated {
        /// Which.
        id: RequestId,
    },
    /// A request was approved: there is a system user of its id from now on.
    RequestApproved {
        /// Which.
        id: RequestId,
    },
    /// A system user was deleted.
    SystemUserDeleted {
        /// Which.
        id: SystemUserId,
    },
    /// Clients were added to and removed from one agent system user.
    ClientsChanged {
        /// Which system user.
        system_user: SystemUserId,
        /// Added, or added anew, without a window.
        #[serde(default, skip_serializing_if = "OrgList::is_empty")]
        added: OrgList,
        /// Added, or added anew, with a window.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        added_within: Vec<(OrgNo, Window)>,
        /// Removed.
        #[serde(default, skip_serializing_if = "OrgList::is_empty")]
        removed: OrgList,
    },
    /// A relation came to be, or a right holder's packages changed.
    RelationPut {
        /// Which.
        key: RelationKey,
        /// What the client has assigned; empty but for right holders.
        assigned: Vec<PackageCode>,
        /// What delegations lost by it.
        lost: Vec<Loss>,
    },
    /// A relation ended.
    RelationEnded {
        /// Which.
        key: RelationKey,
        /// What delegations lost by it.
        lost: Vec<Loss>,
    },
    /// Facts were imported, in their order.
    Imported {
        /// The facts.
        facts: Vec<ImportedFacts>,
    },
}

/// Facts of one kind that stood together in an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportedFacts {
    /// Parties.
    Parties {
        /// In their order.
        parties: Vec<Party>,
        /// What delegations lost by changed forms.
        lost: Vec<Loss>,
    },
    /// Relations to one firm in one role.
    Relations {
        /// To whom.
        firm: OrgNo,
        /// As what.
        role: super::relation::Role,
        /// What each client has assigned; empty but for right holders.
        assigned: Vec<PackageCode>,
        /// From whom.
        clients: OrgList,
        /// What delegations lost by it.
        lost: Vec<Loss>,
    },
    /// Ended relations to one firm in one role.
    EndedRelations {
        /// To whom.
        firm: OrgNo,
        /// As what.
        role: super::relation::Role,
        /// From whom.
        clients: OrgList,
        /// What delegations lost by it.
        lost: Vec<Loss>,
    },
    /// Clients added to one system user.
    Delegations {
        /// To which.
        system_user: SystemUserId,
        /// When they hold.
        window: Window,
        /// Which clients.
        clients: OrgList,
    },
}

impl Event {
    /// The word for this kind of event, in `/v1/changes` and in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::PoliciesInForce { .. } => "policies-in-force",
            Self::PartyPut { .. } => "party-put",
            Self::SystemPut(_) => "system-put",
            Self::SystemDeleted { .. } => "system-deleted",
            Self::RequestCreated(_) => "request-created",
            Self::RequestWithdrawn { .. } => "request-withdrawn",
            Self::RequestRejected { .. } => "request-rejected",
            Self::RequestEscalated { .. } => "request-escalated",
            Self::RequestApproved { .. } => "request-approved",
            Self::SystemUserDeleted { .. } => "system-user-deleted",
            Self::ClientsChanged { .. } => "clients-changed",
            Self::RelationPut { .. } => "relation-put",
            Self::RelationEnded { .. } => "relation-ended",
            Self::Imported { .. } => "imported",
        }
    }

    /// What this event did to delegations, one by one: what the history of a system user or client is made of.
    pub fn traces(&self) -> Vec<Trace> {
        match self {
            Self::ClientsChanged {
                system_user,
                added,
                added_within,
                removed,
            } => {
                let all_added = added
                    .iter()
                    .chain(added_within.iter().map(|(client, _)| *client));
                let added = all_added.map(|client| Trace {
                    system_user: *system_user,
                    client,
                    what: TraceKind::Added,
                });
                let removed = removed.iter().map(|client| Trace {
                    system_user: *system_user,
                    client,
                    what: TraceKind::Removed,
                });
                added.chain(removed).collect()
            }
            Self::PartyPut { lost, .. }
            | Self::RelationPut { lost, .. }
            | Self::RelationEnded { lost, .. } => lost.iter().map(Trace::of_loss).collect(),
            Self::Imported { facts } => facts.iter().flat_map(ImportedFacts::traces).collect(),
            Self::PoliciesInForce { .. }
            | Self::SystemPut(_)
            | Self::SystemDeleted { .. }
            | Self::RequestCreated(_)
            | Self::RequestWithdrawn { .. }
            | Self::RequestRejected { .. }
            | Self::RequestEscalated { .. }
            | Self::RequestApproved { .. }
            | Self::SystemUserDeleted { .. } => Vec::new(),
        }
    }

    /// The relations that this event wrote or ended, for the history of a client.
    pub fn relations(&self) -> Vec<RelationKey> {
        match self {
            Self::RelationPut { key, .. } | Self::RelationEnded { key, .. } => vec![*key],
            Self::Imported { facts } => facts.iter().flat_map(ImportedFacts::relations).collect(),
            Self::PoliciesInForce { .. }
            | Self::PartyPut { .. }
            | Self::SystemPut(_)
            | Self::SystemDeleted { .. }
            | Self::RequestCreated(_)
            | Self::RequestWithdrawn { .. }
            | Self::RequestRejected { .. }
            | Self::RequestEscalated { .. }
            | Self::RequestApproved { .. }
            | Self::SystemUserDeleted { .. }
            | Self::ClientsChanged { .. } => Vec::new(),
        }
    }
}

impl ImportedFacts {
    fn traces(&self) -> Vec<Trace> {
        match self {
            Self::Parties { lost, .. }
            | Self::Relations { lost, .. }
            | Self::EndedRelations { lost, .. } => lost.iter().map(Trace::of_loss).collect(),
            Self::Delegations {
                system_user,
                clients,
                ..
            } => clients
                .iter()
                .map(|client| Trace {
                    system_user: *system_user,
                    client,
                    what: TraceKind::Added,
                })
                .collect(),
        }
    }

    fn relations(&self) -> Vec<RelationKey> {
        match self {
            Self::Relations {
                firm,
                role,
                clients,
                ..
            }
            | Self::EndedRelations {
                firm,
                role,
                clients,
                ..
            } => clients
                .iter()
                .map(|client| RelationKey {
                    client,
                    firm: *firm,
                    role: *role,
                })
                .collect(),
            Self::Parties { .. } | Self::Delegations { .. } => Vec::new(),
        }
    }
}

/// What happened to one delegation in one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// Of which system user.
    pub system_user: SystemUserId,
    /// For which client.
    pub client: OrgNo,
    /// What.
    pub what: TraceKind,
}

/// The kinds of [`Trace`]. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum TraceKind {
    /// The client was added, or added anew.
    Added = 1,
    /// The client was removed.
    Removed = 2,
    /// The delegation lost packages and keeps others.
    Narrowed = 3,
    /// The delegation lost its last package and ended.
    Ended = 4,
}

impl TraceKind {
    /// The kind with this stored number.
    pub fn from_stored(number: u8) -> Option<Self> {
        [Self::Added, Self::Removed, Self::Narrowed, Self::Ended]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }
}

impl Trace {
    fn of_loss(loss: &Loss) -> Self {
        let what = if loss.ended {
            TraceKind::Ended
        } else {
            TraceKind::Narrowed
        };
        Self {
            system_user: loss.system_user,
            client: loss.client,
            what,
        }
    }
}

/// Organisation numbers, sorted and each once; stored as differences, one to five bytes each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrgList(Vec<OrgNo>);

impl OrgList {
    /// The list of these, sorted, each once.
    pub fn new(mut numbers: Vec<OrgNo>) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        Self(numbers)
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many are in it.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = OrgNo> + '_ {
        self.0.iter().copied()
    }

    fn packed(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * 2);
        let mut before = 0;
        for number in &self.0 {
            let mut step = number.as_u32() - before;
            before = number.as_u32();
            while step >= 0x80 {
                bytes.push(step.to_le_bytes()[0] | 0x80);
                step >>= 7;
            }
            bytes.push(step.to_le_bytes()[0]);
        }
        bytes
    }

    fn unpacked(bytes: &[u8]) -> Option<Self> {
        let mut numbers = Vec::with_capacity(bytes.len() / 2);
        let (mut before, mut step, mut shift) = (0u32, 0u32, 0u32);
        for byte in bytes {
            if shift > 28 {
                return None;
            }
            step |= u32::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                before = before.checked_add(step)?;
                numbers.push(OrgNo::from_u32(before).ok()?);
                (step, shift) = (0, 0);
            }
        }
        (shift == 0).then_some(Self(numbers))
    }
}

impl FromIterator<OrgNo> for OrgList {
    fn from_iter<I: IntoIterator<Item = OrgNo>>(numbers: I) -> Self {
        Self::new(numbers.into_iter().collect())
    }
}

impl Serialize for OrgList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            self.0.serialize(serializer)
        } else {
            serializer.serialize_bytes(&self.packed())
        }
    }
}

impl<'de> Deserialize<'de> for OrgList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Packed;
        impl serde::de::Visitor<'_> for Packed {
            type Value = OrgList;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("packed organisation numbers")
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<OrgList, E> {
                OrgList::unpacked(bytes)
                    .ok_or_else(|| E::custom("packed organisation numbers are damaged"))
            }
        }
        if deserializer.is_human_readable() {
            Vec::deserialize(deserializer).map(Self::new)
        } else {
            deserializer.deserialize_bytes(Packed)
        }
    }
}
