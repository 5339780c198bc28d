//! Delegations with a beginning or an end: half-open, by the daemon's clock.

use fullmakt::engine::{ClientError, ClientOutcome};
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;
use fullmakt::model::time::{Timestamp, Window};

use super::{AUDITOR, CLIENT, WITH_SIGNING};
use crate::world::{BEGIN, World, client_admin, firm_admin, org, question, user};

fn world() -> World {
    World::new()
        .system(&[WITH_SIGNING])
        .agent(1, &[WITH_SIGNING])
        .relation(CLIENT, Role::Accountant)
}

fn at(after: i64) -> Timestamp {
    Timestamp::from_millis(BEGIN + after)
}

fn window(from: Option<i64>, until: Option<i64>) -> Window {
    Window::new(from.map(at), until.map(at)).unwrap()
}

fn code_at(world: &World, after: i64) -> Code {
    let asked = question(1, "read", "ske-krav-og-betalinger", CLIENT);
    let snapshot = world.engine.snapshot();
    let explained = snapshot.explain(&asked, at(after)).unwrap();
    assert_eq!(snapshot.decide(&asked, at(after)), explained.decision);
    explained.explanation.code
}

fn add_within(world: &World, window: Window) -> Result<ClientOutcome, ClientError> {
    let call = world.call(client_admin());
    let added = world
        .engine
        .add_client(&call, user(1), org(CLIENT), Some(window));
    added.map(|written| written.value)
}

#[test]
fn a_delegation_holds_from_its_beginning_and_until_but_not_at_its_end() {
    let world = world().client_within(1, CLIENT, window(Some(100), Some(200)));

    assert_eq!(code_at(&world, 99), Code::DelegationNotYet);
    assert_eq!(code_at(&world, 100), Code::Permit);
    assert_eq!(code_at(&world, 199), Code::Permit);
    assert_eq!(code_at(&world, 200), Code::DelegationOver);
}

#[test]
fn an_absent_end_of_a_window_is_open() {
    let from_on = world().client_within(1, CLIENT, window(Some(100), None));
    assert_eq!(code_at(&from_on, 99), Code::DelegationNotYet);
    assert_eq!(code_at(&from_on, i64::MAX / 2), Code::Permit);

    let until_then = world().client_within(1, CLIENT, window(None, Some(200)));
    assert_eq!(code_at(&until_then, i64::MIN / 2), Code::Permit);
    assert_eq!(code_at(&until_then, 199), Code::Permit);
    assert_eq!(code_at(&until_then, 200), Code::DelegationOver);
}

#[test]
fn a_window_that_is_over_before_it_is_written_is_refused() {
    let world = world().later(500);

    assert_eq!(
        world.refused(|_| add_within(&world, window(None, Some(500)))),
        "`until` is `2026-09-21T14:13:20.500Z`, which is over already (now: `2026-09-21T14:13:20.500Z`)"
    );
    assert_eq!(
        world.refused(|_| add_within(&world, window(Some(10), Some(20)))),
        "`until` is `2026-09-21T14:13:20.020Z`, which is over already (now: `2026-09-21T14:13:20.500Z`)"
    );
    assert_eq!(
        add_within(&world, window(Some(10), Some(501))).unwrap(),
        ClientOutcome::Added
    );
    assert_eq!(code_at(&world, 500), Code::Permit);
}

#[test]
fn a_window_ends_after_it_begins() {
    let refused = Window::new(Some(at(200)), Some(at(200))).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the window ends at `2026-09-21T14:13:20.200Z`, which is not after it begins at `2026-09-21T14:13:20.200Z`"
    );
    assert!(Window::new(Some(at(200)), Some(at(201))).is_ok());
}

#[test]
fn a_client_added_again_without_a_window_keeps_the_one_it_has() {
    let world = world().client_within(1, CLIENT, window(None, Some(200)));
    let before = world.revision();

    assert_eq!(world.add(1, CLIENT).unwrap(), ClientOutcome::Already);
    assert_eq!(world.revision(), before);
    assert_eq!(world.clients(1)[0].window, window(None, Some(200)));
    assert_eq!(code_at(&world, 200), Code::DelegationOver);
}

#[test]
fn a_client_whose_window_has_not_begun_lacks_nothing() {
    let world = world().client_within(1, CLIENT, window(Some(100), None));

    assert_eq!(world.add(1, CLIENT).unwrap(), ClientOutcome::Already);
    assert!(world.offered(&firm_admin(), 1).is_empty());
    assert_eq!(code_at(&world, 0), Code::DelegationNotYet);
}

#[test]
fn a_client_whose_window_is_over_can_be_added_again_and_holds_at_once() {
    let world = world()
        .client_within(1, CLIENT, window(None, Some(200)))
        .later(199);
    assert!(world.offered(&firm_admin(), 1).is_empty());

    let world = world.later(1);
    assert_eq!(world.offered(&firm_admin(), 1), [org(CLIENT)]);
    assert_eq!(world.add(1, CLIENT).unwrap(), ClientOutcome::Added);
    assert_eq!(world.clients(1)[0].window, Window::ALWAYS);
    assert_eq!(code_at(&world, 200), Code::Permit);
}

#[test]
fn a_window_can_be_changed_and_the_same_window_changes_nothing() {
    let world = world().client_within(1, CLIENT, window(None, Some(200)));
    let before = world.revision();

    assert_eq!(
        add_within(&world, window(None, Some(200))).unwrap(),
        ClientOutcome::Already
    );
    assert_eq!(world.revision(), before);
    assert_eq!(
        add_within(&world, window(None, Some(300))).unwrap(),
        ClientOutcome::Added
    );
    assert_eq!(world.revision(), before + 1);
    assert_eq!(code_at(&world, 299), Code::Permit);
    assert_eq!(code_at(&world, 300), Code::DelegationOver);
    assert_eq!(
        add_within(&world, Window::ALWAYS).unwrap(),
        ClientOutcome::Added
    );
    assert_eq!(code_at(&world, 300), Code::Permit);
}

#[test]
fn a_window_outlives_a_lost_package() {
    let world = World::new()
        .system(&[WITH_SIGNING, AUDITOR])
        .agent(1, &[WITH_SIGNING, AUDITOR])
        .relation(CLIENT, Role::Accountant)
        .relation(CLIENT, Role::Auditor)
        .client_within(1, CLIENT, window(Some(100), Some(200)))
        .relation_ended(CLIENT, Role::Auditor);

    assert_eq!(code_at(&world, 99), Code::DelegationNotYet);
    assert_eq!(code_at(&world, 199), Code::Permit);
    assert_eq!(code_at(&world, 200), Code::DelegationOver);
}

#[test]
fn a_removed_clients_window_is_forgotten() {
    let world = world()
        .client_within(1, CLIENT, window(None, Some(200)))
        .client_removed(1, CLIENT)
        .client(1, CLIENT);

    assert_eq!(code_at(&world, 200), Code::Permit);
}
