//! The way of the log to somebody who collects it: over HTTP, from the files, in order, each line once at least.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::log::{Delivery, Part};

use super::super::outgoing::{To, ask};
use super::super::sharded::Count;

/// How long it waits before it looks for new lines.
const IDLE: Duration = Duration::from_millis(200);
/// The first wait after a failure; each further one is twice as long.
const AGAIN: Duration = Duration::from_millis(100);
/// The most that is read of an answer.
const ANSWER: usize = 64 * 1024;

/// Who collects the log, and how it is sent there.
#[derive(Debug, Clone)]
pub struct CollectorConfig {
    /// The address that batches are posted to: https, or http.
    pub url: String,
    /// The authorities that vouch for it; the system's unless said.
    pub ca: Option<PathBuf>,
    /// The file of the bearer token, read for each batch; none is sent without.
    pub token: Option<PathBuf>,
    /// Bytes of lines in a batch, some more or less.
    pub batch_bytes: usize,
    /// How long a batch may take.
    pub timeout: Duration,
    /// The longest wait after a failure.
    pub retry_most: Duration,
}

impl CollectorConfig {
    /// Batches of 1 MiB to an address, each within ten seconds, and half a minute between attempts at most.
    pub fn to(url: String) -> Self {
        Self {
            url,
            ca: None,
            token: None,
            batch_bytes: 1024 * 1024,
            timeout: Duration::from_secs(10),
            retry_most: Duration::from_secs(30),
        }
    }
}

/// What was delivered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Delivered {
    pub(crate) lines: Count,
    pub(crate) failures: Count,
    /// Bytes of files that are not delivered yet.
    pub(crate) left: Gauge,
}

impl Delivered {
    pub(crate) fn register(&self, to: &mut Registry) {
        let help = "Lines of the decision log that its collector has taken";
        let lines = self.lines.clone();
        to.register("pdp_decision_log_delivered_lines", help, lines);
        let help = "Times that the collector of the decision log took nothing";
        let failures = self.failures.clone();
        to.register("pdp_decision_log_delivery_failures", help, failures);
        let help = "Files of the decision log that its collector has not taken yet";
        let (name, left) = ("pdp_decision_log_undelivered", self.left.clone());
        to.register_with_unit(name, help, Unit::Bytes, left);
    }
}

/// Delivers a log for as long as it is polled.
pub(crate) async fn deliver(dir: PathBuf, config: CollectorConfig, delivered: Delivered) {
    let (mut delivery, mut failed) = (None, 0u32);
    loop {
        let opened = match delivery.take() {
            Some(opened) => Ok(opened),
            None => open(&dir).await,
        };
        let step = match opened {
            Ok(opened) => step(opened, &config, &delivered).await,
            Err(error) => Err(error),
        };
        match step {
            Ok((opened, was_sent)) => {
                delivery = Some(opened);
                if failed > 0 && !was_sent {
                    tracing::info!(
                        url = config.url,
                        "the collector of the decision log has caught up"
                    );
                    failed = 0;
                }
                if !was_sent {
                    tokio::time::sleep(IDLE).await;
                }
            }
            Err(error) => {
                if failed == 0 {
                    tracing::warn!(%error, url = config.url, "the collector of the decision log takes nothing; it is tried again");
                }
                delivered.failures.add(1);
                let wait = AGAIN.saturating_mul(2u32.saturating_pow(failed.min(16)));
                failed = failed.saturating_add(1);
                tokio::time::sleep(wait.min(config.retry_most)).await;
            }
        }
    }
}

async fn open(dir: &Path) -> Result<Delivery, String> {
    let dir = dir.to_owned();
    blocking(move || Delivery::open(&dir).map_err(|error| error.to_string())).await
}

/// Sends what comes next, and remembers it; whether there was anything.
async fn step(
    mut delivery: Delivery,
    config: &CollectorConfig,
    delivered: &Delivered,
) -> Result<(Delivery, bool), String> {
    let (most, left) = (config.batch_bytes, delivered.left.clone());
    let read = blocking(move || {
        let bytes = delivery.left().map_err(|error| error.to_string())?;
        left.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        let part = delivery.next(most).map_err(|error| error.to_string())?;
        Ok((delivery, part))
    });
    let (mut delivery, part) = read.await?;
    let Some(part) = part else {
        return Ok((delivery, false));
    };
    if part.gone > 0 {
        let (segment, gone) = (part.segment, part.gone);
        tracing::error!(
            gone,
            before = segment,
            "segments of the decision log are gone that were not delivered"
        );
    }
    let (to, lines) = (part.to, part.to.lines + 1 - part.first);
    let sent = tokio::time::timeout(config.timeout, send(config, part)).await;
    sent.unwrap_or_else(|_| Err(format!("no answer within {:?}", config.timeout)))?;
    delivered.lines.add(lines);
    let remembered = move || {
        delivery.delivered(to).map_err(|error| error.to_string())?;
        Ok(delivery)
    };
    Ok((blocking(remembered).await?, true))
}

async fn send(config: &CollectorConfig, part: Part) -> Result<(), String> {
    let mut request = Request::post("/")
        .header(CONTENT_TYPE, "application/x-ndjson")
        .header("fullmakt-segment", part.segment)
        .header("fullmakt-line", part.first);
    if let Some(path) = config.token.clone() {
        let read = move || {
            let token = std::fs::read_to_string(&path);
            token.map_err(|error| format!("{}: {error}", path.display()))
        };
        let token = blocking(read).await?;
        request = request.header(AUTHORIZATION, format!("Bearer {}", token.trim()));
    }
    let to = To {
        url: config.url.clone(),
        ca: config.ca.clone(),
    };
    let (status, _) = ask(&to, request, part.text.into(), ANSWER).await?;
    if status.is_success() {
        return Ok(());
    }
    Err(format!("it answers {status}"))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| error.to_string())?
}
