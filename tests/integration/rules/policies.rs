//! Forbids, conditions, policies that err, and mandates that are not there: what the engine answers, and what Cedar
//! answers on the export.

use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request, Schema,
};
use fullmakt::engine::ExportScope;
use fullmakt::model::mandate::mandate_id;
use fullmakt::model::question::{Asked, Question};
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;

use super::codes::{at_level, folder_with};
use super::{CLIENT, OTHER_CLIENT, PAYROLL, WITH_SIGNING};
use crate::world::{FIRM, World, access_manager, question, user};

fn under(policies: &str) -> World {
    World::under(folder_with(policies))
        .system(&[WITH_SIGNING, PAYROLL])
        .agent(1, &[WITH_SIGNING, PAYROLL])
        .relation(CLIENT, Role::Accountant)
        .relation(OTHER_CLIENT, Role::Accountant)
        .client(1, CLIENT)
        .client(1, OTHER_CLIENT)
}

/// What Cedar itself answers on the export of the whole, and how many policies erred.
fn cedar(world: &World, question: &Question) -> (Decision, usize) {
    let export = world.engine.snapshot().export(ExportScope::Whole);
    let (schema, _) = Schema::from_cedarschema_str(&export.schema).unwrap();
    let policies = PolicySet::from_str(&export.policies).unwrap();
    let entities = Entities::from_json_str(&export.entities, Some(&schema)).unwrap();
    let uid = |kind: &str, id: &str| EntityUid::from_str(&format!("{kind}::\"{id}\"")).unwrap();
    let action = uid("Action", question.action.as_str());
    let now = format!("{}", world.instant()).replace("20Z", "20.000Z");
    let mut context = serde_json::json!({ "now": { "__extn": { "fn": "datetime", "arg": now } } });
    if let Some(level) = question.asked.authentication_level {
        context["authenticationLevel"] = level.into();
    }
    let context = Context::from_json_value(context, Some((&schema, &action))).unwrap();
    let mandate = mandate_id(question.system_user, question.client);
    let resource = uid("Resource", question.resource.as_str());
    let request = Request::new(
        uid("Mandate", &mandate),
        action,
        resource,
        context,
        Some(&schema),
    )
    .unwrap();
    let response = Authorizer::new().is_authorized(&request, &policies, &entities);
    (response.decision(), response.diagnostics().errors().count())
}

const FOR_ALL: &str = r#"
@id("prover/for-all")
permit (principal, action == Action::"read", resource == Resource::"prover");
"#;

#[test]
fn an_absent_mandate_under_a_permit_that_asks_for_no_package_is_denied_by_us_and_by_cedar() {
    let world = under(FOR_ALL);
    let asked = |nth, client| question(nth, "read", "prover", client);
    let both = |world: &World, nth, client| {
        let ours = world.explain(&asked(nth, client)).explanation.code;
        let (theirs, erred) = cedar(world, &asked(nth, client));
        assert_eq!(erred, 0);
        assert_eq!(theirs == Decision::Allow, ours == Code::Permit);
        ours
    };

    assert_eq!(both(&world, 1, CLIENT), Code::Permit);
    assert_eq!(both(&world, 1, FIRM), Code::ClientIsTheFirm);
    assert_eq!(both(&world, 77, CLIENT), Code::UnknownSystemUser);
    let world = world.client_removed(1, CLIENT);
    assert_eq!(both(&world, 1, CLIENT), Code::ClientNotAdded);
    assert_eq!(both(&world, 1, OTHER_CLIENT), Code::Permit);
    let world = world.relation_ended(OTHER_CLIENT, Role::Accountant);
    assert_eq!(both(&world, 1, OTHER_CLIENT), Code::RelationEnded);

    let world = world.client(1, CLIENT);
    assert_eq!(both(&world, 1, CLIENT), Code::Permit);
    let call = world.call(access_manager());
    world.engine.delete_system_user(&call, user(1)).unwrap();
    assert_eq!(both(&world, 1, CLIENT), Code::SystemUserDeleted);
}

#[test]
fn an_erring_forbid_denies_and_is_named_though_cedar_allows() {
    let world = under(
        r#"
@id("claims/errs")
forbid (principal, action, resource == Resource::"ske-krav-og-betalinger")
when { context has authenticationLevel && context.authenticationLevel + 9223372036854775806 > 0 };
"#,
    );
    let claims = || question(1, "read", "ske-krav-og-betalinger", CLIENT);

    // At level 3 the sum overflows: Cedar leaves the forbid out, and allows.
    let errs = at_level(claims(), 3);
    let denied = world.explain(&errs);
    assert_eq!(denied.explanation.code, Code::PolicyError);
    assert_eq!(denied.explanation.policies, ["claims/errs"]);
    assert!(!denied.decision.permit);
    assert_eq!(cedar(&world, &errs), (Decision::Allow, 1));

    // At level 1 it does not, and both deny; without a level it is not met, and both allow.
    let met = at_level(claims(), 1);
    assert_eq!(
        world.explain(&met).explanation.code,
        Code::ForbiddenByPolicy
    );
    assert_eq!(cedar(&world, &met), (Decision::Deny, 0));
    assert_eq!(world.explain(&claims()).explanation.code, Code::Permit);
    assert_eq!(cedar(&world, &claims()), (Decision::Allow, 0));
}

#[test]
fn an_erring_permit_permits_nothing_and_is_named() {
    let world = under(
        r#"
@id("prover/errs")
permit (principal in AccessPackage::"regnskapsforer-lonn", action == Action::"read", resource == Resource::"prover")
when { context has authenticationLevel && context.authenticationLevel + 9223372036854775806 > 0 };
"#,
    );
    let at = |level| at_level(question(1, "read", "prover", CLIENT), level);

    let denied = world.explain(&at(3)).explanation;
    assert_eq!(denied.code, Code::PolicyError);
    assert_eq!(denied.policies, ["prover/errs"]);
    assert_eq!(cedar(&world, &at(3)), (Decision::Deny, 1));
    assert_eq!(world.explain(&at(1)).explanation.code, Code::Permit);
}

#[test]
fn an_erring_permit_beside_one_that_is_met_takes_nothing_away() {
    let errs = r#"
@id("prover/errs")
permit (principal, action == Action::"read", resource == Resource::"prover")
when { context has authenticationLevel && context.authenticationLevel + 9223372036854775806 > 0 };
"#;
    let world = under(&[FOR_ALL, errs].concat());
    let asked = at_level(question(1, "read", "prover", CLIENT), 3);

    let permit = world.explain(&asked).explanation;
    assert_eq!(permit.code, Code::Permit);
    assert_eq!(permit.policies, ["prover/for-all"]);
    assert_eq!(cedar(&world, &asked), (Decision::Allow, 1));
}

#[test]
fn a_condition_that_is_not_met_is_forbidden_by_the_policy_that_has_it() {
    let world = under(
        r#"
@id("prover/one-client")
permit (principal in AccessPackage::"regnskapsforer-lonn", action == Action::"read", resource == Resource::"prover")
when { principal.party == Organization::"312002744" };
"#,
    );
    let asked = |client| question(1, "read", "prover", client);

    assert_eq!(world.explain(&asked(CLIENT)).explanation.code, Code::Permit);
    let denied = world.explain(&asked(OTHER_CLIENT)).explanation;
    assert_eq!(denied.code, Code::ForbiddenByPolicy);
    assert_eq!(denied.policies, ["prover/one-client"]);
    assert_eq!(cedar(&world, &asked(OTHER_CLIENT)), (Decision::Deny, 0));
}

#[test]
fn a_forbid_wins_over_every_permit_and_only_where_it_is_met() {
    let world = under(
        r#"
@id("claims/not-this-client")
forbid (principal, action, resource == Resource::"ske-krav-og-betalinger")
when { principal.party == Organization::"312002744" };
"#,
    );

    let denied = world.ask(1, CLIENT).explanation;
    assert_eq!(denied.code, Code::ForbiddenByPolicy);
    assert_eq!(denied.policies, ["claims/not-this-client"]);
    assert_eq!(world.code(1, OTHER_CLIENT), Code::Permit);
}

#[test]
fn a_forbid_that_looks_at_packages_alone_is_told_as_one_that_looks_further() {
    let world = under(
        r#"
@id("claims/not-payroll")
forbid (principal in AccessPackage::"regnskapsforer-lonn", action, resource == Resource::"ske-krav-og-betalinger");
"#,
    )
    .agent(2, &[WITH_SIGNING])
    .client(2, CLIENT);

    let denied = world.ask(1, CLIENT).explanation;
    assert_eq!(denied.code, Code::ForbiddenByPolicy);
    assert_eq!(denied.policies, ["claims/not-payroll"]);
    assert_eq!(world.code(2, CLIENT), Code::Permit);
}

#[test]
fn a_context_that_is_not_understood_denies_where_a_policy_looks_at_it() {
    let world = under(
        r#"
@id("prover/without-level")
permit (principal, action == Action::"read", resource == Resource::"prover")
unless { context has authenticationLevel };
"#,
    );
    let asked = question(1, "read", "prover", CLIENT);
    assert!(world.explain(&asked).decision.permit);

    let mut members = serde_json::Map::new();
    members.insert("now".to_owned(), "2026-01-01T00:00:00Z".into());
    let with_a_clock = Question {
        asked: Asked {
            authentication_level: None,
            members,
        },
        ..asked
    };
    assert!(!world.explain(&with_a_clock).decision.permit);
}

#[test]
fn a_context_that_is_not_understood_denies_though_a_forbid_that_looks_at_it_cannot_be_asked() {
    let world = under(
        r#"
@id("prover/permit")
permit (principal in AccessPackage::"regnskapsforer-lonn", action == Action::"read", resource == Resource::"prover");

@id("prover/forbid")
forbid (principal, action == Action::"read", resource == Resource::"prover")
when { principal has party && principal.party == Organization::"312005239" && context has authenticationLevel };
"#,
    );
    let asked = question(1, "read", "prover", CLIENT);
    assert!(world.explain(&asked).decision.permit);
    let mut members = serde_json::Map::new();
    members.insert("now".to_owned(), "2026-01-01T00:00:00Z".into());
    let with_a_clock = Question {
        asked: Asked {
            authentication_level: None,
            members,
        },
        ..asked
    };
    assert!(!world.explain(&with_a_clock).decision.permit);
}

#[test]
fn the_clock_and_the_types_of_the_context_are_not_the_callers() {
    let world = under("");
    let read = "read".parse().unwrap();
    let context = |members: serde_json::Value| {
        let members = members.as_object().unwrap();
        world.engine.snapshot().context(&read, members)
    };

    assert_eq!(
        context(serde_json::json!({ "now": "2026-01-01T00:00:00Z" }))
            .unwrap_err()
            .to_string(),
        "context member `now` cannot be sent: the clock is the daemon's"
    );
    assert_eq!(
        context(serde_json::json!({ "authenticationLevel": "3" }))
            .unwrap_err()
            .to_string(),
        "context member `authenticationLevel` is a string; it has to be a whole number"
    );
    let kept = context(serde_json::json!({ "authenticationLevel": 3, "weather": "fine" }));
    assert_eq!(kept.unwrap(), Asked::at_level(3));
}
