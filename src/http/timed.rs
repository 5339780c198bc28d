//! What is counted with its time or its size, and the boundaries of each.

use std::time::Duration;

use super::sharded::{Count, Histogram};

/// From a microsecond to a tenth of a second, in nanoseconds.
const DECISION_NANOS: [u64; 13] = [
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    5_000_000,
    20_000_000,
    100_000_000,
];
/// The boundaries that OpenTelemetry advises for HTTP servers, in nanoseconds, and a finer one beneath them.
const REQUEST_NANOS: [u64; 15] = [
    100_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    75_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    750_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    7_500_000_000,
    10_000_000_000,
];
/// Evaluations in a batch.
pub(crate) const BATCH_SIZES: [u64; 10] = [1, 2, 5, 10, 50, 100, 500, 1000, 5000, 10_000];
const NANOS: f64 = 1e9;

/// How long decisions took.
pub(crate) fn decision_seconds() -> Histogram {
    Histogram::new(&DECISION_NANOS, NANOS)
}

/// How long answers took.
pub(crate) fn request_seconds() -> Histogram {
    Histogram::new(&REQUEST_NANOS, NANOS)
}

/// What is counted of the decisions of one API.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) permits: Count,
    pub(crate) denials: Count,
    pub(crate) seconds: Histogram,
}

impl Decided {
    /// So many permits and denials, which took so long together: each is counted with the mean of them.
    pub(crate) fn add(&self, permits: u64, denials: u64, took: Duration) {
        self.permits.add(permits);
        self.denials.add(denials);
        let times = permits + denials;
        if let Some(mean) = nanos(took).checked_div(times) {
            self.seconds.observe(mean, times);
        }
    }
}

/// Nanoseconds, as histograms of time count them.
pub(crate) fn nanos(took: Duration) -> u64 {
    u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)
}
