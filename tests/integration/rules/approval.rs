//! Deciding requests: approval, rejection, withdrawal, passing on, expiry.

use fullmakt::engine::{DecideError, Engine, PageRequest, Settings};
use fullmakt::model::id::RequestId;
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;
use fullmakt::model::request::{Outcome, Status, UserKind};
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::time::Timestamp;

use super::{CLIENT, PAYROLL, TAX_BASIS, WITH_SIGNING};
use crate::world::{
    BEGIN, World, access_manager, draft, firm_admin, request_id, right, system_draft, user, vendor,
};

const DAY: i64 = 86_400_000;

fn requested() -> World {
    World::new().system(&[WITH_SIGNING, PAYROLL]).requested(
        1,
        UserKind::Agent,
        &[WITH_SIGNING, PAYROLL],
    )
}

fn status(world: &World, nth: u32) -> Status {
    let snapshot = world.engine.snapshot();
    let view = snapshot.request(&vendor(), request_id(nth)).unwrap();
    view.request.status_at(world.instant())
}

fn approve(world: &World, engine: &Engine) -> Result<(), DecideError> {
    let call = world.call(access_manager());
    engine.approve_request(&call, request_id(1)).map(|_| ())
}

fn reject(world: &World, engine: &Engine) -> Result<(), DecideError> {
    let call = world.call(access_manager());
    engine.reject_request(&call, request_id(1)).map(|_| ())
}

fn withdraw(world: &World, engine: &Engine) -> Result<(), DecideError> {
    let call = world.call(vendor());
    engine.withdraw_request(&call, request_id(1)).map(|_| ())
}

fn escalate(world: &World, engine: &Engine) -> Result<(), DecideError> {
    let call = world.call(firm_admin());
    engine.escalate_request(&call, request_id(1)).map(|_| ())
}

#[test]
fn approval_answers_the_address_of_the_receipt_page_and_makes_the_system_user() {
    let world = requested();
    let call = world.call(access_manager());
    let written = world.engine.approve_request(&call, request_id(1)).unwrap();

    let receipt = "https://smartcloud.example/receipt".parse().unwrap();
    assert_eq!(written.value, Some(receipt));
    assert_eq!(written.revision.0, world.revision());
    assert_eq!(status(&world, 1), Status::Approved);
    let snapshot = world.engine.snapshot();
    let made = snapshot.system_user(&firm_admin(), user(1)).unwrap();
    assert_eq!(made.kind, UserKind::Agent);
    assert_eq!(made.packages.len(), 2);
    assert_eq!(made.approved_by.id.as_str(), "access-manager");
    assert_eq!(made.approved, world.instant());
}

#[test]
fn approving_an_agent_request_delegates_nothing() {
    let world = requested().relation(CLIENT, Role::Accountant).approved(1);

    assert_eq!(world.clients(1), []);
    assert_eq!(world.code(1, CLIENT), Code::ClientNotAdded);
    let export = world
        .engine
        .snapshot()
        .export(fullmakt::engine::ExportScope::Whole);
    assert!(
        !export.entities.contains("\"Mandate\""),
        "{}",
        export.entities
    );

    let world = world.client(1, CLIENT);
    assert_eq!(world.code(1, CLIENT), Code::Permit);
}

#[test]
fn what_is_decided_is_not_decided_again() {
    type Deed = fn(&World, &Engine) -> Result<(), DecideError>;
    let deeds: [(&str, Deed); 4] = [
        ("approved", approve),
        ("rejected", reject),
        ("withdrawn", withdraw),
        ("escalated", escalate),
    ];
    for (decided, first) in &deeds[..3] {
        let world = requested();
        first(&world, &world.engine).unwrap();
        for (wanted, second) in deeds {
            assert_eq!(
                world.refused(|engine| second(&world, engine)),
                format!(
                    "request `5ea1d000-0000-4000-8000-000000000001` is {decided}; only a new one can be {wanted}"
                )
            );
        }
        assert_eq!(status(&world, 1).as_str(), *decided);
    }
}

#[test]
fn an_expired_request_cannot_be_decided() {
    type Deed = fn(&World, &Engine) -> Result<(), DecideError>;
    let deeds: [(&str, Deed); 4] = [
        ("approved", approve),
        ("rejected", reject),
        ("withdrawn", withdraw),
        ("escalated", escalate),
    ];
    for (wanted, deed) in deeds {
        let world = requested().later(180 * DAY);
        assert_eq!(status(&world, 1), Status::Expired);
        assert_eq!(
            world.refused(|engine| deed(&world, engine)),
            format!(
                "request `5ea1d000-0000-4000-8000-000000000001` is expired; only a new one can be {wanted}"
            )
        );

        let just_before = requested().later(180 * DAY - 1);
        assert_eq!(status(&just_before, 1), Status::New);
        deed(&just_before, &just_before.engine).unwrap();
    }
}

#[test]
fn an_approval_outlives_the_requests_expiry() {
    let world = requested().approved(1).later(181 * DAY);

    assert_eq!(status(&world, 1), Status::Approved);
}

#[test]
fn how_long_a_request_stays_new_is_configurable() {
    let dir = tempfile::tempdir().unwrap();
    let begin = Timestamp::from_millis(BEGIN);
    let settings = Settings { days_to_expiry: 1 };
    let folder = fullmakt::policies::shipped().clone();
    let engine = Engine::open(dir.path(), folder, settings, begin).unwrap();
    let world = World::new();
    let call = world.call(vendor());
    engine
        .register_system(&call, system_draft(&[WITH_SIGNING], Vec::new()))
        .unwrap();
    let draft = draft(1, UserKind::Agent, &[WITH_SIGNING]);
    let made = engine.create_request(&call, request_id(1), draft).unwrap();

    let request = made.value.request;
    assert_eq!(request.expires, begin.plus_days(1));
    assert_eq!(request.status_at(begin.plus_millis(DAY - 1)), Status::New);
    assert_eq!(request.status_at(begin.plus_millis(DAY)), Status::Expired);
}

#[test]
fn escalating_twice_is_once_and_the_request_stays_new() {
    let world = requested();
    escalate(&world, &world.engine).unwrap();
    let once = world.revision();
    escalate(&world, &world.engine).unwrap();

    assert_eq!(world.revision(), once);
    assert_eq!(status(&world, 1), Status::New);
    let snapshot = world.engine.snapshot();
    let view = snapshot.request(&vendor(), request_id(1)).unwrap();
    assert!(view.request.escalated);
    approve(&world, &world.engine).unwrap();
    assert_eq!(status(&world, 1), Status::Approved);
}

#[test]
fn rejection_and_withdrawal_make_no_system_user_and_say_who_decided() {
    for (deed, outcome, by) in [
        (
            reject as fn(&World, &Engine) -> _,
            Outcome::Rejected,
            "access-manager",
        ),
        (withdraw, Outcome::Withdrawn, "vendor"),
    ] {
        let world = requested().later(7);
        deed(&world, &world.engine).unwrap();

        let snapshot = world.engine.snapshot();
        let decided = snapshot
            .request(&vendor(), request_id(1))
            .unwrap()
            .request
            .decided
            .unwrap();
        assert_eq!((decided.outcome, decided.by.as_str()), (outcome, by));
        assert_eq!(decided.at, world.instant());
        let none = snapshot.system_user(&vendor(), user(1)).unwrap_err();
        assert_eq!(
            none.to_string(),
            "system user `5ea1d000-0000-4000-8000-000000000001` does not exist"
        );
    }
}

#[test]
fn approval_checks_again_that_each_package_is_still_in_the_system_and_is_for_all_or_none() {
    let world = requested();
    let change = |packages: &[&str]| {
        let draft = system_draft(packages, Vec::new());
        world
            .engine
            .change_system(&world.call(vendor()), draft)
            .unwrap();
    };
    change(&[WITH_SIGNING]);

    assert_eq!(
        world.refused(|engine| approve(&world, engine)),
        "access packages `regnskapsforer-lonn` are no longer registered for system `991825827_smartcloud`; ask the vendor for a new request"
    );
    assert_eq!(status(&world, 1), Status::New);
    let users = world
        .engine
        .snapshot()
        .system_users(&vendor(), &PageRequest::default());
    assert_eq!(users.unwrap().items, []);

    change(&[WITH_SIGNING, PAYROLL]);
    approve(&world, &world.engine).unwrap();
}

#[test]
fn approval_checks_again_that_each_single_right_is_still_in_the_system() {
    let read = || right("ske-krav-og-betalinger", &["read"]);
    let world = World::new().system_with(&[TAX_BASIS], vec![read()]);
    let with_right = RequestDraft {
        rights: vec![read()],
        ..draft(1, UserKind::Standard, &[TAX_BASIS])
    };
    world.request(1, with_right).unwrap();
    let call = world.call(vendor());
    world
        .engine
        .change_system(&call, system_draft(&[TAX_BASIS], Vec::new()))
        .unwrap();

    assert_eq!(
        world.refused(|engine| approve(&world, engine)),
        "single right `read` on `ske-krav-og-betalinger` is no longer registered for system `991825827_smartcloud`; ask the vendor for a new request"
    );
}

#[test]
fn a_request_of_a_deleted_system_cannot_be_approved() {
    let world = requested();
    let call = world.call(vendor());
    let system = "991825827_smartcloud".parse().unwrap();
    world.engine.delete_system(&call, system).unwrap();

    assert_eq!(
        world.refused(|engine| approve(&world, engine)),
        "system `991825827_smartcloud` was deleted; its requests cannot be approved"
    );
    reject(&world, &world.engine).unwrap();
}

#[test]
fn a_request_that_is_not_there_cannot_be_decided() {
    let world = requested();
    let unknown: RequestId = request_id(77);

    let said = "request `5ea1d000-0000-4000-8000-000000000077` does not exist";
    let call = world.call(firm_admin());
    assert_eq!(
        world.refused(|engine| engine.approve_request(&call, unknown)),
        said
    );
    assert_eq!(
        world.refused(|engine| engine.reject_request(&call, unknown)),
        said
    );
    assert_eq!(
        world.refused(|engine| engine.escalate_request(&call, unknown)),
        said
    );
    let by_vendor = world.call(vendor());
    assert_eq!(
        world.refused(|engine| engine.withdraw_request(&by_vendor, unknown)),
        said
    );
}
