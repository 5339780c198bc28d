//! The sled database itself: the only place that calls it. Every call is guarded against its panics, every write is
//! durable when it returns.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use sled::{Batch, Config, Db, IVec};

use super::quiet::{guarded, quietly};

/// sled's own cache. It is a log with an index here, not the read path.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// Why sled did not do something.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum DiskError {
    #[error("{0}")]
    Sled(Arc<sled::Error>),
    #[error("{0}")]
    Io(Arc<io::Error>),
    #[error("the database failed on what it found: {0}")]
    Panicked(String),
}

impl DiskError {
    /// The operating system's error beneath, if it is one.
    pub(super) fn io(&self) -> Option<&io::Error> {
        match self {
            Self::Io(error) => Some(error),
            Self::Sled(error) => match error.as_ref() {
                sled::Error::Io(error) => Some(error),
                sled::Error::CollectionNotFound(_)
                | sled::Error::Unsupported(_)
                | sled::Error::ReportableBug(_)
                | sled::Error::Corruption { .. } => None,
            },
            Self::Panicked(_) => None,
        }
    }

    /// Whether sled's own lock is held by somebody.
    pub(super) fn is_locked(&self) -> bool {
        self.io()
            .is_some_and(|error| error.to_string().contains("could not acquire lock"))
    }
}

impl From<sled::Error> for DiskError {
    fn from(error: sled::Error) -> Self {
        Self::Sled(Arc::new(error))
    }
}

impl From<io::Error> for DiskError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

/// Keys and values to be written together.
pub(super) type Writes = Vec<(Vec<u8>, Vec<u8>)>;

/// An open sled database.
#[derive(Debug)]
pub(super) struct Disk {
    db: Db,
    // The database's file once more, to sync it: sled's flush on Linux is `sync_file_range`, which is no fsync.
    file: File,
    #[cfg(test)]
    pub(super) fault: super::tests::Fault,
}

impl Disk {
    /// Opens or creates the database in a directory; says nothing on standard error, whatever it finds.
    pub(super) fn open(path: &Path) -> Result<Self, DiskError> {
        let config = Config::new().path(path).cache_capacity(CACHE_BYTES);
        let mut tries = 0;
        let db = loop {
            let opened = quietly(|| config.open())
                .map_err(DiskError::Panicked)
                .and_then(|opened| opened.map_err(DiskError::from));
            match opened {
                // Threads of a database that was just closed hold its lock for some moments.
                Err(error) if error.is_locked() && tries < 40 => {
                    tries += 1;
                    sleep(Duration::from_millis(25));
                }
                other => break other?,
            }
        };
        Ok(Self {
            db,
            file: File::options()
                .read(true)
                .write(true)
                .open(path.join("db"))?,
            #[cfg(test)]
            fault: super::tests::Fault::default(),
        })
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<IVec>, DiskError> {
        flat(guarded(|| self.db.get(key)))
    }

    /// Keys from `first`, before `end`.
    pub(super) fn range(&self, first: Vec<u8>, end: Vec<u8>) -> Range {
        Range(Some(self.db.range(first..end)))
    }

    /// Keys that begin with this.
    pub(super) fn prefix(&self, prefix: &[u8]) -> Range {
        Range(Some(self.db.scan_prefix(prefix)))
    }

    pub(super) fn all(&self) -> Range {
        Range(Some(self.db.iter()))
    }

    /// Writes all or nothing, and makes it durable. Of a key that is there twice, the last value counts.
    pub(super) fn commit(&self, writes: Writes) -> Result<(), DiskError> {
        #[cfg(test)]
        self.fault.before_commit(&self.db, &writes)?;
        let mut batch = Batch::default();
        for (key, value) in writes {
            batch.insert(key, value);
        }
        flat(guarded(|| self.db.apply_batch(batch)))?;
        self.sync()
    }

    /// Writes one key. Durable after the next [`Self::sync`].
    pub(super) fn insert(&self, key: &[u8], value: &[u8]) -> Result<(), DiskError> {
        flat(guarded(|| self.db.insert(key, value))).map(drop)
    }

    /// Removes one key. Durable after the next [`Self::sync`].
    pub(super) fn remove(&self, key: &[u8]) -> Result<(), DiskError> {
        flat(guarded(|| self.db.remove(key))).map(drop)
    }

    /// Makes everything written so far durable.
    pub(super) fn sync(&self) -> Result<(), DiskError> {
        #[cfg(test)]
        self.fault.before_sync()?;
        flat(guarded(|| self.db.flush()))?;
        Ok(self.file.sync_data()?)
    }
}

fn flat<T>(outcome: Result<sled::Result<T>, String>) -> Result<T, DiskError> {
    Ok(outcome.map_err(DiskError::Panicked)??)
}

/// Keys and values in order, ending after the first error. Not isolated from writes: a range scan of sled sees halves
/// of batches, so that callers read what was committed before, and bound what they read by the head.
pub(super) struct Range(Option<sled::Iter>);

impl Range {
    fn step(
        &mut self,
        turn: impl FnOnce(&mut sled::Iter) -> Option<sled::Result<(IVec, IVec)>>,
    ) -> Option<Result<(IVec, IVec), DiskError>> {
        let iter = self.0.as_mut()?;
        let item = match guarded(|| turn(iter)) {
            Ok(next) => next.map(|item| item.map_err(DiskError::from)),
            Err(text) => Some(Err(DiskError::Panicked(text))),
        };
        if !matches!(item, Some(Ok(_))) {
            self.0 = None;
        }
        item
    }
}

impl Iterator for Range {
    type Item = Result<(IVec, IVec), DiskError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Iterator::next)
    }
}

impl DoubleEndedIterator for Range {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(DoubleEndedIterator::next_back)
    }
}
