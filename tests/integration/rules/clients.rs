//! Adding and removing clients, one at a time.

use fullmakt::engine::{ClientError, ClientOutcome, ClientRefused};
use fullmakt::model::id::PackageCode;
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;

use super::{
    AUDITOR, CLAIMS, CLIENT, OTHER_CLIENT, PAYROLL, TAX_BASIS, WITH_SIGNING, WITHOUT_SIGNING,
};
use crate::world::{FIRM, World, client_admin, firm_admin, org, question, user};

fn codes(packages: &[&str]) -> Vec<PackageCode> {
    packages.iter().map(|code| code.parse().unwrap()).collect()
}

#[test]
fn a_client_can_be_added_only_if_its_relations_cover_all_packages() {
    let world = World::new()
        .system(&[WITH_SIGNING, AUDITOR, TAX_BASIS])
        .agent(1, &[WITH_SIGNING, AUDITOR, TAX_BASIS])
        .relation(CLIENT, Role::Accountant);

    assert_eq!(
        world.refused(|_| world.add(1, CLIENT)),
        "client `312002744` has not given `312001373` the access packages `ansvarlig-revisor`, `skattegrunnlag`"
    );
    assert_eq!(world.clients(1), []);
    assert_eq!(world.code(1, CLIENT), Code::ClientNotAdded);

    let world = world.relation(CLIENT, Role::Auditor);
    let refused = world.add(1, CLIENT).unwrap_err();
    let ClientError::Refused(refused) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(refused.code(), "client-not-covered");
    assert_eq!(refused.missing(), codes(&[TAX_BASIS]));

    let world = world.relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS, CLAIMS]);
    assert_eq!(world.add(1, CLIENT).unwrap(), ClientOutcome::Added);
    assert_eq!(
        world.clients(1)[0].packages,
        codes(&[AUDITOR, WITH_SIGNING, TAX_BASIS])
    );
    assert_eq!(world.code(1, CLIENT), Code::Permit);
}

#[test]
fn a_party_without_a_relation_to_the_firm_cannot_be_added() {
    let world = World::new()
        .system(&[WITH_SIGNING])
        .agent(1, &[WITH_SIGNING]);

    assert_eq!(
        world.refused(|_| world.add(1, CLIENT)),
        "client `312002744` has not given `312001373` the access packages `regnskapsforer-med-signeringsrettighet`"
    );
}

#[test]
fn a_relation_to_another_firm_covers_nothing_here() {
    let world = World::new()
        .system(&[WITH_SIGNING])
        .agent(1, &[WITH_SIGNING]);
    let mut key = crate::world::relation_key(CLIENT, Role::Accountant);
    key.firm = org(OTHER_CLIENT);
    let call = world.call(crate::world::operator());
    world.engine.put_relation(&call, key, Vec::new()).unwrap();

    assert!(world.offered(&firm_admin(), 1).is_empty());
    assert_eq!(
        world.refused(|_| world.add(1, CLIENT)),
        "client `312002744` has not given `312001373` the access packages `regnskapsforer-med-signeringsrettighet`"
    );
}

#[test]
fn when_deciding_any_package_that_opens_the_resource_serves() {
    let world = World::new()
        .system(&[WITH_SIGNING, PAYROLL])
        .agent(1, &[WITH_SIGNING, PAYROLL])
        .agent(2, &[PAYROLL])
        .relation(CLIENT, Role::Accountant)
        .client(1, CLIENT)
        .client(2, CLIENT);

    let by_one_of_two = world.ask(1, CLIENT);
    assert_eq!(by_one_of_two.explanation.code, Code::Permit);
    assert_eq!(
        by_one_of_two.explanation.policies,
        ["ske-krav-og-betalinger/read-regnskapsforer-med-signeringsrettighet"]
    );
    assert_eq!(world.code(2, CLIENT), Code::PackageNotHeld);
}

#[test]
fn every_package_that_opens_the_resource_is_named() {
    let world = World::new()
        .system(&[WITH_SIGNING, WITHOUT_SIGNING])
        .agent(1, &[WITH_SIGNING, WITHOUT_SIGNING])
        .relation(CLIENT, Role::Accountant)
        .client(1, CLIENT);

    assert_eq!(
        world.ask(1, CLIENT).explanation.policies,
        [
            "ske-krav-og-betalinger/read-regnskapsforer-med-signeringsrettighet",
            "ske-krav-og-betalinger/read-regnskapsforer-uten-signeringsrettighet"
        ]
    );
}

#[test]
fn adding_a_client_that_lacks_nothing_changes_nothing() {
    let world = World::new()
        .system(&[WITH_SIGNING])
        .agent(1, &[WITH_SIGNING])
        .relation(CLIENT, Role::Accountant)
        .client(1, CLIENT)
        .later(1000);
    let (before, journal) = (world.clients(1), world.journal());

    let call = world.call(client_admin());
    let again = world
        .engine
        .add_client(&call, user(1), org(CLIENT), None)
        .unwrap();
    assert_eq!(again.value, ClientOutcome::Already);
    assert_eq!(again.revision.0, world.revision());
    assert_eq!(world.clients(1), before);
    assert_eq!(world.journal(), journal);
}

#[test]
fn a_removed_client_is_gone_in_the_next_decision_and_added_back_in_the_one_after() {
    let world = World::new()
        .system(&[WITH_SIGNING])
        .agent(1, &[WITH_SIGNING])
        .relation(CLIENT, Role::Accountant)
        .relation(OTHER_CLIENT, Role::Accountant)
        .client(1, CLIENT)
        .client(1, OTHER_CLIENT);
    let asked = question(1, "read", "ske-krav-og-betalinger", CLIENT);
    let before = world.engine.snapshot();
    assert!(before.decide(&asked, world.instant()).permit);

    let world = world.client_removed(1, CLIENT);
    assert_eq!(world.code(1, CLIENT), Code::ClientNotAdded);
    assert_eq!(world.code(1, OTHER_CLIENT), Code::Permit);
    // One decision reads one revision: what was held before still answers as it did.
    assert!(before.decide(&asked, world.instant()).permit);

    let world = world.client(1, CLIENT);
    assert_eq!(world.code(1, CLIENT), Code::Permit);
}

#[test]
fn removing_a_client_that_is_not_there_changes_nothing() {
    let world = World::new()
        .system(&[WITH_SIGNING])
        .agent(1, &[WITH_SIGNING]);
    let before = world.revision();

    let call = world.call(firm_admin());
    let removed = world
        .engine
        .remove_client(&call, user(1), org(CLIENT))
        .unwrap();
    assert_eq!(removed.value, ClientOutcome::Absent);
    assert_eq!(removed.revision.0, before);
    assert_eq!(world.revision(), before);
}

#[test]
fn a_client_is_added_to_one_system_user_and_not_to_its_firms_others() {
    let world = World::new()
        .system(&[WITH_SIGNING])
        .agent(1, &[WITH_SIGNING])
        .agent(2, &[WITH_SIGNING])
        .relation(CLIENT, Role::Accountant)
        .client(1, CLIENT);

    assert_eq!(world.code(1, CLIENT), Code::Permit);
    assert_eq!(world.code(2, CLIENT), Code::ClientNotAdded);
}

#[test]
fn who_added_a_client_and_when_is_kept() {
    let world = World::new()
        .system(&[WITH_SIGNING])
        .agent(1, &[WITH_SIGNING])
        .relation(CLIENT, Role::Accountant)
        .later(42);
    world.add_by(client_admin(), 1, CLIENT).unwrap();

    let view = &world.clients(1)[0];
    assert_eq!(view.added, world.instant());
    assert_eq!(view.added_by, client_admin().as_actor());
    assert_eq!(view.revision.0, world.revision());
    assert_eq!(view.roles, [Role::Accountant]);
    assert!(!view.is_self && view.lost.is_empty());
}

#[test]
fn a_standard_system_user_has_no_clients() {
    let world = World::new()
        .system(&[TAX_BASIS])
        .requested(
            1,
            fullmakt::model::request::UserKind::Standard,
            &[TAX_BASIS],
        )
        .approved(1)
        .relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS]);
    let said = "system user `5ea1d000-0000-4000-8000-000000000001` is a standard one: it acts for its owner and has no clients";

    assert_eq!(world.refused(|_| world.add(1, CLIENT)), said);
    assert_eq!(world.refused(|_| world.add(1, FIRM)), said);
    let call = world.call(firm_admin());
    assert_eq!(
        world.refused(|engine| engine.remove_client(&call, user(1), org(CLIENT))),
        said
    );
    let snapshot = world.engine.snapshot();
    let page = fullmakt::engine::PageRequest::default();
    let listed = snapshot.clients(&firm_admin(), user(1), &page);
    assert_eq!(listed.unwrap_err().to_string(), said);
    let offered = snapshot.available_clients(&firm_admin(), user(1), &page, world.instant());
    assert_eq!(offered.unwrap_err().to_string(), said);
}

#[test]
fn a_refusal_of_one_client_has_a_stable_code() {
    let refused = ClientRefused::NotAssignable {
        firm: org(FIRM),
        missing: fullmakt::model::catalogue::PackageList(codes(&[PAYROLL])),
    };

    assert_eq!(refused.code(), "package-not-assignable");
    assert_eq!(refused.missing(), codes(&[PAYROLL]));
}

#[test]
fn one_client_is_read_alone_or_said_not_to_be_added() {
    let world = World::new()
        .system(&[WITH_SIGNING])
        .agent(1, &[WITH_SIGNING])
        .relation(CLIENT, Role::Accountant)
        .client(1, CLIENT);
    let snapshot = world.engine.snapshot();

    let held = snapshot
        .client(&client_admin(), user(1), org(CLIENT))
        .unwrap();
    assert_eq!(vec![held], world.clients(1));
    let absent = snapshot.client(&client_admin(), user(1), org(OTHER_CLIENT));
    assert_eq!(
        absent.unwrap_err().to_string(),
        "client `312004119` is not added to system user `5ea1d000-0000-4000-8000-000000000001`"
    );
}
