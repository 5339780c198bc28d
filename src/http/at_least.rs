//! Reading no older than a revision: the header `At-Least-Revision`.
//!
//! Whoever has written something knows its revision, and may ask for an answer that has it. One from the future is waited
//! for, for a bounded time, on the async thread, which goes on with others.

use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde_json::json;

use crate::model::id::{Revision, shown};

use super::exchange::number;
use super::problem::Problem;
use super::router::Service;

/// The header's name, on every route that needs a caller.
pub(crate) const HEADER: &str = "at-least-revision";
/// The longest time between two looks at the newest revision.
const LOOK: Duration = Duration::from_millis(20);

/// Returns once the newest revision is not older than the caller demands; at once if nothing is demanded.
pub(crate) async fn reached(service: &Service, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(wanted) = wanted(headers)? else {
        return Ok(());
    };
    let begin = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        let newest = service.engine.snapshot().revision();
        if newest >= wanted {
            return Ok(());
        }
        let left = service.limits.revision_time.saturating_sub(begin.elapsed());
        if left.is_zero() {
            return Err(not_reached(wanted, newest));
        }
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 2).min(LOOK);
    }
}

fn wanted(headers: &HeaderMap) -> Result<Option<Revision>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    match number(&text) {
        Some(revision) if values.next().is_none() => Ok(Some(Revision(revision))),
        Some(_) => Err(wrong(
            "`At-Least-Revision` stands twice; send one".to_owned(),
        )),
        None => Err(wrong(format!(
            "`At-Least-Revision` is `{}`; it has to be a revision",
            shown(&text)
        ))),
    }
}

fn wrong(detail: String) -> Problem {
    Problem::of_field("header:At-Least-Revision", detail)
}

fn not_reached(wanted: Revision, newest: Revision) -> Problem {
    let detail = format!("revision {wanted} has not been; the newest is {newest}");
    let status = StatusCode::PRECONDITION_FAILED;
    Problem::new(status, "revision-not-reached", detail)
        .with("asked", json!(wanted))
        .with("newest", json!(newest))
}
