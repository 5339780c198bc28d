//! The contract of the engine: its answers are Cedar's answers on the export of the whole, for random worlds, random
//! policies that look at anything the schema has, and random questions.

use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Effect, Entities, EntityUid, PolicySet, Request, Schema,
};
use fullmakt::engine::ExportScope;
use fullmakt::model::mandate::mandate_id;
use fullmakt::model::question::Question;
use fullmakt::model::time::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::random_worlds::{Asking, Deed, asking, cedar_instant, deed, policy, world_of};
use crate::world::World;

/// The whole export, read by Cedar, and its own authorizer.
struct Cedar {
    policies: PolicySet,
    entities: Entities,
    schema: Schema,
}

impl Cedar {
    fn of(world: &World) -> Self {
        let export = world.engine.snapshot().export(ExportScope::Whole);
        let (schema, _) = Schema::from_cedarschema_str(&export.schema).unwrap();
        Self {
            policies: PolicySet::from_str(&export.policies).unwrap(),
            entities: Entities::from_json_str(&export.entities, Some(&schema)).unwrap(),
            schema,
        }
    }

    /// Allow, and no forbid erred: the one documented difference.
    fn permits(&self, question: &Question, now: Timestamp) -> bool {
        let uid = |kind: &str, id: &str| EntityUid::from_str(&format!("{kind}::\"{id}\"")).unwrap();
        let action = uid("Action", question.action.as_str());
        let mut context = serde_json::json!({ "now": { "__extn": { "fn": "datetime", "arg": cedar_instant(now) } } });
        if let Some(level) = question.asked.authentication_level {
            context["authenticationLevel"] = level.into();
        }
        let Ok(context) = Context::from_json_value(context, Some((&self.schema, &action))) else {
            return false;
        };
        let principal = uid(
            "Mandate",
            &mandate_id(question.system_user, question.client),
        );
        let resource = uid("Resource", question.resource.as_str());
        let request =
            Request::new(principal, action, resource, context, Some(&self.schema)).unwrap();
        let response = Authorizer::new().is_authorized(&request, &self.policies, &self.entities);
        let is_forbid = |id| {
            self.policies
                .policy(id)
                .is_some_and(|policy| policy.effect() == Effect::Forbid)
        };
        let forbid_erred = response.diagnostics().errors().any(|error| match error {
            cedar_policy::AuthorizationError::PolicyEvaluationError(error) => {
                is_forbid(error.policy_id())
            }
        });
        response.decision() == Decision::Allow && !forbid_erred
    }
}

fn check(
    policies: &[String],
    deeds: &[Deed],
    askings: &[Asking],
    permits: &mut usize,
) -> Result<(), TestCaseError> {
    let world = world_of(policies, deeds);
    let cedar = Cedar::of(&world);
    let snapshot = world.engine.snapshot();
    for asking in askings {
        let (question, now) = (asking.question(), asking.now());
        let ours = snapshot.decide(&question, now).permit;
        prop_assert_eq!(ours, cedar.permits(&question, now), "{:?}", question);
        let explained = snapshot.explain(&question, now).unwrap();
        prop_assert_eq!(explained.decision.permit, ours);
        prop_assert_eq!(
            explained.explanation.code == fullmakt::model::reason::Code::Permit,
            ours,
            "{:?}",
            explained
        );
        *permits += usize::from(ours);
    }
    Ok(())
}

#[test]
fn the_engine_answers_as_cedar_does_on_the_export() {
    let (worlds, asked_each) = (250, 100);
    let mut runner = TestRunner::new(Config {
        cases: worlds,
        failure_persistence: None,
        ..Config::default()
    });
    let strategy = (
        prop::collection::vec(policy(), 0..6),
        prop::collection::vec(deed(), 0..30),
        prop::collection::vec(asking(), asked_each),
    );
    let permits = std::cell::Cell::new(0);
    runner
        .run(&strategy, |(policies, deeds, askings)| {
            let mut seen = 0;
            let outcome = check(&policies, &deeds, &askings, &mut seen);
            permits.set(permits.get() + seen);
            outcome
        })
        .unwrap();
    let asked = worlds as usize * asked_each;
    assert!(asked >= 20_000);
    // A world in which nothing is ever permitted proves nothing.
    assert!(
        permits.get() > asked / 10,
        "only {} of {asked} were permits",
        permits.get()
    );
}
