//! The yardstick: Cedar's own authorizer with nothing in the way.

use std::str::FromStr;

use cedar_policy::{Context, Entities, EntityUid, PolicySet, Request, Schema};
use fullmakt::engine::ExportScope;

use super::{RESOURCE, World, client, user};

/// Cedar's own authorizer with nothing in the way: the policies of one resource, one mandate's entities, the request.
pub(crate) struct Cedar {
    pub(crate) request: Request,
    pub(crate) policies: PolicySet,
    pub(crate) entities: Entities,
}

impl Cedar {
    pub(crate) fn ideal_slice(world: &World, level: Option<i64>) -> Self {
        let (user, client) = (user(0), client(0, 0));
        let export = world
            .engine
            .snapshot()
            .export(ExportScope::Mandate(user, client));
        let (schema, _) = Schema::from_cedarschema_str(&export.schema).unwrap();
        let all = PolicySet::from_str(&export.policies).unwrap();
        let of_resource = all.policies().filter(|policy| {
            policy
                .annotation("id")
                .is_some_and(|id| id.starts_with("ske-krav-og-betalinger/"))
        });
        let policies = PolicySet::from_policies(of_resource.cloned()).unwrap();
        let entities = Entities::from_json_str(&export.entities, Some(&schema)).unwrap();
        let uid = |text: String| EntityUid::from_str(&text).unwrap();
        let action = uid("Action::\"read\"".to_owned());
        let mut context = serde_json::json!({ "now": { "__extn": { "fn": "datetime", "arg": "2026-11-24T12:00:00.000Z" } } });
        if let Some(level) = level {
            context["authenticationLevel"] = level.into();
        }
        let context = Context::from_json_value(context, Some((&schema, &action))).unwrap();
        let principal = uid(format!("Mandate::\"{user}@{client}\""));
        let resource = uid(format!("Resource::\"{RESOURCE}\""));
        let request = Request::new(principal, action, resource, context, Some(&schema)).unwrap();
        Self {
            request,
            policies,
            entities,
        }
    }
}
