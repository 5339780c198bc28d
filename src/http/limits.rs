//! How much a caller may send, and for how long.

use std::num::NonZeroU32;
use std::time::Duration;

/// The daemon's limits.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The longest body, in bytes; 1 MiB unless said.
    pub body: usize,
    /// The longest body of an import, in bytes; 1 GiB unless said.
    pub import_body: usize,
    /// The deepest JSON; 32 levels unless said.
    pub json_depth: usize,
    /// The most evaluations in one batch; 10,000 unless said.
    pub evaluations: usize,
    /// The longest request line and headers together, in bytes; 16 KiB unless said.
    pub headers: usize,
    /// The time for a TLS handshake; ten seconds unless said.
    pub handshake_time: Duration,
    /// How long a connection may be without a request, or twice that after one; a minute unless said.
    pub idle_time: Duration,
    /// How long what is written may wait for the client to take it; thirty seconds unless said.
    pub write_time: Duration,
    /// The time to send the headers; ten seconds unless said.
    pub header_time: Duration,
    /// The time to send the body, or of an import each part of it; thirty seconds unless said.
    pub body_time: Duration,
    /// The time to answer once the body is there, an import excepted; thirty seconds unless said.
    pub answer_time: Duration,
    /// How long a revision that is demanded is waited for; two seconds unless said.
    pub revision_time: Duration,
    /// The most requests in flight on one connection of HTTP/2; 128 unless said.
    pub streams: u32,
    /// The most requests in flight on all connections; 4,096 unless said. The newest is turned away.
    pub requests: usize,
    /// The most requests of one caller in a minute; any number unless said.
    pub per_minute: Option<NonZeroU32>,
    /// The most requests of one caller at once; 1,024 unless said.
    pub at_once: usize,
    /// The most connections at once; 16,384 unless said. The newest is turned away.
    pub connections: usize,
    /// How long requests in flight may go on when the daemon stops; ten seconds unless said.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1024 * 1024,
            import_body: 1024 * 1024 * 1024,
            json_depth: 32,
            evaluations: 10_000,
            headers: 16 * 1024,
            handshake_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(60),
            write_time: Duration::from_secs(30),
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            answer_time: Duration::from_secs(30),
            revision_time: Duration::from_secs(2),
            streams: 128,
            requests: 4096,
            per_minute: None,
            at_once: 1024,
            connections: 16_384,
            drain_time: Duration::from_secs(10),
        }
    }
}
