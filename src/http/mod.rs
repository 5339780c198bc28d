//! The daemon: hyper directly, wire forms made model values at this edge, once; and a small client for the command line.
//!
//! Only this floor knows tokio and hyper, status codes, and the clock. Decisions run on the async threads, since they
//! never wait; whatever reads the store or changes something runs on blocking threads.

mod answer;
mod at_least;
mod authenticate;
mod authzen;
mod callers;
mod client;
mod connection;
mod decision_log;
mod edge_metrics;
mod error;
mod error_policies;
mod exchange;
mod inside;
mod json;
mod jwt;
mod limits;
mod listener;
mod load;
mod metrics;
mod outgoing;
mod paced;
mod peer;
mod problem;
mod quota;
mod reload;
mod reply;
mod request_ids;
mod room;
mod router;
mod routes;
mod run;
mod send;
mod server;
mod sharded;
mod timed;
mod tls;
mod upload;
mod v1;

#[cfg(test)]
mod tests;

pub use callers::{CallerLimits, Callers, CallersError, KnownCertificate, KnownClaims};
pub use client::{Client, ClientError};
pub use decision_log::{
    AnswerAfter, CollectorConfig, DecisionLogConfig, Differing, OnFull, ReplayError, Replayed,
    replay,
};
pub use inside::inside;
pub use jwt::{Issuer, KeySource, SigningAlgorithm};
pub use limits::Limits;
pub use listener::{Accepts, Listener, TlsFiles};
pub use load::{Besieged, Load, LoadError, Prepared, Protocol, Seen, besiege, drive, run_bare};
pub use reload::PolicyWatch;
pub use run::{RunError, run};
pub use send::Sent;
pub use server::{ServeError, ServerConfig, serve};
pub use tls::TlsError;
