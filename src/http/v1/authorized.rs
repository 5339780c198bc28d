//! Questions in Cedar's own form: `POST /v1/is_authorized` and a batch of them.

use std::time::Instant;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use crate::cedar::{EntityName, PlainAnswer, PlainError, PlainQuestion, Side};
use crate::engine::Snapshot;

use super::super::authzen::shown_obligations;
use super::super::exchange::Exchange;
use super::super::json::{self, Fields};
use super::super::problem::{FieldError, Problem, none_wrong};
use super::super::reply::Reply;
use super::super::router::Service;
use super::body;

/// The delegation world's type of principals.
const MANDATE: &str = "Mandate";
const QUESTION: [&str; 5] = ["principal", "action", "resource", "context", "entities"];

/// `POST /v1/is_authorized`.
pub(crate) fn one(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let snapshot = service.engine.snapshot();
    let question = read(body(service, exchange)?, "")?;
    let mut answer = ask(service, exchange, &snapshot, &question, "is_authorized")?;
    answer["revision"] = json!(snapshot.revision());
    Ok(Reply::ok(&answer))
}

/// `POST /v1/is_authorized/batch`: one snapshot answers all of it, each question by itself.
pub(crate) fn batch(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let mut errors = Vec::new();
    let mut fields = Fields::new(body(service, exchange)?, "", &mut errors);
    if !fields.has("requests") {
        fields.wrong("requests", "`requests` is missing; it has to be an array");
    }
    let requests = fields.list("requests", |item, _, _| Some(item));
    let shared = fields.list("entities", |item, _, _| Some(item));
    fields.no_more(&["requests", "entities"]);
    none_wrong(errors)?;
    let most = service.limits.evaluations;
    if requests.len() > most {
        let detail = format!(
            "`requests` has {} items; at most {most} are taken",
            requests.len()
        );
        return Err(Problem::of_field("/requests", detail));
    }
    service.metrics.batch(requests.len());
    let snapshot = service.engine.snapshot();
    let answers = requests.into_iter().enumerate().map(|(nth, item)| {
        let at = format!("/requests/{nth}");
        let members = if let Value::Object(members) = item {
            Ok(members)
        } else {
            let detail = format!("it is {}; it has to be an object", json::kind(&item));
            Err(Problem::of_field(at.clone(), detail))
        };
        let answer = members
            .and_then(|members| read(with_entities(members, &shared), &at))
            .and_then(|question| ask(service, exchange, &snapshot, &question, "is_authorized"));
        answer.unwrap_or_else(|problem| refused(&problem))
    });
    let answers: Vec<_> = answers.collect();
    Ok(Reply::ok(
        &json!({ "revision": snapshot.revision(), "responses": answers }),
    ))
}

/// A question of a batch with the entities that stand beside all questions, unless it has its own.
fn with_entities(mut question: Map<String, Value>, shared: &[Value]) -> Map<String, Value> {
    if !shared.is_empty() && !question.contains_key("entities") {
        question.insert("entities".to_owned(), shared.into());
    }
    question
}

fn refused(problem: &Problem) -> Value {
    let error = json!({ "status": problem.status.as_u16(), "code": problem.code, "message": problem.detail });
    json!({ "decision": "deny", "error": error })
}

fn ask(
    service: &Service,
    exchange: &Exchange,
    snapshot: &Snapshot,
    question: &PlainQuestion,
    api: &'static str,
) -> Result<Value, Problem> {
    speaks_for(exchange, &question.principal)?;
    let about = snapshot.asked_about(&question.resource);
    let about = about.map_err(|error| Problem::of_field("/resource", error.to_string()))?;
    snapshot.may_ask(exchange.by()?, &about)?;
    let start = Instant::now();
    let answer = snapshot.authorize(question, exchange.now)?;
    service.metrics.decided(api, answer.permit, start.elapsed());
    Ok(shown(&answer))
}

/// That the principal is a mandate of a system user that the token speaks for, if it speaks for any.
fn speaks_for(exchange: &Exchange, principal: &EntityName) -> Result<(), Problem> {
    let users = &exchange.system_users;
    let user = principal.id.split_once('@').map(|(user, _)| user.parse());
    let user = user.filter(|_| principal.of == MANDATE);
    let is_theirs = user.is_some_and(|user| user.is_ok_and(|user| users.contains(&user)));
    if users.is_empty() || is_theirs {
        return Ok(());
    }
    let detail = "the token speaks for another system user than the principal's";
    let status = StatusCode::FORBIDDEN;
    Err(Problem::new(status, "other-system-user", detail))
}

/// An answer as Cedar's own interfaces write it, and the obligations of a permit.
fn shown(answer: &PlainAnswer) -> Value {
    let errors = answer
        .errors
        .iter()
        .map(|(policy, message)| json!({ "policyId": policy, "message": message }));
    let decision = if answer.permit { "allow" } else { "deny" };
    let mut shown = json!({
        "decision": decision,
        "diagnostics": { "reason": answer.reasons, "errors": errors.collect::<Vec<_>>() },
    });
    let obligations = shown_obligations(answer.obligations);
    if !obligations.is_empty() {
        shown["obligations"] = obligations.into();
    }
    shown
}

/// A question, or all that is wrong with how it is written. `at` is where it stands in the body.
fn read(members: Map<String, Value>, at: &str) -> Result<PlainQuestion, Problem> {
    let mut errors = Vec::new();
    let mut fields = Fields::new(members, at, &mut errors);
    let principal = entity(&mut fields, "principal");
    let action = entity(&mut fields, "action");
    let resource = entity(&mut fields, "resource");
    let context = match fields.raw("context") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(context)) => context,
        Some(other) => {
            let detail = format!(
                "`context` is {}; it has to be an object",
                json::kind(&other)
            );
            fields.wrong("context", detail);
            Map::new()
        }
    };
    let entities = fields.list("entities", |item, _, _| Some(item));
    fields.no_more(&QUESTION);
    none_wrong(errors)?;
    let (Some(principal), Some(action), Some(resource)) = (principal, action, resource) else {
        return Err(Problem::malformed("the question is incomplete"));
    };
    Ok(PlainQuestion {
        principal,
        action,
        resource,
        context,
        entities,
        ..PlainQuestion::default()
    })
}

/// An entity in any of the ways in which Cedar's JSON writes one: `User::"alice"`, `{"type","id"}`, or that in `__entity`.
fn entity(fields: &mut Fields<'_>, name: &str) -> Option<EntityName> {
    let wanted = "it has to be `User::\"alice\"` or {\"type\": \"User\", \"id\": \"alice\"}";
    let told = match fields.raw(name) {
        None => format!("`{name}` is missing; {wanted}"),
        Some(Value::String(text)) => match text.parse::<EntityName>() {
            Ok(found) => return Some(found),
            Err(why) => why,
        },
        Some(Value::Object(members)) => match named(members) {
            Some(found) => return Some(found),
            None => format!("`{name}` has not both `type` and `id`, and those alone, as strings"),
        },
        Some(other) => format!("`{name}` is {}; {wanted}", json::kind(&other)),
    };
    fields.wrong(name, told);
    None
}

fn named(mut members: Map<String, Value>) -> Option<EntityName> {
    if let Some(Value::Object(inner)) = members.remove("__entity") {
        return members.is_empty().then(|| named(inner)).flatten();
    }
    match (members.remove("type"), members.remove("id")) {
        (Some(Value::String(of)), Some(Value::String(id))) if members.is_empty() => {
            Some(EntityName { of, id })
        }
        _ => None,
    }
}

impl From<PlainError> for Problem {
    fn from(error: PlainError) -> Self {
        let side = |side| match side {
            Side::Principal => "subject",
            Side::Resource => "resource",
        };
        let pointer = match &error {
            PlainError::Context(context) => format!("/context/{}", context.member()),
            PlainError::Property { side: of, name, .. } => {
                format!("/{}/properties/{name}", side(*of))
            }
            PlainError::Unfit { side: of, .. } => format!("/{}/properties", side(*of)),
            PlainError::Entity { nth, .. } => format!("/entities/{nth}"),
        };
        let errors = vec![FieldError {
            pointer,
            detail: error.to_string(),
        }];
        Self::of_fields(errors)
    }
}
