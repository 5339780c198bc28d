//! The store: the journal, its histories, policy folders and checkpoint pages, on disk.
//!
//! It keeps bytes and events and knows nothing of what a state is. Decisions never read it: they are served from memory.
//! Exactly one thread appends, the engine's committer; any thread reads.
//!
//! Beneath is sled 0.34.7, one tree, a table byte first in each key (`keys`). A batch on one tree that was flushed and
//! synced survived every kill, whole. What this never uses, and why: `transaction`, which locks the whole database and
//! runs its closure anew on a conflict; `watch_prefix`, whose subscribers hold writers up; `generate_id`, which jumps at each
//! start (revisions are gapless); `drop_tree` and `merge`, which rewrite pages outside of the one log order that batches have;
//! values over a few kibibytes, which may go to files that are never synced. sled has no repair
//! (spacejam/sled#1533): hence snapshot files of our own, and [`Store::restore`].
//!
//! ```text
//! <data>/LOCK                        who has the store open
//! <data>/format.json                 the format marker, also in the database
//! <data>/head                        the witness of the last acknowledged revision
//! <data>/store/                      sled's
//! <data>/snapshots/<revision>.fullmakt
//! <data>/store.damaged-<n>           what a restore set aside
//! ```

mod checkpoint;
mod codec;
mod disk;
mod error;
mod frame;
mod history;
mod journal;
mod keys;
mod lock;
mod marker;
mod open;
mod packed;
mod quiet;
mod restore;
mod snapshot;
mod touched;

#[cfg(test)]
mod tests;

pub use checkpoint::{Checkpoint, Page, PageKey};
pub(crate) use codec::{decode, encode};
pub use error::{OpenError, ReadError, RestoreError, SnapshotError, WriteError};
pub use history::{ClientTrace, RelationTrace};
pub use keys::Subject;
pub use lock::Holder;
pub use restore::Restored;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use uuid::Uuid;

use crate::model::id::Revision;
use disk::{Disk, DiskError};
use error::WriteError as Refused;
use lock::Lock;
use marker::Witness;

/// An open store. Reads are from any thread; [`Self::append`] and checkpoints take turns.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    lineage: Uuid,
    disk: Disk,
    head: AtomicU64,
    checkpoint: AtomicU64,
    journal_bytes: AtomicU64,
    /// The first failure to write. Once set, it stays.
    failed: OnceLock<Box<str>>,
    writer: Mutex<Witness>,
    /// Whether pages may be there that are not in force. Locked while a checkpoint is made.
    leftovers: Mutex<bool>,
    // INVARIANT: last, so that the database is closed before the next process may open it.
    _lock: Lock,
}

impl Store {
    /// The id of this store's revisions: made with the store, and anew with each restore.
    pub fn lineage(&self) -> Uuid {
        self.lineage
    }

    /// The last revision; zero in a new store.
    pub fn head(&self) -> Revision {
        Revision(self.head.load(Ordering::Acquire))
    }

    /// Why the store takes no more changes, if it does not.
    pub fn failure(&self) -> Option<&str> {
        self.failed.get().map(AsRef::as_ref)
    }

    fn check_not_failed(&self) -> Result<(), Refused> {
        match self.failed.get() {
            Some(cause) => Err(Refused::Failed {
                cause: cause.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Takes no more writes from now on, because of this or of what came before it.
    fn fail(&self, cause: &DiskError) -> Refused {
        let cause = self.failed.get_or_init(|| cause.to_string().into());
        Refused::Failed {
            cause: cause.clone(),
        }
    }
}

/// What a lock guards here is never left half-changed, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
