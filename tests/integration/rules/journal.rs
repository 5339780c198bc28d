//! The journal: one event a command, with who, when and why; nothing where nothing changed.

use fullmakt::engine::{Call, Engine};
use fullmakt::model::caller::{Actor, Caller};
use fullmakt::model::event::{Cause, Event, Recorded};
use fullmakt::model::id::Revision;
use fullmakt::model::party::Party;
use fullmakt::model::relation::Role;
use fullmakt::model::request::UserKind;
use fullmakt::model::time::Timestamp;

use super::{CLIENT, PAYROLL, WITH_SIGNING};
use crate::world::{
    BEGIN, SYSTEM, World, access_manager, client_admin, draft, operator, org, relation_key,
    request_id, system_draft, user, vendor,
};

/// Every command once, each at an instant of its own and under a request id of its own.
fn all_commands() -> Vec<(&'static str, Caller, fn(&Engine, &Call))> {
    fn at<T, E: std::fmt::Debug>(outcome: Result<T, E>) {
        outcome.unwrap();
    }
    fn party() -> Party {
        Party {
            org: org(CLIENT),
            name: "SOMEBODY".parse().unwrap(),
            form: "AS".parse().unwrap(),
        }
    }
    vec![
        ("party-put", operator(), |engine, call| {
            at(engine.put_party(call, party()))
        }),
        ("system-put", vendor(), |engine, call| {
            at(engine.register_system(call, system_draft(&[WITH_SIGNING, PAYROLL], Vec::new())));
        }),
        ("system-put", vendor(), |engine, call| {
            at(engine.change_system(call, system_draft(&[WITH_SIGNING], Vec::new())));
        }),
        ("request-created", vendor(), |engine, call| {
            let draft = draft(1, UserKind::Agent, &[WITH_SIGNING]);
            at(engine.create_request(call, request_id(1), draft));
        }),
        ("request-created", vendor(), |engine, call| {
            let draft = draft(2, UserKind::Agent, &[WITH_SIGNING]);
            at(engine.create_request(call, request_id(2), draft));
        }),
        ("request-created", vendor(), |engine, call| {
            let draft = draft(3, UserKind::Agent, &[WITH_SIGNING]);
            at(engine.create_request(call, request_id(3), draft));
        }),
        ("request-withdrawn", vendor(), |engine, call| {
            at(engine.withdraw_request(call, request_id(2)));
        }),
        ("request-escalated", client_admin(), |engine, call| {
            at(engine.escalate_request(call, request_id(3)));
        }),
        ("request-rejected", access_manager(), |engine, call| {
            at(engine.reject_request(call, request_id(3)));
        }),
        ("request-approved", access_manager(), |engine, call| {
            at(engine.approve_request(call, request_id(1)));
        }),
        ("relation-put", operator(), |engine, call| {
            at(engine.put_relation(call, relation_key(CLIENT, Role::Accountant), Vec::new()));
        }),
        ("clients-changed", client_admin(), |engine, call| {
            at(engine.add_client(call, user(1), org(CLIENT), None));
        }),
        ("clients-changed", client_admin(), |engine, call| {
            at(engine.remove_client(call, user(1), org(CLIENT)));
        }),
        ("relation-ended", operator(), |engine, call| {
            at(engine.end_relation(call, relation_key(CLIENT, Role::Accountant)));
        }),
        ("system-user-deleted", access_manager(), |engine, call| {
            at(engine.delete_system_user(call, user(1)));
        }),
        ("system-deleted", vendor(), |engine, call| {
            at(engine.delete_system(call, SYSTEM.parse().unwrap()));
        }),
    ]
}

#[test]
fn each_command_is_one_event_with_actor_instant_and_cause_and_one_revision() {
    let world = World::new();
    let first = world.revision();
    for (place, (name, by, command)) in all_commands().into_iter().enumerate() {
        let step = i64::try_from(place).unwrap() + 1;
        let call = Call {
            by: by.clone(),
            now: Timestamp::from_millis(BEGIN + step),
            request_id: Some(format!("call-{step}").into()),
        };
        command(&world.engine, &call);

        let after = first + u64::try_from(step).unwrap();
        assert_eq!(world.revision(), after, "{name}");
        let snapshot = world.engine.snapshot();
        let events = snapshot
            .changes(&operator(), Revision(after - 1), None)
            .unwrap();
        let [event] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(event.event.name(), name);
        let cause = Cause::Command {
            request_id: Some(format!("call-{step}").into()),
        };
        let kept = (&event.by, event.at, &event.cause, event.revision);
        assert_eq!(kept, (&by.as_actor(), call.now, &cause, Revision(after)));
    }
}

#[test]
fn the_first_event_is_that_policies_came_in_force() {
    let world = World::new();
    let journal = world.journal();

    let hash = world.engine.snapshot().policy_hash().into();
    let daemon = Actor {
        kind: "daemon".into(),
        id: "fullmakt".parse().unwrap(),
        party: None,
    };
    assert_eq!(
        journal,
        [Recorded {
            revision: Revision(1),
            at: world.instant(),
            by: daemon,
            cause: Cause::Start,
            event: Event::PoliciesInForce {
                hash,
                publication: None,
            },
        }]
    );
}

#[test]
fn revisions_grow_by_one_a_commit_without_a_gap() {
    let world = super::codes::world();
    let journal = world.journal();

    let revisions: Vec<_> = journal.iter().map(|event| event.revision.0).collect();
    assert_eq!(revisions, (1..=world.revision()).collect::<Vec<_>>());
}

#[test]
fn every_write_answers_the_revision_that_holds_it() {
    let world = World::new();
    let system = system_draft(&[WITH_SIGNING], Vec::new());
    let written = world
        .engine
        .register_system(&world.call(vendor()), system)
        .unwrap();
    assert_eq!((written.revision.0, world.revision()), (2, 2));

    let world = world.requested(1, UserKind::Agent, &[WITH_SIGNING]);
    let approved = world
        .engine
        .approve_request(&world.call(access_manager()), request_id(1));
    assert_eq!(approved.unwrap().revision.0, world.revision());
}

#[test]
fn commands_that_change_nothing_write_no_event() {
    let world = World::new()
        .system(&[WITH_SIGNING])
        .agent(1, &[WITH_SIGNING])
        .requested(2, UserKind::Agent, &[WITH_SIGNING])
        .party(CLIENT, "AS")
        .relation(CLIENT, Role::Accountant)
        .client(1, CLIENT)
        .later(5);
    world
        .engine
        .escalate_request(&world.call(client_admin()), request_id(2))
        .unwrap();
    let (journal, before) = (world.journal(), world.revision());
    let absent = org("312005123");

    let again: Vec<u64> = vec![
        world.add(1, CLIENT).map(|_| world.revision()).unwrap(),
        world
            .engine
            .remove_client(&world.call(client_admin()), user(1), absent)
            .unwrap()
            .revision
            .0,
        world
            .engine
            .escalate_request(&world.call(client_admin()), request_id(2))
            .unwrap()
            .revision
            .0,
        world
            .engine
            .put_relation(
                &world.call(operator()),
                relation_key(CLIENT, Role::Accountant),
                Vec::new(),
            )
            .unwrap()
            .revision
            .0,
        world
            .engine
            .register_system(
                &world.call(vendor()),
                system_draft(&[WITH_SIGNING], Vec::new()),
            )
            .unwrap()
            .revision
            .0,
    ];
    assert_eq!(again, [before; 5]);
    let world = world.party(CLIENT, "AS");
    assert!(
        !world
            .request(7, draft(2, UserKind::Agent, &[WITH_SIGNING]))
            .unwrap()
            .is_new
    );
    assert_eq!(world.journal(), journal);
}

#[test]
fn changes_are_read_after_a_revision_and_not_after_one_that_has_not_been() {
    let world = World::new().system(&[WITH_SIGNING]).party(CLIENT, "AS");
    let snapshot = world.engine.snapshot();
    let after = |revision| snapshot.changes(&operator(), Revision(revision), Some(1));

    let names = |events: Vec<Recorded>| {
        events
            .iter()
            .map(|event| event.event.name())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(after(0).unwrap()), ["policies-in-force"]);
    assert_eq!(names(after(1).unwrap()), ["system-put"]);
    assert_eq!(names(after(3).unwrap()), [] as [&str; 0]);
    assert_eq!(
        after(4).unwrap_err().to_string(),
        "revision 4 has not been; the newest is 3"
    );
}
