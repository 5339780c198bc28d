//! `OpenID` `AuthZEN` Authorization API 1.0: evaluation and evaluations (sections 6 and 7).
//!
//! The subject is a system user, the resource's type is the protected service and its id the client. Unknown members are
//! ignored at every level (section 10.1.1); what is malformed is a 400, in a batch that item alone.
#![allow(
    clippy::indexing_slicing,
    reason = "writing to a member of a JSON object makes it"
)]

mod answer;
mod bound;
mod metadata;
mod own;
mod own_search;
mod page;
mod past;
pub(crate) mod quick;
mod read;
mod search;
mod usual;

use std::time::Instant;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use crate::engine::Snapshot;
use crate::model::question::{Decision, Obligations};

use super::decision_log::{Answer as Logged, Asked, Record};
use super::exchange::Exchange;
use super::json;
use super::problem::Problem;
use super::reply::Reply;
use super::router::Service;
pub(crate) use answer::shown_obligations;
use answer::{answer, unknown};
pub(crate) use metadata::metadata;
pub(crate) use past::as_of;
pub(crate) use read::SYSTEM_USER;
use read::{Evaluation, read};
pub(crate) use search::{action_names, resource, subject};

/// `POST /access/v1/evaluation`.
pub(crate) fn evaluation(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let members = json::object(&exchange.body, service.limits.json_depth)?;
    let snapshot = service.engine.snapshot();
    let answer = evaluate(service, exchange, &snapshot, members, "evaluation")?;
    Ok(Reply::ok(&answer.0))
}

/// When a batch stops.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Semantic {
    ExecuteAll,
    DenyOnFirstDeny,
    PermitOnFirstPermit,
}

/// `POST /access/v1/evaluations`: one snapshot answers all of it.
pub(crate) fn evaluations(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let mut members = json::object(&exchange.body, service.limits.json_depth)?;
    let snapshot = service.engine.snapshot();
    let items = match members.remove("evaluations") {
        None => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(other) => {
            let detail = format!(
                "`evaluations` is {}; it has to be an array",
                json::kind(&other)
            );
            return Err(Problem::of_field("/evaluations", detail));
        }
    };
    if items.is_empty() {
        let answer = evaluate(service, exchange, &snapshot, members, "evaluation")?;
        return Ok(Reply::ok(&answer.0));
    }
    if items.len() > service.limits.evaluations {
        let detail = format!(
            "`evaluations` has {} items; at most {} are taken",
            items.len(),
            service.limits.evaluations
        );
        return Err(Problem::of_field("/evaluations", detail));
    }
    let semantic = semantic(members.remove("options"))?;
    service.metrics.batch(items.len());
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        let (answer, permit) = match with_defaults(item, &members) {
            Ok(whole) => evaluate(service, exchange, &snapshot, whole, "evaluations"),
            Err(problem) => Err(problem),
        }
        .unwrap_or_else(|problem| (refused_item(&problem), false));
        answers.push(answer);
        let stops = match semantic {
            Semantic::ExecuteAll => false,
            Semantic::DenyOnFirstDeny => !permit,
            Semantic::PermitOnFirstPermit => permit,
        };
        if stops {
            break;
        }
    }
    Ok(Reply::ok(&json!({ "evaluations": answers })))
}

fn semantic(options: Option<Value>) -> Result<Semantic, Problem> {
    let pointer = "/options/evaluations_semantic";
    let name = match options {
        None => return Ok(Semantic::ExecuteAll),
        Some(Value::Object(mut options)) => options.remove("evaluations_semantic"),
        Some(other) => {
            return Err(Problem::of_field(
                "/options",
                format!(
                    "`options` is {}; it has to be an object",
                    json::kind(&other)
                ),
            ));
        }
    };
    match name.as_ref().map(|name| name.as_str().unwrap_or_default()) {
        None | Some("execute_all") => Ok(Semantic::ExecuteAll),
        Some("deny_on_first_deny") => Ok(Semantic::DenyOnFirstDeny),
        Some("permit_on_first_permit") => Ok(Semantic::PermitOnFirstPermit),
        Some(_) => Err(Problem::of_field(
            pointer,
            "`evaluations_semantic` is not one of `execute_all`, `deny_on_first_deny`, `permit_on_first_permit`",
        )),
    }
}

/// An item of a batch, with the whole objects that it leaves out taken from the top.
fn with_defaults(
    item: Value,
    defaults: &Map<String, Value>,
) -> Result<Map<String, Value>, Problem> {
    let Value::Object(mut item) = item else {
        return Err(Problem::malformed(format!(
            "the item is {}; it has to be an object",
            json::kind(&item)
        )));
    };
    for name in ["subject", "action", "resource", "context"] {
        if let (false, Some(value)) = (item.contains_key(name), defaults.get(name)) {
            item.insert(name.to_owned(), value.clone());
        }
    }
    Ok(item)
}

fn refused_item(problem: &Problem) -> Value {
    let error = json!({ "status": problem.status.as_u16(), "code": problem.code, "message": problem.detail });
    json!({ "decision": false, "context": { "error": error } })
}

/// The answer to one evaluation, and whether it is a permit.
fn evaluate(
    service: &Service,
    exchange: &Exchange,
    snapshot: &Snapshot,
    members: Map<String, Value>,
    api: &'static str,
) -> Result<(Value, bool), Problem> {
    let members = bound::with_subject(exchange, members)?;
    let Some(log) = &service.decision_log else {
        return answered(service, exchange, snapshot, members, api);
    };
    let question = members.clone();
    let outcome = answered(service, exchange, snapshot, members, api);
    let answer = match &outcome {
        Ok((answer, permit)) => Logged::Decision(answer.clone(), *permit),
        // Of one question it is the request's, which is logged with all that are refused.
        Err(_) if api == "evaluation" => return outcome,
        Err(problem) => Logged::refused(problem),
    };
    let asked = Asked::Json(Box::new((question, answer)));
    let of = (snapshot.revision(), snapshot.policy_hash());
    log.put(Record::new(exchange, api, of, asked));
    outcome
}

fn answered(
    service: &Service,
    exchange: &Exchange,
    snapshot: &Snapshot,
    members: Map<String, Value>,
    api: &'static str,
) -> Result<(Value, bool), Problem> {
    if own::is_own(snapshot, &members) {
        bound::own_speaks_for(exchange, &members)?;
        return own::evaluate(service, exchange, snapshot, members, api);
    }
    let evaluation = read(members)?;
    bound::speaks_for(exchange, &evaluation)?;
    let question = evaluation.question(snapshot.context(&evaluation.action, &evaluation.context)?);
    let Evaluation {
        stranger, explain, ..
    } = evaluation;
    let start = Instant::now();
    snapshot.may_ask(exchange.by()?, &question.resource)?;
    if let Some(stranger) = stranger {
        let explanation = explain.then(|| unknown(snapshot, &question, &stranger, exchange.now));
        service.metrics.decided(api, false, start.elapsed());
        let denied = Decision {
            permit: false,
            obligations: Obligations::NONE,
            revision: snapshot.revision(),
        };
        return Ok((answer(&denied, explanation.transpose()?.as_ref()), false));
    }
    if explain {
        let explained = snapshot.explain(&question, exchange.now)?;
        service
            .metrics
            .decided(api, explained.decision.permit, start.elapsed());
        return Ok((
            answer(&explained.decision, Some(&explained.explanation)),
            explained.decision.permit,
        ));
    }
    let decision = snapshot.decide(&question, exchange.now);
    service
        .metrics
        .decided(api, decision.permit, start.elapsed());
    Ok((answer(&decision, None), decision.permit))
}

/// Whether a body may ask for an explanation, which reads the store: then it belongs on a blocking thread.
pub(crate) fn may_explain(body: &[u8]) -> bool {
    const WORD: &[u8] = b"explain";
    // An escaped spelling would be missed, and would only make that one answer run on the async thread.
    body.windows(WORD.len()).any(|window| window == WORD)
}

/// What a request of the wrong content type is told.
pub(crate) fn not_json() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "content-type",
        "`Content-Type` has to be `application/json`",
    )
}
