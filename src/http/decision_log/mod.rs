//! The way of decisions into the [log](crate::log): what the paths of decisions put into a queue, and a thread of its own
//! that makes lines of it.
//!
//! A request puts one compact record into a bounded queue, a batch too; formatting, hashing and writing are the thread's.
//! Where the queue is full, [`OnFull`] says whether the record is dropped, counted and told of in the log itself, or
//! waited for. What was queued less than [`DecisionLogConfig::flush`] ago is lost by a kill, in both.
//!
//! The usual form of questions is kept as numbers and names; everything else as the JSON that was asked and answered.

mod edge;
mod record;
mod traceparent;
mod whole;
mod writer;

use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::log::{OpenLogError, Rotation, SegmentLog};
use crate::model::time::Timestamp;

use super::callers::Callers;
use super::sharded::Count;
pub(crate) use edge::{answered, api_of, refused, trace};
pub(crate) use record::{Answer, Asked, One, Record, Runs, Whole};
pub(crate) use traceparent::TraceParent;
use writer::Writer;

/// What becomes of a record that the queue has no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFull {
    /// It is dropped and counted: decisions never wait.
    #[default]
    Drop,
    /// The decision waits: none is dropped.
    Wait,
}

/// How decisions are logged.
#[derive(Debug, Clone)]
pub struct DecisionLogConfig {
    /// The directory of the log.
    pub dir: PathBuf,
    /// When a segment is closed.
    pub rotation: Rotation,
    /// What becomes of a record that the queue has no room for.
    pub on_full: OnFull,
    /// The most records that wait to be written.
    pub queue: usize,
    /// How long a record waits at most before the system has it.
    pub flush: Duration,
    /// Of requests that were permitted whole, one in so many is logged; denials and errors always are.
    pub permits_one_in: u64,
    /// JSON pointers into a question: what stands there is not logged.
    pub masked: Vec<String>,
    /// Whether closed segments are compressed.
    pub compress: bool,
}

impl DecisionLogConfig {
    /// Logs everything to a directory; a queue of 32,768 records, and 20 ms until they are written.
    pub fn to(dir: PathBuf) -> Self {
        Self {
            dir,
            rotation: Rotation::default(),
            on_full: OnFull::default(),
            queue: 32_768,
            flush: Duration::from_millis(20),
            permits_one_in: 1,
            masked: Vec::new(),
            compress: true,
        }
    }
}

/// What goes through the queue.
#[allow(
    clippy::large_enum_variant,
    reason = "the queue keeps its places: a box would cost each decision an allocation"
)]
enum Queued {
    Record(Record),
    Stop,
}

/// What was not logged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dropped {
    pub(crate) requests: Count,
    pub(crate) decisions: Count,
}

/// The log, as the paths of decisions know it.
pub(crate) struct DecisionLog {
    queue: SyncSender<Queued>,
    on_full: OnFull,
    dropped: Dropped,
    writing: Mutex<Option<JoinHandle<()>>>,
}

impl DecisionLog {
    /// Opens the log and starts its thread.
    pub(crate) fn start(
        config: DecisionLogConfig,
        callers: &Callers,
        dropped: Dropped,
        now: Timestamp,
    ) -> Result<Self, OpenLogError> {
        let log = SegmentLog::open(&config.dir, config.rotation, now)?;
        let (queue, queued) = sync_channel(config.queue.max(1));
        let on_full = config.on_full;
        let writer = Writer::new(config, callers.ids(), dropped.clone(), log);
        let thread = std::thread::Builder::new().name("decision-log".to_owned());
        let writing = thread.spawn(move || writer.run(&queued));
        let writing = writing.map_err(|source| OpenLogError::Io {
            dir: PathBuf::from("decision-log"),
            source,
        })?;
        Ok(Self {
            queue,
            on_full,
            dropped,
            writing: Mutex::new(Some(writing)),
        })
    }

    /// Has a request logged. Waits only if that was chosen.
    pub(crate) fn put(&self, record: Record) {
        let refused =
            match self.on_full {
                OnFull::Wait => self
                    .queue
                    .send(Queued::Record(record))
                    .err()
                    .map(|refused| refused.0),
                OnFull::Drop => self.queue.try_send(Queued::Record(record)).err().map(
                    |(TrySendError::Full(refused) | TrySendError::Disconnected(refused))| refused,
                ),
            };
        if let Some(Queued::Record(record)) = refused {
            self.dropped.requests.add(1);
            self.dropped.decisions.add(record.decisions());
        }
    }

    /// Writes what is queued, seals the log and ends its thread. Waits.
    pub(crate) fn finish(&self) {
        let writing = self
            .writing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(writing) = writing {
            let _ = self.queue.send(Queued::Stop);
            let _ = writing.join();
        }
    }
}
