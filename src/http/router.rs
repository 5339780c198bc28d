//! From a request's head and body to an answer: which route, who calls, and what went wrong.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use hyper::{Method, StatusCode};

use crate::engine::Engine;

use super::callers::Callers;
use super::decision_log::DecisionLog;
use super::exchange::{Exchange, percent_decoded};
use super::jwt::Issuers;
use super::limits::Limits;
use super::metrics::Metrics;
use super::problem::Problem;
use super::quota::CallerQuota;
use super::reload::Reloads;
use super::reply::{JSON, Reply};
use super::room::Room;
use super::routes::{Route, table};
use super::sharded::Histogram;

/// The `OpenAPI` document.
pub(crate) const OPENAPI: &str = include_str!("openapi.json");

/// What all requests share.
pub(crate) struct Service {
    pub(crate) engine: Arc<Engine>,
    pub(crate) callers: Callers,
    pub(crate) issuers: Issuers,
    /// What each caller has left, in the order of the callers.
    pub(crate) quotas: Vec<CallerQuota>,
    /// The requests that may be answered at once.
    pub(crate) room: Room,
    pub(crate) limits: Limits,
    pub(crate) public_url: String,
    pub(crate) metrics: Metrics,
    /// What came of changes of the policy folder.
    pub(crate) reloads: Arc<Reloads>,
    pub(crate) is_stopping: AtomicBool,
    /// Where decisions are logged, if they are.
    pub(crate) decision_log: Option<DecisionLog>,
    routes: Vec<(Route, Histogram)>,
    by_path: matchit::Router<Vec<usize>>,
}

/// The route of a request, with the parameters in its path.
pub(crate) struct Found<'a> {
    pub(crate) route: &'a Route,
    /// Where its answers of 200 are counted.
    pub(crate) good: &'a Histogram,
    pub(crate) path: HashMap<String, String>,
}

impl Service {
    pub(crate) fn new(
        engine: Arc<Engine>,
        callers: Callers,
        limits: Limits,
        public_url: String,
    ) -> Self {
        let routes = table();
        let mut places: Vec<(&str, Vec<usize>)> = Vec::new();
        for (place, route) in routes.iter().enumerate() {
            match places
                .iter_mut()
                .find(|(pattern, _)| *pattern == route.pattern)
            {
                Some((_, at)) => at.push(place),
                None => places.push((route.pattern, vec![place])),
            }
        }
        let mut by_path = matchit::Router::new();
        for (pattern, at) in places {
            // The table is compiled in, and the tests serve each of its patterns.
            let _ = by_path.insert(pattern, at);
        }
        let metrics = Metrics::new();
        let reloads = Arc::new(Reloads::new(metrics.edge.clone()));
        let counted = |route: Route| {
            let good = metrics.of_route(method_label(&route.method), route.pattern);
            (route, good)
        };
        let routes = routes.into_iter().map(counted).collect();
        let issuers = Issuers::new(&callers.issuers);
        let quota = |own| CallerQuota::new(own, &limits);
        let quotas = callers.limits().map(quota).collect();
        Self {
            engine,
            callers,
            issuers,
            quotas,
            room: Room::of(limits.requests),
            limits,
            public_url,
            metrics,
            reloads,
            is_stopping: AtomicBool::new(false),
            decision_log: None,
            routes,
            by_path,
        }
    }

    /// The route for a method and path; `HEAD` is served as `GET`.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Result<Found<'_>, Problem> {
        let unknown = || {
            let detail = format!(
                "there is no `{}`; /openapi.json lists what there is",
                crate::model::id::shown(path)
            );
            Problem::new(StatusCode::NOT_FOUND, "unknown-route", detail)
        };
        let matched = self.by_path.at(path).map_err(|_| unknown())?;
        let wanted = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let here = || {
            let places = matched.value.iter();
            places.filter_map(|place| self.routes.get(*place))
        };
        let Some((route, good)) = here().find(|(route, _)| route.method == *wanted) else {
            return Err(not_served(method, here().map(|(route, _)| route)));
        };
        let path = matched
            .params
            .iter()
            .map(|(name, value)| (name.to_owned(), percent_decoded(value)))
            .collect();
        Ok(Found { route, good, path })
    }

    /// Whether the daemon takes changes and is not stopping.
    pub(crate) fn not_ready(&self) -> Option<String> {
        if self.is_stopping.load(Ordering::Relaxed) {
            return Some("stopping".to_owned());
        }
        self.engine.failure()
    }
}

/// A path that is there, but not for this method.
fn not_served<'a>(method: &Method, here: impl Iterator<Item = &'a Route>) -> Problem {
    let mut allowed: Vec<&str> = here.map(|route| route.method.as_str()).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    allowed.sort_unstable();
    let allowed = allowed.join(", ");
    let detail = format!("`{method}` is not served here; allowed: {allowed}");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
        .header("allow", allowed)
}

/// A label from a closed list: a method of the caller's own making is none.
pub(crate) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "_OTHER",
    }
}

/// Whether a body may be read as JSON by its `Content-Type`.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(JSON)
}

/// Whether the caller wants problem details from an `AuthZEN` endpoint.
pub(crate) fn wants_problem(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/problem+json"))
}

pub(crate) fn healthz(_: &Service, _: &Exchange) -> Result<Reply, Problem> {
    Ok(Reply::text("text/plain; charset=utf-8", "ok"))
}

pub(crate) fn livez(_: &Service, _: &Exchange) -> Result<Reply, Problem> {
    Ok(Reply::text("text/plain; charset=utf-8", "ok"))
}

pub(crate) fn readyz(service: &Service, _: &Exchange) -> Result<Reply, Problem> {
    match service.not_ready() {
        None => Ok(Reply::text("text/plain; charset=utf-8", ready(service))),
        Some(why) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-ready",
            why,
        )),
    }
}

/// That the daemon is ready, and what an administrator should know all the same. Anybody may read it, so it says where
/// the policies are wrong, and not what they say.
fn ready(service: &Service) -> String {
    let Some(refusal) = service.reloads.refusal() else {
        return "ok".to_owned();
    };
    let place = refusal.why.place().map(|place| format!(" at {place}"));
    format!(
        "ok\nthe policy folder is refused since {} ({}{}); in force: {}\n",
        refusal.since,
        refusal.why.code(),
        place.unwrap_or_default(),
        service.engine.snapshot().policy_hash()
    )
}

pub(crate) fn openapi(_: &Service, _: &Exchange) -> Result<Reply, Problem> {
    Ok(Reply::text(JSON, OPENAPI))
}
