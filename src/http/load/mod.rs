//! Load, for measuring: a driver that checks every answer, and a bare server to compare the daemon with.
//!
//! The driver writes the same bytes to both and counts what they answered; what the servers take of the processor is read by
//! who started them. It runs on one thread, so that the other processors are the servers'.

mod bare;
mod h1;
mod h2;
mod hostile;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use bare::run_bare;
pub use hostile::{Besieged, besiege};

/// Which HTTP is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1 on connections that are kept.
    Http1,
    /// HTTP/2 without TLS, by prior knowledge, with so many requests at once on each connection.
    Http2 {
        /// Requests at once on one connection.
        streams: usize,
    },
}

/// A body to send, and the answer's body.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// What is sent.
    pub body: Box<[u8]>,
    /// What has to come back, byte for byte.
    pub answer: Box<[u8]>,
}

/// Some seconds of load.
#[derive(Debug, Clone)]
pub struct Load {
    /// The server.
    pub address: SocketAddr,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// Connections at once, each with its next request as soon as the last is answered.
    pub connections: usize,
    /// Where the questions are sent.
    pub path: &'static str,
    /// The bearer token.
    pub token: String,
    /// The questions, asked in turn.
    pub questions: Arc<[Prepared]>,
    /// What every answer is, at a server that answers a constant; else each question's own.
    pub constant: Option<Box<[u8]>>,
    /// How long.
    pub time: Duration,
}

/// What the driver saw.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Requests that were answered, each as it should be.
    pub requests: usize,
    /// From the first request to the last answer.
    pub took: Duration,
    /// How long each answer took, in nanoseconds, shortest first.
    pub nanos: Vec<u64>,
}

impl Seen {
    /// The time that this share of all answers did not exceed.
    pub fn quantile(&self, share: f64) -> Duration {
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a list that fits in memory"
        )]
        let place = (self.nanos.len() as f64 * share) as usize;
        let place = place.min(self.nanos.len().saturating_sub(1));
        Duration::from_nanos(self.nanos.get(place).copied().unwrap_or_default())
    }
}

/// Why a load could not be driven to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The connection failed, or there was no runtime.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// The server answered something else.
    #[error("asked `{asked}`, the answer is {status} `{got}`, and should be 200 `{wanted}`")]
    Answer {
        /// What was asked.
        asked: String,
        /// The status of the answer.
        status: u16,
        /// Its body.
        got: String,
        /// What it should have been.
        wanted: String,
    },
}

impl From<std::io::Error> for LoadError {
    fn from(error: std::io::Error) -> Self {
        Self::Connection(error.to_string())
    }
}

/// Drives a load, on this thread, and checks every answer.
pub fn drive(load: &Load) -> Result<Seen, LoadError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(load))
}

async fn run(load: &Load) -> Result<Seen, LoadError> {
    let begin = Instant::now();
    let until = begin + load.time;
    let mut tasks = tokio::task::JoinSet::new();
    for connection in 0..load.connections {
        let load = load.clone();
        match load.protocol {
            Protocol::Http1 => tasks.spawn(h1::connection(load, connection, until)),
            Protocol::Http2 { streams } => {
                tasks.spawn(h2::connection(load, connection, streams, until))
            }
        };
    }
    let mut all = Seen::default();
    while let Some(done) = tasks.join_next().await {
        let nanos = done.map_err(|error| LoadError::Connection(error.to_string()))??;
        all.requests += nanos.len();
        all.nanos.extend(nanos);
    }
    all.took = begin.elapsed();
    all.nanos.sort_unstable();
    Ok(all)
}

impl Load {
    /// The questions of one connection, in turn and for ever: each begins elsewhere.
    fn turn(&self, connection: usize) -> impl Iterator<Item = &Prepared> {
        let begin = connection * self.questions.len() / self.connections.max(1);
        self.questions.iter().cycle().skip(begin)
    }

    fn check(&self, question: &Prepared, status: u16, body: &[u8]) -> Result<(), LoadError> {
        let wanted = self.constant.as_ref().unwrap_or(&question.answer);
        if status == 200 && *body == **wanted {
            return Ok(());
        }
        let shown = |bytes: &[u8]| crate::model::id::shown(&String::from_utf8_lossy(bytes));
        Err(LoadError::Answer {
            asked: shown(&question.body),
            status,
            got: shown(body),
            wanted: shown(wanted),
        })
    }
}

/// Nanoseconds since an instant.
fn nanos_since(begin: Instant) -> u64 {
    u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// What a request is told apart by.
const REQUEST_ID: &str = "2b6f4c1e-7d0a-4f53-9c39-5f1b8a7d0e42";

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::{Load, LoadError, Prepared, Protocol, drive, run_bare};

    /// A bare server that answers `yes`, and questions that are to be answered so.
    fn load(protocol: Protocol, answer: &str) -> Load {
        let (ready, address) = mpsc::channel();
        std::thread::spawn(move || {
            run_bare(b"yes".to_vec(), |url| ready.send(url.to_owned()).unwrap())
        });
        let address = address.recv().unwrap();
        let question = Prepared {
            body: b"{}".to_vec().into(),
            answer: answer.as_bytes().into(),
        };
        Load {
            address: address.trim_start_matches("http://").parse().unwrap(),
            protocol,
            connections: 2,
            path: "/",
            token: "token".to_owned(),
            questions: [question].into(),
            constant: None,
            time: Duration::from_millis(50),
        }
    }

    #[test]
    fn every_answer_is_checked() {
        for protocol in [Protocol::Http1, Protocol::Http2 { streams: 3 }] {
            let seen = drive(&load(protocol, "yes")).unwrap();
            assert!(seen.requests > 0 && seen.requests == seen.nanos.len());
            assert!(seen.nanos.is_sorted());
            let error = drive(&load(protocol, "no")).unwrap_err();
            assert_eq!(
                error.to_string(),
                "asked `{}`, the answer is 200 `yes`, and should be 200 `no`"
            );
            assert!(matches!(error, LoadError::Answer { .. }));
        }
    }
}
