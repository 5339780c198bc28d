//! The daemon's reads without a daemon: for a command that has the store itself.

use std::cell::Cell;
use std::sync::Arc;

use hyper::Method;
use hyper::body::Bytes;
use hyper::header::HeaderValue;
use serde_json::Value;

use crate::engine::Engine;
use crate::model::caller::Caller;
use crate::model::time::Timestamp;

use super::callers::Callers;
use super::exchange::Exchange;
use super::limits::Limits;
use super::problem::Problem;
use super::router::Service;

/// What a daemon on this engine would answer a caller's `GET`: status and body. Blocks.
pub fn inside(engine: &Arc<Engine>, by: Caller, target: &str, now: Timestamp) -> (u16, Value) {
    let service = Service::new(
        Arc::clone(engine),
        Callers::default(),
        Limits::default(),
        String::new(),
    );
    let answered = read(&service, by, target, now);
    let (status, body) = match answered {
        Ok((status, body)) => (status, serde_json::from_slice(&body).unwrap_or_default()),
        Err(problem) => (problem.status.as_u16(), problem.to_json()),
    };
    (status, body)
}

fn read(
    service: &Service,
    by: Caller,
    target: &str,
    now: Timestamp,
) -> Result<(u16, Bytes), Problem> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let found = service.find(&Method::GET, path)?;
    let exchange = Exchange {
        caller: Some(Arc::new(by)),
        place: 0,
        system_users: Vec::new(),
        request_id: HeaderValue::from_static("inside"),
        trace: None,
        path: found.path,
        query: query.to_owned(),
        if_match: None,
        body: Bytes::new(),
        upload: Cell::new(None),
        now,
    };
    let reply = (found.route.handler)(service, &exchange)?;
    Ok((reply.status.as_u16(), reply.body))
}
