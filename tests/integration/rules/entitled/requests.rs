//! Requests and systems: an act a row.

use super::{
    ACCESS_MANAGERS, AN_ACCESS_MANAGER, Caller, FIRMS_PERSONS, Row, TAX_BASIS, UserKind,
    WITH_SIGNING, World, check, draft, request_id, said, system, system_draft, user,
};

#[test]
fn access_managers_approve_and_reject_and_the_firms_other_persons_may_escalate() {
    for (what, act) in [
        (
            "approve request `5ea1d000-0000-4000-8000-000000000002`",
            (|world, by| said(world.engine.approve_request(&world.call(by), request_id(2))))
                as fn(&World, Caller) -> Result<(), String>,
        ),
        (
            "reject request `5ea1d000-0000-4000-8000-000000000002`",
            |world, by| said(world.engine.reject_request(&world.call(by), request_id(2))),
        ),
    ] {
        check(&Row {
            may_escalate: &["client-admin", "employee"],
            ..Row::new(what, AN_ACCESS_MANAGER, &ACCESS_MANAGERS, act)
        });
    }
}

#[test]
fn any_person_at_the_firm_escalates_a_request() {
    check(&Row::new(
        "pass on request `5ea1d000-0000-4000-8000-000000000002`",
        "the firm's persons may",
        &FIRMS_PERSONS,
        |world, by| {
            said(
                world
                    .engine
                    .escalate_request(&world.call(by), request_id(2)),
            )
        },
    ));
}

#[test]
fn the_firms_persons_and_the_vendor_read_a_request_and_a_system_user() {
    const READERS: [&str; 6] = [
        "main-admin",
        "access-manager",
        "client-admin",
        "employee",
        "vendor",
        "operator",
    ];
    let who = "its vendor and the firm's persons may";
    check(&Row::new(
        "read request `5ea1d000-0000-4000-8000-000000000002`",
        who,
        &READERS,
        |world, by| said(world.engine.snapshot().request(&by, request_id(2))),
    ));
    check(&Row::new(
        "read system user `5ea1d000-0000-4000-8000-000000000001`",
        who,
        &READERS,
        |world, by| said(world.engine.snapshot().system_user(&by, user(1))),
    ));
}

#[test]
fn a_vendor_withdraws_its_own_requests() {
    check(&Row::new(
        "withdraw request `5ea1d000-0000-4000-8000-000000000002`",
        "its own vendor may",
        &["vendor"],
        |world, by| {
            said(
                world
                    .engine
                    .withdraw_request(&world.call(by), request_id(2)),
            )
        },
    ));
}

#[test]
fn a_vendor_makes_requests_for_its_own_systems() {
    check(&Row::new(
        "make requests for system `991825827_smartcloud`",
        "its own vendor may",
        &["vendor"],
        |world, by| {
            let draft = draft(9, UserKind::Agent, &[WITH_SIGNING]);
            said(
                world
                    .engine
                    .create_request(&world.call(by), request_id(9), draft),
            )
        },
    ));
}

#[test]
fn a_vendor_registers_changes_and_deletes_its_own_systems() {
    let row = |act| {
        Row::new(
            "register, change or delete system `991825827_smartcloud`",
            "its own vendor may",
            &["vendor"],
            act,
        )
    };
    let same = || system_draft(&[WITH_SIGNING, TAX_BASIS], Vec::new());
    assert_eq!(same().id, system());
    check(&row(|world, by| {
        let same = system_draft(&[WITH_SIGNING, TAX_BASIS], Vec::new());
        said(world.engine.register_system(&world.call(by), same))
    }));
    check(&row(|world, by| {
        let changed = system_draft(&[WITH_SIGNING], Vec::new());
        said(world.engine.change_system(&world.call(by), changed))
    }));
    check(&row(|world, by| {
        said(world.engine.delete_system(&world.call(by), system()))
    }));
}

#[test]
fn its_vendor_persons_and_operators_read_a_system() {
    const READERS: [&str; 8] = [
        "main-admin",
        "access-manager",
        "client-admin",
        "employee",
        "client-person",
        "other-admin",
        "vendor",
        "operator",
    ];
    check(&Row::new(
        "read system `991825827_smartcloud`",
        "its vendor, persons and operators may",
        &READERS,
        |world, by| said(world.engine.snapshot().system(&by, &system())),
    ));
}
