//! The order in which links are looked at: of two that are missing, the first is told.

use fullmakt::model::question::Question;
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::time::{Timestamp, Window};

use super::codes::{self, at_level, folder_with};
use super::{AUDITOR, CLIENT, PAYROLL, TAX_BASIS, WITH_SIGNING};
use crate::world::{
    BEGIN, FIRM, SYSTEM, World, access_manager, draft, question, right, user, vendor,
};

fn code(world: &World, asked: &Question) -> Code {
    world.explain(asked).explanation.code
}

#[test]
fn an_unknown_resource_comes_before_everything() {
    let world = codes::world();

    for nth in [1, 2, 3, 4, 77] {
        for client in [CLIENT, FIRM, codes::OVER, codes::ENDED] {
            for action in ["read", "erase"] {
                let asked = question(nth, action, "finnes-ikke", client);
                assert_eq!(code(&world, &asked), Code::UnknownResource);
            }
        }
    }
}

#[test]
fn an_action_that_is_not_opened_comes_before_the_system_user() {
    let world = codes::world();

    for nth in [1, 2, 3, 4, 77] {
        for client in [CLIENT, FIRM, codes::OVER, codes::ENDED] {
            for action in ["write", "erase"] {
                let asked = question(nth, action, "ske-krav-og-betalinger", client);
                assert_eq!(code(&world, &asked), Code::ActionNotOpened);
            }
        }
    }
}

#[test]
fn an_unknown_system_user_comes_before_the_client() {
    let world = codes::world();

    for client in [CLIENT, FIRM, codes::OVER, codes::ENDED] {
        assert_eq!(world.code(77, client), Code::UnknownSystemUser);
    }
}

#[test]
fn a_deleted_system_user_comes_before_its_deleted_system_and_both_before_the_client() {
    let world = codes::world();
    for client in [CLIENT, FIRM, codes::ENDED] {
        assert_eq!(world.code(2, client), Code::SystemUserDeleted);
        assert_eq!(world.code(3, client), Code::SystemDeleted);
    }

    let call = world.call(access_manager());
    world.engine.delete_system_user(&call, user(3)).unwrap();
    let call = world.call(vendor());
    world
        .engine
        .delete_system(&call, SYSTEM.parse().unwrap())
        .unwrap();
    assert_eq!(world.code(2, CLIENT), Code::SystemUserDeleted);
    assert_eq!(world.code(3, CLIENT), Code::SystemUserDeleted);
    assert_eq!(world.code(1, FIRM), Code::SystemDeleted);
    assert_eq!(world.code(1, codes::NOT_YET), Code::SystemDeleted);
}

#[test]
fn the_firm_is_told_apart_before_it_is_not_added() {
    let world = World::new().system(&[TAX_BASIS]).agent(1, &[TAX_BASIS]);
    assert_eq!(world.code(1, FIRM), Code::ClientIsTheFirm);

    let world = world.client(1, FIRM).client_removed(1, FIRM);
    assert_eq!(world.code(1, FIRM), Code::ClientIsTheFirm);
}

#[test]
fn a_window_comes_before_a_lost_package() {
    let at = |after| Some(Timestamp::from_millis(BEGIN + after));
    let world = World::new()
        .system(&[WITH_SIGNING, AUDITOR])
        .agent(1, &[WITH_SIGNING, AUDITOR])
        .relation(CLIENT, Role::Accountant)
        .relation(CLIENT, Role::Auditor)
        .client_within(1, CLIENT, Window::new(at(10), at(20)).unwrap())
        .relation_ended(CLIENT, Role::Accountant);

    assert_eq!(world.code(1, CLIENT), Code::DelegationNotYet);
    let world = world.later(10);
    assert_eq!(world.code(1, CLIENT), Code::RelationEnded);
    let world = world.later(10);
    assert_eq!(world.code(1, CLIENT), Code::DelegationOver);
}

#[test]
fn a_lost_package_comes_before_one_that_was_never_held() {
    let world = World::new()
        .system(&[WITH_SIGNING, AUDITOR, PAYROLL])
        .agent(1, &[WITH_SIGNING, AUDITOR])
        .agent(2, &[AUDITOR, PAYROLL])
        .relation(CLIENT, Role::Accountant)
        .relation(CLIENT, Role::Auditor)
        .client(1, CLIENT)
        .client(2, CLIENT)
        .relation_ended(CLIENT, Role::Accountant);

    // The first lost what opened the claims; the second lost a package that never did.
    assert_eq!(world.code(1, CLIENT), Code::RelationEnded);
    assert_eq!(world.code(2, CLIENT), Code::PackageNotHeld);
}

fn under(policies: &str) -> World {
    World::under(folder_with(policies))
        .system(&[WITH_SIGNING, PAYROLL])
        .agent(1, &[PAYROLL])
        .agent(2, &[WITH_SIGNING])
        .relation(CLIENT, Role::Accountant)
        .client(1, CLIENT)
        .client(2, CLIENT)
}

const AT_LEVEL_4: &str = r#"
@id("prover/read")
permit (principal in AccessPackage::"regnskapsforer-lonn", action == Action::"read", resource == Resource::"prover")
when { context has authenticationLevel && context.authenticationLevel >= 4 };
"#;
const OPEN: &str = r#"
@id("prover/open")
permit (principal in AccessPackage::"regnskapsforer-lonn", action == Action::"read", resource == Resource::"prover");
"#;
const NEVER: &str = r#"
@id("prover/never")
forbid (principal, action == Action::"read", resource == Resource::"prover");
"#;
const ERRS: &str = r#"
@id("prover/errs")
forbid (principal, action == Action::"read", resource == Resource::"prover")
when { context has authenticationLevel && context.authenticationLevel + 9223372036854775806 > 0 };
"#;
const BELOW_4: &str = r#"
@id("prover/below-4")
forbid (principal, action == Action::"read", resource == Resource::"prover")
unless { context has authenticationLevel && context.authenticationLevel >= 4 };
"#;

#[test]
fn a_package_that_is_not_held_comes_before_the_level() {
    let world = under(AT_LEVEL_4);
    let asked = |nth| at_level(question(nth, "read", "prover", CLIENT), 3);

    assert_eq!(code(&world, &asked(1)), Code::AuthenticationLevelTooLow);
    assert_eq!(code(&world, &asked(2)), Code::PackageNotHeld);
    let with_forbid = under(&[AT_LEVEL_4, NEVER].concat());
    assert_eq!(code(&with_forbid, &asked(2)), Code::PackageNotHeld);
}

#[test]
fn a_level_that_a_permit_or_a_forbid_asks_for_is_told_only_if_it_is_all_that_is_missing() {
    let asked = |level| at_level(question(1, "read", "prover", CLIENT), level);
    let told = |policies: &[&str], level| {
        let explained = under(&policies.concat()).explain(&asked(level)).explanation;
        (explained.code, explained.policies)
    };
    let named = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    let too_low = Code::AuthenticationLevelTooLow;

    assert_eq!(told(&[AT_LEVEL_4], 3), (too_low, named(&["prover/read"])));
    assert_eq!(told(&[AT_LEVEL_4], 4).0, Code::Permit);
    assert_eq!(
        told(&[OPEN, BELOW_4], 3),
        (too_low, named(&["prover/below-4"]))
    );
    assert_eq!(told(&[OPEN, BELOW_4], 4).0, Code::Permit);
    assert_eq!(
        told(&[OPEN, BELOW_4, NEVER], 3),
        (
            Code::ForbiddenByPolicy,
            named(&["prover/below-4", "prover/never"])
        )
    );
    assert_eq!(told(&[AT_LEVEL_4, NEVER], 3).0, Code::ForbiddenByPolicy);
}

#[test]
fn a_forbid_that_is_met_comes_before_one_that_errs() {
    let world = under(&[OPEN, NEVER, ERRS].concat());
    let explained = world.explain(&at_level(question(1, "read", "prover", CLIENT), 3));

    assert_eq!(explained.explanation.code, Code::ForbiddenByPolicy);
    assert_eq!(explained.explanation.policies, ["prover/never"]);
}

#[test]
fn a_single_right_that_a_policy_forbids_is_forbidden_though_no_package_opens_the_action() {
    const READ_ONLY: &str = r#"
@id("claims/read-only")
forbid (principal, action == Action::"write", resource == Resource::"ske-krav-og-betalinger");
"#;
    let write = || vec![right("ske-krav-og-betalinger", &["write"])];
    let asked = question(1, "write", "ske-krav-og-betalinger", FIRM);
    let with = |policies: &str| {
        let world = World::under(folder_with(policies)).system_with(&[TAX_BASIS], write());
        let standard = RequestDraft {
            rights: write(),
            ..draft(1, UserKind::Standard, &[])
        };
        world.request(1, standard).unwrap();
        world.approved(1).explain(&asked).explanation
    };

    assert_eq!(with("").code, Code::Permit);
    let forbidden = with(READ_ONLY);
    assert_eq!(forbidden.code, Code::ForbiddenByPolicy);
    assert_eq!(forbidden.policies, ["claims/read-only"]);
}
