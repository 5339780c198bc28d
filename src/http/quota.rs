//! How much each caller may ask for: so many requests a minute, and so many at once.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use hyper::StatusCode;

use super::callers::CallerLimits;
use super::limits::Limits;
use super::problem::Problem;
use super::room::{Room, Taken};

const WINDOW: u32 = 60;

type Rates = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// What one caller has left.
#[derive(Debug)]
pub(crate) struct CallerQuota {
    rate: Option<(NonZeroU32, Rates)>,
    room: Room,
}

/// The limit that a caller is above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Above {
    /// It asks too often.
    Rate {
        /// How often it may ask in a minute.
        most: NonZeroU32,
        /// After how many seconds it may again.
        seconds: u64,
    },
    /// It has too many requests in flight.
    AtOnce {
        /// How many it has.
        in_flight: usize,
        /// How many it may have.
        most: usize,
    },
}

impl Above {
    /// Its name in metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rate { .. } => "rate",
            Self::AtOnce { .. } => "concurrency",
        }
    }
}

impl From<Above> for Problem {
    fn from(above: Above) -> Self {
        let (code, detail, seconds) = match above {
            Above::Rate { most, seconds } => (
                "too-many-requests",
                format!("you may ask {most} times a minute; ask again in {seconds} s"),
                seconds,
            ),
            Above::AtOnce { in_flight, most } => (
                "too-many-at-once",
                format!("you have {in_flight} requests in flight; at most {most} are taken"),
                1,
            ),
        };
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail)
            .header("retry-after", seconds.to_string())
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
            room: Room::of(own.at_once.unwrap_or(limits.at_once)),
        }
    }

    /// A place for another request; or the limit that it would be above.
    pub(crate) fn take(&self, told: &mut Told) -> Result<Taken<'_>, Above> {
        let place = self.room.take().map_err(|in_flight| Above::AtOnce {
            in_flight,
            most: self.room.most(),
        })?;
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
                let most = *most;
                Err(Above::Rate { most, seconds })
            }
        }
    }
}

/// Seconds until all of a quota is there again.
fn until_whole(most: NonZeroU32, left: u32) -> u64 {
    let used = u64::from(most.get().saturating_sub(left));
    (used * u64::from(WINDOW)).div_ceil(u64::from(most.get()))
}
