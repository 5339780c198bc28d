//! Room for so many requests at once.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The requests that may be answered at once: of all callers, or of one.
#[derive(Debug)]
pub(crate) struct Room {
    most: usize,
    taken: AtomicUsize,
}

/// One request's room, until this is dropped.
#[derive(Debug)]
pub(crate) struct Taken<'a>(&'a AtomicUsize);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Room {
    /// Room for so many.
    pub(crate) fn of(most: usize) -> Self {
        Self {
            most,
            taken: AtomicUsize::new(0),
        }
    }

    /// How many there is room for.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// Room for another; or how many are there already, if it is full.
    pub(crate) fn take(&self) -> Result<Taken<'_>, usize> {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        let taken = Taken(&self.taken);
        if before < self.most {
            Ok(taken)
        } else {
            Err(before)
        }
    }
}
