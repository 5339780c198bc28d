//! What Cedar's own authorizer says of a question, on entities that are merged here, attribute by attribute.

use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Effect, Entities, EntityId, EntityTypeName, EntityUid, Policy,
    PolicyId, PolicySet, Request, Schema,
};
use serde_json::{Map, Value, json};

use super::{Asking, NOW, SCHEMA, Sent};

/// An answer, as far as it is compared.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) permit: bool,
    pub(super) reasons: Vec<String>,
    pub(super) erring: Vec<String>,
}

pub(super) struct Oracle {
    schema: Schema,
    policies: PolicySet,
    entities: Vec<Value>,
}

/// What the schema has, as it was written there.
const USER: [&str; 5] = ["level", "name", "boss", "roles", "home"];
const DOC: [&str; 5] = ["status", "owner", "size", "readers", "due"];

impl Oracle {
    pub(super) fn new(policies: &[(String, String)], entities: &[Value]) -> Self {
        let policies = policies
            .iter()
            .map(|(id, text)| Policy::parse(Some(PolicyId::new(id)), text).unwrap());
        Self {
            schema: Schema::from_str(SCHEMA).unwrap(),
            policies: PolicySet::from_policies(policies).unwrap(),
            entities: entities.to_vec(),
        }
    }

    /// The ids that are stored of a type, sorted.
    pub(super) fn stored(&self, of: &str) -> Vec<String> {
        let of_type = self
            .entities
            .iter()
            .filter(|entity| entity["uid"]["type"] == cedar_type(of));
        let mut ids: Vec<_> = of_type
            .map(|entity| entity["uid"]["id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort_unstable();
        ids
    }

    pub(super) fn ask(&self, asking: &Asking) -> Answer {
        let nothing = Answer {
            permit: false,
            reasons: Vec::new(),
            erring: Vec::new(),
        };
        let uid = |of: &str, id: &str| {
            let of = EntityTypeName::from_str(cedar_type(of)).ok()?;
            Some(EntityUid::from_type_name_and_id(of, EntityId::new(id)))
        };
        let (subject, resource) = (&asking.subject, &asking.resource);
        let (Some(principal), Some(on)) = (
            uid(&subject.of, &subject.id),
            uid(&resource.of, &resource.id),
        ) else {
            return nothing;
        };
        let action = uid("Action", asking.action).unwrap();
        let Ok(context) = Context::from_json_value(context(asking), None) else {
            return nothing;
        };
        let Ok(request) = Request::new(principal, action, on, context, Some(&self.schema)) else {
            return nothing;
        };
        let mut merged = self.entities.clone();
        lay(
            &mut merged,
            &subject.of,
            &subject.id,
            &asking.subject_properties,
        );
        lay(
            &mut merged,
            &resource.of,
            &resource.id,
            &asking.resource_properties,
        );
        let merged = Entities::from_json_value(json!(merged), None).unwrap();
        let actions = self.schema.action_entities().unwrap();
        let entities = merged.add_entities(actions, None).unwrap();
        let response = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        let diagnostics = response.diagnostics();
        let mut reasons: Vec<_> = diagnostics.reason().map(ToString::to_string).collect();
        let erring = diagnostics.errors().map(|error| match error {
            cedar_policy::AuthorizationError::PolicyEvaluationError(error) => {
                error.policy_id().clone()
            }
        });
        let mut erring: Vec<PolicyId> = erring.collect();
        erring.sort_unstable();
        reasons.sort_unstable();
        let is_forbid =
            |id: &PolicyId| self.policies.policy(id).unwrap().effect() == Effect::Forbid;
        let allows = response.decision() == Decision::Allow;
        // The one difference: a forbid that errs denies, and then no permit is the reason.
        let forbid_erred = erring.iter().any(is_forbid);
        if allows && forbid_erred {
            reasons.clear();
        }
        Answer {
            permit: allows && !forbid_erred,
            reasons,
            erring: erring.iter().map(ToString::to_string).collect(),
        }
    }
}

fn cedar_type(of: &str) -> &str {
    if of == "urn:own:user" { "User" } else { of }
}

/// Lays properties that the type has over an entity, which is made if it is not there.
fn lay(entities: &mut Vec<Value>, of: &str, id: &str, properties: &[Sent]) {
    let of = cedar_type(of);
    let known: &[&str] = match of {
        "User" => &USER,
        "Doc" => &DOC,
        _ => &[],
    };
    let uid = json!({ "type": of, "id": id });
    // The last of a name counts, as in an object.
    let mut last: Map<String, Value> = Map::new();
    for one in properties {
        last.insert(one.name.to_owned(), one.meant.clone());
    }
    last.retain(|name, value| known.contains(&name.as_str()) && !value.is_null());
    if last.is_empty() {
        return;
    }
    let place = entities.iter().position(|entity| entity["uid"] == uid);
    let place = place.unwrap_or_else(|| {
        entities.push(json!({ "uid": uid, "attrs": {}, "parents": [] }));
        entities.len() - 1
    });
    for (name, value) in last {
        entities[place]["attrs"][name] = value;
    }
}

/// The context that the action has of what is sent, with the clock and the action's own properties.
fn context(asking: &Asking) -> Value {
    let mut context = Map::new();
    let known: &[&str] = match asking.action {
        "view" => &["ip", "urgent"],
        "edit" | "purge" => &["count", "for", "action"],
        _ => &[],
    };
    for one in &asking.context {
        if known.contains(&one.name) {
            context.insert(one.name.to_owned(), one.meant.clone());
        }
    }
    if known.contains(&"action") {
        context.insert(
            "now".to_owned(),
            json!({ "__extn": { "fn": "datetime", "arg": NOW } }),
        );
        let mut own = Map::new();
        for one in &asking.action_properties {
            own.insert(one.name.to_owned(), one.meant.clone());
        }
        if !own.is_empty() {
            own.retain(|name, value| {
                ["soft", "depth"].contains(&name.as_str()) && !value.is_null()
            });
            context.insert("action".to_owned(), own.into());
        }
    }
    context.into()
}
