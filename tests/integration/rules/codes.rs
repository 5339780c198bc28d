//! Every code of no access, reached by a question to one world.

use fullmakt::model::policy::PolicyFolder;
use fullmakt::model::question::{Asked, Question};
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::system::SystemDraft;
use fullmakt::model::time::Window;

use super::{CLIENT, OTHER_CLIENT, PAYROLL, WITH_SIGNING};
use crate::world::{
    FIRM, World, access_manager, draft, policies_with, question, system_draft, user, vendor,
};

/// A client whose window has not begun.
pub(super) const NOT_YET: &str = "312005123";
/// A client whose window has ended.
pub(super) const OVER: &str = "312005344";
/// A client whose relation has ended.
pub(super) const ENDED: &str = "312005018";
/// The client that a condition of a policy names.
pub(super) const NAMED: &str = "312005239";

const POLICIES: &str = r#"
@id("prover/read-at-level-4")
permit (principal in AccessPackage::"regnskapsforer-lonn", action == Action::"read", resource == Resource::"prover")
when { context has authenticationLevel && context.authenticationLevel >= 4 };

@id("prover/write-for-one")
permit (principal in AccessPackage::"regnskapsforer-lonn", action == Action::"write", resource == Resource::"prover")
when { principal.party == Organization::"312005239" };

@id("prover/errs")
forbid (principal, action == Action::"read", resource == Resource::"mva-melding-innsending")
when { context has authenticationLevel && context.authenticationLevel + 9223372036854775806 > 0 };
"#;

/// The shipped policies with a resource `prover`, and with these policies.
pub(super) fn folder_with(policies: &str) -> PolicyFolder {
    let shipped = fullmakt::policies::shipped();
    let entities = shipped.text(PolicyFolder::ENTITIES).unwrap();
    let mut entities: serde_json::Value = serde_json::from_str(entities).unwrap();
    entities.as_array_mut().unwrap().push(serde_json::json!({
        "uid": { "type": "Resource", "id": "prover" },
        "attrs": { "owner": { "__entity": { "type": "Organization", "id": "974761076" } } },
        "parents": [],
    }));
    policies_with(&[
        ("resources/prover.cedar", policies),
        (PolicyFolder::ENTITIES, &entities.to_string()),
    ])
}

/// A world with a question for every code. System users: 1 holds two packages; 2 is deleted; the system of 3 is
/// deleted; 4 holds one package that opens nothing shipped.
pub(super) fn world() -> World {
    let world = World::under(folder_with(POLICIES))
        .system(&[WITH_SIGNING, PAYROLL])
        .agent(1, &[WITH_SIGNING, PAYROLL])
        .agent(2, &[WITH_SIGNING])
        .agent(4, &[PAYROLL]);
    let world = [CLIENT, OTHER_CLIENT, NOT_YET, OVER, ENDED, NAMED]
        .iter()
        .fold(world, |world, client| {
            world.relation(client, Role::Accountant)
        });
    let (from, until) = (
        world.instant().plus_millis(1000),
        world.instant().plus_millis(10),
    );
    let world = world
        .client(1, CLIENT)
        .client(2, CLIENT)
        .client(4, CLIENT)
        .client(4, NAMED)
        .client(1, ENDED)
        .client_within(1, NOT_YET, Window::new(Some(from), None).unwrap())
        .client_within(1, OVER, Window::new(None, Some(until)).unwrap())
        .relation_ended(ENDED, Role::Accountant)
        .later(10);
    of_a_deleted_system(&world);
    let call = world.call(access_manager());
    world.engine.delete_system_user(&call, user(2)).unwrap();
    world
}

fn of_a_deleted_system(world: &World) {
    let (engine, call) = (&world.engine, world.call(vendor()));
    let system: fullmakt::model::id::SystemId = "991825827_retired".parse().unwrap();
    let retired = SystemDraft {
        id: system.clone(),
        ..system_draft(&[WITH_SIGNING], Vec::new())
    };
    engine.register_system(&call, retired).unwrap();
    let request = RequestDraft {
        system: system.clone(),
        ..draft(3, UserKind::Agent, &[WITH_SIGNING])
    };
    world.request(3, request).unwrap();
    let approver = world.call(access_manager());
    engine
        .approve_request(&approver, crate::world::request_id(3))
        .unwrap();
    world.add(3, CLIENT).unwrap();
    engine.delete_system(&call, system).unwrap();
}

pub(super) fn at_level(question: Question, level: i64) -> Question {
    Question {
        asked: Asked::at_level(level),
        ..question
    }
}

/// A question for each code, in the order of the codes.
pub(super) fn cases() -> Vec<(Code, Question)> {
    let claims = |nth, client| question(nth, "read", "ske-krav-og-betalinger", client);
    vec![
        (Code::Permit, claims(1, CLIENT)),
        (
            Code::UnknownResource,
            question(1, "read", "finnes-ikke", CLIENT),
        ),
        (
            Code::ActionNotOpened,
            question(1, "write", "ske-krav-og-betalinger", CLIENT),
        ),
        (Code::UnknownSystemUser, claims(77, CLIENT)),
        (Code::SystemUserDeleted, claims(2, CLIENT)),
        (Code::SystemDeleted, claims(3, CLIENT)),
        (Code::ClientIsTheFirm, claims(1, FIRM)),
        (Code::ClientNotAdded, claims(1, OTHER_CLIENT)),
        (Code::DelegationNotYet, claims(1, NOT_YET)),
        (Code::DelegationOver, claims(1, OVER)),
        (Code::RelationEnded, claims(1, ENDED)),
        (Code::PackageNotHeld, claims(4, CLIENT)),
        (
            Code::AuthenticationLevelTooLow,
            at_level(question(4, "read", "prover", CLIENT), 3),
        ),
        (
            Code::ForbiddenByPolicy,
            question(4, "write", "prover", CLIENT),
        ),
        (
            Code::PolicyError,
            at_level(question(1, "read", "mva-melding-innsending", CLIENT), 3),
        ),
    ]
}

#[test]
fn every_code_is_reached_by_a_question() {
    let world = world();
    let cases = cases();

    let reached: Vec<_> = cases.iter().map(|(code, _)| *code).collect();
    assert_eq!(reached, Code::ALL);
    for (code, asked) in &cases {
        let explained = world.explain(asked);
        assert_eq!(explained.explanation.code, *code, "{asked:?}");
        assert_eq!(explained.decision.permit, *code == Code::Permit);
        assert_eq!(explained.decision.revision.0, world.revision());
        assert_eq!(explained.explanation.revision.0, world.revision());
    }
}

#[test]
fn each_code_is_mended_by_what_it_says() {
    let world = world();
    let neighbours = [
        at_level(question(4, "read", "prover", CLIENT), 4),
        question(4, "write", "prover", NAMED),
        question(1, "read", "mva-melding-innsending", CLIENT),
        question(1, "read", "ske-krav-og-betalinger", CLIENT),
    ];
    for neighbour in &neighbours {
        assert_eq!(
            world.explain(neighbour).explanation.code,
            Code::Permit,
            "{neighbour:?}"
        );
    }

    let world = world
        .client(1, OTHER_CLIENT)
        .client(1, OVER)
        .relation(ENDED, Role::Accountant);
    let world = world.client(1, ENDED).later(1000);
    for client in [OTHER_CLIENT, OVER, ENDED, NOT_YET] {
        assert_eq!(world.code(1, client), Code::Permit, "{client}");
    }
}

#[test]
fn an_unknown_action_is_no_access_and_no_error() {
    let world = world();
    let asked = question(1, "erase", "ske-krav-og-betalinger", CLIENT);

    assert_eq!(
        world.explain(&asked).explanation.code,
        Code::ActionNotOpened
    );
}

#[test]
fn a_client_that_nobody_has_heard_of_is_no_access_with_its_code() {
    let world = world();
    let stranger = crate::world::nth_org(4711).to_string();

    let denied = world.ask(1, &stranger).explanation;
    assert_eq!(denied.code, Code::ClientNotAdded);
    assert_eq!(
        denied.reason.en,
        format!("{stranger} has not been added to the system user.")
    );
}

#[test]
fn the_words_of_the_codes_are_as_documented() {
    let words: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();

    assert_eq!(
        words,
        [
            "permit",
            "unknown-resource",
            "action-not-opened",
            "unknown-system-user",
            "system-user-deleted",
            "system-deleted",
            "client-is-the-firm",
            "client-not-added",
            "delegation-not-yet",
            "delegation-over",
            "relation-ended",
            "package-not-held",
            "authentication-level-too-low",
            "forbidden-by-policy",
            "policy-error"
        ]
    );
    for code in Code::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    }
}
