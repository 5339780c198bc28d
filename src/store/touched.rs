//! What an event did, to whom: the entries of the histories that are written with it.

use std::collections::BTreeMap;

use crate::model::event::{Event, ImportedFacts, Recorded};
use crate::model::id::{OrgNo, RequestId, SystemUserId};
use crate::model::relation::RelationKey;

use super::disk::Writes;
use super::history::{ClientTrace, PARTY_WRITTEN, RelationTrace};
use super::keys::{self, Subject};
use super::packed;

/// From how many clients on, to whom the same happened at once, they are packed.
const FEWEST_PACKED: usize = 8;

/// Up to how many things that happened at once each has a key of its own among its client's.
const MOST_APART: usize = 64;

/// Of more than so many things that one event did to one delegation the last are kept. Only an import that adds a client
/// and ends its relation over and over comes here, and its history has to fit in a value.
const MOST_OF_ONE: usize = 1_024;

/// The history entries of an event, each with what happened: more than one thing if an import says so, in its order.
pub(super) fn entries(recorded: &Recorded) -> Writes {
    let mut writes = of_delegations(recorded);
    writes.extend(of_clients(recorded));
    let subject = match &recorded.event {
        Event::PoliciesInForce { .. } | Event::PoliciesProposed { .. } => Subject::Policies,
        Event::SystemPut(system) => Subject::System(&system.id),
        Event::SystemDeleted { id } => Subject::System(id),
        Event::RequestCreated(request) => Subject::Request(request.id),
        Event::RequestWithdrawn { id }
        | Event::RequestRejected { id }
        | Event::RequestEscalated { id }
        | Event::RequestApproved { id } => Subject::Request(*id),
        Event::SystemUserDeleted { id } => Subject::Request(RequestId(id.0)),
        Event::PartyPut { .. }
        | Event::ClientsChanged { .. }
        | Event::RelationPut { .. }
        | Event::RelationEnded { .. }
        | Event::Imported { .. } => return writes,
    };
    writes.push((keys::subject(subject, recorded.revision), Vec::new()));
    writes
}

/// By delegation. Clients of one system user to whom the same happened, and nothing else, stand together.
fn of_delegations(recorded: &Recorded) -> Writes {
    let revision = recorded.revision;
    let mut users: BTreeMap<SystemUserId, BTreeMap<OrgNo, Vec<u8>>> = BTreeMap::new();
    for trace in recorded.event.traces() {
        let clients = users.entry(trace.system_user).or_default();
        clients
            .entry(trace.client)
            .or_default()
            .push(trace.what as u8);
    }
    let mut writes = Writes::new();
    for (user, clients) in users {
        let mut alike: BTreeMap<Vec<u8>, Vec<OrgNo>> = BTreeMap::new();
        for (client, kinds) in clients {
            alike.entry(kinds).or_default().push(client);
        }
        for (kinds, clients) in alike {
            if let [kind] = *kinds
                && clients.len() >= FEWEST_PACKED
            {
                let group = keys::packed_delegations(user, revision, kind);
                writes.extend(packed::entries(&group, &clients));
                continue;
            }
            let key = |client| keys::delegation(user, client, revision);
            let kept = kinds.len().saturating_sub(MOST_OF_ONE);
            let kinds = kinds.get(kept..).unwrap_or_default().to_vec();
            writes.extend(
                clients
                    .into_iter()
                    .map(|client| (key(client), kinds.clone())),
            );
        }
    }
    writes
}

/// By client: its delegations, its relations and the party itself. Of a large event only that it touched the client.
fn of_clients(recorded: &Recorded) -> Writes {
    let revision = recorded.revision;
    let touched = touched(&recorded.event);
    if touched.len() > MOST_APART {
        let mut clients: Vec<_> = touched.iter().map(|(client, _)| *client).collect();
        clients.sort_unstable();
        clients.dedup();
        return packed::entries(&keys::packed_clients(revision), &clients).collect();
    }
    let mut entries: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for (client, trace) in touched {
        let (key, what) = match trace {
            ClientTrace::Delegation { system_user, what } => (
                keys::client_delegation(client, revision, system_user),
                what as u8,
            ),
            ClientTrace::Relation { firm, role, what } => {
                let key = RelationKey { client, firm, role };
                (keys::client_relation(&key, revision), what as u8)
            }
            ClientTrace::Party => (keys::client_party(client, revision), PARTY_WRITTEN),
        };
        entries.entry(key).or_default().push(what);
    }
    entries.into_iter().collect()
}

/// What an event did to each party and client.
pub(super) fn touched(event: &Event) -> Vec<(OrgNo, ClientTrace)> {
    let of_delegations = event.traces().into_iter().map(|trace| {
        let what = ClientTrace::Delegation {
            system_user: trace.system_user,
            what: trace.what,
        };
        (trace.client, what)
    });
    let of_relations = relations(event).into_iter().map(|(key, what)| {
        let (firm, role) = (key.firm, key.role);
        (key.client, ClientTrace::Relation { firm, role, what })
    });
    let of_parties = event
        .parties()
        .into_iter()
        .map(|party| (party, ClientTrace::Party));
    of_delegations
        .chain(of_relations)
        .chain(of_parties)
        .collect()
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
