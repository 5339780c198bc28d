//! What events did to delegations and relations: what histories are made of.

use super::delegation::Loss;
use super::event::{Event, ImportedFacts};
use super::id::{OrgNo, SystemUserId};
use super::relation::RelationKey;

impl Event {
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
            | Self::PoliciesProposed { .. }
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

    /// The parties that this event wrote.
    pub fn parties(&self) -> Vec<OrgNo> {
        match self {
            Self::PartyPut { party, .. } => vec![party.org],
            Self::Imported { facts } => facts
                .iter()
                .filter_map(|facts| match facts {
                    ImportedFacts::Parties { parties, .. } => Some(parties),
                    ImportedFacts::Relations { .. }
                    | ImportedFacts::EndedRelations { .. }
                    | ImportedFacts::Delegations { .. } => None,
                })
                .flatten()
                .map(|party| party.org)
                .collect(),
            Self::PoliciesInForce { .. }
            | Self::PoliciesProposed { .. }
            | Self::SystemPut(_)
            | Self::SystemDeleted { .. }
            | Self::RequestCreated(_)
            | Self::RequestWithdrawn { .. }
            | Self::RequestRejected { .. }
            | Self::RequestEscalated { .. }
            | Self::RequestApproved { .. }
            | Self::SystemUserDeleted { .. }
            | Self::ClientsChanged { .. }
            | Self::RelationPut { .. }
            | Self::RelationEnded { .. } => Vec::new(),
        }
    }

    /// The relations that this event wrote or ended, for the history of a client.
    pub fn relations(&self) -> Vec<RelationKey> {
        match self {
            Self::RelationPut { key, .. } | Self::RelationEnded { key, .. } => vec![*key],
            Self::Imported { facts } => facts.iter().flat_map(ImportedFacts::relations).collect(),
            Self::PoliciesInForce { .. }
            | Self::PoliciesProposed { .. }
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
