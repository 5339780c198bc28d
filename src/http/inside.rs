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
use super::reply::Reply;
use super::router::Service;

/// A request as a handler sees it, once it was let in.
pub(super) struct Inner<'a> {
    pub(super) by: &'a Arc<Caller>,
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) body: Bytes,
    pub(super) now: Timestamp,
}

/// Puts a request to the handler of its route.
pub(super) fn handled(service: &Service, inner: Inner<'_>) -> Result<Reply, Problem> {
    let found = service.find(inner.method, inner.path)?;
    let exchange = Exchange {
        caller: Some(Arc::clone(inner.by)),
        place: 0,
        system_users: Vec::new(),
        request_id: HeaderValue::from_static("inside"),
        trace: None,
        path: found.path,
        query: inner.query.to_owned(),
        if_match: None,
        body: inner.body,
        upload: Cell::new(None),
        now: inner.now,
    };
    (found.route.handler)(service, &exchange)
}

/// What a daemon on this engine would answer a caller's `GET`: status and body. Blocks.
pub fn inside(engine: &Arc<Engine>, by: Caller, target: &str, now: Timestamp) -> (u16, Value) {
    let service = Service::new(
        Arc::clone(engine),
        Callers::default(),
        Limits::default(),
        String::new(),
    );
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let inner = Inner {
        by: &Arc::new(by),
        method: &Method::GET,
        path,
        query,
        body: Bytes::new(),
        now,
    };
    match handled(&service, inner) {
        Ok(reply) => {
            let body = serde_json::from_slice(&reply.body).unwrap_or_default();
            (reply.status.as_u16(), body)
        }
        Err(problem) => (problem.status.as_u16(), problem.to_json()),
    }
}
