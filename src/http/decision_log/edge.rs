//! What the edge knows of a question: which route it came by, its trace, and that it was refused.

use hyper::header::{HeaderMap, HeaderValue};
use serde_json::Map;

use super::super::answer::now;
use super::super::exchange::{Exchange, shown_id};
use super::super::problem::Problem;
use super::super::reply::Reply;
use super::super::router::Service;
use super::super::routes::Handler;
use super::record::policy_digits;
use super::{Answer, Asked, Record, Text, TraceParent, Whole};

/// What the log calls the questions of a route; nothing if it is about something else.
pub(crate) fn api_of(pattern: &'static str) -> Option<&'static str> {
    const OWN: [&str; 3] = ["evaluation", "is_authorized", "is_authorized/batch"];
    let is_own = |name: &&str| OWN.contains(name) || name.starts_with("search/");
    let of_access = pattern.strip_prefix("/access/v1/");
    of_access.or_else(|| pattern.strip_prefix("/v1/").filter(is_own))
}

/// Has a handler answer, and logs what it answered if the handler does not do that itself.
pub(crate) fn answered(
    service: &Service,
    exchange: &Exchange,
    pattern: &'static str,
    handler: Handler,
) -> Result<Reply, Problem> {
    const THEMSELVES: [&str; 2] = ["/access/v1/evaluation", "/access/v1/evaluations"];
    let api = api_of(pattern).filter(|_| !THEMSELVES.contains(&pattern));
    let Some((log, api)) = service.decision_log.as_ref().zip(api) else {
        return handler(service, exchange);
    };
    let before = service.engine.snapshot();
    let reply = handler(service, exchange)?;
    let whole = Whole {
        is_search: api.starts_with("search/"),
        query: exchange.query.clone(),
        body: exchange.body.clone(),
        answer: reply.body.clone(),
        up_to: service.engine.look().revision(),
    };
    let of = (before.revision(), before.policy_hash());
    let asked = Asked::Whole(Box::new(whole));
    log.put(Record::new(exchange, api, of, asked));
    Ok(reply)
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
        request: Text::of(&shown_id(request_id), ""),
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
