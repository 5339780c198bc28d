//! Answers that wait for their line.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// What an answer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AnswerAfter {
    /// For nothing: a kill loses what is queued.
    #[default]
    Queued,
    /// Until its line was handed to the system: a kill of the daemon loses none that was answered, a power cut may.
    Written,
    /// Until its line is on the disk: a power cut loses none that was answered.
    Synced,
}

/// What has become of the records so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Settled {
    /// Records that were taken from the queue, and written if they could be.
    pub(super) records: u64,
    /// How often some of them were not.
    pub(super) failures: u64,
}

/// What a request has to know of records before it puts its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before(u64);

/// The end that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    sent: AtomicU64,
    settled: watch::Receiver<Settled>,
}

impl Waiting {
    pub(super) fn on(settled: watch::Receiver<Settled>) -> Self {
        let sent = AtomicU64::new(0);
        Self { sent, settled }
    }

    /// Announces a record. INVARIANT: it comes before the record is put into the queue, so that whoever has put one reads
    /// a number that is not below its place in the queue.
    pub(super) fn announce(&self) {
        self.sent.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn before(&self) -> Before {
        Before(self.settled.borrow().failures)
    }

    /// Waits for all that was announced; whether nothing failed since `before`. A failure of another request's record in
    /// the meantime counts too: which records it took with it nobody knows.
    pub(super) async fn settled(&self, before: Before) -> bool {
        let sent = self.sent.load(Ordering::SeqCst);
        let mut settled = self.settled.clone();
        let is_it = |now: &Settled| now.records >= sent || now.failures != before.0;
        let seen = settled.wait_for(is_it).await;
        seen.is_ok_and(|now| now.failures == before.0)
    }
}
