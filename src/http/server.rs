//! Connections: accepting, limits of time and size, one request after the other, and a stop that drains.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::engine::Engine;
use crate::model::caller::Caller;
use crate::model::time::Timestamp;

use super::authzen;
use super::callers::Callers;
use super::limits::Limits;
use super::problem::Problem;
use super::reply::Reply;
use super::router::{Exchange, Found, Service, is_json, wants_problem};
use super::routes::Kind;

/// Why the daemon stopped serving.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The listener failed.
    #[error("no connections can be accepted any more: {0}")]
    Accept(#[from] std::io::Error),
}

/// What the daemon is told.
#[derive(Debug, Clone, Default)]
pub struct ServerConfig {
    /// Who may call.
    pub callers: Callers,
    /// How much they may send, and for how long.
    pub limits: Limits,
    /// The address that others reach the daemon at, without a slash at its end: what `confirmUrl` begins with.
    pub public_url: String,
}

/// Serves until `shutdown` is ready, then drains: readiness goes first, then no connection is accepted any more, and
/// requests in flight are answered within the time that [`Limits::drain_time`] gives them.
pub async fn serve(
    listener: TcpListener,
    engine: Arc<Engine>,
    config: ServerConfig,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let limits = config.limits.clone();
    let service = Arc::new(Service::new(
        engine,
        config.callers,
        config.limits,
        config.public_url,
    ));
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener) => accepted?,
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!(
                most = limits.connections,
                "a connection was turned away: there are too many"
            );
            continue;
        };
        let service = Arc::clone(&service);
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_time)
            .max_buf_size(limits.headers.max(8192))
            .serve_connection(
                TokioIo::new(accepted),
                service_fn(move |request| answer(Arc::clone(&service), request)),
            );
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended badly");
            }
            drop(place);
        });
    }
    service.is_stopping.store(true, Ordering::Relaxed);
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => tracing::info!("all requests in flight were answered"),
        () = tokio::time::sleep(limits.drain_time) => tracing::warn!("some requests in flight took too long and were dropped"),
    }
    Ok(())
}

/// The next connection. Running out of file descriptors passes: it waits a little and tries again.
async fn accept(listener: &TcpListener) -> std::io::Result<TcpStream> {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are small and written whole; waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// The instant by the daemon's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

async fn answer(
    service: Arc<Service>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let start = Instant::now();
    service.metrics.in_flight.inc();
    let request_id = request_id(&request);
    let method = request.method().clone();
    let found = service.find(&method, request.uri().path());
    let pattern = found
        .as_ref()
        .map_or("unknown", |found| found.route.pattern);
    let is_authzen =
        pattern.starts_with("/access/") || request.uri().path().starts_with("/access/");
    let as_message = is_authzen && !wants_problem(request.headers());
    let outcome = match found {
        Ok(found) => respond(&service, found, request, &request_id).await,
        Err(problem) => Err(problem),
    };
    let reply = outcome.unwrap_or_else(|problem| {
        if problem.status.is_server_error() {
            tracing::error!(status = problem.status.as_u16(), code = problem.code, detail = %problem.detail, "a request failed");
        }
        if as_message { Reply::message(&problem) } else { Reply::problem(&problem) }
    });
    let status = reply.status.as_u16();
    let response = reply.into_response(&request_id);
    service
        .metrics
        .answered(method_label(&method), pattern, status, start.elapsed());
    service.metrics.in_flight.dec();
    Ok(response)
}

/// The caller's request id, or one of our own.
fn request_id(request: &Request<Incoming>) -> HeaderValue {
    if let Some(given) = request
        .headers()
        .get("x-request-id")
        .filter(|given| !given.is_empty())
    {
        return given.clone();
    }
    let own = uuid::Uuid::new_v4().to_string();
    HeaderValue::from_str(&own).unwrap_or_else(|_| HeaderValue::from_static("none"))
}

/// A label from a closed list: a method of the caller's own making is none.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "_OTHER",
    }
}

async fn respond(
    service: &Arc<Service>,
    found: Found<'_>,
    request: Request<Incoming>,
    request_id: &HeaderValue,
) -> Result<Reply, Problem> {
    let (head, body) = request.into_parts();
    let kind = found.route.kind;
    let caller: Option<Caller> = if kind == Kind::Open {
        None
    } else {
        Some(service.authenticate(&head.headers)?)
    };
    let is_import = found.route.pattern == "/v1/import";
    let most = if is_import {
        service.limits.import_body
    } else {
        service.limits.body
    };
    let body = read_body(body, most, service.limits.body_time).await?;
    let wants_json =
        !is_import && (!body.is_empty() || found.route.pattern.starts_with("/access/"));
    if wants_json && !is_json(&head.headers) {
        return Err(authzen::not_json());
    }
    let is_quick = kind != Kind::Blocking && !authzen::may_explain(&body);
    let request_id = String::from_utf8_lossy(request_id.as_bytes())
        .chars()
        .take(256)
        .collect::<String>();
    let exchange = Exchange {
        caller,
        request_id: request_id.into(),
        path: found.path,
        query: head.uri.query().unwrap_or_default().to_owned(),
        body,
        now: now(),
    };
    let handler = found.route.handler;
    if is_quick {
        return handler(service, &exchange);
    }
    let (service, is_write) = (
        Arc::clone(service),
        head.method != Method::GET && head.method != Method::HEAD,
    );
    let (pattern, method) = (found.route.pattern, head.method);
    let done = tokio::task::spawn_blocking(move || {
        let outcome = handler(&service, &exchange);
        if is_write {
            log_write(&exchange, pattern, &method, &outcome);
        }
        outcome
    });
    done.await.unwrap_or_else(|_| {
        Err(Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the request could not be answered; the daemon's log says more",
        ))
    })
}

/// One line for each change that was asked for, whatever came of it. Tokens are never in it.
fn log_write(exchange: &Exchange, route: &str, method: &Method, outcome: &Result<Reply, Problem>) {
    let (status, code) = match outcome {
        Ok(reply) => (reply.status.as_u16(), ""),
        Err(problem) => (problem.status.as_u16(), problem.code),
    };
    let caller = exchange
        .caller
        .as_ref()
        .map(|caller| caller.id.as_str())
        .unwrap_or_default();
    tracing::info!(%method, route, caller, request_id = %exchange.request_id, status, code, "change");
}

async fn read_body(body: Incoming, most: usize, time: Duration) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(time, Limited::new(body, most).collect()).await;
    match read {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let detail = format!("the body is longer than {most} bytes");
            Err(
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
                    .header("connection", "close"),
            )
        }
        Ok(Err(error)) => Err(
            Problem::malformed(format!("the body could not be read: {error}"))
                .header("connection", "close"),
        ),
        Err(_) => {
            let detail = format!("the body did not come within {} seconds", time.as_secs());
            Err(
                Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", detail)
                    .header("connection", "close"),
            )
        }
    }
}
