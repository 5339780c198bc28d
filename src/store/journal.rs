//! The journal: revision → one event for one command, append-only, with its history keys and the head in one batch.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use crate::model::event::{Cause as Why, Recorded};
use crate::model::id::Revision;
use crate::model::policy::PolicyFolder;

use super::disk::{Disk, Range, Writes};
use super::error::{ReadError, WriteError};
use super::marker::Testimony;
use super::{Store, frame, keys, lock, touched};

impl Store {
    /// Writes commits, and the policy folders that they put in force, as one batch; they are durable when this returns.
    ///
    /// The revisions must be the head's next and so on: one call for all that has queued is group commit. An import's
    /// progress (see [`Self::import_progress`]) is written along with it. After [`WriteError::Failed`] every later call
    /// fails with the same cause; reading goes on. Costs one flush and one `fdatasync`, however many commits.
    pub fn append(
        &self,
        commits: &[Recorded],
        policies: &[PolicyFolder],
    ) -> Result<(), WriteError> {
        let witness = lock(&self.writer);
        self.check_not_failed()?;
        let mut writes = Writes::new();
        let mut head = self.head();
        let mut bytes = 0;
        for folder in policies {
            put_policy(&mut writes, folder)?;
        }
        for recorded in commits {
            if recorded.revision != head.next() {
                return Err(WriteError::NotNext {
                    given: recorded.revision,
                    next: head.next(),
                });
            }
            head = recorded.revision;
            bytes += put_event(&mut writes, recorded)?;
        }
        writes.push(head_entry(head));
        if let Err(cause) = self.disk.commit(writes) {
            // Parts of the batch may reach the disk yet. Opening again takes out what is after the witness.
            let failed = Testimony {
                head: self.head(),
                failed: true,
            };
            let _ = witness.say(failed).and_then(|()| witness.sync());
            return Err(self.fail(&cause));
        }
        self.head.store(head.0, Ordering::Release);
        self.journal_bytes.fetch_add(bytes, Ordering::Relaxed);
        let kept = Testimony {
            head,
            failed: false,
        };
        // Without the witness only the recognition of a truncated log is lost, not a change.
        if let Err(error) = witness.say(kept) {
            tracing::warn!(%error, "the last revision could not be noted beside the database");
        }
        Ok(())
    }

    /// The event of a revision, or nothing if it is not written yet.
    pub fn event(&self, revision: Revision) -> Result<Option<Recorded>, ReadError> {
        if revision == Revision::ZERO || revision > self.head() {
            return Ok(None);
        }
        Events::between(&self.disk, revision, revision)
            .next()
            .transpose()
    }

    /// The events after a revision up to the head of now, ascending. Ends after an error; a gap is one.
    pub fn events_after(
        &self,
        revision: Revision,
    ) -> impl Iterator<Item = Result<Recorded, ReadError>> + '_ {
        Events::between(&self.disk, revision.next(), self.head())
    }

    /// The next line of an import, by its id, if some of it is written.
    pub fn import_progress(&self, id: &str) -> Result<Option<u64>, ReadError> {
        let key = keys::import(id);
        let Some(value) = self.disk.get(&key)? else {
            return Ok(None);
        };
        let (line, _) = read_progress(&key, &value)?;
        Ok(Some(line))
    }

    /// The policy folder with this hash, if it was ever in force.
    pub fn policy_folder(&self, hash: &str) -> Result<Option<PolicyFolder>, ReadError> {
        read_policy(&self.disk, hash)
    }
}

/// The key and value that say which revision is the last.
pub(super) fn head_entry(head: Revision) -> (Vec<u8>, Vec<u8>) {
    let sealed = frame::seal(keys::HEAD, &head.0.to_be_bytes());
    (keys::HEAD.to_vec(), sealed)
}

/// Puts an event, its history and its import's progress into a batch; returns how long the event is.
pub(super) fn put_event(writes: &mut Writes, recorded: &Recorded) -> Result<u64, WriteError> {
    let revision = recorded.revision;
    let mut payload = Vec::new();
    ciborium::into_writer(recorded, &mut payload).map_err(|source| WriteError::Unstorable {
        revision,
        source: Box::new(source),
    })?;
    put_parts(writes, "the event", &keys::event(revision), &payload)?;
    writes.extend(touched::entries(recorded));
    if let Why::Import { id, last_line, .. } = &recorded.cause {
        writes.push(progress_entry(id, last_line + 1, revision));
    }
    Ok(u64::try_from(payload.len()).unwrap_or(u64::MAX))
}

/// Puts a policy folder into a batch.
pub(super) fn put_policy(writes: &mut Writes, folder: &PolicyFolder) -> Result<(), WriteError> {
    let hash = folder.hash();
    let mut payload = Vec::new();
    let encoded = ciborium::into_writer(folder, &mut payload);
    let (Ok(()), Some(hash)) = (encoded, hash_bytes(&hash)) else {
        unreachable!("texts have a stored form, and a SHA-256 has 64 digits");
    };
    put_parts(writes, "the policy folder", &keys::policy(&hash), &payload)
}

fn put_parts(
    writes: &mut Writes,
    what: &'static str,
    key: &[u8],
    payload: &[u8],
) -> Result<(), WriteError> {
    if payload.len() > frame::LONGEST_PAYLOAD {
        return Err(WriteError::TooLong {
            what,
            bytes: payload.len(),
        });
    }
    let sealed = frame::seal(key, payload);
    writes.extend(frame::parts(key, &sealed).map(|(key, chunk)| (key, chunk.to_vec())));
    Ok(())
}

fn progress_entry(id: &str, next_line: u64, revision: Revision) -> (Vec<u8>, Vec<u8>) {
    let key = keys::import(id);
    let said = [next_line.to_be_bytes(), revision.0.to_be_bytes()].concat();
    let sealed = frame::seal(&key, &said);
    (key, sealed)
}

/// The next line of an import, and the revision that says so.
pub(super) fn read_progress(key: &[u8], value: &[u8]) -> Result<(u64, Revision), ReadError> {
    let damaged = |why: &dyn std::fmt::Display| {
        ReadError::damaged("the progress of an import".to_owned(), key, why)
    };
    let payload = frame::unseal(key, value).map_err(|why| damaged(&why))?;
    let (line, revision) = payload
        .split_first_chunk::<8>()
        .and_then(|(line, rest)| Some((line, rest.first_chunk::<8>()?)))
        .ok_or_else(|| damaged(&"it is no line number"))?;
    let revision = Revision(u64::from_be_bytes(*revision));
    Ok((u64::from_be_bytes(*line), revision))
}

/// The progress of each import as the journal up to a revision has it: for when a half-written batch was ahead of it.
pub(super) fn progress_in_journal(disk: &Disk, up_to: Revision) -> Result<Writes, ReadError> {
    let mut last = BTreeMap::new();
    for recorded in Events::between(disk, Revision(1), up_to) {
        let recorded = recorded?;
        if let Why::Import { id, last_line, .. } = recorded.cause {
            last.insert(id, (last_line + 1, recorded.revision));
        }
    }
    let entries = last
        .iter()
        .map(|(id, (line, revision))| progress_entry(id, *line, *revision));
    Ok(entries.collect())
}

/// The policy folder with this hash in a database.
pub(super) fn read_policy(disk: &Disk, hash: &str) -> Result<Option<PolicyFolder>, ReadError> {
    let Some(hash_bytes) = hash_bytes(hash) else {
        return Ok(None);
    };
    let key = keys::policy(&hash_bytes);
    let what = || format!("the policy folder `{hash}`");
    let mut sealed = Vec::new();
    for item in disk.prefix(&key) {
        sealed.extend_from_slice(&item?.1);
    }
    if sealed.is_empty() {
        return Ok(None);
    }
    let payload =
        frame::unseal(&key, &sealed).map_err(|why| ReadError::damaged(what(), &key, why))?;
    let folder: PolicyFolder =
        ciborium::from_reader(payload).map_err(|why| ReadError::damaged(what(), &key, why))?;
    if folder.hash() == hash {
        Ok(Some(folder))
    } else {
        Err(ReadError::damaged(what(), &key, "its hash is another"))
    }
}

/// The 32 bytes of a hash in hexadecimal.
fn hash_bytes(hash: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hash.len() != 64 {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hash.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Events in order, put together from their parts. Ends after an error.
pub(super) struct Events {
    range: Range,
    /// The first part of a later event, which was read to see the end of the one before.
    ahead: Option<(Vec<u8>, Vec<u8>)>,
    next: Revision,
    last: Revision,
}

impl Events {
    /// The events of these revisions, both included.
    pub(super) fn between(disk: &Disk, first: Revision, last: Revision) -> Self {
        Self {
            range: disk.range(keys::event(first), keys::event(last.next())),
            ahead: None,
            next: first,
            last,
        }
    }

    fn read(&mut self) -> Result<Recorded, ReadError> {
        let key = keys::event(self.next);
        let mut sealed = Vec::new();
        while let Some((at, chunk)) = self.part()? {
            if !at.starts_with(&key) {
                self.ahead = Some((at, chunk));
                break;
            }
            sealed.extend_from_slice(&chunk);
        }
        if sealed.is_empty() {
            return Err(ReadError::Missing(self.next));
        }
        let what = || format!("the event of revision {}", self.next);
        let payload =
            frame::unseal(&key, &sealed).map_err(|why| ReadError::damaged(what(), &key, why))?;
        ciborium::from_reader(payload).map_err(|why| ReadError::damaged(what(), &key, why))
    }

    #[expect(clippy::type_complexity, reason = "a key and a value")]
    fn part(&mut self) -> Result<Option<(Vec<u8>, Vec<u8>)>, ReadError> {
        if let Some(part) = self.ahead.take() {
            return Ok(Some(part));
        }
        let part = self.range.next().transpose()?;
        Ok(part.map(|(key, value)| (key.to_vec(), value.to_vec())))
    }
}

impl Iterator for Events {
    type Item = Result<Recorded, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next > self.last {
            return None;
        }
        let event = self.read();
        self.next = if event.is_ok() {
            self.next.next()
        } else {
            self.last.next()
        };
        Some(event)
    }
}
