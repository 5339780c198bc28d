//! Standard system users: they act for their owner, at once.

use fullmakt::model::question::{Explained, LinkKind};
use fullmakt::model::reason::{Code, Mender};
use fullmakt::model::relation::Role;
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;

use super::{CLIENT, TAX_BASIS, WITH_SIGNING};
use crate::world::{FIRM, World, draft, question, right, system_draft, vendor};

fn world() -> World {
    let rights = vec![
        right("mva-melding-innsending", &["read", "write"]),
        right("ske-innrapportering-boligsameie", &["read"]),
    ];
    World::new().system_with(&[TAX_BASIS, WITH_SIGNING], rights)
}

fn with_rights(packages: &[&str], rights: &[(&str, &[&str])]) -> RequestDraft {
    RequestDraft {
        rights: rights
            .iter()
            .map(|(on, actions)| right(on, actions))
            .collect(),
        ..draft(1, UserKind::Standard, packages)
    }
}

fn approved(packages: &[&str], rights: &[(&str, &[&str])]) -> World {
    let world = world();
    world.request(1, with_rights(packages, rights)).unwrap();
    world.approved(1)
}

fn asked(world: &World, action: &str, resource: &str, party: &str) -> Explained {
    world.explain(&question(1, action, resource, party))
}

#[test]
fn approving_a_standard_request_gives_its_owners_mandate_at_once() {
    let world = world().requested(1, UserKind::Standard, &[TAX_BASIS]);
    assert_eq!(world.code(1, FIRM), Code::UnknownSystemUser);

    let world = world.approved(1);
    let permit = world.ask(1, FIRM).explanation;
    assert_eq!(permit.code, Code::Permit);
    assert_eq!(
        permit.policies,
        ["ske-krav-og-betalinger/read-skattegrunnlag"]
    );
    let links: Vec<_> = permit.chain.iter().map(|link| link.link).collect();
    assert_eq!(links, [LinkKind::Approval]);
    assert_eq!(permit.chain[0].revision.0, world.revision());
}

#[test]
fn a_single_right_opens_its_actions_on_its_resource_and_no_others() {
    let world = approved(&[], &[("ske-innrapportering-boligsameie", &["read"])]);
    let code = |action, resource| asked(&world, action, resource, FIRM).explanation.code;

    assert_eq!(
        code("read", "ske-innrapportering-boligsameie"),
        Code::Permit
    );
    assert_eq!(
        code("write", "ske-innrapportering-boligsameie"),
        Code::PackageNotHeld
    );
    assert_eq!(code("read", "mva-melding-innsending"), Code::PackageNotHeld);
    assert_eq!(code("read", "ske-krav-og-betalinger"), Code::PackageNotHeld);
    let permit = asked(&world, "read", "ske-innrapportering-boligsameie", FIRM).explanation;
    assert_eq!(permit.policies, ["core/single-right/read"]);
    let links: Vec<_> = permit.chain.iter().map(|link| link.link).collect();
    assert_eq!(links, [LinkKind::Approval, LinkKind::SingleRight]);
}

#[test]
fn a_standard_system_user_holds_packages_and_single_rights_beside_each_other() {
    let world = approved(
        &[TAX_BASIS],
        &[("mva-melding-innsending", &["read", "write"])],
    );
    let permits = |action, resource| asked(&world, action, resource, FIRM).explanation.policies;

    assert_eq!(
        permits("read", "ske-krav-og-betalinger"),
        ["ske-krav-og-betalinger/read-skattegrunnlag"]
    );
    assert_eq!(
        permits("write", "mva-melding-innsending"),
        ["core/single-right/read-write"]
    );
    assert_eq!(
        permits("read", "mva-melding-innsending"),
        ["core/single-right/read-write"]
    );
}

#[test]
fn a_chain_shows_a_single_right_only_where_it_opens_the_action() {
    let world = approved(
        &[TAX_BASIS],
        &[("ske-innrapportering-boligsameie", &["read"])],
    );
    let links = |action| {
        let permit = asked(&world, action, "ske-innrapportering-boligsameie", FIRM).explanation;
        assert_eq!(permit.code, Code::Permit);
        permit
            .chain
            .iter()
            .map(|link| link.link)
            .collect::<Vec<_>>()
    };

    assert_eq!(links("read"), [LinkKind::Approval, LinkKind::SingleRight]);
    assert_eq!(links("write"), [LinkKind::Approval]);
}

#[test]
fn a_standard_system_user_asked_about_another_party_has_no_access() {
    let world = approved(
        &[TAX_BASIS],
        &[("mva-melding-innsending", &["read", "write"])],
    )
    .relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS]);

    for (action, resource) in [
        ("read", "ske-krav-og-betalinger"),
        ("write", "mva-melding-innsending"),
    ] {
        let denied = asked(&world, action, resource, CLIENT).explanation;
        assert_eq!(denied.code, Code::ClientNotAdded);
        assert_eq!(
            (denied.reason.nb.as_str(), denied.reason.en.as_str()),
            (
                "Systembrukeren handler bare for eieren sin, 312001373, og ikke for 312002744.",
                "The system user acts for its owner, 312001373, alone, and not for 312002744."
            )
        );
        let mend = denied.mend.unwrap();
        assert_eq!(mend.who, Mender::Vendor);
        assert_eq!(
            mend.how.nb,
            "Leverandøren kan sende en forespørsel til 312002744."
        );
        assert_eq!(mend.how.en, "The vendor can send a request to 312002744.");
    }
}

#[test]
fn what_a_standard_system_user_holds_is_not_the_firms_relations() {
    let world = approved(&[TAX_BASIS], &[]).relation(CLIENT, Role::Accountant);
    let before = world.ask(1, FIRM);
    let world = world.relation_ended(CLIENT, Role::Accountant);

    assert!(before.decision.permit);
    assert_eq!(world.code(1, FIRM), Code::Permit);
}

#[test]
fn a_single_right_that_the_system_drops_later_stays_on_its_system_users() {
    let world = approved(&[], &[("mva-melding-innsending", &["read", "write"])]);
    let call = world.call(vendor());
    world
        .engine
        .change_system(&call, system_draft(&[TAX_BASIS], Vec::new()))
        .unwrap();

    let permit = asked(&world, "write", "mva-melding-innsending", FIRM);
    assert_eq!(permit.explanation.code, Code::Permit);
}

#[test]
fn a_deleted_standard_system_user_may_do_nothing() {
    let world = approved(
        &[TAX_BASIS],
        &[("mva-melding-innsending", &["read", "write"])],
    );
    let call = world.call(crate::world::access_manager());
    world
        .engine
        .delete_system_user(&call, crate::world::user(1))
        .unwrap();

    assert_eq!(world.code(1, FIRM), Code::SystemUserDeleted);
    let denied = asked(&world, "write", "mva-melding-innsending", FIRM);
    assert_eq!(denied.explanation.code, Code::SystemUserDeleted);
    assert_eq!(denied.explanation.chain, []);
}
