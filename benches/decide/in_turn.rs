//! Sides that answer the same questions in turn, so that whatever else the machine does falls on all of them.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::world::Spread;

pub(crate) const ROUNDS: usize = 11;

/// What takes its turn in each round: it answers so many questions.
pub(crate) struct Side<'a> {
    asked: usize,
    run: Box<dyn FnMut(usize) + 'a>,
}

impl<'a> Side<'a> {
    pub(crate) fn new(asked: usize, run: impl FnMut(usize) + 'a) -> Self {
        Self {
            asked,
            run: Box::new(run),
        }
    }
}

/// Nanoseconds an answer of each side, the sides in turn in every round, after one round that does not count.
pub(crate) fn in_turn(mut sides: Vec<Side<'_>>) -> Vec<Spread> {
    let mut taken = vec![Vec::new(); sides.len()];
    for round in 0..=ROUNDS {
        for (side, taken) in sides.iter_mut().zip(&mut taken) {
            let start = on_cpu();
            (side.run)(round);
            let each = on_cpu().saturating_sub(start).as_nanos() as f64 / side.asked as f64;
            if round > 0 {
                taken.push(each);
            }
        }
    }
    taken.into_iter().map(Spread::of).collect()
}

/// How long this thread was on a processor: on a machine with other work, waiting for one's turn is not what is measured.
/// Where the system does not tell, the time that went by.
fn on_cpu() -> Duration {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    // The system brings its account up to date as a thread gives its turn away.
    std::thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    nanos.map_or_else(|| BEGAN.elapsed(), Duration::from_nanos)
}
