//! Thousands of clients in one call: those that pass in one commit, the others told one by one.

use std::fmt::Write;

use fullmakt::engine::{Batch, BatchLine, ClientOutcome, ClientRefused, Import};
use fullmakt::model::catalogue::PackageList;
use fullmakt::model::event::Event;
use fullmakt::model::id::OrgNo;
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;

use super::{AUDITOR, CLIENT, OTHER_CLIENT, WITH_SIGNING};
use crate::world::{FIRM, SYSTEM, World, client_admin, firm_admin, operator, org, user, vendor};

const MANY: u32 = 5_000;

/// The first organisation numbers that there are.
fn many(count: u32) -> Vec<OrgNo> {
    let valid = (92_100_000u32..).filter_map(|eight| Some(eight * 10 + OrgNo::check_digit(eight)?));
    valid
        .take(count as usize)
        .map(|number| OrgNo::from_u32(number).unwrap())
        .collect()
}

/// Every tenth is an auditor's client alone, the others an accountant's.
fn world() -> World {
    let world = World::new()
        .system(&[WITH_SIGNING, AUDITOR])
        .agent(1, &[WITH_SIGNING]);
    let mut lines = String::new();
    for (place, client) in many(MANY).iter().enumerate() {
        let role = if place % 10 == 9 {
            Role::Auditor
        } else {
            Role::Accountant
        };
        writeln!(
            lines,
            r#"{{"relation":{{"client":"{client}","firm":"{FIRM}","role":"{role}"}}}}"#
        )
        .unwrap();
    }
    let import = Import::read(lines.as_bytes()).unwrap();
    world
        .engine
        .import(&world.call(operator()), &import, |_| {})
        .unwrap();
    world
}

fn change(world: &World, add: &[OrgNo], remove: &[OrgNo]) -> Vec<BatchLine> {
    let batch = Batch {
        add: add.to_vec(),
        remove: remove.to_vec(),
    };
    let call = world.call(client_admin());
    let written = world.engine.change_clients(&call, user(1), batch).unwrap();
    assert_eq!(written.revision.0, world.revision());
    written.value
}

fn not_covered(client: OrgNo) -> ClientOutcome {
    ClientOutcome::Refused(ClientRefused::NotCovered {
        client,
        firm: org(FIRM),
        missing: PackageList(vec![WITH_SIGNING.parse().unwrap()]),
    })
}

#[test]
fn thousands_of_clients_are_one_event_and_one_revision_and_the_others_are_told_one_by_one() {
    let world = world();
    let (clients, before) = (many(MANY), world.revision());
    let mut sent = clients.clone();
    sent.reverse();

    let lines = change(&world, &sent, &[]);
    assert_eq!(world.revision(), before + 1);
    assert_eq!(lines.len(), MANY as usize);
    let is_auditors = |client: OrgNo| clients.binary_search(&client).unwrap() % 10 == 9;
    for (line, client) in lines.iter().zip(&sent) {
        assert_eq!(line.client, *client);
        let expected = if is_auditors(*client) {
            not_covered(*client)
        } else {
            ClientOutcome::Added
        };
        assert_eq!(line.outcome, expected);
    }
    let ClientOutcome::Refused(refused) = &lines[0].outcome else {
        panic!("{:?}", lines[0])
    };
    assert_eq!(
        refused.to_string(),
        format!(
            "client `{}` has not given `312001373` the access packages `regnskapsforer-med-signeringsrettighet`",
            sent[0]
        )
    );

    let newest = world.journal().pop().unwrap();
    assert_eq!(
        (newest.revision.0, newest.by),
        (before + 1, client_admin().as_actor())
    );
    let Event::ClientsChanged {
        system_user,
        added,
        added_within,
        removed,
    } = newest.event
    else {
        panic!("{:?}", newest.event)
    };
    let expected: Vec<_> = clients
        .iter()
        .copied()
        .filter(|client| !is_auditors(*client))
        .collect();
    assert_eq!(system_user, user(1));
    assert_eq!(added.iter().collect::<Vec<_>>(), expected);
    assert!(added_within.is_empty() && removed.is_empty());

    let view = world
        .engine
        .snapshot()
        .system_user(&firm_admin(), user(1))
        .unwrap();
    assert_eq!(view.clients, 4_500);
    assert_eq!(world.code(1, &clients[0].to_string()), Code::Permit);
    assert_eq!(world.code(1, &clients[9].to_string()), Code::ClientNotAdded);
    assert!(world.offered(&firm_admin(), 1).is_empty());
}

#[test]
fn thousands_of_clients_are_there_again_after_a_restart() {
    let world = world();
    let clients = many(MANY);
    change(&world, &clients, &[]);
    change(&world, &[], &clients[..1000]);

    for world in [world.as_after_a_crash(), world.reopened()] {
        let view = world
            .engine
            .snapshot()
            .system_user(&firm_admin(), user(1))
            .unwrap();
        assert_eq!(view.clients, 3_600);
        assert_eq!(
            world.code(1, &clients[999].to_string()),
            Code::ClientNotAdded
        );
        assert_eq!(world.code(1, &clients[1000].to_string()), Code::Permit);
        assert_eq!(world.code(1, &clients[4998].to_string()), Code::Permit);
        assert_eq!(
            world.code(1, &clients[4999].to_string()),
            Code::ClientNotAdded
        );
    }
}

fn small() -> World {
    World::new()
        .system(&[WITH_SIGNING])
        .agent(1, &[WITH_SIGNING])
        .relation(CLIENT, Role::Accountant)
        .relation(OTHER_CLIENT, Role::Accountant)
}

#[test]
fn adding_and_removing_in_one_call_is_one_event() {
    let world = small().client(1, CLIENT);
    let before = world.revision();
    let (kept, gone) = (org(OTHER_CLIENT), org(CLIENT));

    let lines = change(&world, &[kept], &[gone]);
    let outcomes: Vec<_> = lines
        .iter()
        .map(|line| (line.client, line.outcome.clone()))
        .collect();
    assert_eq!(
        outcomes,
        [(kept, ClientOutcome::Added), (gone, ClientOutcome::Removed)]
    );
    assert_eq!(world.revision(), before + 1);
    assert_eq!(world.code(1, CLIENT), Code::ClientNotAdded);
    assert_eq!(world.code(1, OTHER_CLIENT), Code::Permit);
}

#[test]
fn the_same_client_to_be_added_and_removed_is_refused_and_nothing_is_written() {
    let world = small();
    let batch = Batch {
        add: vec![org(OTHER_CLIENT), org(CLIENT)],
        remove: vec![org(CLIENT)],
    };
    let call = world.call(client_admin());

    assert_eq!(
        world.refused(|engine| engine.change_clients(&call, user(1), batch)),
        "client `312002744` is both in `add` and in `remove`"
    );
    assert_eq!(world.clients(1), []);
}

#[test]
fn under_a_deleted_system_a_batch_adds_nobody_and_removes_whom_it_names() {
    let world = small().client(1, CLIENT);
    let call = world.call(vendor());
    world
        .engine
        .delete_system(&call, SYSTEM.parse().unwrap())
        .unwrap();
    let batch = |add: &[&str], remove: &[&str]| Batch {
        add: add.iter().copied().map(org).collect(),
        remove: remove.iter().copied().map(org).collect(),
    };
    let call = world.call(client_admin());
    let both = batch(&[OTHER_CLIENT], &[CLIENT]);
    assert_eq!(
        world.refused(|engine| engine.change_clients(&call, user(1), both)),
        "the system of system user `5ea1d000-0000-4000-8000-000000000001`, `991825827_smartcloud`, was deleted; no client can be added"
    );
    let removed = world
        .engine
        .change_clients(&call, user(1), batch(&[], &[CLIENT]))
        .unwrap();
    assert_eq!(removed.value[0].outcome, ClientOutcome::Removed);
    assert_eq!(world.clients(1), []);
}

#[test]
fn a_batch_that_changes_nothing_writes_nothing() {
    let world = small().client(1, CLIENT);
    let (before, stranger) = (world.revision(), org("312005123"));

    let lines = change(&world, &[org(CLIENT), stranger], &[org(OTHER_CLIENT)]);
    let outcomes: Vec<_> = lines.into_iter().map(|line| line.outcome).collect();
    assert_eq!(
        outcomes,
        [
            ClientOutcome::Already,
            not_covered(stranger),
            ClientOutcome::Absent
        ]
    );
    assert_eq!(world.revision(), before);
    assert_eq!(change(&world, &[], &[]), []);
    assert_eq!(world.revision(), before);
}

#[test]
fn a_client_that_is_sent_twice_counts_once() {
    let world = small();
    let client = org(CLIENT);

    let lines = change(&world, &[client, client], &[]);
    assert_eq!(
        lines,
        [BatchLine {
            client,
            outcome: ClientOutcome::Added
        }]
    );
    assert_eq!(change(&world, &[], &[client, client]).len(), 1);
    assert_eq!(world.clients(1), []);
}
