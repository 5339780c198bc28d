//! The same question as of an earlier revision or instant.

use serde_json::{Map, Value, json};

use crate::engine::At;
use crate::model::id::{Revision, shown};
use crate::model::time::TimestampError;

use super::super::exchange::Exchange;
use super::super::json;
use super::super::problem::{Problem, none_wrong};
use super::super::reply::Reply;
use super::super::router::Service;
use super::answer::answer;
use super::read::read;

const MEMBERS: [&str; 5] = ["at", "subject", "action", "resource", "context"];

/// `POST /v1/evaluation`: an `AuthZEN` evaluation with `at`, answered from the journal and always explained.
pub(crate) fn as_of(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let members = json::object(&exchange.body, service.limits.json_depth)?;
    let mut errors = Vec::new();
    let (known, unknown): (Map<_, _>, Map<_, _>) = members
        .into_iter()
        .partition(|(name, _)| MEMBERS.contains(&name.as_str()));
    json::Fields::new(unknown, "", &mut errors).no_more(&MEMBERS);
    none_wrong(errors)?;
    let mut members = known;
    let at = at(members.remove("at"))?;
    let evaluation = read(members)?;
    if let Some(stranger) = &evaluation.stranger {
        let detail = format!(
            "`{}` is no system user: `type` has to be `systemuser` here",
            shown(stranger)
        );
        return Err(Problem::of_field("/subject/type", detail));
    }
    let snapshot = service.engine.snapshot();
    snapshot.may_ask(exchange.by()?, &evaluation.resource)?;
    let past = snapshot.past(at, exchange.now)?;
    let asked = past.context(&evaluation.action, &evaluation.context)?;
    let explained = past.explain(&evaluation.question(asked))?;
    let mut body = answer(&explained.decision, Some(&explained.explanation));
    body["at"] = json!(past.now());
    Ok(Reply::ok(&body))
}

/// A revision as a number, or an instant as text.
fn at(sent: Option<Value>) -> Result<At, Problem> {
    let wrong = |detail: String| Problem::of_field("/at", detail);
    match sent {
        Some(Value::Number(number)) => number
            .as_u64()
            .map(|revision| At::Revision(Revision(revision)))
            .ok_or_else(|| {
                wrong(format!(
                    "`at` is {number}; a revision is a whole number from 1"
                ))
            }),
        Some(Value::String(text)) => text
            .parse()
            .map(At::Instant)
            .map_err(|error: TimestampError| wrong(error.to_string())),
        None => Err(wrong(
            "`at` is missing; it has to be a revision or an instant".to_owned(),
        )),
        Some(other) => Err(wrong(format!(
            "`at` is {}; it has to be a revision or an instant",
            json::kind(&other)
        ))),
    }
}
