//! What was measured, as lines.

use std::time::Duration;

use fullmakt::http::{Besieged, Seen};

/// One round of one server.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) seen: Seen,
    pub(crate) processor: Duration,
}

/// All rounds of one measurement.
#[derive(Debug)]
pub(crate) struct Told {
    name: &'static str,
    names: [&'static str; 2],
    connections: u16,
    size: usize,
    beside: Vec<Side>,
    daemon: Vec<Side>,
}

#[allow(
    clippy::cast_precision_loss,
    reason = "counts of some seconds are exact as floating point"
)]
fn float(count: usize) -> f64 {
    count as f64
}

impl Side {
    /// Requests that a second of the processor is good for.
    fn a_processor_second(&self) -> f64 {
        float(self.seen.requests) / self.processor.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn a_second(&self) -> f64 {
        float(self.seen.requests) / self.seen.took.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn micros(&self, share: f64) -> f64 {
        self.seen.quantile(share).as_secs_f64() * 1e6
    }
}

/// The median of what each round says, with the least and the most.
fn spread(values: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or_default();
    (
        at(values.len() / 2),
        at(0),
        at(values.len().saturating_sub(1)),
    )
}

fn median(sides: &[Side], of: impl Fn(&Side) -> f64) -> f64 {
    spread(sides.iter().map(of)).0
}

/// A number with a space before each three digits.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

impl Told {
    pub(crate) fn new(
        name: &'static str,
        names: [&'static str; 2],
        connections: u16,
        size: usize,
    ) -> Self {
        Self {
            name,
            names,
            connections,
            size,
            beside: Vec::new(),
            daemon: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, beside: Side, daemon: Side) {
        self.beside.push(beside);
        self.daemon.push(daemon);
    }

    /// Decisions that the daemon answered in all rounds.
    pub(crate) fn answered(&self) -> usize {
        let requests = self.daemon.iter().map(|side| side.seen.requests);
        requests.sum::<usize>() * self.size
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let size = float(self.size);
        let [daemon, beside] = self.names;
        let rounds = || self.daemon.iter().zip(&self.beside);
        let ratios = rounds()
            .map(|(daemon, beside)| daemon.a_processor_second() / beside.a_processor_second());
        let (ratio, least, most) = spread(ratios);
        let p99 = |side: &Side| side.micros(0.99).max(f64::MIN_POSITIVE);
        let (longer, ..) = spread(rounds().map(|(daemon, beside)| p99(daemon) / p99(beside)));
        let mut lines = vec![
            String::new(),
            format!("{} ({} connections)", self.name, self.connections),
            format!(
                "  {:9} {:>12} {:>21} {:>9} {:>9} {:>9}",
                "", "decisions/s", "per processor-second", "p50 µs", "p99 µs", "p99.9 µs"
            ),
        ];
        for (name, sides) in [(daemon, &self.daemon), (beside, &self.beside)] {
            lines.push(format!(
                "  {name:9} {:>12} {:>21} {:>9.0} {:>9.0} {:>9.0}",
                grouped(median(sides, Side::a_second) * size),
                grouped(median(sides, Side::a_processor_second) * size),
                median(sides, |side| side.micros(0.5)),
                median(sides, |side| side.micros(0.99)),
                median(sides, |side| side.micros(0.999)),
            ));
        }
        lines.push(format!(
            "  of {beside}: requests per processor-second {ratio:.2} ({least:.2} to {most:.2}), p99 {longer:.2}"
        ));
        lines
    }
}

/// What busy clients saw beside those that hold on to their connections.
pub(crate) fn besieged(seen: &Besieged, before: u64, held: u64) -> Vec<String> {
    let micros = |seen: &Seen, share| seen.quantile(share).as_secs_f64() * 1e6;
    let line = |name: &str, seen: &Seen| {
        format!(
            "  {name:8} {:>10} answers, p50 {:>6.0} µs, p99 {:>6.0} µs",
            grouped(float(seen.requests)),
            micros(seen, 0.5),
            micros(seen, 0.99)
        )
    };
    let ratio = micros(&seen.beside, 0.99) / micros(&seen.alone, 0.99).max(f64::MIN_POSITIVE);
    vec![
        format!(
            "busy clients alone, and beside {} idle and {} slow ones",
            seen.idle, seen.slow
        ),
        line("alone", &seen.alone),
        line("beside", &seen.beside),
        format!("  p99 beside the others, of that alone: {ratio:.2}"),
        format!("  memory of the daemon: {before} MiB before, {held} MiB with all of them"),
        format!(
            "  slow clients that were let go: {} of {}",
            seen.ended, seen.slow
        ),
    ]
}
