//! What the end of a relation takes away, and that nothing brings it back but adding the client again.

use fullmakt::engine::{ClientOutcome, RelationWritten};
use fullmakt::model::delegation::Loss;
use fullmakt::model::event::Event;
use fullmakt::model::id::PackageCode;
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;

use super::{
    AUDITOR, CLAIMS, CLIENT, OTHER_CLIENT, PAYROLL, TAX_BASIS, WITH_SIGNING, WITHOUT_SIGNING,
};
use crate::world::{World, firm_admin, operator, org, relation_key, user};

fn codes(packages: &[&str]) -> Vec<PackageCode> {
    packages.iter().map(|code| code.parse().unwrap()).collect()
}

fn loss(nth: u32, packages: &[&str], ended: bool) -> Loss {
    Loss {
        system_user: user(nth),
        client: org(CLIENT),
        packages: codes(packages),
        ended,
    }
}

fn end(world: &World, role: Role) -> RelationWritten {
    let call = world.call(operator());
    let ended = world.engine.end_relation(&call, relation_key(CLIENT, role));
    ended.unwrap().value
}

fn assign(world: &World, packages: &[&str]) -> RelationWritten {
    let call = world.call(operator());
    let packages = packages.iter().map(|code| (*code).to_owned()).collect();
    let key = relation_key(CLIENT, Role::RightHolder);
    world
        .engine
        .put_relation(&call, key, packages)
        .unwrap()
        .value
}

fn holds(world: &World, nth: u32) -> Vec<PackageCode> {
    let clients = world.clients(nth);
    let [client] = &clients[..] else {
        panic!("{clients:?}")
    };
    assert_eq!(client.client, org(CLIENT));
    client.packages.clone()
}

/// A client through an accountant and an auditor.
fn two_roles() -> World {
    World::new()
        .system(&[WITH_SIGNING, AUDITOR])
        .agent(1, &[WITH_SIGNING, AUDITOR])
        .relation(CLIENT, Role::Accountant)
        .relation(CLIENT, Role::Auditor)
        .client(1, CLIENT)
}

fn right_holder() -> World {
    World::new()
        .system(&[TAX_BASIS, CLAIMS])
        .agent(1, &[TAX_BASIS, CLAIMS])
        .relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS, CLAIMS])
        .client(1, CLIENT)
}

#[test]
fn if_two_relations_covered_a_package_the_end_of_one_leaves_it_on_the_other() {
    let nuf = World::new()
        .system(&[TAX_BASIS])
        .agent(1, &[TAX_BASIS])
        .party(CLIENT, "NUF")
        .relation(CLIENT, Role::BusinessManager)
        .relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS])
        .client(1, CLIENT);

    assert_eq!(end(&nuf, Role::BusinessManager).lost, []);
    assert_eq!(holds(&nuf, 1), codes(&[TAX_BASIS]));
    let permit = nuf.ask(1, CLIENT).explanation;
    assert_eq!(permit.code, Code::Permit);
    assert_eq!(permit.chain[0].role, Some(Role::RightHolder));

    assert_eq!(
        end(&nuf, Role::RightHolder).lost,
        [loss(1, &[TAX_BASIS], true)]
    );
    assert_eq!(nuf.code(1, CLIENT), Code::RelationEnded);
}

#[test]
fn the_other_relation_may_be_newer_than_the_delegation() {
    let world = right_holder()
        .party(CLIENT, "NUF")
        .relation(CLIENT, Role::BusinessManager);

    assert_eq!(end(&world, Role::RightHolder).lost, []);
    assert_eq!(world.code(1, CLIENT), Code::Permit);
}

#[test]
fn a_delegation_that_lost_some_packages_keeps_the_rest() {
    let world = two_roles();

    assert_eq!(
        end(&world, Role::Auditor).lost,
        [loss(1, &[AUDITOR], false)]
    );
    assert_eq!(holds(&world, 1), codes(&[WITH_SIGNING]));
    assert_eq!(world.clients(1)[0].lost, codes(&[AUDITOR]));
    assert_eq!(world.code(1, CLIENT), Code::Permit);

    let other_half = two_roles();
    assert_eq!(
        end(&other_half, Role::Accountant).lost,
        [loss(1, &[WITH_SIGNING], false)]
    );
    assert_eq!(holds(&other_half, 1), codes(&[AUDITOR]));
    assert_eq!(other_half.code(1, CLIENT), Code::RelationEnded);
}

#[test]
fn a_delegation_that_lost_all_is_ended_and_the_cause_recorded() {
    let world = two_roles();
    end(&world, Role::Auditor);

    assert_eq!(
        end(&world, Role::Accountant).lost,
        [loss(1, &[WITH_SIGNING], true)]
    );
    assert_eq!(world.clients(1), []);
    assert_eq!(world.code(1, CLIENT), Code::RelationEnded);
    let newest = world.journal().pop().unwrap();
    let event = Event::RelationEnded {
        key: relation_key(CLIENT, Role::Accountant),
        lost: vec![loss(1, &[WITH_SIGNING], true)],
    };
    assert_eq!((newest.event, newest.by), (event, operator().as_actor()));
    assert_eq!(newest.revision.0, world.revision());
}

#[test]
fn a_relation_that_ends_takes_from_every_system_user_of_the_firm_and_only_from_this_client() {
    let world = World::new()
        .system(&[WITH_SIGNING, WITHOUT_SIGNING])
        .agent(1, &[WITH_SIGNING])
        .agent(2, &[WITHOUT_SIGNING, WITH_SIGNING])
        .relation(CLIENT, Role::Accountant)
        .relation(OTHER_CLIENT, Role::Accountant)
        .client(1, CLIENT)
        .client(2, CLIENT)
        .client(1, OTHER_CLIENT);

    let lost = end(&world, Role::Accountant).lost;
    assert_eq!(
        lost,
        [
            loss(1, &[WITH_SIGNING], true),
            loss(2, &[WITH_SIGNING, WITHOUT_SIGNING], true)
        ]
    );
    assert_eq!(world.code(1, CLIENT), Code::RelationEnded);
    assert_eq!(world.code(2, CLIENT), Code::RelationEnded);
    assert_eq!(world.code(1, OTHER_CLIENT), Code::Permit);
}

#[test]
fn a_relation_that_comes_back_restores_nothing() {
    let world = two_roles();
    end(&world, Role::Accountant);
    let world = world.relation(CLIENT, Role::Accountant);
    assert_eq!(holds(&world, 1), codes(&[AUDITOR]));
    assert_eq!(world.code(1, CLIENT), Code::RelationEnded);

    end(&world, Role::Auditor);
    let world = world.relation(CLIENT, Role::Auditor);
    assert_eq!(world.clients(1), []);
    assert_eq!(world.code(1, CLIENT), Code::RelationEnded);
    assert_eq!(world.offered(&firm_admin(), 1), [org(CLIENT)]);

    let world = world.client(1, CLIENT);
    assert_eq!(holds(&world, 1), codes(&[AUDITOR, WITH_SIGNING]));
    assert_eq!(world.code(1, CLIENT), Code::Permit);
}

#[test]
fn adding_again_after_a_lost_package_checks_everything_anew() {
    let world = two_roles();
    end(&world, Role::Accountant);

    assert_eq!(
        world.refused(|_| world.add(1, CLIENT)),
        "client `312002744` has not given `312001373` the access packages `regnskapsforer-med-signeringsrettighet`"
    );
    assert_eq!(holds(&world, 1), codes(&[AUDITOR]));
    assert!(world.offered(&firm_admin(), 1).is_empty());

    let world = world.relation(CLIENT, Role::Accountant);
    assert_eq!(world.offered(&firm_admin(), 1), [org(CLIENT)]);
    assert_eq!(world.add(1, CLIENT).unwrap(), ClientOutcome::Added);
    assert_eq!(world.clients(1)[0].lost, []);
    assert_eq!(world.clients(1)[0].revision.0, world.revision());
    assert_eq!(world.code(1, CLIENT), Code::Permit);
}

#[test]
fn a_right_holders_relation_that_narrows_takes_away_for_good() {
    let world = right_holder();

    assert_eq!(
        assign(&world, &[CLAIMS]).lost,
        [loss(1, &[TAX_BASIS], false)]
    );
    assert_eq!(holds(&world, 1), codes(&[CLAIMS]));
    assert_eq!(assign(&world, &[CLAIMS, TAX_BASIS]).lost, []);
    assert_eq!(holds(&world, 1), codes(&[CLAIMS]));
    assert_eq!(world.code(1, CLIENT), Code::Permit);

    assert_eq!(
        assign(&world, &[TAX_BASIS]).lost,
        [loss(1, &[CLAIMS], true)]
    );
    assert_eq!(world.clients(1), []);
    assert_eq!(world.code(1, CLIENT), Code::RelationEnded);
}

#[test]
fn a_relation_that_widens_or_stays_takes_nothing() {
    let world = right_holder();
    let before = world.revision();

    assert_eq!(assign(&world, &[CLAIMS, TAX_BASIS]).lost, []);
    assert_eq!(world.revision(), before);
    assert_eq!(
        assign(&world, &[CLAIMS, TAX_BASIS, "merverdiavgift"]).lost,
        []
    );
    assert_eq!(world.revision(), before + 1);
    assert_eq!(holds(&world, 1), codes(&[CLAIMS, TAX_BASIS]));
}

#[test]
fn what_a_client_lost_before_is_not_lost_again() {
    let world = World::new()
        .system(&[WITH_SIGNING, PAYROLL, AUDITOR])
        .agent(1, &[WITH_SIGNING, PAYROLL, AUDITOR])
        .relation(CLIENT, Role::Accountant)
        .relation(CLIENT, Role::Auditor)
        .client(1, CLIENT);
    end(&world, Role::Auditor);
    let world = world.relation(CLIENT, Role::Auditor);

    assert_eq!(end(&world, Role::Auditor).lost, []);
    assert_eq!(holds(&world, 1), codes(&[PAYROLL, WITH_SIGNING]));
}

#[test]
fn a_client_removed_after_a_loss_is_not_added_for_the_reason_that_it_was_removed() {
    let world = two_roles();
    end(&world, Role::Auditor);
    let world = world.client_removed(1, CLIENT);

    assert_eq!(world.code(1, CLIENT), Code::ClientNotAdded);
}

#[test]
fn a_deleted_system_user_loses_nothing_more() {
    let world = two_roles();
    let call = world.call(firm_admin());
    world.engine.delete_system_user(&call, user(1)).unwrap();

    assert_eq!(end(&world, Role::Accountant).lost, []);
    assert_eq!(world.code(1, CLIENT), Code::SystemUserDeleted);
}
