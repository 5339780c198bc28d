//! How much callers may send, and for how long, as `fullmakt.toml` has it.

use std::time::Duration;

use fullmakt::http::Limits;
use fullmakt::model::table::{Fields, Findings};

use super::config_known;

/// The keys that are read here.
pub(super) const LIMIT_KEYS: [&str; 11] = [
    "drain_seconds",
    "body_bytes",
    "requests_per_minute",
    "requests_at_once",
    "all_requests_at_once",
    "connections",
    "handshake_seconds",
    "header_seconds",
    "body_seconds",
    "idle_seconds",
    "write_seconds",
];

/// The daemon's limits; what the file leaves out is as it is without a file.
pub(super) fn daemon_limits(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Limits {
    let unless = Limits::default();
    let of_each = config_known::limits(fields, found);
    let mut number = |key, least, most, unless: usize| {
        let said = fields.number(key, least..=most, found);
        said.map_or(unless, |said| usize::try_from(said).unwrap_or(unless))
    };
    let body = number("body_bytes", 1024, 1_073_741_824, unless.body);
    let requests = number("all_requests_at_once", 1, 1_000_000, unless.requests);
    let connections = number("connections", 1, 1_000_000, unless.connections);
    let mut seconds = |key, least, unless: Duration| {
        let said = fields.number(key, least..=3600, found);
        said.map_or(unless, |said| Duration::from_secs(said.unsigned_abs()))
    };
    Limits {
        body,
        requests,
        connections,
        per_minute: of_each.per_minute,
        at_once: of_each.at_once.unwrap_or(unless.at_once),
        drain_time: seconds("drain_seconds", 0, unless.drain_time),
        handshake_time: seconds("handshake_seconds", 1, unless.handshake_time),
        header_time: seconds("header_seconds", 1, unless.header_time),
        body_time: seconds("body_seconds", 1, unless.body_time),
        idle_time: seconds("idle_seconds", 1, unless.idle_time),
        write_time: seconds("write_seconds", 1, unless.write_time),
        ..unless
    }
}
