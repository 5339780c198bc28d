//! A mandate holds iff every link does: take any one away, and the decision changes at once.

use fullmakt::model::question::LinkKind;
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;
use fullmakt::model::request::UserKind;
use fullmakt::model::time::{Timestamp, Window};

use super::{AUDITOR, CLIENT, TAX_BASIS, WITH_SIGNING};
use crate::world::{
    BEGIN, SYSTEM, World, access_manager, operator, org, question, relation_key, user, vendor,
};

fn whole() -> World {
    World::new()
        .system(&[WITH_SIGNING])
        .agent(1, &[WITH_SIGNING])
        .relation(CLIENT, Role::Accountant)
        .client(1, CLIENT)
}

#[test]
fn a_mandate_holds_only_when_every_link_is_made_in_turn() {
    let asked = question(1, "read", "ske-krav-og-betalinger", CLIENT);
    let code = |world: &World| world.explain(&asked).explanation.code;

    let world = World::new().system(&[WITH_SIGNING]);
    assert_eq!(code(&world), Code::UnknownSystemUser);
    let world = world.requested(1, UserKind::Agent, &[WITH_SIGNING]);
    assert_eq!(code(&world), Code::UnknownSystemUser);
    let world = world.approved(1);
    assert_eq!(code(&world), Code::ClientNotAdded);
    let world = world.relation(CLIENT, Role::Accountant);
    assert_eq!(code(&world), Code::ClientNotAdded);
    let world = world.client(1, CLIENT);
    assert_eq!(code(&world), Code::Permit);
}

#[test]
fn taking_any_link_away_changes_the_next_decision() {
    type Cut = fn(&World);
    let cuts: [(Cut, Code); 4] = [
        (
            |world| {
                let call = world.call(access_manager());
                world.engine.delete_system_user(&call, user(1)).unwrap();
            },
            Code::SystemUserDeleted,
        ),
        (
            |world| {
                let call = world.call(vendor());
                world
                    .engine
                    .delete_system(&call, SYSTEM.parse().unwrap())
                    .unwrap();
            },
            Code::SystemDeleted,
        ),
        (
            |world| {
                let call = world.call(crate::world::client_admin());
                world
                    .engine
                    .remove_client(&call, user(1), org(CLIENT))
                    .unwrap();
            },
            Code::ClientNotAdded,
        ),
        (
            |world| {
                let call = world.call(operator());
                let key = relation_key(CLIENT, Role::Accountant);
                world.engine.end_relation(&call, key).unwrap();
            },
            Code::RelationEnded,
        ),
    ];
    for (cut, code) in cuts {
        let world = whole();
        let permit = world.ask(1, CLIENT);
        assert_eq!(permit.explanation.code, Code::Permit);
        cut(&world);
        let denied = world.ask(1, CLIENT);
        assert_eq!(denied.explanation.code, code);
        assert!(denied.decision.revision > permit.decision.revision);
        assert_eq!(denied.decision.revision.0, world.revision());
    }
}

#[test]
fn the_instant_is_a_link_too() {
    let until = Timestamp::from_millis(BEGIN + 50);
    let world = World::new()
        .system(&[WITH_SIGNING])
        .agent(1, &[WITH_SIGNING])
        .relation(CLIENT, Role::Accountant)
        .client_within(1, CLIENT, Window::new(None, Some(until)).unwrap());
    let at_one_revision = world.revision();

    assert_eq!(world.code(1, CLIENT), Code::Permit);
    let world = world.later(50);
    assert_eq!(world.code(1, CLIENT), Code::DelegationOver);
    assert_eq!(world.revision(), at_one_revision);
}

#[test]
fn the_chain_of_a_permit_names_who_made_each_link_when_and_at_which_revision() {
    let world = World::new().system(&[WITH_SIGNING]).later(1);
    let world = world.agent(1, &[WITH_SIGNING]).later(1);
    let world = world.relation(CLIENT, Role::Accountant).later(1);
    let world = world.client(1, CLIENT).later(1);

    let permit = world.ask(1, CLIENT).explanation;
    let links: Vec<_> = permit
        .chain
        .iter()
        .map(|link| {
            (
                link.link,
                &*link.by,
                link.at.as_millis() - BEGIN,
                link.revision.0,
            )
        })
        .collect();
    // Revisions: 1 the policies, 2 the system, 3 the request, 4 its approval, 5 the relation, 6 the client.
    assert_eq!(
        links,
        [
            (LinkKind::Relation, "operator", 2, 5),
            (LinkKind::Approval, "firm-admin", 1, 4),
            (LinkKind::Delegation, "firm-admin", 3, 6),
        ]
    );
    assert_eq!(permit.chain[0].role, Some(Role::Accountant));
    assert_eq!(permit.revision.0, 6);
}

#[test]
fn a_question_names_the_client_and_the_firm_is_not_taken_for_it() {
    let world = whole();

    assert_eq!(world.code(1, CLIENT), Code::Permit);
    assert_eq!(world.code(1, crate::world::FIRM), Code::ClientIsTheFirm);
}

#[test]
fn the_relation_of_a_chain_is_one_that_opens_the_resource() {
    let world = World::new()
        .system(&[AUDITOR, TAX_BASIS])
        .agent(1, &[AUDITOR, TAX_BASIS])
        .relation(CLIENT, Role::Auditor)
        .relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS])
        .client(1, CLIENT);
    let chain = world.ask(1, CLIENT).explanation.chain;
    assert_eq!(chain[0].link, LinkKind::Relation);
    assert_eq!(chain[0].role, Some(Role::RightHolder));
}

#[test]
fn a_relation_that_gives_nothing_of_what_is_held_is_in_no_chain() {
    let world = World::new()
        .system(&[TAX_BASIS])
        .agent(1, &[TAX_BASIS])
        .relation(CLIENT, Role::Accountant)
        .relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS])
        .client(1, CLIENT);
    let asked = question(1, "read", "mva-melding-innsending", CLIENT);
    let explained = world.explain(&asked).explanation;
    assert_eq!(explained.code, Code::PackageNotHeld);
    assert_eq!(explained.chain[0].role, Some(Role::RightHolder));
}
