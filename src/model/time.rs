//! Instants and windows. The clock is the caller's: every rule is handed the instant it is asked about.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Why a text is not an instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an instant of the form `2026-11-24T12:00:00Z` (RFC 3339)")]
pub struct TimestampError(String);

/// An instant in milliseconds since 1970-01-01T00:00:00Z; RFC 3339 with `Z` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The first instant that has an RFC 3339 form: 0000-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_167_219_200_000);
    /// The last millisecond that has an RFC 3339 form: 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// The instant this many milliseconds after 1970 began, clamped to what RFC 3339 can write.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Milliseconds since 1970 began.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// This many milliseconds later (or earlier, if negative).
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// This many days of 24 hours later (or earlier, if negative).
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        self.plus_millis(days.saturating_mul(86_400_000))
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let refused = || TimestampError(super::id::shown(text));
        let instant = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| refused())?;
        let millis = i64::try_from(instant.unix_timestamp_nanos().div_euclid(1_000_000))
            .map_err(|_| refused())?;
        if (Self::MIN.0..=Self::MAX.0).contains(&millis) {
            Ok(Self(millis))
        } else {
            Err(refused())
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .map_err(|_| fmt::Error)?;
        let (date, time) = (instant.date(), instant.time());
        write!(
            f,
            "{:04}-{:02}-{:02}T",
            date.year(),
            u8::from(date.month()),
            date.day()
        )?;
        write!(
            f,
            "{:02}:{:02}:{:02}",
            time.hour(),
            time.minute(),
            time.second()
        )?;
        match time.millisecond() {
            0 => f.write_str("Z"),
            millis => write!(f, ".{millis:03}Z"),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
            return text.parse().map_err(serde::de::Error::custom);
        }
        i64::deserialize(deserializer).map(Self::from_millis)
    }
}

/// A window that ends before it begins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the window ends at `{until}`, which is not after it begins at `{from}`")]
pub struct WindowError {
    from: Timestamp,
    until: Timestamp,
}

/// When a delegation holds: half-open, `from` ≤ now < `until`; an absent end is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    // INVARIANT: if both are there, from < until.
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// Where an instant lies against a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// The window has not begun.
    NotYet,
    /// The window holds.
    Now,
    /// The window has ended.
    Over,
}

impl Window {
    /// Without beginning or end.
    pub const ALWAYS: Self = Self {
        from: None,
        until: None,
    };

    /// The window between two instants, if it is one.
    pub fn new(from: Option<Timestamp>, until: Option<Timestamp>) -> Result<Self, WindowError> {
        match (from, until) {
            (Some(from), Some(until)) if until <= from => Err(WindowError { from, until }),
            (from, until) => Ok(Self { from, until }),
        }
    }

    /// The first instant inside.
    pub fn from(&self) -> Option<Timestamp> {
        self.from
    }

    /// The first instant after the end.
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// Whether the window has neither beginning nor end.
    pub fn is_always(&self) -> bool {
        *self == Self::ALWAYS
    }

    /// Where this instant lies.
    pub fn at(&self, now: Timestamp) -> Within {
        if self.from.is_some_and(|from| now < from) {
            Within::NotYet
        } else if self.until.is_some_and(|until| now >= until) {
            Within::Over
        } else {
            Within::Now
        }
    }
}
