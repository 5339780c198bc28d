//! Faults of the disk, for tests.

use std::io;
use std::sync::atomic::{AtomicU8, Ordering};

use sled::Db;

use crate::store::disk::{DiskError, Writes};

/// What the disk is to do wrong.
#[derive(Debug, Default)]
pub(in crate::store) struct Fault(AtomicU8);

const SYNC: u8 = 1;
const HALF: u8 = 2;
const ALL: u8 = 3;

impl Fault {
    /// From now on, syncing fails.
    pub(in crate::store) fn fail_syncs(&self) {
        self.0.store(SYNC, Ordering::SeqCst);
    }

    /// From now on, every second key of a batch is written, and then the disk is full.
    pub(in crate::store) fn write_halves(&self) {
        self.0.store(HALF, Ordering::SeqCst);
    }

    /// From now on, every key of a batch is written, and then the disk fails: nobody knows that they are there.
    pub(in crate::store) fn write_all_and_fail(&self) {
        self.0.store(ALL, Ordering::SeqCst);
    }

    pub(in crate::store) fn before_sync(&self) -> Result<(), DiskError> {
        if self.0.load(Ordering::SeqCst) == SYNC {
            return Err(io::Error::from(io::ErrorKind::StorageFull).into());
        }
        Ok(())
    }

    pub(in crate::store) fn before_commit(
        &self,
        db: &Db,
        writes: &Writes,
    ) -> Result<(), DiskError> {
        let step = match self.0.load(Ordering::SeqCst) {
            HALF => 2,
            ALL => 1,
            _ => return Ok(()),
        };
        for (key, value) in writes.iter().step_by(step) {
            db.insert(key, value.as_slice())?;
        }
        db.flush()?;
        Err(io::Error::from(io::ErrorKind::StorageFull).into())
    }
}
