//! Questions and answers that are logged as the JSON that they were.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::log::{Line, Run};
use crate::model::id::{OrgNo, Revision, SystemUserId};

use super::super::authzen::SYSTEM_USER;
use super::record::{Answer, Whole};

/// One evaluation.
pub(super) fn one(
    line: &mut Line,
    masked: &[String],
    question: &Map<String, Value>,
    answer: &Answer,
) {
    if let Answer::Decision(_, permit) = answer {
        run(line, question, *permit);
    }
    asked(line, masked, Value::Object(question.clone()));
    match answer {
        Answer::Decision(answer, permit) => {
            line.value("permit", &Value::from(*permit));
            why(line, answer);
        }
        Answer::Error(status, code, detail) => {
            line.value("status", &Value::from(*status));
            line.member("code", code);
            line.member("detail", detail);
        }
    }
}

/// A request as it came and its answer as it went.
pub(super) fn whole(line: &mut Line, masked: &[String], revision: Revision, whole: &Whole) {
    let question = serde_json::from_slice(&whole.body).unwrap_or_default();
    let answer: Value = serde_json::from_slice(&whole.answer).unwrap_or_default();
    if whole.up_to != revision {
        line.value("revisionUpTo", &Value::from(whole.up_to.0));
    }
    if !whole.query.is_empty() {
        line.member("query", &whole.query);
    }
    if let (Value::Object(question), Some(permit)) = (&question, permit(&answer)) {
        run(line, question, permit);
    }
    if whole.is_search {
        let clients = clients(&whole.query, &question, &answer);
        line.value("clients", &clients.into_iter().map(Value::from).collect());
    }
    if !question.is_null() {
        asked(line, masked, question);
    }
    if let Some(permit) = permit(&answer) {
        line.value("permit", &Value::from(permit));
    }
    why(line, &answer);
    let told = [
        ("/at", "asOf"),
        ("/context/revision", "answeredAtRevision"),
        ("/revision", "answeredAtRevision"),
        ("/diagnostics/reason", "because"),
        ("/count", "items"),
    ];
    for (pointer, member) in told {
        if let Some(value) = answer.pointer(pointer) {
            line.value(member, value);
        }
    }
    if let Some(Value::Array(answers)) = answer.get("responses") {
        let permits = answers.iter().map(|answer| Value::from(permit(answer)));
        line.value("permits", &permits.collect());
    }
    let lists = ["items", "results"];
    let list = lists.iter().find_map(|name| answer.get(name)?.as_array());
    if let Some(items) = list {
        line.value("items", &Value::from(items.len()));
    }
}

/// The clients that a search was about: the one that it named, and those that it found.
fn clients(query: &str, question: &Value, answer: &Value) -> BTreeSet<u32> {
    let number = |text: &str| Some(text.parse::<OrgNo>().ok()?.as_u32());
    let named = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("client="));
    let named = named.or_else(|| question.pointer("/resource/id")?.as_str());
    let lists = ["items", "results"]
        .iter()
        .filter_map(|name| answer.get(name));
    let found = lists.filter_map(Value::as_array).flatten();
    let found = found.filter_map(|item| {
        let client = ["client", "id"].iter().find_map(|name| item.get(name));
        client.unwrap_or(item).as_str()
    });
    named.into_iter().chain(found).filter_map(number).collect()
}

/// What was asked, without what is masked.
fn asked(line: &mut Line, masked: &[String], mut question: Value) {
    for pointer in masked {
        if let Some(masked) = question.pointer_mut(pointer) {
            *masked = Value::from("masked");
        }
    }
    line.value("question", &question);
}

/// What an answer says of why it is so.
fn why(line: &mut Line, answer: &Value) {
    let context = answer.get("context");
    for (name, member) in [
        ("code", "code"),
        ("policies", "because"),
        ("chain", "chain"),
    ] {
        if let Some(value) = context.and_then(|context| context.get(name)) {
            line.value(member, value);
        }
    }
}

/// Whether an answer is a permit, as `AuthZEN` or as Cedar says it; nothing if it is no decision.
fn permit(answer: &Value) -> Option<bool> {
    match answer.get("decision")? {
        Value::Bool(permit) => Some(*permit),
        Value::String(word) => Some(word == "allow"),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The run of a question, if it is about delegations.
fn run(line: &mut Line, question: &Map<String, Value>, permit: bool) {
    if let Some((system_user, action, resource, client)) = usual(question) {
        let permit = if permit { Run::PERMIT } else { 0 };
        line.asked([Run {
            system_user,
            action,
            resource,
            answers: &[client.as_u32() | permit],
        }]);
    }
}

/// The question, if it is about delegations.
fn usual(question: &Map<String, Value>) -> Option<(SystemUserId, &str, &str, OrgNo)> {
    let text = |object: &str, member: &str| question.get(object)?.get(member)?.as_str();
    if text("subject", "type")? != SYSTEM_USER {
        return None;
    }
    let user = text("subject", "id")?.parse().ok()?;
    let client = text("resource", "id")?.parse().ok()?;
    Some((
        user,
        text("action", "name")?,
        text("resource", "type")?,
        client,
    ))
}
