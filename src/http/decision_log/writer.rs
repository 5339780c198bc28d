//! The thread that makes lines of records.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;

use crate::log::{Head, Kind, Line, Request, SegmentLog, compress_closed};
use crate::model::id::Revision;
use crate::model::time::Timestamp;

use super::super::answer::now;
use super::record::{Answer, Asked, One, Record};
use super::whole;
use super::{AnswerAfter, DecisionLogConfig, Dropped, Queued, Settled};

/// How long after a failure the log is opened anew.
const AGAIN: Duration = Duration::from_secs(1);
/// How long the thread waits before it looks whether a segment has become old.
const IDLE: Duration = Duration::from_secs(1);

/// Single questions that share a line, at most.
const TOGETHER: u32 = 256;
/// The most records that are written before what was gathered is handed to the system.
const GATHERED: u32 = 8192;

pub(super) struct Writer {
    config: DecisionLogConfig,
    callers: Vec<String>,
    dropped: Dropped,
    /// What of it was told of in the log.
    told: (u64, u64),
    log: Option<SegmentLog>,
    failed: Instant,
    /// Requests and decisions since the last flush.
    unsure: (u64, u64),
    settled: Settled,
    settles: watch::Sender<Settled>,
    line: Line,
    /// The single questions that the line in the making is of.
    open: Option<Together>,
    permits: u64,
    tidying: Option<JoinHandle<()>>,
}

/// What single questions in one line have in common, and how many they are.
struct Together {
    at: Timestamp,
    caller: Option<usize>,
    revision: Revision,
    policies: [u8; 16],
    count: u32,
}

impl Together {
    fn takes(&self, record: &Record) -> bool {
        self.at == record.at
            && self.caller == record.caller
            && self.revision == record.revision
            && self.policies == record.policies
            && self.count < TOGETHER
    }
}

impl Writer {
    pub(super) fn new(
        config: DecisionLogConfig,
        callers: Vec<String>,
        dropped: Dropped,
        log: SegmentLog,
        settles: watch::Sender<Settled>,
    ) -> Self {
        Self {
            config,
            callers,
            told: (dropped.requests.total(), dropped.decisions.total()),
            dropped,
            log: Some(log),
            failed: Instant::now(),
            unsure: (0, 0),
            settled: Settled::default(),
            settles,
            line: Line::default(),
            open: None,
            permits: 0,
            tidying: None,
        }
    }

    /// Writes until it is told to stop. What comes while it sleeps is gathered, so that senders need not wake it.
    pub(super) fn run(mut self, queued: &Receiver<Queued>) {
        self.tidy();
        loop {
            let mut next = match queued.recv_timeout(IDLE) {
                Ok(first) => Some(first),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return self.end(),
            };
            let mut left = GATHERED;
            while let Some(record) = next {
                match record {
                    Queued::Record(record) => self.write(&record),
                    Queued::Stop => return self.end(),
                }
                left -= 1;
                next = match queued.try_recv() {
                    Ok(record) if left > 0 => Some(record),
                    // The last one that is gathered; where there are so many, more are there already.
                    Ok(Queued::Record(record)) => {
                        self.write(&record);
                        None
                    }
                    Ok(Queued::Stop) => return self.end(),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
                };
            }
            self.settle();
            // Where answers wait, those that came meanwhile are the next group.
            if left > 0 && self.config.answer_after == AnswerAfter::Queued {
                std::thread::sleep(self.config.flush);
            }
        }
    }

    /// After each gathering: what was dropped is told, what was written is handed over, what is old is closed.
    fn settle(&mut self) {
        self.end_open();
        if self.log.is_none() && self.failed.elapsed() >= AGAIN {
            self.log = SegmentLog::open(&self.config.dir, self.config.rotation, now())
                .inspect_err(|error| tracing::error!(%error, "the decision log cannot be opened"))
                .ok();
            self.failed = Instant::now();
        }
        self.tell_dropped();
        let is_synced = self.config.answer_after == AnswerAfter::Synced;
        let rotated = self.with(|log, _| {
            let at = now();
            let is_due = log.is_due(at);
            if is_due {
                log.rotate(at)?;
            }
            if is_synced {
                log.sync()?;
            } else {
                log.flush()?;
            }
            Ok(is_due)
        });
        if self.log.is_some() {
            self.unsure = (0, 0);
        }
        if self.config.answer_after != AnswerAfter::Queued {
            self.settles.send_replace(self.settled);
        }
        if rotated == Some(true) {
            self.tidy();
        }
    }

    fn tell_dropped(&mut self) {
        let dropped = (
            self.dropped.requests.total(),
            self.dropped.decisions.total(),
        );
        if dropped == self.told || self.log.is_none() {
            return;
        }
        let (requests, decisions) = (dropped.0 - self.told.0, dropped.1 - self.told.1);
        tracing::warn!(requests, decisions, "requests were not logged");
        let at = now();
        self.line.dropped(at, requests, decisions);
        if self.with(|log, line| log.append(line.text(), at)).is_some() {
            self.told = dropped;
        }
    }

    /// Does something with the log; nothing if there is none, or none any more.
    fn with<T>(&mut self, act: impl FnOnce(&mut SegmentLog, &Line) -> io::Result<T>) -> Option<T> {
        let done = act(self.log.as_mut()?, &self.line);
        match done {
            Ok(done) => Some(done),
            Err(error) => {
                tracing::error!(%error, dir = %self.config.dir.display(), "the decision log cannot be written");
                (self.log, self.failed) = (None, Instant::now());
                self.settled.failures += 1;
                let (requests, decisions) = std::mem::take(&mut self.unsure);
                self.dropped.requests.add(requests);
                self.dropped.decisions.add(decisions);
                None
            }
        }
    }

    fn write(&mut self, record: &Record) {
        self.settled.records += 1;
        let sample = self.config.permits_one_in;
        if sample > 1 && is_permit(record) {
            self.permits += 1;
            if self.permits % sample != 1 {
                return;
            }
        }
        let decisions = record.decisions();
        if self.log.is_none() {
            self.settled.failures += 1;
            self.dropped.requests.add(1);
            return self.dropped.decisions.add(decisions);
        }
        self.unsure = (self.unsure.0 + 1, self.unsure.1 + decisions);
        if let Asked::One(one) = &record.asked {
            return self.write_one(record, one);
        }
        self.end_open();
        self.format(record);
        self.append(record.at);
    }

    /// Ends the line and has it written.
    fn append(&mut self, at: Timestamp) {
        let sample = self.config.permits_one_in;
        if sample > 1 {
            self.line.value("permitsOneIn", &Value::from(sample));
        }
        if self.with(|log, line| log.append(line.text(), at)) == Some(true) {
            self.tidy();
        }
    }

    /// Writes a single question, in one line with those before it where they have the same head.
    fn write_one(&mut self, record: &Record, one: &One) {
        if self.open.as_ref().is_none_or(|open| !open.takes(record)) {
            self.end_open();
            self.head(record, Kind::Decision, None);
            self.open = Some(Together {
                at: record.at,
                caller: record.caller,
                revision: record.revision,
                policies: record.policies,
                count: 0,
            });
        }
        if let Some(open) = &mut self.open {
            self.line
                .also(open.count == 0, &record.request(), &one.run());
            open.count += 1;
        }
    }

    /// Has the line of single questions written, if one is in the making.
    fn end_open(&mut self) {
        if let Some(open) = self.open.take() {
            self.line.last();
            self.append(open.at);
        }
    }

    fn head(&mut self, record: &Record, kind: Kind, request: Option<Request<'_>>) {
        let caller = record.caller.and_then(|place| self.callers.get(place));
        self.line.begin(&Head {
            kind,
            at: record.at,
            api: record.api,
            caller: caller.map(String::as_str),
            request,
            revision: record.revision,
            policies: record.policies(),
        });
    }

    fn format(&mut self, record: &Record) {
        let kind = match &record.asked {
            Asked::Whole(whole) if whole.is_search => Kind::Search,
            Asked::One(_) | Asked::Runs(_) | Asked::Whole(_) => Kind::Decision,
            Asked::Json(json) => match json.1 {
                Answer::Decision(..) => Kind::Decision,
                Answer::Error(..) => Kind::Error,
            },
        };
        self.head(record, kind, Some(record.request()));
        match &record.asked {
            Asked::One(one) => self.line.asked([one.run()]),
            Asked::Runs(runs) => self.line.asked(runs.iter()),
            Asked::Json(json) => whole::one(&mut self.line, &self.config.masked, &json.0, &json.1),
            Asked::Whole(told) => {
                whole::whole(&mut self.line, &self.config.masked, record.revision, told);
            }
        }
    }

    /// Makes what is closed survive a power cut and compresses it, beside the writing.
    fn tidy(&mut self) {
        let is_busy = self
            .tidying
            .as_ref()
            .is_some_and(|tidying| !tidying.is_finished());
        if is_busy {
            return;
        }
        let sealed = self.log.as_mut().map(SegmentLog::sealed);
        let dir = self.config.compress.then(|| self.config.dir.clone());
        self.tidying = Some(std::thread::spawn(move || {
            for file in sealed.unwrap_or_default() {
                if let Err(error) = file.sync_data() {
                    tracing::error!(%error, "a closed segment of the decision log may not survive a power cut");
                }
            }
            if let Some(Err(error)) = dir.map(|dir| compress_closed(&dir)) {
                tracing::warn!(%error, "closed segments of the decision log stay uncompressed");
            }
        }));
    }

    fn end(mut self) {
        self.settle();
        if let Some(Err(error)) = self.log.take().map(|log| log.close(now())) {
            tracing::error!(%error, "the decision log could not be sealed");
        }
        if let Some(tidying) = self.tidying.take() {
            let _ = tidying.join();
        }
    }
}

fn is_permit(record: &Record) -> bool {
    match &record.asked {
        Asked::One(one) => one.is_permit(),
        Asked::Runs(runs) => runs.are_permits(),
        // What it was is not read yet, so it is kept.
        Asked::Whole(_) => false,
        Asked::Json(json) => matches!(json.1, Answer::Decision(_, true)),
    }
}
