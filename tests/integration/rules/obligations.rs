//! What a permit obliges to: it never changes a decision, and the highest among the deciding policies counts.

use fullmakt::model::policy::PolicyFolder;
use fullmakt::model::question::Obligations;
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;

use super::codes::{at_level, folder_with};
use super::{CLAIMS, CLIENT, PAYROLL, TAX_BASIS, WITH_SIGNING, WITHOUT_SIGNING};
use crate::world::{FIRM, World, draft, policies_with, question, right};

const LEVELS: &str = r#"
@id("prover/with")
@minimum_authentication_level("2")
@minimum_authentication_level_org("4")
permit (principal in AccessPackage::"regnskapsforer-med-signeringsrettighet", action == Action::"read", resource == Resource::"prover");

@id("prover/without")
@minimum_authentication_level("4")
@minimum_authentication_level_org("1")
permit (principal in AccessPackage::"regnskapsforer-uten-signeringsrettighet", action == Action::"read", resource == Resource::"prover");

@id("prover/payroll")
permit (principal in AccessPackage::"regnskapsforer-lonn", action == Action::"read", resource == Resource::"prover");

@id("prover/at-night")
@minimum_authentication_level("3")
permit (principal in AccessPackage::"regnskapsforer-lonn", action == Action::"read", resource == Resource::"prover")
when { context has authenticationLevel && context.authenticationLevel == 2 };

@id("prover/not-met")
@minimum_authentication_level("4")
permit (principal in AccessPackage::"regnskapsforer-lonn", action == Action::"read", resource == Resource::"prover")
when { principal.party == Organization::"312005239" };

@id("prover/forbid")
@minimum_authentication_level("4")
forbid (principal, action == Action::"write", resource == Resource::"prover");
"#;

fn levels(user: Option<u8>, org: Option<u8>) -> Obligations {
    Obligations {
        minimum_authentication_level: user,
        minimum_authentication_level_org: org,
    }
}

fn world() -> World {
    let all = [WITH_SIGNING, WITHOUT_SIGNING, PAYROLL];
    World::under(folder_with(LEVELS))
        .system(&all)
        .agent(1, &[WITH_SIGNING])
        .agent(2, &[WITHOUT_SIGNING])
        .agent(3, &[WITH_SIGNING, WITHOUT_SIGNING])
        .agent(4, &[PAYROLL])
        .relation(CLIENT, Role::Accountant)
        .client(1, CLIENT)
        .client(2, CLIENT)
        .client(3, CLIENT)
        .client(4, CLIENT)
}

/// An agent with payroll, and a client, under these policies.
fn world_of(policies: &str) -> World {
    World::under(folder_with(policies))
        .system(&[PAYROLL])
        .agent(1, &[PAYROLL])
        .relation(CLIENT, Role::Accountant)
        .client(1, CLIENT)
}

#[test]
fn obligations_go_out_with_every_permit_even_a_bare_one() {
    let world = world();
    let asked = question(1, "read", "ske-krav-og-betalinger", CLIENT);

    let bare = world.engine.snapshot().decide(&asked, world.instant());
    assert!(bare.permit);
    assert_eq!(bare.obligations, levels(Some(3), None));
}

#[test]
fn the_highest_among_the_determining_policies_counts() {
    let world = world();
    let of = |nth| {
        world
            .explain(&question(nth, "read", "prover", CLIENT))
            .decision
            .obligations
    };

    assert_eq!(of(1), levels(Some(2), Some(4)));
    assert_eq!(of(2), levels(Some(4), Some(1)));
    assert_eq!(of(3), levels(Some(4), Some(4)));
    assert_eq!(of(4), Obligations::NONE);
}

#[test]
fn a_permit_whose_condition_is_not_met_obliges_to_nothing() {
    let world = world();
    let asked = || question(4, "read", "prover", CLIENT);
    let at = |level| world.explain(&at_level(asked(), level)).decision;

    assert_eq!(at(1).obligations, Obligations::NONE);
    assert_eq!(at(2).obligations, levels(Some(3), None));
    assert!(at(1).permit && at(2).permit);
}

#[test]
fn an_obligation_never_changes_a_decision() {
    let world = world();
    for level in [0, 1, 2, 3, 4] {
        let asked = at_level(question(2, "read", "prover", CLIENT), level);
        let decision = world.explain(&asked).decision;
        assert!(decision.permit, "level {level}");
        assert_eq!(decision.obligations, levels(Some(4), Some(1)));
    }
}

#[test]
fn no_access_obliges_to_nothing() {
    let world = world();

    let forbidden = world.explain(&question(3, "write", "prover", CLIENT));
    assert!(!forbidden.decision.permit);
    assert_eq!(forbidden.decision.obligations, Obligations::NONE);
    let not_added = world.explain(&question(3, "read", "prover", FIRM));
    assert_eq!(not_added.explanation.code, Code::ClientIsTheFirm);
    assert_eq!(not_added.decision.obligations, Obligations::NONE);
}

#[test]
fn the_highest_counts_whether_a_policy_looks_at_packages_or_at_the_context() {
    let world = world_of(
        r#"
@id("prover/packages")
@minimum_authentication_level("2")
permit (principal in AccessPackage::"regnskapsforer-lonn", action == Action::"read", resource == Resource::"prover");

@id("prover/context")
@minimum_authentication_level("4")
permit (principal in AccessPackage::"regnskapsforer-lonn", action == Action::"read", resource == Resource::"prover")
when { context has authenticationLevel && context.authenticationLevel >= 3 };
"#,
    );
    let at = |level| {
        let asked = at_level(question(1, "read", "prover", CLIENT), level);
        world.explain(&asked).decision.obligations
    };
    assert_eq!(at(2), levels(Some(2), None));
    assert_eq!(at(3), levels(Some(4), None));
}

#[test]
fn what_is_permitted_and_forbidden_for_this_party_obliges_to_nothing() {
    let world = world_of(
        r#"
@id("prover/permit")
@minimum_authentication_level("3")
permit (principal in AccessPackage::"regnskapsforer-lonn", action == Action::"read", resource == Resource::"prover");

@id("prover/not-for-this-one")
forbid (principal, action == Action::"read", resource == Resource::"prover")
when { principal has party && principal.party == Organization::"312002744" };
"#,
    );
    let refused = world.explain(&question(1, "read", "prover", CLIENT));
    assert_eq!(refused.explanation.code, Code::ForbiddenByPolicy);
    assert_eq!(refused.decision.obligations, Obligations::NONE);
}

#[test]
fn a_single_right_obliges_to_what_its_template_says() {
    let templates = r#"
@id("core/single-right/read")
@minimum_authentication_level("4")
permit (principal == ?principal, action == Action::"read", resource == ?resource);
"#;
    let single = right("ske-krav-og-betalinger", &["read"]);
    let world = World::under(policies_with(&[("templates.cedar", templates)]))
        .system_with(&[TAX_BASIS], vec![single.clone()]);
    let asked = RequestDraft {
        rights: vec![single],
        ..draft(1, UserKind::Standard, &[])
    };
    world.request(1, asked).unwrap();
    let world = world.approved(1);
    let permit = world.ask(1, FIRM);
    assert_eq!(permit.decision.obligations, levels(Some(4), None));
    assert_eq!(permit.explanation.policies, ["core/single-right/read"]);
}

#[test]
fn a_standard_system_user_is_obliged_as_an_agent_is() {
    let world = World::new()
        .system(&[TAX_BASIS, CLAIMS])
        .requested(1, UserKind::Standard, &[TAX_BASIS, CLAIMS])
        .approved(1);

    let permit = world.ask(1, FIRM);
    assert_eq!(permit.decision.obligations, levels(Some(3), None));
    assert_eq!(
        permit.explanation.policies,
        [
            "ske-krav-og-betalinger/read-krav-og-utlegg",
            "ske-krav-og-betalinger/read-skattegrunnlag"
        ]
    );
}

/// Two single rights on one resource are two links, and both decide. The first that opened the action was taken alone,
/// and what the other obliges to was forgotten.
#[test]
fn every_single_right_that_opens_the_action_counts() {
    let templates = fullmakt::policies::shipped()
        .text(PolicyFolder::TEMPLATES)
        .unwrap();
    let both = "@id(\"core/single-right/read-write\")";
    let higher = format!("{both}\n@minimum_authentication_level(\"4\")");
    let read = "@id(\"core/single-right/read\")";
    let lower = format!("{read}\n@minimum_authentication_level(\"2\")");
    let templates = templates.replace(both, &higher).replace(read, &lower);
    let vat = "mva-melding-innsending";
    let rights = vec![right(vat, &["read"]), right(vat, &["read", "write"])];
    let world = World::under(policies_with(&[(PolicyFolder::TEMPLATES, &templates)]))
        .system_with(&[WITH_SIGNING], vec![right(vat, &["read", "write"])]);
    let draft = RequestDraft {
        rights,
        ..draft(1, UserKind::Standard, &[])
    };
    world.request(1, draft).unwrap();
    let world = world.approved(1);

    let of = |action| world.explain(&question(1, action, vat, FIRM));
    assert_eq!(of("read").decision.obligations, levels(Some(4), None));
    assert_eq!(
        of("read").explanation.policies,
        ["core/single-right/read", "core/single-right/read-write"]
    );
    assert_eq!(of("write").decision.obligations, levels(Some(4), None));
    assert_eq!(
        of("write").explanation.policies,
        ["core/single-right/read-write"]
    );
}
