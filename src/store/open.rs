//! Opening a store, and refusing what is none, is newer, is damaged, or is another's.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, OnceLock};

use crate::model::id::Revision;

use super::disk::{Disk, DiskError, Writes};
use super::error::{OpenError, ReadError};
use super::journal::{Events, head_entry, progress_in_journal, read_progress};
use super::lock::Lock;
use super::marker::{FORMAT, Marker, Testimony, WITNESS, Witness, sync_dir};
use super::{Store, frame, keys, lock, marker, snapshot};

/// sled's own directory in the data directory.
pub(super) const DATABASE: &str = "store";

impl Store {
    /// Whether there is a store in a directory, whole or not.
    pub fn is_at(dir: &Path) -> bool {
        dir.join(marker::NAME).exists()
    }

    /// Opens the store in a data directory, or makes one in an empty or absent directory.
    ///
    /// Nothing is printed, whatever the database says about what it finds. Costs reading the journal after the last
    /// checkpoint.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let io_failed = |error| OpenError::of_io(dir, error);
        std::fs::create_dir_all(dir).map_err(io_failed)?;
        refuse_foreign(dir)?;
        let held = Lock::take(dir)?;
        let beside = read_marker(dir)?;
        let disk = open_database(dir, beside.is_some())?;
        let marker = match read_meta(dir, &disk, keys::FORMAT)? {
            Some(json) => serde_json::from_slice(&json)
                .map_err(|why| damaged(dir, format!("its format marker is not readable: {why}")))?,
            None => create(dir, &disk, beside.as_ref())?,
        };
        refuse_newer(dir, &marker)?;
        if beside.as_ref() != Some(&marker) {
            marker.write(dir).map_err(io_failed)?;
        }
        let (witness, said) = Witness::open(dir, marker.lineage)
            .map_err(|error| OpenError::of_io(&dir.join(WITNESS), error))?;
        let unreadable = |error: ReadError| damaged(dir, error.to_string());
        let head = match said {
            Some(Testimony { head, failed: true }) => {
                take_out_after(&disk, head).map_err(unreadable)?;
                head
            }
            Some(_) | None => read_revision(dir, &disk, keys::HEAD)?,
        };
        check_head(dir, &disk, head, said)?;
        let checkpoint = read_revision(dir, &disk, keys::CHECKPOINT)?;
        if checkpoint > head {
            let why =
                format!("it has a checkpoint of revision {checkpoint}, and no change after {head}");
            return Err(damaged(dir, why));
        }
        let journal_bytes = journal_bytes(&disk, checkpoint, head).map_err(unreadable)?;
        witness
            .say(Testimony {
                head,
                failed: false,
            })
            .map_err(io_failed)?;
        Ok(Self {
            dir: dir.to_owned(),
            lineage: marker.lineage,
            disk,
            head: AtomicU64::new(head.0),
            checkpoint: AtomicU64::new(checkpoint.0),
            journal_bytes: AtomicU64::new(journal_bytes),
            failed: OnceLock::new(),
            writer: Mutex::new(witness),
            leftovers: Mutex::new(true),
            _lock: held,
        })
    }
}

pub(super) fn damaged(dir: &Path, why: String) -> OpenError {
    OpenError::Damaged {
        dir: dir.to_owned(),
        why,
        snapshot: snapshot::newest(dir),
    }
}

/// The marker beside the database, if this version can read such stores.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kinds of the system's errors are not ours to list"
)]
pub(super) fn read_marker(dir: &Path) -> Result<Option<Marker>, OpenError> {
    let marker = Marker::read(dir).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => damaged(
            dir,
            format!("its `{}` is not readable: {error}", marker::NAME),
        ),
        _ => OpenError::of_io(&dir.join(marker::NAME), error),
    })?;
    if let Some(marker) = &marker {
        refuse_newer(dir, marker)?;
    }
    Ok(marker)
}

fn refuse_newer(dir: &Path, marker: &Marker) -> Result<(), OpenError> {
    if marker.format <= FORMAT {
        return Ok(());
    }
    Err(OpenError::Newer {
        dir: dir.to_owned(),
        written_by: marker.created_by.clone(),
        format: marker.format,
    })
}

/// Refuses a directory that holds what no store has, before anything is written into it.
fn refuse_foreign(dir: &Path) -> Result<(), OpenError> {
    let io_failed = |error| OpenError::of_io(dir, error);
    if dir.join(marker::NAME).exists() {
        return Ok(());
    }
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(dir).map_err(io_failed)? {
        names.insert(
            entry
                .map_err(io_failed)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    let ours = |name: &str| {
        let unfinished = name.strip_suffix(".unfinished");
        let known = [
            lock::NAME,
            marker::NAME,
            WITNESS,
            DATABASE,
            snapshot::DIR,
            "lost+found",
        ];
        known.contains(&unfinished.unwrap_or(name)) || name.starts_with("store.")
    };
    match names.iter().find(|name| !ours(name)) {
        Some(name) => Err(not_a_store(dir, format!("`{name}`"))),
        None => Ok(()),
    }
}

fn not_a_store(dir: &Path, found: String) -> OpenError {
    OpenError::NotAStore {
        dir: dir.to_owned(),
        found,
    }
}

fn open_database(dir: &Path, has_marker: bool) -> Result<Disk, OpenError> {
    let path = dir.join(DATABASE);
    if !path.join("db").exists() && (has_marker || snapshot::newest(dir).is_some()) {
        // sled would make an empty database, and all would seem well.
        return Err(damaged(dir, "its database is missing".to_owned()));
    }
    Disk::open(&path).map_err(|error| of_disk(dir, error))
}

pub(super) fn of_disk(dir: &Path, error: DiskError) -> OpenError {
    if error.is_locked() {
        return OpenError::InUse {
            dir: dir.to_owned(),
            holder: None,
        };
    }
    if let Some(cause) = error.io() {
        let cause = io::Error::new(cause.kind(), error.to_string());
        let mapped = OpenError::of_io(&dir.join(DATABASE), cause);
        // What else the operating system says while sled reads is about the end of a file or what is in it.
        if !matches!(mapped, OpenError::Io { .. }) {
            return mapped;
        }
    }
    damaged(dir, error.to_string())
}

fn read_meta(dir: &Path, disk: &Disk, key: &[u8]) -> Result<Option<Vec<u8>>, OpenError> {
    let value = disk.get(key).map_err(|error| of_disk(dir, error))?;
    let Some(value) = value else {
        return Ok(None);
    };
    let payload = frame::unseal(key, &value).map_err(|why| {
        let name = String::from_utf8_lossy(key.get(1..).unwrap_or_default());
        damaged(dir, format!("its `{name}` is not readable: {why}"))
    })?;
    Ok(Some(payload.to_vec()))
}

fn read_revision(dir: &Path, disk: &Disk, key: &[u8]) -> Result<Revision, OpenError> {
    let bytes = read_meta(dir, disk, key)?.and_then(|bytes| bytes.try_into().ok());
    if let Some(bytes) = bytes {
        Ok(Revision(u64::from_be_bytes(bytes)))
    } else {
        let name = String::from_utf8_lossy(key.get(1..).unwrap_or_default());
        Err(damaged(dir, format!("its `{name}` is missing")))
    }
}

/// Makes a new store of a database without a marker, if it is empty and should be.
fn create(dir: &Path, disk: &Disk, beside: Option<&Marker>) -> Result<Marker, OpenError> {
    if beside.is_some() {
        return Err(damaged(dir, "its database is empty".to_owned()));
    }
    if disk.all().next().is_some() {
        return Err(not_a_store(dir, "a database of another program".to_owned()));
    }
    let marker = Marker::new();
    disk.commit(first_entries(&marker))
        .map_err(|error| of_disk(dir, error))?;
    sync_dir(&dir.join(DATABASE))
        .and_then(|()| sync_dir(dir))
        .map_err(|error| OpenError::of_io(dir, error))?;
    Ok(marker)
}

/// What a store without a change holds.
pub(super) fn first_entries(marker: &Marker) -> Writes {
    let zero = Revision::ZERO.0.to_be_bytes();
    vec![
        format_entry(marker),
        head_entry(Revision::ZERO),
        (
            keys::CHECKPOINT.to_vec(),
            frame::seal(keys::CHECKPOINT, &zero),
        ),
    ]
}

pub(super) fn format_entry(marker: &Marker) -> (Vec<u8>, Vec<u8>) {
    let sealed = frame::seal(keys::FORMAT, &marker.to_json());
    (keys::FORMAT.to_vec(), sealed)
}

fn check_head(
    dir: &Path,
    disk: &Disk,
    head: Revision,
    said: Option<Testimony>,
) -> Result<(), OpenError> {
    if let Some(said) = said
        && said.head > head
    {
        let why = format!(
            "its last change is revision {head}, but revision {} was acknowledged",
            said.head
        );
        return Err(damaged(dir, why));
    }
    if head == Revision::ZERO {
        return Ok(());
    }
    match Events::between(disk, head, head).next() {
        Some(Err(error)) => Err(damaged(dir, error.to_string())),
        Some(Ok(_)) | None => Ok(()),
    }
}

fn journal_bytes(disk: &Disk, after: Revision, head: Revision) -> Result<u64, ReadError> {
    let mut bytes = 0;
    for item in disk.range(keys::event(after.next()), keys::event(head.next())) {
        bytes += u64::try_from(item?.1.len()).unwrap_or(0);
    }
    Ok(bytes)
}

/// Takes out what a batch that failed half-way left: nobody was told that it was written.
fn take_out_after(disk: &Disk, head: Revision) -> Result<(), ReadError> {
    let mut imports_ahead = false;
    for item in disk.all() {
        let (key, value) = item?;
        let is_import = key.first() == Some(&keys::IMPORT);
        let revision = if is_import {
            Some(read_progress(&key, &value)?.1)
        } else {
            keys::revision_of(&key)
        };
        if revision.is_some_and(|revision| revision > head) {
            imports_ahead |= is_import;
            disk.remove(&key)?;
        }
    }
    let mut writes = if imports_ahead {
        progress_in_journal(disk, head)?
    } else {
        Writes::new()
    };
    writes.push(head_entry(head));
    Ok(disk.commit(writes)?)
}
