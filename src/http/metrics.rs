//! Counters and histograms for Prometheus, in base units. No label says whom or what a question was about.

use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::decision_log::{Delivered, Dropped};
use super::edge_metrics::EdgeMetrics;
use super::exchange::Exchange;
use super::problem::Problem;
use super::reply::Reply;
use super::router::Service;
use super::sharded::{Count, Histogram};
use super::timed::{BATCH_SIZES, Decided, decision_seconds, nanos, request_seconds};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    api: &'static str,
    decision: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ApiLabels {
    api: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    http_request_method: &'static str,
    http_route: &'static str,
    http_response_status_code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PolicyLabels {
    hash: String,
}

/// One request in flight, until this is dropped: also when its caller hangs up, which no line of code after it sees.
#[derive(Debug)]
pub(crate) struct InFlight<'a>(&'a Count);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.add(1);
    }
}

/// The daemon's metrics.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) edge: EdgeMetrics,
    /// What of the decision log its collector has.
    pub(crate) delivered: Delivered,
    /// What the decision log has not taken.
    pub(crate) not_logged: Dropped,
    registry: Registry,
    decisions: Family<DecisionLabels, Count>,
    decision_seconds: Family<ApiLabels, Histogram, fn() -> Histogram>,
    /// Of `evaluation`, and of `evaluations`.
    pub(crate) one: Decided,
    pub(crate) many: Decided,
    batch_size: Histogram,
    request_seconds: Family<RequestLabels, Histogram, fn() -> Histogram>,
    in_flight: Gauge<i64, AtomicI64>,
    begun: Count,
    ended: Count,
    auth_failures: Family<KindLabels, Counter<u64, AtomicU64>>,
    policy_set: Family<PolicyLabels, Gauge<i64, AtomicI64>>,
    policies: Gauge<i64, AtomicI64>,
    system_users: Gauge<i64, AtomicI64>,
    revision: Gauge<i64, AtomicI64>,
    accepting: Gauge<i64, AtomicI64>,
    resident: Gauge<i64, AtomicI64>,
    open_fds: Gauge<i64, AtomicI64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        let decisions = Family::<DecisionLabels, Count>::default();
        let decision_seconds = Family::new_with_constructor(decision_seconds as fn() -> Histogram);
        let request_seconds = Family::new_with_constructor(request_seconds as fn() -> Histogram);
        let batch_size = Histogram::new(&BATCH_SIZES, 1.0);
        let of = |api| {
            let count = |decision| decisions.get_or_create_owned(&DecisionLabels { api, decision });
            Decided {
                permits: count("permit"),
                denials: count("deny"),
                seconds: decision_seconds.get_or_create_owned(&ApiLabels { api }),
            }
        };
        let metrics = Self {
            edge: EdgeMetrics::default(),
            delivered: Delivered::default(),
            not_logged: Dropped::default(),
            one: of("evaluation"),
            many: of("evaluations"),
            decisions,
            decision_seconds,
            batch_size,
            request_seconds,
            in_flight: Gauge::default(),
            begun: Count::default(),
            ended: Count::default(),
            auth_failures: Family::default(),
            policy_set: Family::default(),
            policies: Gauge::default(),
            system_users: Gauge::default(),
            revision: Gauge::default(),
            accepting: Gauge::default(),
            resident: Gauge::default(),
            open_fds: Gauge::default(),
            registry: Registry::default(),
        };
        metrics.register(&mut registry);
        Self {
            registry,
            ..metrics
        }
    }

    fn register(&self, to: &mut Registry) {
        self.edge.register(to);
        self.not_logged.register(to);
        self.delivered.register(to);
        to.register("pdp_decisions", "Decisions", self.decisions.clone());
        let help = "Time to decide, without reading the request and writing the answer";
        to.register_with_unit(
            "pdp_decision_duration",
            help,
            Unit::Seconds,
            self.decision_seconds.clone(),
        );
        to.register(
            "pdp_batch_size",
            "Evaluations in a batch",
            self.batch_size.clone(),
        );
        let help = "Time from a request's head to its answer";
        to.register_with_unit(
            "http_server_request_duration",
            help,
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        to.register(
            "pdp_http_requests_in_flight",
            "Requests in flight",
            self.in_flight.clone(),
        );
        to.register(
            "pdp_auth_failures",
            "Requests without a known caller",
            self.auth_failures.clone(),
        );
        to.register(
            "pdp_policy_set_info",
            "The policies in force: 1",
            self.policy_set.clone(),
        );
        to.register(
            "pdp_policies",
            "Policies and templates in force",
            self.policies.clone(),
        );
        to.register(
            "pdp_system_users",
            "System users, deleted ones too",
            self.system_users.clone(),
        );
        to.register(
            "pdp_store_revision",
            "The newest revision",
            self.revision.clone(),
        );
        to.register(
            "pdp_store_accepting_changes",
            "Whether changes are taken: 1 or 0",
            self.accepting.clone(),
        );
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        to.register("pdp_build", "What is running", build);
        to.register_with_unit(
            "process_resident_memory",
            "Resident memory",
            Unit::Bytes,
            self.resident.clone(),
        );
        let started: Gauge<f64, AtomicU64> = Gauge::default();
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        started.set(since.as_secs_f64());
        to.register_with_unit(
            "process_start_time",
            "When the daemon started, since 1970",
            Unit::Seconds,
            started,
        );
        to.register(
            "process_open_fds",
            "Open file descriptors",
            self.open_fds.clone(),
        );
    }

    pub(crate) fn in_flight(&self) -> InFlight<'_> {
        self.begun.add(1);
        InFlight(&self.ended)
    }

    pub(crate) fn decided(&self, api: &'static str, permit: bool, took: Duration) {
        let decision = if permit { "permit" } else { "deny" };
        self.decisions
            .get_or_create(&DecisionLabels { api, decision })
            .add(1);
        self.decision_seconds
            .get_or_create(&ApiLabels { api })
            .observe(nanos(took), 1);
    }

    pub(crate) fn batch(&self, size: usize) {
        self.batch_size
            .observe(u64::try_from(size).unwrap_or(u64::MAX), 1);
    }

    pub(crate) fn answered(
        &self,
        method: &'static str,
        route: &'static str,
        status: u16,
        took: Duration,
    ) {
        let labels = RequestLabels {
            http_request_method: method,
            http_route: route,
            http_response_status_code: status,
        };
        self.request_seconds
            .get_or_create(&labels)
            .observe(nanos(took), 1);
    }

    /// Where answers of 200 of one route are counted.
    pub(crate) fn of_route(&self, method: &'static str, route: &'static str) -> Histogram {
        self.request_seconds.get_or_create_owned(&RequestLabels {
            http_request_method: method,
            http_route: route,
            http_response_status_code: 200,
        })
    }

    pub(crate) fn auth_failed(&self, kind: &'static str) {
        self.auth_failures.get_or_create(&KindLabels { kind }).inc();
    }

    fn read(&self, service: &Service) {
        // In this order, so that there are never fewer than none.
        let ended = self.ended.total();
        let in_flight = self.begun.total().saturating_sub(ended);
        self.in_flight
            .set(i64::try_from(in_flight).unwrap_or(i64::MAX));
        let snapshot = service.engine.snapshot();
        self.revision
            .set(i64::try_from(snapshot.revision().0).unwrap_or(i64::MAX));
        let size = snapshot.size();
        self.policies
            .set(i64::try_from(size.policies).unwrap_or(i64::MAX));
        self.system_users
            .set(i64::try_from(size.system_users).unwrap_or(i64::MAX));
        self.policy_set.clear();
        self.policy_set
            .get_or_create(&PolicyLabels {
                hash: snapshot.policy_hash().to_owned(),
            })
            .set(1);
        self.accepting.set(i64::from(service.not_ready().is_none()));
        self.resident.set(resident_bytes().unwrap_or(0));
        let fds = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        self.open_fds.set(i64::try_from(fds).unwrap_or(i64::MAX));
    }
}

fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: i64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// `GET /metrics`, as `OpenMetrics` text.
pub(crate) fn metrics(service: &Service, _: &Exchange) -> Result<Reply, Problem> {
    service.metrics.read(service);
    let mut body = String::new();
    text::encode(&mut body, &service.metrics.registry).map_err(|error| {
        Problem::new(
            hyper::StatusCode::INTERNAL_SERVER_ERROR,
            "metrics",
            error.to_string(),
        )
    })?;
    Ok(Reply::text(
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        body,
    ))
}
