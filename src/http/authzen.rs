//! `OpenID` `AuthZEN` Authorization API 1.0: evaluation and evaluations (sections 6 and 7).
//!
//! The subject is a system user, the resource's type is the protected service and its id the client. Unknown members are
//! ignored at every level (section 10.1.1); what is malformed is a 400, in a batch that item alone.
#![allow(
    clippy::indexing_slicing,
    reason = "writing to a member of a JSON object makes it"
)]

use std::time::Instant;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use crate::engine::Snapshot;
use crate::model::id::{ActionName, OrgNo, ResourceId, SystemUserId};
use crate::model::question::{Decision, Explanation, Question};

use super::json::{self, Fields};
use super::problem::{Problem, none_wrong};
use super::reply::Reply;
use super::router::{Exchange, Service};

/// The type of a subject that is a system user.
const SYSTEM_USER: &str = "systemuser";

/// One evaluation, read.
struct Evaluation {
    /// Nothing if the subject is of a kind that nobody is: a well-formed unknown.
    question: Option<Question>,
    explain: bool,
}

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
    let Evaluation { question, explain } = read(snapshot, members)?;
    let start = Instant::now();
    let Some(question) = question else {
        service.metrics.decided(api, false, start.elapsed());
        return Ok((json!({ "decision": false }), false));
    };
    snapshot.may_ask(exchange.by()?, &question.resource)?;
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

fn answer(decision: &Decision, explanation: Option<&Explanation>) -> Value {
    let mut context = match explanation.map(serde_json::to_value) {
        Some(Ok(Value::Object(members))) => members,
        Some(_) | None => Map::new(),
    };
    let obligations = decision.obligations;
    let levels = [
        (
            "minimum-authentication-level",
            obligations.minimum_authentication_level,
        ),
        (
            "minimum-authentication-level-org",
            obligations.minimum_authentication_level_org,
        ),
    ];
    let obligations: Vec<_> = levels
        .into_iter()
        .filter_map(|(id, value)| {
            Some(json!({ "id": id, "type": "custom", "properties": { "value": value? } }))
        })
        .collect();
    if decision.permit && !obligations.is_empty() {
        context.insert("obligations".to_owned(), obligations.into());
    }
    if context.is_empty() {
        json!({ "decision": decision.permit })
    } else {
        json!({ "decision": decision.permit, "context": context })
    }
}

fn read(snapshot: &Snapshot, members: Map<String, Value>) -> Result<Evaluation, Problem> {
    let mut errors = Vec::new();
    let mut fields = Fields::new(members, "", &mut errors);
    let (mut subject_type, mut system_user_text) = (None, None);
    if let Some(mut subject) = fields.object("subject") {
        subject_type = subject.text("type");
        system_user_text = subject.text("id");
    }
    let mut system_user: Option<SystemUserId> = None;
    if subject_type.as_deref() == Some(SYSTEM_USER)
        && let Some(text) = system_user_text
    {
        match text.parse() {
            Ok(id) => system_user = Some(id),
            Err(error) => fields.wrong("subject/id", error.to_string()),
        }
    }
    let action = fields
        .object("action")
        .and_then(|mut action| action.parse::<ActionName>("name"));
    let (mut resource, mut client) = (None, None);
    if let Some(mut object) = fields.object("resource") {
        resource = object.parse::<ResourceId>("type");
        client = object.parse::<OrgNo>("id");
    }
    let context = match fields.raw("context") {
        None => Some(Map::new()),
        Some(Value::Object(context)) => Some(context),
        Some(other) => {
            fields.wrong(
                "context",
                format!(
                    "`context` is {}; it has to be an object",
                    json::kind(&other)
                ),
            );
            None
        }
    };
    // Slashes in a name are escaped in a pointer; `subject/id` is a path of two.
    for error in &mut errors {
        error.pointer = error.pointer.replace("~1", "/");
    }
    none_wrong(errors)?;
    let (Some(action), Some(resource), Some(client), Some(mut context)) =
        (action, resource, client, context)
    else {
        return Err(Problem::malformed("the question is incomplete"));
    };
    let explain = match context.remove("explain") {
        None => false,
        Some(Value::Bool(explain)) => explain,
        Some(other) => {
            let detail = format!(
                "`explain` is {}; it has to be a boolean",
                json::kind(&other)
            );
            return Err(Problem::of_field("/context/explain", detail));
        }
    };
    let Some(system_user) = system_user else {
        return Ok(Evaluation {
            question: None,
            explain,
        });
    };
    let asked = snapshot.context(&action, &context)?;
    Ok(Evaluation {
        question: Some(Question {
            system_user,
            action,
            resource,
            client,
            asked,
        }),
        explain,
    })
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
