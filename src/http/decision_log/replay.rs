//! A decision log, asked again of the journal: every answer has to come out as it was logged.
//!
//! Questions go through the handlers that answered them, on an engine that stands at the revision of the line and with its
//! clock. Refused requests were no answers and are only counted. A question with a masked value cannot be asked again.

use std::path::Path;
use std::sync::Arc;

use hyper::Method;
use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use crate::engine::{Rerun, RerunError};
use crate::log::{self, Line, Logged, ReadLogError};
use crate::model::caller::{BoundResources, Caller, CallerKind};
use crate::model::id::{OrgNo, Revision};
use crate::model::time::Timestamp;

use super::super::authzen::SYSTEM_USER;
use super::super::callers::Callers;
use super::super::inside::{Inner, handled};
use super::super::limits::Limits;
use super::super::router::Service;
use super::record::Whole;
use super::whole;

/// What a masked value reads.
const MASKED: &str = "masked";
/// What of a line is an answer.
const ANSWER: [&str; 7] = [
    "permit", "permits", "code", "because", "chain", "asOf", "items",
];

/// Why a log was not replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ReadLogError),
    /// The journal cannot be lived through.
    #[error(transparent)]
    Journal(#[from] RerunError),
    /// A line does not say what has to be known to ask again.
    #[error("segment {segment}, line {line}: {why}")]
    Line {
        /// The segment.
        segment: u64,
        /// The line, from 1.
        line: u64,
        /// What is missing.
        why: &'static str,
    },
}

/// An answer that came out otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Differing {
    /// What the log says.
    pub logged: Logged,
    /// What is answered now, in the log's own words.
    pub again: Map<String, Value>,
}

/// What came of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Answers that came out as they were logged.
    pub same: u64,
    /// Answers that did not.
    pub different: u64,
    /// Requests that were refused, which are no answers.
    pub refused: u64,
    /// Questions that cannot be asked again, for a value in them is masked.
    pub masked: u64,
}

/// Asks every question of a log in `dir` again, of the journal in `data` alone; shows each that comes out otherwise.
///
/// The store must not be held by a process. Costs living through the whole journal once, and an explanation for each
/// answer. Whether the log itself is whole is not looked at: [`verify`](crate::log::verify()) does that.
pub fn replay(
    dir: &Path,
    data: &Path,
    mut each: impl FnMut(Differing),
) -> Result<Replayed, ReplayError> {
    let mut replaying = Replaying::of(data)?;
    let mut replayed = Replayed::default();
    let mut failed = None;
    log::query(dir, &log::Query::default(), |logged| {
        match replaying.again(&logged) {
            Ok(Outcome::Same) => replayed.same += 1,
            Ok(Outcome::Refused) => replayed.refused += 1,
            Ok(Outcome::Masked) => replayed.masked += 1,
            Ok(Outcome::Different(again)) => {
                replayed.different += 1;
                each(Differing { logged, again });
            }
            Err(error) => failed = Some(error),
        }
        failed.is_none()
    })?;
    failed.map_or(Ok(replayed), Err)
}

enum Outcome {
    Same,
    Different(Map<String, Value>),
    Refused,
    Masked,
}

/// A question as it is put to a handler.
struct Put {
    method: Method,
    path: String,
    query: String,
    body: Value,
}

struct Replaying {
    rerun: Rerun,
    service: Service,
    /// Who asks: between them they may ask everything.
    callers: Vec<Arc<Caller>>,
}

impl Replaying {
    fn of(data: &Path) -> Result<Self, ReplayError> {
        let rerun = Rerun::of(data)?;
        let engine = Arc::clone(rerun.engine());
        let service = Service::new(engine, Callers::default(), Limits::default(), String::new());
        let everything = CallerKind::ResourceApi {
            resources: BoundResources::Every,
        };
        let callers = [everything, CallerKind::Operator].map(|kind| {
            let id = "replay".parse();
            id.map(|id| Arc::new(Caller { id, kind }))
        });
        Ok(Self {
            rerun,
            service,
            callers: callers.into_iter().flatten().collect(),
        })
    }

    fn again(&mut self, logged: &Logged) -> Result<Outcome, ReplayError> {
        let told = |why| ReplayError::Line {
            segment: logged.segment,
            line: logged.line,
            why,
        };
        let text = |name: &str| logged.rest.get(name)?.as_str();
        if text("kind") == Some("error") {
            return Ok(Outcome::Refused);
        }
        let question = logged.rest.get("question");
        if question.is_some_and(is_masked) {
            return Ok(Outcome::Masked);
        }
        let api = text("api").ok_or_else(|| told("it has no `api`"))?;
        let at = text("at").and_then(|at| at.parse().ok());
        let at: Timestamp = at.ok_or_else(|| told("it has no instant"))?;
        let number = |name: &str| logged.rest.get(name)?.as_u64();
        let first = number("revision").ok_or_else(|| told("it has no `revision`"))?;
        let put = put(logged, api).ok_or_else(|| told("it has no question"))?;
        let mut answer = Map::new();
        // Between the two the snapshot was taken that answered.
        for revision in first..=number("revisionUpTo").unwrap_or(first) {
            self.rerun.go_to(Revision(revision))?;
            answer = self.ask(&put, at);
            let is_same = ANSWER.iter().all(|member| {
                let logged = logged.rest.get(*member);
                logged.is_none_or(|logged| answer.get(*member) == Some(logged))
            });
            // Of a batch each answer stands by itself.
            let outcome = answer.get("permit").and_then(Value::as_bool);
            let permit = outcome.map(|permit| {
                if permit {
                    log::Outcome::Permit
                } else {
                    log::Outcome::Deny
                }
            });
            if is_same && (logged.outcome.is_none() || logged.outcome == permit) {
                return Ok(Outcome::Same);
            }
        }
        Ok(Outcome::Different(answer))
    }

    /// What is answered, in the words of a line.
    fn ask(&self, put: &Put, at: Timestamp) -> Map<String, Value> {
        let body = Bytes::from(put.body.to_string());
        let mut refused = Map::new();
        for caller in &self.callers {
            let inner = Inner {
                by: caller,
                method: &put.method,
                path: &put.path,
                query: &put.query,
                body: body.clone(),
                now: at,
            };
            let answered = handled(&self.service, inner);
            let answer = match answered {
                Ok(reply) => reply.body,
                Err(problem) => {
                    refused.insert("refused".to_owned(), json!(problem.detail));
                    continue;
                }
            };
            let revision = self.service.engine.snapshot().revision();
            let mut line = Line::default();
            let whole = Whole {
                is_search: false,
                query: String::new(),
                body: body.clone(),
                answer,
                up_to: revision,
            };
            whole::whole(&mut line, &[], revision, &whole);
            // A line without its head begins with a comma.
            let text = line.text().strip_prefix(b",").unwrap_or_default();
            let text = [b"{", text, b"}"].concat();
            return serde_json::from_slice(&text).unwrap_or_default();
        }
        refused
    }
}

/// The question of an answer as it was asked, but to be explained.
fn put(logged: &Logged, api: &str) -> Option<Put> {
    let post = |path: String, body: Value| Put {
        method: Method::POST,
        path,
        query: String::new(),
        body,
    };
    let question = logged.rest.get("question").cloned();
    if let Some(search) = api.strip_prefix("search/") {
        if ["subject", "resource", "action"].contains(&search) {
            return Some(post(format!("/access/v1/{api}"), question?));
        }
        let query = logged.rest.get("query").and_then(Value::as_str);
        return Some(Put {
            method: Method::GET,
            path: format!("/v1/{api}"),
            query: query.unwrap_or_default().to_owned(),
            body: Value::Null,
        });
    }
    if api.starts_with("is_authorized") {
        return Some(post(format!("/v1/{api}"), question?));
    }
    let mut question = match question {
        Some(question) => question,
        None => usual(logged)?,
    };
    let members = question.as_object_mut()?;
    let is_past = members.contains_key("at");
    let context = members
        .entry("context")
        .or_insert_with(|| Value::Object(Map::new()));
    if !is_past && let Value::Object(context) = context {
        context.insert("explain".to_owned(), Value::Bool(true));
    }
    let path = if is_past {
        "/v1/evaluation"
    } else {
        "/access/v1/evaluation"
    };
    Some(post(path.to_owned(), question))
}

/// The question of a run.
fn usual(logged: &Logged) -> Option<Value> {
    let client = OrgNo::from_u32(logged.client?).ok()?;
    Some(json!({
        "subject": { "type": SYSTEM_USER, "id": logged.system_user },
        "action": { "name": logged.action },
        "resource": { "type": logged.resource, "id": client },
    }))
}

fn is_masked(value: &Value) -> bool {
    match value {
        Value::String(text) => text == MASKED,
        Value::Array(items) => items.iter().any(is_masked),
        Value::Object(members) => members.values().any(is_masked),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
