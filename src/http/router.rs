//! From a request's head and body to an answer: which route, who calls, and what went wrong.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::body::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use hyper::{Method, StatusCode};

use crate::engine::{Call, Engine, PageRequest};
use crate::model::caller::Caller;
use crate::model::time::Timestamp;

use super::callers::Callers;
use super::limits::Limits;
use super::metrics::Metrics;
use super::problem::Problem;
use super::reply::{JSON, Reply};
use super::routes::{Route, table};

/// The `OpenAPI` document.
pub(crate) const OPENAPI: &str = include_str!("openapi.json");

/// What all requests share.
pub(crate) struct Service {
    pub(crate) engine: Arc<Engine>,
    pub(crate) callers: Callers,
    pub(crate) limits: Limits,
    pub(crate) public_url: String,
    pub(crate) metrics: Metrics,
    pub(crate) is_stopping: AtomicBool,
    routes: Vec<Route>,
    by_path: matchit::Router<Vec<usize>>,
}

/// One request, read whole.
pub(crate) struct Exchange {
    /// Who calls; nobody on routes that are open.
    pub(crate) caller: Option<Caller>,
    pub(crate) request_id: Box<str>,
    pub(crate) path: HashMap<String, String>,
    pub(crate) query: String,
    pub(crate) body: Bytes,
    pub(crate) now: Timestamp,
}

/// The route of a request, with the parameters in its path.
pub(crate) struct Found<'a> {
    pub(crate) route: &'a Route,
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
        Self {
            engine,
            callers,
            limits,
            public_url,
            metrics,
            is_stopping: AtomicBool::new(false),
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
        let here: Vec<&Route> = matched
            .value
            .iter()
            .filter_map(|place| self.routes.get(*place))
            .collect();
        let Some(route) = here.iter().find(|route| route.method == *wanted) else {
            let mut allowed: Vec<&str> = here.iter().map(|route| route.method.as_str()).collect();
            if allowed.contains(&"GET") {
                allowed.push("HEAD");
            }
            allowed.sort_unstable();
            let allowed = allowed.join(", ");
            let detail = format!("`{method}` is not served here; allowed: {allowed}");
            return Err(
                Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
                    .header("allow", allowed),
            );
        };
        let path = matched
            .params
            .iter()
            .map(|(name, value)| (name.to_owned(), percent_decoded(value)))
            .collect();
        Ok(Found { route, path })
    }

    /// Who calls, by the bearer token.
    pub(crate) fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let refuse = |kind: &'static str, detail: &str| {
            self.metrics.auth_failed(kind);
            let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail);
            problem.header("www-authenticate", "Bearer realm=\"fullmakt\"")
        };
        let Some(value) = headers.get(AUTHORIZATION) else {
            return Err(refuse(
                "missing",
                "the `Authorization` header is missing; send `Authorization: Bearer TOKEN`",
            ));
        };
        let token = value.to_str().ok().and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let Some(token) = token.filter(|token| !token.is_empty() && token.len() <= 4096) else {
            return Err(refuse(
                "malformed",
                "the `Authorization` header is not `Bearer TOKEN`",
            ));
        };
        let caller = self.callers.with_token(token);
        caller
            .cloned()
            .ok_or_else(|| refuse("unknown", "the bearer token is not known"))
    }

    /// Whether the daemon takes changes and is not stopping.
    pub(crate) fn not_ready(&self) -> Option<String> {
        if self.is_stopping.load(Ordering::Relaxed) {
            return Some("stopping".to_owned());
        }
        self.engine.failure()
    }
}

impl Exchange {
    /// The call that a command is given.
    pub(crate) fn call(&self) -> Result<Call, Problem> {
        Ok(Call {
            by: self.by()?.clone(),
            now: self.now,
            request_id: Some(self.request_id.clone()),
        })
    }

    /// Who calls.
    pub(crate) fn by(&self) -> Result<&Caller, Problem> {
        let nobody = || {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "nobody is known to call",
            )
        };
        self.caller.as_ref().ok_or_else(nobody)
    }

    /// A parameter of the path.
    pub(crate) fn path<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<T, Problem> {
        let text = self.path.get(name).map(String::as_str).unwrap_or_default();
        text.parse()
            .map_err(|error: T::Err| Problem::of_field(format!("path:{name}"), error.to_string()))
    }

    /// The parameters of the query; one that is not known here, or stands twice, is an error.
    pub(crate) fn query(&self, known: &[&str]) -> Result<HashMap<String, String>, Problem> {
        let mut found = HashMap::new();
        for pair in self.query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (percent_decoded(name), percent_decoded(value));
            if !known.contains(&name.as_str()) {
                let near = crate::model::system::nearest(&name, known.iter().copied());
                let hint = near
                    .map(|near| format!("; did you mean `{near}`?"))
                    .unwrap_or_default();
                let detail = format!(
                    "query parameter `{}` is not known here{hint}",
                    crate::model::id::shown(&name)
                );
                return Err(Problem::of_field(format!("query:{name}"), detail));
            }
            if found.insert(name.clone(), value).is_some() {
                return Err(Problem::of_field(
                    format!("query:{name}"),
                    format!("query parameter `{name}` stands twice"),
                ));
            }
        }
        Ok(found)
    }

    /// Which page of a list is asked for.
    pub(crate) fn page(&self) -> Result<PageRequest, Problem> {
        let query = self.query(&["limit", "page"])?;
        page_of(&query)
    }
}

/// A page from the query's `limit` and `page`.
pub(crate) fn page_of(query: &HashMap<String, String>) -> Result<PageRequest, Problem> {
    let most = crate::engine::MOST_ITEMS;
    let limit = query.get("limit").map(|text| {
        let limit = text
            .parse::<usize>()
            .ok()
            .filter(|limit| (1..=most).contains(limit));
        let detail = || {
            format!(
                "`limit` is `{}`; it has to be a number from 1 to {most}",
                crate::model::id::shown(text)
            )
        };
        limit.ok_or_else(|| Problem::of_field("query:limit", detail()))
    });
    let page = query
        .get("page")
        .filter(|token| !token.is_empty())
        .map(|token| unpacked(token));
    Ok(PageRequest {
        limit: limit.transpose()?,
        page: page.transpose()?,
    })
}

/// A page token as it goes out: opaque, so that nobody builds on what it holds.
pub(crate) fn packed(token: &str) -> String {
    use std::fmt::Write;
    token.bytes().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn unpacked(token: &str) -> Result<String, Problem> {
    let refused = || {
        let shown = crate::model::id::shown(token);
        Problem::of_field(
            "query:page",
            format!("`page` is `{shown}`, which is not a token that a list has answered"),
        )
    };
    let bytes: Option<Vec<u8>> = (0..token.len())
        .step_by(2)
        .map(|at| {
            token
                .get(at..at + 2)
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        })
        .collect();
    String::from_utf8(bytes.ok_or_else(refused)?).map_err(|_| refused())
}

fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let pair = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        if let Some(value) = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            decoded.push(value);
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
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
        None => Ok(Reply::text("text/plain; charset=utf-8", "ok")),
        Some(why) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-ready",
            why,
        )),
    }
}

pub(crate) fn openapi(_: &Service, _: &Exchange) -> Result<Reply, Problem> {
    Ok(Reply::text(JSON, OPENAPI))
}
