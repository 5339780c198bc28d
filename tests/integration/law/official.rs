//! Cedar itself, on the export of the whole.

use std::collections::BTreeMap;
use std::str::FromStr;

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Effect, Entities, EntityUid, EvalResult,
    PolicyId, PolicySet, Request, Schema,
};
use fullmakt::cedar::Export;
use fullmakt::model::mandate::mandate_id;
use fullmakt::model::question::Obligations;
use fullmakt::model::time::{Timestamp, Within};
use serde_json::{Map, Value, json};

use super::questions::Asking;
use crate::deeds::cedar_instant;
use crate::world::{org, user};

/// An export, read by Cedar.
pub(crate) struct Official {
    policies: PolicySet,
    entities: Entities,
    schema: Schema,
    /// The forms of each policy, by its id.
    pub(crate) forms: BTreeMap<String, Vec<String>>,
}

/// What Cedar says to a question.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) allows: bool,
    /// The policies that decided, by id.
    pub(crate) reasons: Vec<String>,
    pub(crate) erring_permits: Vec<String>,
    pub(crate) erring_forbids: Vec<String>,
    pub(crate) obligations: Obligations,
    /// Where the instant lies against the mandate's window; nothing if the mandate is not there or has no window.
    pub(crate) within: Option<Within>,
}

impl Said {
    /// Allow, and no forbid erred: the one documented difference.
    pub(crate) fn permits(&self) -> bool {
        self.allows && self.erring_forbids.is_empty()
    }
}

impl Official {
    pub(crate) fn read(export: &Export, schema: &Schema) -> Self {
        let parsed = PolicySet::from_str(&export.policies).unwrap();
        let named = parsed
            .policies()
            .map(|policy| policy.new_id(PolicyId::new(policy.annotation("id").unwrap())));
        let policies = PolicySet::from_policies(named).unwrap();
        let forms = policies.policies().map(|policy| {
            let mut forms = Vec::new();
            forms_of_policy(&policy.to_json().unwrap(), &mut forms);
            (policy.id().to_string(), forms)
        });
        Self {
            forms: forms.collect(),
            policies,
            entities: Entities::from_json_str(&export.entities, Some(schema)).unwrap(),
            schema: schema.clone(),
        }
    }

    pub(crate) fn ask(&self, asking: &Asking) -> Said {
        let uid = |kind: &str, id: &str| EntityUid::from_str(&format!("{kind}::\"{id}\"")).unwrap();
        let action = uid("Action", asking.action);
        let mut members = asking.members.clone();
        let now = json!({"__extn": {"fn": "datetime", "arg": cedar_instant(asking.now)}});
        members.insert("now".to_owned(), now);
        if let Some(level) = asking.level {
            members.insert("authenticationLevel".to_owned(), level.into());
        }
        let context = Context::from_json_value(members.into(), Some((&self.schema, &action)));
        let Ok(context) = context else {
            // Cedar fails on an action that the schema lacks: no access.
            assert_eq!(asking.action, "erase");
            return Said::default();
        };
        let mandate = mandate_id(user(asking.user), org(asking.party));
        let principal = uid("Mandate", &mandate);
        let resource = uid("Resource", asking.resource);
        let within = self.within(&principal, asking.now);
        let request = Request::new(principal, action, resource, context, Some(&self.schema));
        let response =
            Authorizer::new().is_authorized(&request.unwrap(), &self.policies, &self.entities);
        let mut said = Said {
            allows: response.decision() == Decision::Allow,
            within,
            ..Said::default()
        };
        for reason in response.diagnostics().reason() {
            said.reasons.push(reason.to_string());
            if said.allows {
                said.obligations = said.obligations.and(self.obligations(reason));
            }
        }
        for AuthorizationError::PolicyEvaluationError(error) in response.diagnostics().errors() {
            let erring = self.policies.policy(error.policy_id()).unwrap();
            let id = erring.id().to_string();
            match erring.effect() {
                Effect::Permit => said.erring_permits.push(id),
                Effect::Forbid => said.erring_forbids.push(id),
            }
        }
        said
    }

    fn obligations(&self, id: &PolicyId) -> Obligations {
        let level = |key| {
            let policy = self.policies.policy(id).unwrap();
            policy.annotation(key).map(|level| level.parse().unwrap())
        };
        Obligations {
            minimum_authentication_level: level("minimum_authentication_level"),
            minimum_authentication_level_org: level("minimum_authentication_level_org"),
        }
    }

    fn within(&self, mandate: &EntityUid, now: Timestamp) -> Option<Within> {
        let mandate = self.entities.get(mandate)?;
        let end = |name| -> Option<Timestamp> {
            let EvalResult::ExtensionValue(text) = mandate.attr(name)?.unwrap() else {
                panic!("`{name}` is an instant");
            };
            Some(text.split('"').nth(1).unwrap().parse().unwrap())
        };
        let (from, until) = (end("validFrom"), end("validUntil"));
        if from.is_some_and(|from| now < from) {
            Some(Within::NotYet)
        } else if until.is_some_and(|until| now >= until) {
            Some(Within::Over)
        } else {
            from.or(until).map(|_| Within::Now)
        }
    }
}

fn forms_of_policy(policy: &Value, forms: &mut Vec<String>) {
    for part in ["principal", "action", "resource"] {
        let scope = &policy[part];
        let within = if scope.get("in").is_some() { " in" } else { "" };
        let op = scope["op"].as_str().unwrap();
        let within = if op == "is" { within } else { "" };
        forms.push(format!("{part} {op}{within}"));
    }
    for condition in policy["conditions"].as_array().unwrap() {
        forms.push(condition["kind"].as_str().unwrap().to_owned());
        forms_of(&condition["body"], forms);
    }
    forms.sort_unstable();
    forms.dedup();
}

/// The operators of an expression in Cedar's JSON form.
fn forms_of(expression: &Value, forms: &mut Vec<String>) {
    let object: &Map<String, Value> = expression.as_object().unwrap();
    let (operator, of) = object.iter().next().unwrap();
    match operator.as_str() {
        "Value" => {
            let kind = match of {
                Value::Object(_) => "entity",
                Value::Array(_) | Value::Null => "value",
                Value::Bool(_) => "bool",
                Value::Number(_) => "long",
                Value::String(_) => "string",
            };
            forms.push(format!("a literal {kind}"));
        }
        "Var" => forms.push(of.as_str().unwrap().to_owned()),
        "Set" => {
            forms.push(operator.clone());
            of.as_array()
                .unwrap()
                .iter()
                .for_each(|one| forms_of(one, forms));
        }
        "Record" => {
            forms.push(operator.clone());
            of.as_object()
                .unwrap()
                .values()
                .for_each(|one| forms_of(one, forms));
        }
        _ => {
            let within = if operator == "is" && of.get("in").is_some() {
                " in"
            } else {
                ""
            };
            forms.push(format!("{operator}{within}"));
            if let Value::Array(arguments) = of {
                for one in arguments {
                    forms_of(one, forms);
                }
                return;
            }
            for (name, one) in of.as_object().unwrap() {
                if !["attr", "pattern", "entity_type"].contains(&name.as_str()) {
                    forms_of(one, forms);
                }
            }
        }
    }
}
