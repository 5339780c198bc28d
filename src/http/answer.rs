//! One request: its route, its caller, its body, its handler on the right kind of thread, and what is counted and logged.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{HeaderValue, IF_MATCH};
use hyper::{Method, Request, Response, StatusCode};
use tokio::task::JoinHandle;

use crate::model::time::Timestamp;

use super::at_least::reached;
use super::authzen;
use super::decision_log::{answered, api_of, refused, trace};
use super::exchange::{Exchange, shown_id};
use super::peer::Peer;
use super::problem::Problem;
use super::quota::Told;
use super::reply::Reply;
use super::request_ids;
use super::router::{Found, Service, is_json, method_label, wants_problem};
use super::routes::Kind;
use super::timed::nanos;
use super::upload::{too_slow, unreadable, upload};

/// The longest body, in bytes, that is answered on the async threads: some hundreds of decisions.
pub(crate) const QUICK_BODY: usize = 64 * 1024;
/// How long a caller who was answered while still sending may go on, so as to read the answer.
const LINGER: Duration = Duration::from_secs(1);

const OVERLOADED: &str = "overloaded";

/// The instant by the daemon's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// What the requests of one connection share. Each holds it, so its count is the connection's own: one that all of them
/// shared would be fought over by the processors.
pub(crate) struct Connection {
    pub(crate) service: Arc<Service>,
    pub(crate) peer: Peer,
}

/// Answers one request. Whatever goes wrong is an answer too.
pub(crate) async fn answer(
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let Connection { service, peer } = &*connection;
    let start = Instant::now();
    let _in_flight = service.metrics.in_flight();
    let request_id = request_id(&request);
    let method = request.method().clone();
    let found = service.find(&method, request.uri().path());
    let (pattern, good) = match &found {
        Ok(found) => (found.route.pattern, Some(found.good)),
        Err(_) => ("unknown", None),
    };
    let is_authzen =
        pattern.starts_with("/access/") || request.uri().path().starts_with("/access/");
    let as_message = is_authzen && !wants_problem(request.headers());
    let (mut told, mut asker) = (Told::new(), None);
    let trace = trace(service, request.headers());
    let logged = service.decision_log.as_ref().zip(api_of(pattern));
    let before = logged.and_then(|(log, _)| log.before());
    let outcome = match found {
        Ok(found) => {
            respond(
                service,
                peer,
                found,
                request,
                &request_id,
                &mut told,
                &mut asker,
            )
            .await
        }
        Err(problem) => Err(problem),
    };
    let mut reply = outcome.unwrap_or_else(|problem| {
        if let Some((log, api)) = logged {
            log.put(refused(service, api, asker, &request_id, trace, &problem));
        }
        // Those that are shed are counted: a line for each would be more work still.
        if problem.status.is_server_error() && problem.code != OVERLOADED {
            tracing::error!(%method, route = pattern, request_id = %shown_id(&request_id), status = problem.status.as_u16(), code = problem.code, detail = %problem.detail, "a request failed");
        }
        if as_message { Reply::message(&problem) } else { Reply::problem(&problem) }
    });
    if let Some(((log, _), before)) = logged.zip(before)
        && !log.settled(before).await
    {
        let problem = not_logged();
        reply = if as_message {
            Reply::message(&problem)
        } else {
            Reply::problem(&problem)
        };
    }
    reply.headers.append(&mut told);
    let status = reply.status;
    let response = reply.into_response(request_id);
    match good {
        Some(good) if status == StatusCode::OK && method != Method::HEAD => {
            good.observe(nanos(start.elapsed()), 1);
        }
        Some(_) | None => {
            let method = method_label(&method);
            let status = status.as_u16();
            service
                .metrics
                .answered(method, pattern, status, start.elapsed());
        }
    }
    Ok(response)
}

/// What is answered where the answer may not go out without its line in the decision log, and the line cannot be written.
fn not_logged() -> Problem {
    let detail = "the answer could not be logged, so it is not given; try again";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-logged", detail)
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
    request_ids::next()
}

async fn respond(
    service: &Arc<Service>,
    peer: &Peer,
    found: Found<'_>,
    request: Request<Incoming>,
    request_id: &HeaderValue,
    told: &mut Told,
    asker: &mut Option<usize>,
) -> Result<Reply, Problem> {
    let (head, body) = request.into_parts();
    let kind = found.route.kind;
    let (mut _room, mut _place) = (None, None);
    let (mut caller, mut system_users) = (None, Vec::new());
    if kind != Kind::Open {
        _room = Some(service.room.take().map_err(|_| overloaded(service))?);
        let known = service.authenticate(peer, &head.headers).await?;
        _place = service.let_in(&known, found.route.pattern, told)?;
        (caller, system_users) = (Some(known.caller), known.system_users);
        *asker = Some(known.place);
    }
    if caller.is_some() {
        reached(service, &head.headers).await?;
    }
    if found.route.needs_delegations() && service.engine.snapshot().is_plain() {
        return Err(no_delegations());
    }
    let limits = &service.limits;
    let (body, upload, feeding) = if kind == Kind::Upload {
        let (feed, upload) = upload(body, limits.import_body, limits.body_time);
        (Bytes::new(), Some(upload), Some(tokio::spawn(feed.run())))
    } else {
        let body = read_body(body, limits.body, limits.body_time).await?;
        (body, None, None)
    };
    let wants_json = !body.is_empty() || found.route.pattern.starts_with("/access/");
    if wants_json && !is_json(&head.headers) {
        return Err(authzen::not_json());
    }
    let is_short = body.len() <= QUICK_BODY;
    let exchange = Exchange {
        caller,
        system_users,
        place: asker.unwrap_or_default(),
        request_id: request_id.clone(),
        trace: trace(service, &head.headers),
        path: found.path,
        query: head.uri.query().unwrap_or_default().to_owned(),
        if_match: head.headers.get(IF_MATCH).cloned(),
        body,
        upload: Cell::new(upload),
        now: now(),
    };
    let handler = found.route.handler;
    let quick = found.route.quick;
    if let Some(quick) = quick.filter(|_| is_short)
        && let Some(reply) = quick(service, &exchange)
    {
        return Ok(reply);
    }
    if matches!(kind, Kind::Quick | Kind::Open) && is_short && !authzen::may_explain(&exchange.body)
    {
        return answered(service, &exchange, found.route.pattern, handler);
    }
    let quick = quick.filter(|_| !is_short);
    let answer_time = service.limits.answer_time;
    // A question is a POST too, and changes nothing.
    let is_write = matches!(kind, Kind::Blocking | Kind::Upload)
        && head.method != Method::GET
        && head.method != Method::HEAD;
    let service = Arc::clone(service);
    let (pattern, method) = (found.route.pattern, head.method);
    let done = tokio::task::spawn_blocking(move || {
        let quickly = quick.and_then(|quick| quick(&service, &exchange));
        let outcome = quickly.map_or_else(|| answered(&service, &exchange, pattern, handler), Ok);
        if is_write {
            log_write(&exchange, pattern, &method, &outcome);
        }
        outcome
    });
    match feeding {
        None => in_time(done, answer_time).await,
        Some(mut feeding) => {
            let outcome = done.await.unwrap_or_else(|_| Err(broken()));
            tokio::spawn(async move {
                let _ = tokio::time::timeout(LINGER, &mut feeding).await;
                feeding.abort();
            });
            outcome
        }
    }
}

/// What a blocking thread answers, or that it takes too long. It is not stopped: what it writes, it writes whole.
pub(crate) async fn in_time(
    done: JoinHandle<Result<Reply, Problem>>,
    time: Duration,
) -> Result<Reply, Problem> {
    if let Ok(outcome) = tokio::time::timeout(time, done).await {
        return outcome.unwrap_or_else(|_| Err(broken()));
    }
    let detail = format!(
        "there is no answer after {} seconds; a change that was asked for may still be made, so read before asking again",
        time.as_secs()
    );
    Err(Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "no-answer-in-time",
        detail,
    ))
}

/// A route about delegations, in a Cedar world of its own.
fn no_delegations() -> Problem {
    let said =
        "the policies in force are a Cedar world of its own, and this daemon has no delegations";
    Problem::new(StatusCode::NOT_FOUND, "no-delegations", said)
}

/// There is too much to do: the newest request is the one that is told.
fn overloaded(service: &Service) -> Problem {
    service.metrics.edge.shed("request");
    let most = service.limits.requests;
    let detail = format!("{most} requests are being answered already; try again");
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, OVERLOADED, detail);
    problem.header("retry-after", "1")
}

/// A handler that panicked.
fn broken() -> Problem {
    let said = "the request could not be answered; the daemon's log says more";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", said)
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
    tracing::info!(%method, route, caller, request_id = %exchange.shown_id(), status, code, "change");
}

async fn read_body(mut body: Incoming, most: usize, time: Duration) -> Result<Bytes, Problem> {
    let is_known = body
        .size_hint()
        .exact()
        .is_some_and(|length| usize::try_from(length).is_ok_and(|length| length <= most));
    let whole = async {
        let mut first = Bytes::new();
        // Most bodies are short, and there as soon as their head is.
        if is_known {
            match body.frame().await {
                None => return Ok(first),
                Some(frame) => first = frame?.into_data().unwrap_or_default(),
            }
            if body.is_end_stream() {
                return Ok(first);
            }
        }
        let rest = Limited::new(body, most).collect().await?.to_bytes();
        if first.is_empty() {
            return Ok(rest);
        }
        let mut whole = Vec::with_capacity(first.len() + rest.len());
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&rest);
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(whole.into())
    };
    let mut whole = pin!(whole);
    let at_once = poll_fn(|context| Poll::Ready(whole.as_mut().poll(context))).await;
    let read = match at_once {
        Poll::Ready(read) => Ok(read),
        Poll::Pending => tokio::time::timeout(time, whole).await,
    };
    match read {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) => Err(unreadable(&*error, most)),
        Err(_) => Err(too_slow(time)),
    }
}
