//! How much each caller may ask for: so many requests a minute, and so many at once.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use hyper::StatusCode;

use super::callers::CallerLimits;
use super::limits::Limits;
use super::problem::Problem;

const WINDOW: u32 = 60;

type Rates = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// What one caller has left.
#[derive(Debug)]
pub(crate) struct CallerQuota {
    rate: Option<(NonZeroU32, Rates)>,
    at_once: usize,
    in_flight: Arc<AtomicUsize>,
}

/// One request of a caller, until it is answered.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Headers that tell a caller where it stands.
pub(crate) type Told = Vec<(&'static str, String)>;

impl CallerQuota {
    pub(crate) fn new(own: CallerLimits, limits: &Limits) -> Self {
        let with_rate = |rate| {
            let limiter = RateLimiter::direct(Quota::per_minute(rate));
            (
                rate,
                limiter.with_middleware::<StateInformationMiddleware>(),
            )
        };
        Self {
            rate: own.per_minute.or(limits.per_minute).map(with_rate),
            at_once: own.at_once.unwrap_or(limits.at_once),
            in_flight: Arc::default(),
        }
    }

    /// A place for another request; or which limit it is above: `rate` or `concurrency`.
    pub(crate) fn take(&self, told: &mut Told) -> Result<Place, (&'static str, Problem)> {
        let before = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(&self.in_flight));
        if before >= self.at_once {
            let detail = format!(
                "you have {before} requests in flight; at most {} are taken",
                self.at_once
            );
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-at-once", detail);
            return Err(("concurrency", problem.header("retry-after", "1")));
        }
        let Some((most, rates)) = &self.rate else {
            return Ok(place);
        };
        let policy = format!("\"caller\";q={most};w={WINDOW}");
        match rates.check() {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                told.push((
                    "ratelimit",
                    format!("\"caller\";r={left};t={}", until_whole(*most, left)),
                ));
                told.push(("ratelimit-policy", policy));
                Ok(place)
            }
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                // A whole second more than the part that is left, so that who waits it out is let in.
                let seconds = wait.as_secs() + 1;
                told.push(("ratelimit", format!("\"caller\";r=0;t={seconds}")));
                told.push(("ratelimit-policy", policy));
                let detail = format!("you may ask {most} times a minute; ask again in {seconds} s");
                let problem =
                    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail);
                Err(("rate", problem.header("retry-after", seconds.to_string())))
            }
        }
    }
}

/// Seconds until all of a quota is there again.
fn until_whole(most: NonZeroU32, left: u32) -> u64 {
    let used = u64::from(most.get().saturating_sub(left));
    (used * u64::from(WINDOW)).div_ceil(u64::from(most.get()))
}
