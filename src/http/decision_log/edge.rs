//! What the edge knows of a question: which route it came by, its trace, and that it was refused.

use hyper::header::{HeaderMap, HeaderValue};
use serde_json::Map;

use super::super::answer::now;
use super::super::problem::Problem;
use super::super::router::Service;
use super::record::policy_digits;
use super::{Answer, Asked, Record, TraceParent};

/// What the log calls the questions of a route; nothing if it is about something else.
pub(crate) fn api_of(pattern: &'static str) -> Option<&'static str> {
    let of_access = pattern.strip_prefix("/access/v1/");
    let own = [
        "/v1/evaluation",
        "/v1/is_authorized",
        "/v1/is_authorized/batch",
    ];
    of_access.or_else(|| {
        pattern
            .strip_prefix("/v1/")
            .filter(|_| own.contains(&pattern))
    })
}

/// A question that was refused as a whole, as it is logged.
pub(crate) fn refused(
    service: &Service,
    api: &'static str,
    caller: Option<usize>,
    request_id: &HeaderValue,
    trace: Option<TraceParent>,
    problem: &Problem,
) -> Record {
    let look = service.engine.look();
    Record {
        at: now(),
        api,
        caller,
        request_id: request_id.clone(),
        trace,
        revision: look.revision(),
        policies: policy_digits(look.policy_hash()),
        asked: Asked::Json(Box::new((Map::new(), Answer::refused(problem)))),
    }
}

/// The trace that a request says it belongs to, where somebody will read it.
pub(crate) fn trace(service: &Service, headers: &HeaderMap) -> Option<TraceParent> {
    service.decision_log.as_ref()?;
    let mut given = headers.get_all("traceparent").iter();
    let only = given.next().filter(|_| given.next().is_none())?;
    TraceParent::parse(only.as_bytes())
}
