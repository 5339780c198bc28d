//! The keeper: writes the state down as pages beside the journal, and the store as snapshot files, in the background.
//! Commits go on meanwhile, and so do decisions.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use crate::store::Store;

use super::error::Unavailable;
use super::pages;
use super::state::State;

/// How often the state is written down as pages.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);
/// How much journal may pile up between two checkpoints, in bytes.
const CHECKPOINT_JOURNAL: u64 = 64 * 1024 * 1024;
/// How often the journal's length is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the whole store is written to a snapshot file, if something changed.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(6 * 60 * 60);

pub(crate) enum Order {
    /// Write the pages now, and answer when they are durable.
    Checkpoint(SyncSender<Result<(), Unavailable>>),
    /// Write the pages a last time, and go.
    Stop,
}

/// The keeper's thread.
pub(crate) struct Keeper {
    pub(crate) store: Arc<Store>,
    pub(crate) published: Arc<ArcSwap<State>>,
    pub(crate) orders: Receiver<Order>,
    /// What the pages in the store hold.
    pub(crate) written_down: Arc<State>,
}

impl Keeper {
    pub(crate) fn run(mut self) {
        let mut last_checkpoint = Instant::now();
        let mut last_snapshot: Option<Instant> = None;
        loop {
            match self.orders.recv_timeout(LOOK_EVERY) {
                Ok(Order::Checkpoint(done)) => {
                    let _ = done.send(self.checkpoint());
                    last_checkpoint = Instant::now();
                }
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    let _ = self.checkpoint();
                    return;
                }
                Err(RecvTimeoutError::Timeout) => {
                    let is_due = last_checkpoint.elapsed() >= CHECKPOINT_EVERY
                        || self.store.journal_bytes_since_checkpoint() >= CHECKPOINT_JOURNAL;
                    if !is_due {
                        continue;
                    }
                    let before = self.written_down.revision;
                    let _ = self.checkpoint();
                    last_checkpoint = Instant::now();
                    let changed = self.written_down.revision > before;
                    if changed && last_snapshot.is_none_or(|last| last.elapsed() >= SNAPSHOT_EVERY)
                    {
                        self.snapshot();
                        last_snapshot = Some(Instant::now());
                    }
                }
            }
        }
    }

    fn checkpoint(&mut self) -> Result<(), Unavailable> {
        let state = self.published.load_full();
        if state.revision == self.written_down.revision {
            return Ok(());
        }
        match pages::write_down(&self.store, &state, &self.written_down) {
            Ok(()) => {
                self.written_down = state;
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "the state could not be written down as pages; the journal holds it");
                Err(Unavailable::StoreFailed(error.to_string()))
            }
        }
    }

    fn snapshot(&self) {
        match self.store.write_snapshot() {
            Ok(path) => tracing::info!(path = %path.display(), "wrote a snapshot of the store"),
            Err(error) => tracing::error!(%error, "no snapshot of the store could be written"),
        }
    }
}
