//! Counters and histograms that every thread counts into a share of its own: no lock, and no line of memory that two
//! processors fight over. What is read is the sum of all shares.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// Shares; threads beyond them share some.
const SHARES: usize = 16;
/// The most boundaries of a histogram.
const MOST: usize = 15;

/// Where the next new thread counts.
static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SHARE: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// This thread's share.
fn share() -> usize {
    SHARE.with(|share| {
        if share.get() == usize::MAX {
            share.set(NEXT.fetch_add(1, Ordering::Relaxed) % SHARES);
        }
        share.get()
    })
}

/// A share, on lines of memory of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Share<T>(T);

/// A counter; a copy counts into the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Count(Arc<[Share<AtomicU64>; SHARES]>);

impl Count {
    pub(crate) fn add(&self, number: u64) {
        if let Some(Share(count)) = self.0.get(share()) {
            count.fetch_add(number, Ordering::Relaxed);
        }
    }

    /// All that was counted.
    pub(crate) fn total(&self) -> u64 {
        let counts = self.0.iter().map(|share| share.0.load(Ordering::Relaxed));
        counts.sum()
    }
}

impl TypedMetric for Count {
    const TYPE: MetricType = MetricType::Counter;
}

impl EncodeMetric for Count {
    fn encode(&self, mut encoder: MetricEncoder) -> fmt::Result {
        encoder.encode_counter::<NoLabelSet, _, u64>(&self.total(), None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

/// What one thread has seen: how many values at most at each boundary and above the one before it, and their sum.
#[derive(Debug, Default)]
struct Observed {
    counts: [AtomicU64; MOST + 1],
    sum: AtomicU64,
}

/// A histogram of whole units; a copy observes into the same.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    boundaries: &'static [u64],
    /// Of these units there are so many in one of what is shown.
    units: f64,
    shares: Arc<[Share<Observed>; SHARES]>,
}

impl Histogram {
    /// A histogram with these boundaries, ascending and at most [`MOST`], of which so many units make one of what is shown.
    pub(crate) fn new(boundaries: &'static [u64], units: f64) -> Self {
        debug_assert!(boundaries.len() <= MOST, "a share has no more room");
        Self {
            boundaries,
            units,
            shares: Arc::default(),
        }
    }

    /// So many values, all of this size.
    pub(crate) fn observe(&self, value: u64, times: u64) {
        let Some(Share(observed)) = self.shares.get(share()) else {
            return;
        };
        let below = self.boundaries.iter().take_while(|most| **most < value);
        if let Some(count) = observed.counts.get(below.count()) {
            count.fetch_add(times, Ordering::Relaxed);
        }
        let sum = value.saturating_mul(times);
        observed.sum.fetch_add(sum, Ordering::Relaxed);
    }
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut encoder: MetricEncoder) -> fmt::Result {
        let of = |place: usize| {
            let counts = self
                .shares
                .iter()
                .filter_map(|share| share.0.counts.get(place));
            counts.map(|count| count.load(Ordering::Relaxed)).sum()
        };
        let shown = self.boundaries.iter().map(|most| float(*most) / self.units);
        let buckets: Vec<(f64, u64)> = shown
            .chain([f64::INFINITY])
            .enumerate()
            .map(|(place, most)| (most, of(place)))
            .collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sums = self.shares.iter();
        let sum: u64 = sums.map(|share| share.0.sum.load(Ordering::Relaxed)).sum();
        encoder.encode_histogram::<NoLabelSet>(float(sum) / self.units, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "what is shown is a measure, not a number"
)]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text;
    use prometheus_client::registry::Registry;

    use super::{Count, Histogram};

    #[test]
    fn what_is_shown_is_the_sum_of_what_all_threads_counted() {
        let (count, histogram) = (Count::default(), Histogram::new(&[10, 1000], 1000.0));
        std::thread::scope(|scope| {
            for thread in 0..40 {
                let (count, histogram) = (&count, &histogram);
                scope.spawn(move || {
                    count.add(2);
                    histogram.observe(if thread % 2 == 0 { 10 } else { 11 }, 1);
                    histogram.observe(1001, 3);
                });
            }
        });
        let mut registry = Registry::default();
        registry.register("count", "Counted", count);
        registry.register("seen", "Seen", histogram);
        let mut shown = String::new();
        text::encode(&mut shown, &registry).unwrap();
        for line in [
            "count_total 80",
            "seen_sum 120.54",
            "seen_count 160",
            "seen_bucket{le=\"0.01\"} 20",
            "seen_bucket{le=\"1.0\"} 40",
            "seen_bucket{le=\"+Inf\"} 160",
        ] {
            assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
        }
    }
}
