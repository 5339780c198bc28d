//! Histories are what the events say, whether an event was small or large.

use super::{clients, recorded, user};
use crate::model::delegation::Loss;
use crate::model::event::{Event, ImportedFacts, Recorded};
use crate::model::id::{OrgNo, RequestId, Revision, SystemUserId};
use crate::model::party::Party;
use crate::model::relation::{RelationKey, Role};
use crate::model::time::Window;
use crate::model::trace::{Trace, TraceKind};
use crate::store::{ClientTrace, RelationTrace, Store, Subject};

fn other() -> SystemUserId {
    "5ea1d000-0000-4000-8000-000000000002".parse().unwrap()
}

fn firm() -> OrgNo {
    clients(3000).iter().last().unwrap()
}

/// Changes of the clients from one place to another in the list of all.
fn changed(
    to: SystemUserId,
    added: std::ops::Range<usize>,
    removed: std::ops::Range<usize>,
) -> Event {
    let all: Vec<OrgNo> = clients(3000).iter().collect();
    Event::ClientsChanged {
        system_user: to,
        added: all[added].iter().copied().collect(),
        added_within: Vec::new(),
        removed: all[removed].iter().copied().collect(),
    }
}

fn losses(of: SystemUserId, count: usize, ended: bool) -> Vec<Loss> {
    let lost = clients(count);
    let lost = lost.iter().map(|client| Loss {
        system_user: of,
        client,
        packages: Vec::new(),
        ended,
    });
    lost.collect()
}

fn party(org: OrgNo) -> Party {
    Party {
        org,
        name: "A client".parse().unwrap(),
        form: "AS".parse().unwrap(),
    }
}

/// Events of every size that touch clients, a few of them twice in one event.
fn events() -> Vec<Event> {
    let relation = |client| RelationKey {
        client,
        firm: firm(),
        role: Role::Accountant,
    };
    let first = clients(1).iter().next().unwrap();
    let imported = |count, lost| Event::Imported {
        facts: vec![
            ImportedFacts::Parties {
                parties: clients(count).iter().map(party).collect(),
                lost: Vec::new(),
            },
            ImportedFacts::Relations {
                firm: firm(),
                role: Role::Auditor,
                assigned: Vec::new(),
                clients: clients(count),
                lost: losses(user(), lost, false),
            },
            ImportedFacts::EndedRelations {
                firm: firm(),
                role: Role::Auditor,
                clients: clients(count / 2),
                lost: losses(other(), lost, true),
            },
            ImportedFacts::Delegations {
                system_user: other(),
                window: Window::ALWAYS,
                clients: clients(count / 3),
            },
        ],
    };
    vec![
        changed(user(), 0..2500, 0..0),
        changed(other(), 0..3, 0..0),
        Event::PartyPut {
            party: party(first),
            lost: losses(user(), 2, false),
        },
        changed(user(), 2400..2600, 0..7),
        changed(user(), 0..7, 7..15),
        Event::RelationPut {
            key: relation(first),
            assigned: Vec::new(),
            lost: Vec::new(),
        },
        imported(40, 12),
        imported(1500, 1200),
        Event::RelationEnded {
            key: relation(first),
            lost: losses(user(), 1, true),
        },
        imported(3, 1),
        changed(other(), 1000..1008, 0..1000),
    ]
}

fn written() -> (tempfile::TempDir, Store, Vec<Recorded>) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let all: Vec<Recorded> = (1..)
        .zip(events())
        .map(|(at, event)| recorded(at, event))
        .collect();
    store.append(&all, &[]).unwrap();
    (dir, store, all)
}

fn asked_about() -> impl Iterator<Item = OrgNo> {
    let all: Vec<OrgNo> = clients(3000).iter().collect();
    let places = [
        0, 1, 2, 6, 7, 14, 15, 500, 1000, 1007, 1199, 1200, 1201, 2399, 2400, 2599, 2600, 2999,
    ];
    places.into_iter().map(move |place| all[place])
}

#[test]
fn the_history_of_a_delegation_is_what_the_events_did_to_it() {
    let (_dir, store, all) = written();
    for (of, client) in asked_about().flat_map(|client| [(user(), client), (other(), client)]) {
        for up_to in 0..=all.len() {
            let revision = Revision(up_to as u64);
            let told = store.delegation_history(of, client, revision);
            let told: Vec<(Revision, TraceKind)> = told.map(Result::unwrap).collect();
            let by_events = all[..up_to].iter().rev().flat_map(|recorded| {
                let traces: Vec<Trace> = recorded.event.traces();
                let its = traces
                    .into_iter()
                    .rev()
                    .filter(|trace| trace.system_user == of && trace.client == client);
                its.map(|trace| (recorded.revision, trace.what))
                    .collect::<Vec<_>>()
            });
            assert_eq!(
                told,
                by_events.collect::<Vec<_>>(),
                "{of} {client} up to {up_to}"
            );
        }
    }
}

#[test]
fn the_history_of_a_client_is_what_the_events_did_to_it() {
    let (_dir, store, all) = written();
    for client in asked_about() {
        let told = store.client_history(client, Revision(99));
        let told: Vec<(Revision, ClientTrace)> = told.map(Result::unwrap).collect();
        // Of one revision in the order of its keys, or of the event: compare as sets.
        let mut expected = Vec::new();
        for recorded in all.iter().rev() {
            for trace in recorded.event.traces() {
                let (system_user, what) = (trace.system_user, trace.what);
                if trace.client == client {
                    expected.push((
                        recorded.revision,
                        ClientTrace::Delegation { system_user, what },
                    ));
                }
            }
            for (key, what) in by_hand(&recorded.event) {
                if key.client == client {
                    let (firm, role) = (key.firm, key.role);
                    expected.push((
                        recorded.revision,
                        ClientTrace::Relation { firm, role, what },
                    ));
                }
            }
            if recorded.event.parties().contains(&client) {
                expected.push((recorded.revision, ClientTrace::Party));
            }
        }
        assert!(told.is_sorted_by(|one, next| one.0 >= next.0), "{told:?}");
        for trace in &expected {
            assert!(
                told.contains(trace),
                "{client}: {trace:?} is not in {told:?}"
            );
        }
        assert_eq!(
            told.len(),
            expected.len(),
            "{client}: {told:?} {expected:?}"
        );
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other event has a relation"
)]
fn by_hand(event: &Event) -> Vec<(RelationKey, RelationTrace)> {
    match event {
        Event::RelationPut { key, .. } => vec![(*key, RelationTrace::Written)],
        Event::RelationEnded { key, .. } => vec![(*key, RelationTrace::Ended)],
        Event::Imported { facts } => {
            let mut all = Vec::new();
            for facts in facts {
                let (firm, role, clients, what) = match facts {
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
        _ => Vec::new(),
    }
}

#[test]
fn the_history_of_a_subject_has_its_events_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let request = RequestId(user().0);
    let (short, long) = (
        "314249879_a".parse().unwrap(),
        "314249879_ab".parse().unwrap(),
    );
    let events = [
        Event::SystemDeleted { id: short },
        Event::RequestRejected { id: request },
        Event::PoliciesInForce {
            hash: "0".repeat(64).into(),
            publication: None,
        },
        Event::SystemDeleted { id: long },
        Event::SystemUserDeleted { id: user() },
        Event::PoliciesInForce {
            hash: "1".repeat(64).into(),
            publication: None,
        },
    ];
    let (short, long) = (
        "314249879_a".parse().unwrap(),
        "314249879_ab".parse().unwrap(),
    );
    let all: Vec<Recorded> = (1..)
        .zip(events)
        .map(|(at, event)| recorded(at, event))
        .collect();
    store.append(&all, &[]).unwrap();
    let told = |subject, up_to| -> Vec<u64> {
        let told = store.subject_history(subject, Revision(up_to));
        told.map(|revision| revision.unwrap().0).collect()
    };
    assert_eq!(told(Subject::Policies, 9), [6, 3]);
    assert_eq!(told(Subject::Policies, 5), [3]);
    assert_eq!(told(Subject::Policies, 2), [0; 0]);
    assert_eq!(told(Subject::System(&short), 9), [1]);
    assert_eq!(told(Subject::System(&long), 9), [4]);
    assert_eq!(told(Subject::Request(request), 9), [5, 2]);
    assert_eq!(told(Subject::Request(RequestId(other().0)), 9), [0; 0]);
}

#[test]
fn what_happened_to_many_at_once_takes_few_entries() {
    let import = Event::Imported {
        facts: vec![
            ImportedFacts::Relations {
                firm: firm(),
                role: Role::Accountant,
                assigned: Vec::new(),
                clients: clients(3000),
                lost: losses(user(), 3000, false),
            },
            ImportedFacts::Delegations {
                system_user: other(),
                window: Window::ALWAYS,
                clients: clients(3000),
            },
        ],
    };
    let entries = crate::store::touched::entries(&recorded(1, import));
    assert_eq!(
        entries.len(),
        9,
        "three blocks for each of two system users, and three of clients"
    );
    let bytes: usize = entries
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    assert!(bytes < 20_000, "{bytes} bytes for 9,000 traces");
}
