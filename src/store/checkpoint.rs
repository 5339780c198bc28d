//! Checkpoints: the state in pages, so that a start need not replay the whole journal.
//!
//! Every page carries the revision of its checkpoint in its key. All pages are durable before the one write that names
//! that revision as the checkpoint in force; until then a reader takes the stamps before it, and so a crash in the middle
//! leaves the previous checkpoint whole. What is superseded goes only after that write.

use std::sync::MutexGuard;
use std::sync::atomic::Ordering;

use crate::model::id::Revision;

use super::disk::{DiskError, Range};
use super::error::{ReadError, WriteError};
use super::{Store, frame, keys, lock};

/// Which page: one of the engine's tables, and an object in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageKey {
    /// The table.
    pub table: u8,
    /// The object; at most 64 bytes.
    pub object: Vec<u8>,
}

/// A page as it was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The object.
    pub object: Vec<u8>,
    /// What was put.
    pub body: Vec<u8>,
    /// The revision of the checkpoint that put it.
    pub stamp: Revision,
}

/// The payload of a page begins with one of these.
const BODY: u8 = 0;
/// The object is gone at this stamp.
const GONE: u8 = 1;

/// Pages are written in sorted runs of at most so many keys and bytes. A run is no batch: a batch of sled is a hash map,
/// which writes sorted keys in random order.
const RUN_KEYS: usize = 512;
const RUN_BYTES: usize = 2 * 1024 * 1024;

/// A checkpoint in the making. Dropped without [`Self::finish`], it changes nothing.
#[derive(Debug)]
pub struct Checkpoint<'a> {
    store: &'a Store,
    at: Revision,
    /// What the journal held when this began: events after it are for the next checkpoint.
    journal_bytes: u64,
    run: Vec<(Vec<u8>, Vec<u8>)>,
    run_bytes: usize,
    /// The objects put or deleted: the beginning of their keys, and whether something of this stamp stays.
    touched: Vec<(Vec<u8>, bool)>,
    /// Whether an earlier checkpoint may have left pages that are not in force.
    leftovers: MutexGuard<'a, bool>,
}

impl Store {
    /// Begins a checkpoint of the state at a revision, which is after the last checkpoint and not after the head.
    ///
    /// It may be made on another thread than the one that appends, beside it. A second checkpoint waits for the first.
    pub fn begin_checkpoint(&self, at: Revision) -> Result<Checkpoint<'_>, WriteError> {
        let mut leftovers = lock(&self.leftovers);
        self.check_not_failed()?;
        let (last, head) = (self.checkpoint_revision(), self.head());
        if at <= last || at > head {
            return Err(WriteError::CheckpointOutOfOrder { at, last, head });
        }
        if *leftovers {
            self.sweep_pages().map_err(|cause| self.fail(&cause))?;
        }
        *leftovers = true;
        Ok(Checkpoint {
            store: self,
            at,
            journal_bytes: self.journal_bytes_since_checkpoint(),
            run: Vec::new(),
            run_bytes: 0,
            touched: Vec::new(),
            leftovers,
        })
    }

    /// The revision of the checkpoint in force; zero if there is none.
    pub fn checkpoint_revision(&self) -> Revision {
        Revision(self.checkpoint.load(Ordering::Acquire))
    }

    /// How long the events are that are not in a checkpoint yet: the rule "every 64 MiB of journal" reads this.
    pub fn journal_bytes_since_checkpoint(&self) -> u64 {
        self.journal_bytes.load(Ordering::Relaxed)
    }

    /// The pages of a table as of the checkpoint in force; by the length of their objects, then in the objects' order.
    ///
    /// For start-up: a checkpoint that finishes meanwhile takes pages away that are still to be read.
    pub fn pages(&self, table: u8) -> impl Iterator<Item = Result<Page, ReadError>> + '_ {
        Pages {
            range: self.disk.prefix(&[keys::PAGE, table]),
            marker: self.checkpoint_revision(),
            found: None,
        }
    }

    /// Takes away the pages that are not in force: of a checkpoint that was not finished, or that one superseded.
    fn sweep_pages(&self) -> Result<(), DiskError> {
        let marker = self.checkpoint_revision();
        let mut before: Option<(Vec<u8>, Revision, bool)> = None;
        let mut doomed = Vec::new();
        for item in self.disk.prefix(&[keys::PAGE]) {
            let (key, value) = item?;
            let Some(parts) = keys::page_parts(&key) else {
                continue;
            };
            if parts.stamp > marker {
                doomed.push(keys::page(parts.prefix, parts.stamp));
                continue;
            }
            let gone = parts.part == 0 && value.get(1) == Some(&GONE);
            match &before {
                Some((prefix, stamp, _)) if prefix == parts.prefix && *stamp == parts.stamp => {}
                _ => {
                    if let Some((prefix, stamp, was_gone)) = before.take()
                        && (prefix == parts.prefix || was_gone)
                    {
                        doomed.push(keys::page(&prefix, stamp));
                    }
                    before = Some((parts.prefix.to_vec(), parts.stamp, gone));
                }
            }
        }
        if let Some((prefix, stamp, true)) = before {
            doomed.push(keys::page(&prefix, stamp));
        }
        doomed.dedup();
        for prefix in doomed {
            self.remove_prefix(&prefix)?;
        }
        Ok(())
    }

    fn remove_prefix(&self, prefix: &[u8]) -> Result<(), DiskError> {
        for item in self.disk.prefix(prefix) {
            self.disk.remove(&item?.0)?;
        }
        Ok(())
    }
}

impl Checkpoint<'_> {
    /// Puts a page, whatever its length.
    pub fn put(&mut self, key: &PageKey, body: &[u8]) -> Result<(), WriteError> {
        if body.len() >= frame::LONGEST_PAYLOAD {
            return Err(WriteError::TooLong {
                what: "a page",
                bytes: body.len(),
            });
        }
        let mut payload = Vec::with_capacity(body.len() + 1);
        payload.push(BODY);
        payload.extend_from_slice(body);
        self.write(key, &payload, true)
    }

    /// Takes an object's page away.
    pub fn delete(&mut self, key: &PageKey) -> Result<(), WriteError> {
        self.write(key, &[GONE], false)
    }

    /// Puts this checkpoint in force, then takes away what it supersedes.
    pub fn finish(mut self) -> Result<(), WriteError> {
        let store = self.store;
        self.write_run()?;
        let sealed = frame::seal(keys::CHECKPOINT, &self.at.0.to_be_bytes());
        let marker = vec![(keys::CHECKPOINT.to_vec(), sealed)];
        store
            .disk
            .sync()
            .and_then(|()| store.disk.commit(marker))
            .map_err(|cause| store.fail(&cause))?;
        store.checkpoint.store(self.at.0, Ordering::Release);
        store
            .journal_bytes
            .fetch_sub(self.journal_bytes, Ordering::Relaxed);
        for (prefix, stays) in &self.touched {
            self.remove_superseded(prefix, *stays)
                .map_err(|cause| store.fail(&cause))?;
        }
        *self.leftovers = false;
        Ok(())
    }

    fn remove_superseded(&self, prefix: &[u8], stays: bool) -> Result<(), DiskError> {
        let end = if stays { self.at } else { self.at.next() };
        let first = keys::page(prefix, Revision::ZERO);
        for item in self.store.disk.range(first, keys::page(prefix, end)) {
            self.store.disk.remove(&item?.0)?;
        }
        Ok(())
    }

    fn write(&mut self, key: &PageKey, payload: &[u8], stays: bool) -> Result<(), WriteError> {
        if key.object.len() > keys::LONGEST_OBJECT {
            return Err(WriteError::TooLong {
                what: "the object of a page",
                bytes: key.object.len(),
            });
        }
        let prefix = keys::object(key.table, &key.object);
        let page = keys::page(&prefix, self.at);
        let sealed = frame::seal(&page, payload);
        for (key, chunk) in frame::parts(&page, &sealed) {
            self.run_bytes += chunk.len();
            self.run.push((key, chunk.to_vec()));
            if self.run.len() >= RUN_KEYS || self.run_bytes >= RUN_BYTES {
                self.write_run()?;
            }
        }
        self.touched.push((prefix, stays));
        Ok(())
    }

    pub(super) fn write_run(&mut self) -> Result<(), WriteError> {
        self.run.sort_unstable();
        self.run_bytes = 0;
        for (key, chunk) in self.run.drain(..) {
            self.store
                .disk
                .insert(&key, &chunk)
                .map_err(|cause| self.store.fail(&cause))?;
        }
        Ok(())
    }
}

/// The newest page of each object that is in force.
struct Pages {
    range: Range,
    marker: Revision,
    found: Option<Found>,
}

/// The page that is being put together.
struct Found {
    prefix: Vec<u8>,
    object: Vec<u8>,
    stamp: Revision,
    sealed: Vec<u8>,
}

impl Found {
    fn page(self) -> Result<Option<Page>, ReadError> {
        let key = keys::page(&self.prefix, self.stamp);
        let what = || format!("a page of the checkpoint of revision {}", self.stamp);
        let payload = frame::unseal(&key, &self.sealed)
            .map_err(|why| ReadError::frame(what(), &key, &why))?;
        match payload.split_first() {
            Some((&BODY, body)) => Ok(Some(Page {
                object: self.object,
                body: body.to_vec(),
                stamp: self.stamp,
            })),
            Some((&GONE, [])) => Ok(None),
            _ => Err(ReadError::damaged(what(), &key, "it is of no known kind")),
        }
    }
}

impl Pages {
    fn step(&mut self) -> Result<Option<Page>, ReadError> {
        for item in self.range.by_ref() {
            let (key, value) = item?;
            let Some(parts) = keys::page_parts(&key) else {
                let why = "it is no key of a page";
                return Err(ReadError::damaged("a page".to_owned(), &key, why));
            };
            if parts.stamp > self.marker {
                continue;
            }
            let begun = || Found {
                prefix: parts.prefix.to_vec(),
                object: parts.object.to_vec(),
                stamp: parts.stamp,
                sealed: value.to_vec(),
            };
            let before = match &mut self.found {
                Some(found) if found.prefix == parts.prefix => {
                    if found.stamp == parts.stamp {
                        found.sealed.extend_from_slice(&value);
                    } else {
                        *found = begun();
                    }
                    None
                }
                other => other.replace(begun()),
            };
            if let Some(page) = before.map(Found::page).transpose()?.flatten() {
                return Ok(Some(page));
            }
        }
        match self.found.take() {
            Some(found) => found.page(),
            None => Ok(None),
        }
    }
}

impl Iterator for Pages {
    type Item = Result<Page, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}
