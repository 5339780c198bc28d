//! The way of decisions into the [log](crate::log): what the paths of decisions put into a queue, and a thread of its own
//! that makes lines of it.
//!
//! A request puts one compact record into a bounded queue, a batch too; formatting, hashing and writing are the thread's.
//! Where the queue is full, [`OnFull`] says whether the record is dropped, counted and told of in the log itself, or
//! waited for. What was queued less than [`DecisionLogConfig::flush`] ago is lost by a kill, in both, unless answers wait
//! for their lines, as [`AnswerAfter`] says: then none that was answered is.
//!
//! The usual form of questions is kept as numbers and names; everything else as the JSON that was asked and answered.

mod collector;
mod edge;
mod record;
mod replay;
mod settled;
mod text;
mod traceparent;
mod whole;
mod writer;

use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use prometheus_client::registry::Registry;
use tokio::sync::watch;

use crate::log::{OpenLogError, Rotation, SegmentLog};
use crate::model::time::Timestamp;

use super::callers::Callers;
use super::sharded::Count;
pub use collector::CollectorConfig;
pub(crate) use collector::{Delivered, deliver};
pub(crate) use edge::{answered, api_of, refused, trace};
pub(crate) use record::{Answer, Asked, One, Record, Runs, Whole};
pub use replay::{Differing, ReplayError, Replayed, replay};
pub use settled::AnswerAfter;
pub(crate) use settled::Before;
use settled::{Settled, Waiting};
use text::Text;
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
    /// What an answer waits for. If for anything, it waits for room in the queue too.
    pub answer_after: AnswerAfter,
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
    /// Who collects the log, if anybody does.
    pub collector: Option<CollectorConfig>,
}

impl DecisionLogConfig {
    /// Logs everything to a directory; a queue of 32,768 records, and 2 ms until they are written: longer makes
    /// answers wait for a processor that writes a lot at once.
    pub fn to(dir: PathBuf) -> Self {
        Self {
            dir,
            rotation: Rotation::default(),
            on_full: OnFull::default(),
            answer_after: AnswerAfter::default(),
            queue: 32_768,
            flush: Duration::from_millis(2),
            permits_one_in: 1,
            masked: Vec::new(),
            compress: true,
            collector: None,
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

impl Dropped {
    pub(crate) fn register(&self, to: &mut Registry) {
        let help = "Requests that the decision log has not taken";
        let requests = self.requests.clone();
        to.register("pdp_decision_log_dropped_requests", help, requests);
        let help = "Decisions that the decision log has not taken";
        let decisions = self.decisions.clone();
        to.register("pdp_decision_log_dropped_decisions", help, decisions);
    }
}

/// The log, as the paths of decisions know it.
pub(crate) struct DecisionLog {
    queue: SyncSender<Queued>,
    on_full: OnFull,
    /// What answers wait by, if they do.
    waiting: Option<Waiting>,
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
        let (settles, settled) = watch::channel(Settled::default());
        let waits = config.answer_after != AnswerAfter::Queued;
        let waiting = waits.then(|| Waiting::on(settled));
        let on_full = if waits { OnFull::Wait } else { config.on_full };
        let writer = Writer::new(config, callers.ids(), dropped.clone(), log, settles);
        let thread = std::thread::Builder::new().name("decision-log".to_owned());
        let writing = thread.spawn(move || writer.run(&queued));
        let writing = writing.map_err(|source| OpenLogError::Io {
            dir: PathBuf::from("decision-log"),
            source,
        })?;
        Ok(Self {
            queue,
            on_full,
            waiting,
            dropped,
            writing: Mutex::new(Some(writing)),
        })
    }

    /// Has a request logged. Waits only if that was chosen.
    pub(crate) fn put(&self, record: Record) {
        if let Some(waiting) = &self.waiting {
            waiting.announce();
        }
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

    /// What an answer that waits has to know before it puts its record; nothing if answers wait for nothing.
    pub(crate) fn before(&self) -> Option<Before> {
        self.waiting.as_ref().map(Waiting::before)
    }

    /// Waits until all that was put is as safe as was chosen; whether it is.
    pub(crate) async fn settled(&self, before: Before) -> bool {
        match &self.waiting {
            Some(waiting) => waiting.settled(before).await,
            None => true,
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
