//! Evaluations about types of the administrators' own: answered by Cedar, on what is stored and the properties that are sent.

use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::cedar::{EntityName, PlainAnswer};
use crate::engine::{OwnQuestion, Snapshot};
use crate::model::id::ResourceId;
use crate::model::question::Decision;

use super::super::exchange::Exchange;
use super::super::json::{self, Fields};
use super::super::problem::{Problem, none_wrong};
use super::super::router::Service;
use super::answer::answer;
use super::read::{self, SYSTEM_USER};

/// What a caller has to be entitled to if a type can be no resource's name.
const NO_TYPE: &str = "unknown-type";

/// Whether an evaluation is about types of the administrators' own.
pub(super) fn is_own(snapshot: &Snapshot, members: &Map<String, Value>) -> bool {
    let of = |name: &str| members.get(name)?.get("type")?.as_str();
    let subject = of("subject").filter(|of| *of != SYSTEM_USER);
    snapshot.is_of_own_types(subject, of("resource"))
}

/// The answer to one evaluation, and whether it is a permit.
pub(super) fn evaluate(
    service: &Service,
    exchange: &Exchange,
    snapshot: &Snapshot,
    members: Map<String, Value>,
    api: &'static str,
) -> Result<(Value, bool), Problem> {
    let (own, explain) = read(members)?;
    let start = Instant::now();
    snapshot.may_ask(exchange.by()?, &about(&own.resource.of))?;
    let question = snapshot.own_question(&own);
    let found = snapshot.authorize(&question, exchange.now)?;
    service.metrics.decided(api, found.permit, start.elapsed());
    let decision = Decision {
        permit: found.permit,
        obligations: found.obligations,
        revision: snapshot.revision(),
    };
    let mut shown = answer(&decision, None);
    if explain {
        add_reasons(&mut shown, &decision, &found);
        let quotes = snapshot.quotes_of(&question, &found, exchange.now);
        if !quotes.is_empty() {
            shown["context"]["quotes"] = json!(quotes);
        }
    }
    Ok((shown, found.permit))
}

/// What a caller has to be entitled to ask about: the resource's type, as it is sent.
pub(super) fn about(resource: &str) -> ResourceId {
    match resource.parse().or_else(|_| NO_TYPE.parse()) {
        Ok(about) => about,
        Err(_) => unreachable!("`{NO_TYPE}` is well-formed"),
    }
}

fn add_reasons(shown: &mut Value, decision: &Decision, found: &PlainAnswer) {
    let errors = found
        .errors
        .iter()
        .map(|(policy, message)| json!({ "policy": policy, "message": message }));
    let context = &mut shown["context"];
    context["revision"] = json!(decision.revision);
    context["policies"] = json!(found.reasons);
    context["errors"] = errors.collect();
}

/// A part of a question that a search leaves open: what is sent of its name is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    Subject,
    Action,
    Resource,
}

/// A question, and whether its answer is to be explained; or all that is wrong with it.
fn read(members: Map<String, Value>) -> Result<(OwnQuestion, bool), Problem> {
    let mut errors = Vec::new();
    let own = own(&mut Fields::new(members, "", &mut errors), None);
    none_wrong(errors)?;
    let mut own = own.ok_or_else(|| Problem::malformed("the question is incomplete"))?;
    let explain = read::take_explain(&mut own.context)?;
    Ok((own, explain))
}

/// A question without the name of what it leaves open; what is wrong with it is told to the fields.
pub(super) fn own(fields: &mut Fields<'_>, open: Option<Open>) -> Option<OwnQuestion> {
    let subject = entity(fields, "subject", open != Some(Open::Subject));
    let action = if open == Some(Open::Action) {
        Some((String::new(), Map::new()))
    } else {
        action(fields)
    };
    let resource = entity(fields, "resource", open != Some(Open::Resource));
    let context = read::context(fields);
    let (subject, subject_properties) = subject?;
    let (action, action_properties) = action?;
    let (resource, resource_properties) = resource?;
    Some(OwnQuestion {
        subject,
        action,
        resource,
        subject_properties,
        resource_properties,
        action_properties,
        context: context?,
    })
}

/// The subject or the resource, and the properties that are sent of it. One that is searched for has no id.
fn entity(
    fields: &mut Fields<'_>,
    name: &str,
    with_id: bool,
) -> Option<(EntityName, Map<String, Value>)> {
    let mut object = fields.object(name)?;
    let of = object.text("type");
    let id = if with_id {
        object.text("id")
    } else {
        Some(String::new())
    };
    let properties = properties(&mut object);
    Some((EntityName { of: of?, id: id? }, properties?))
}

/// The action's name and its properties.
fn action(fields: &mut Fields<'_>) -> Option<(String, Map<String, Value>)> {
    let mut object = fields.object("action")?;
    let name = object.text("name");
    let properties = properties(&mut object);
    Some((name?, properties?))
}

fn properties(object: &mut Fields<'_>) -> Option<Map<String, Value>> {
    match object.raw("properties") {
        None | Some(Value::Null) => Some(Map::new()),
        Some(Value::Object(properties)) => Some(properties),
        Some(other) => {
            let detail = format!(
                "`properties` is {}; it has to be an object",
                json::kind(&other)
            );
            object.wrong("properties", detail);
            None
        }
    }
}
