//! When a request is the same request, when it is a conflict, and when a new one.

use fullmakt::model::request::{Request, Status, UserKind};
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::system::SystemDraft;

use super::{OTHER_FIRM, PAYROLL, TAX_BASIS, WITH_SIGNING};
use crate::world::{World, draft, firm_admin, org, request_id, right, system_draft, user, vendor};

const DAY: i64 = 86_400_000;

fn asking() -> RequestDraft {
    draft(1, UserKind::Agent, &[WITH_SIGNING])
}

fn world() -> World {
    let world = World::new().system(&[WITH_SIGNING, PAYROLL]);
    world.request(1, asking()).unwrap();
    world
}

fn made_anew(world: &World, nth: u32) -> Request {
    let made = world.request(nth, asking()).unwrap();
    assert!(made.is_new);
    assert_eq!(made.request.id, request_id(nth));
    assert_eq!(made.request.status_at(world.instant()), Status::New);
    made.request
}

#[test]
fn the_same_again_while_new_is_the_same_request() {
    let world = world().later(5 * DAY);
    let before = world.revision();

    let again = world.request(2, asking()).unwrap();
    assert!(!again.is_new);
    assert_eq!(again.request.id, request_id(1));
    assert_eq!(again.request.created, world.instant().plus_days(-5));
    assert_eq!(world.revision(), before);
}

#[test]
fn the_same_again_after_escalation_is_the_same_request() {
    let world = world();
    let call = world.call(firm_admin());
    world.engine.escalate_request(&call, request_id(1)).unwrap();

    let again = world.request(2, asking()).unwrap();
    assert_eq!((again.is_new, again.request.id), (false, request_id(1)));
    assert!(again.request.escalated);
}

#[test]
fn the_same_key_with_other_packages_while_new_is_a_conflict() {
    let world = world();
    let conflict = "request `5ea1d000-0000-4000-8000-000000000001` with the same firm, reference and system is new and asks for something else; withdraw it first, or send another `externalRef`";

    let others = draft(1, UserKind::Agent, &[PAYROLL]);
    assert_eq!(world.refused(|_| world.request(2, others)), conflict);
    let more = draft(1, UserKind::Agent, &[PAYROLL, WITH_SIGNING]);
    assert_eq!(world.refused(|_| world.request(2, more)), conflict);
    let titled = RequestDraft {
        title: Some("Another title".into()),
        ..asking()
    };
    assert_eq!(world.refused(|_| world.request(2, titled)), conflict);
}

#[test]
fn the_same_key_for_another_kind_right_or_address_while_new_is_a_conflict() {
    let world = World::new();
    let registered = SystemDraft {
        redirect_urls: ["https://a.example/", "https://b.example/"]
            .map(|url| url.parse().unwrap())
            .to_vec(),
        ..system_draft(&[TAX_BASIS], vec![right(RESOURCE, &["read"])])
    };
    let call = world.call(vendor());
    world.engine.register_system(&call, registered).unwrap();
    let asking = || draft(1, UserKind::Standard, &[TAX_BASIS]);
    world.request(1, asking()).unwrap();
    let another = [
        RequestDraft {
            kind: UserKind::Agent,
            ..asking()
        },
        RequestDraft {
            rights: vec![right(RESOURCE, &["read"])],
            ..asking()
        },
        RequestDraft {
            redirect_url: Some("https://b.example/".parse().unwrap()),
            ..asking()
        },
    ];
    for draft in another {
        assert_eq!(
            world.refused(|_| world.request(2, draft)),
            "request `5ea1d000-0000-4000-8000-000000000001` with the same firm, reference and system is new and asks for something else; withdraw it first, or send another `externalRef`"
        );
    }
    let first = RequestDraft {
        redirect_url: Some("https://a.example/".parse().unwrap()),
        ..asking()
    };
    assert!(!world.request(2, first).unwrap().is_new);
}

const RESOURCE: &str = "ske-krav-og-betalinger";

#[test]
fn another_reference_or_another_firm_is_another_request() {
    let world = world();

    let other_reference = draft(2, UserKind::Agent, &[WITH_SIGNING]);
    assert!(world.request(2, other_reference).unwrap().is_new);
    let other_firm = RequestDraft {
        firm: org(OTHER_FIRM),
        ..asking()
    };
    assert!(world.request(3, other_firm).unwrap().is_new);
}

#[test]
fn the_same_key_while_its_system_user_lives_is_a_conflict() {
    let world = world().approved(1);
    let conflict = "system user `5ea1d000-0000-4000-8000-000000000001` lives from a request with the same firm, reference and system; delete it first, or send another `externalRef`";

    assert_eq!(world.refused(|_| world.request(2, asking())), conflict);
    let others = draft(1, UserKind::Agent, &[PAYROLL]);
    assert_eq!(world.refused(|_| world.request(2, others)), conflict);
}

#[test]
fn the_same_key_after_deletion_of_its_system_user_is_a_new_request() {
    let world = world().approved(1);
    let call = world.call(firm_admin());
    world.engine.delete_system_user(&call, user(1)).unwrap();

    made_anew(&world, 2);
}

#[test]
fn the_same_key_after_rejection_is_a_new_request() {
    let world = world();
    let call = world.call(firm_admin());
    world.engine.reject_request(&call, request_id(1)).unwrap();

    made_anew(&world, 2);
    let snapshot = world.engine.snapshot();
    let first = snapshot.request(&vendor(), request_id(1)).unwrap();
    assert_eq!(first.request.status_at(world.instant()), Status::Rejected);
}

#[test]
fn the_same_key_after_withdrawal_is_a_new_request() {
    let world = world();
    let call = world.call(vendor());
    world.engine.withdraw_request(&call, request_id(1)).unwrap();

    made_anew(&world, 2);
}

#[test]
fn the_same_key_after_expiry_is_a_new_request_and_not_a_millisecond_before() {
    let world = world().later(180 * DAY - 1);
    let again = world.request(2, asking()).unwrap();
    assert_eq!((again.is_new, again.request.id), (false, request_id(1)));

    let world = world.later(1);
    let anew = made_anew(&world, 2);
    assert_eq!(anew.created, world.instant());
    assert_eq!(anew.expires, world.instant().plus_days(180));
}

#[test]
fn the_id_of_a_request_is_never_given_to_another() {
    let world = world();
    let call = world.call(vendor());
    world.engine.withdraw_request(&call, request_id(1)).unwrap();

    assert_eq!(
        world.refused(|_| world.request(1, asking())),
        "request id `5ea1d000-0000-4000-8000-000000000001` is taken"
    );
}
