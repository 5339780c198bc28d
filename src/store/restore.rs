//! Restoring: a new store of the newest whole snapshot file and what the damaged store still has of the journal after it.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::event::{Event, Recorded};
use crate::model::id::Revision;

use super::disk::{Disk, DiskError, Writes};
use super::error::{OpenError, RestoreError, WriteError};
use super::journal::{Events, head_entry, put_event, put_policy, read_policy};
use super::lock::Lock;
use super::marker::{Marker, Testimony, Witness, sync_dir};
use super::open::{DATABASE, first_entries, format_entry, read_marker};
use super::snapshot::LoadError;
use super::{Store, frame, keys, snapshot};

/// Where the new database is made.
const UNFINISHED: &str = "store.restoring";

/// How many events are written together.
const AT_ONCE: usize = 64;

/// What a restore brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The head of the new store.
    pub revision: Revision,
    /// The revision of the snapshot file it begins with, if there was one.
    pub snapshot: Option<Revision>,
    /// The last revision that was acknowledged, as far as is known. If it is after `revision`, changes are lost.
    pub acknowledged: Option<Revision>,
    /// Where the damaged database is now.
    pub set_aside: Option<PathBuf>,
}

impl Store {
    /// Makes a new store in place of a damaged one, and sets that aside as `store.damaged-<n>`.
    ///
    /// The new store has a lineage of its own: its revisions after the restored one are not those of the old store. On
    /// an error the old one is where it was.
    pub fn restore(dir: &Path) -> Result<Restored, RestoreError> {
        if !dir.is_dir() {
            let missing = io::Error::from(io::ErrorKind::NotFound);
            return Err(OpenError::of_io(dir, missing).into());
        }
        let _held = Lock::take(dir)?;
        let beside = match read_marker(dir) {
            Ok(marker) => marker,
            Err(OpenError::Damaged { .. }) => None,
            Err(other) => return Err(other.into()),
        };
        let said = beside.and_then(|marker| Witness::open(dir, marker.lineage).ok()?.1);
        let base = snapshot::files(dir)
            .into_iter()
            .find_map(|(_, path)| Some((snapshot::check(&path).ok()?, path)));
        let old = Old::open(dir, said);
        let from = base
            .as_ref()
            .map_or(Revision::ZERO, |(revision, _)| *revision);
        let old = match (old, &base) {
            (Ok(old), Some(_)) => Some(old),
            (Ok(old), None) => match old.journal(Revision::ZERO).next() {
                Some(Ok(_)) => Some(old),
                Some(Err(error)) => return Err(nothing(dir, error.to_string())),
                None => return Err(nothing(dir, "it has no change".to_owned())),
            },
            (Err(_), Some(_)) => None,
            (Err(why), None) => return Err(nothing(dir, why)),
        };
        let marker = Marker::new();
        let file = base.as_ref().map(|(_, path)| path.as_path());
        let revision = build(dir, &marker, file, from, old.as_ref())?;
        drop(old);
        let io_failed = |error| OpenError::of_io(dir, error);
        let set_aside = swap(dir).map_err(io_failed)?;
        marker.write(dir).map_err(io_failed)?;
        let (witness, _) = Witness::open(dir, marker.lineage).map_err(io_failed)?;
        let restored = Testimony {
            head: revision,
            failed: false,
        };
        witness.say(restored).map_err(io_failed)?;
        retire_torn_snapshots(dir, from).map_err(io_failed)?;
        Ok(Restored {
            revision,
            snapshot: base.map(|(revision, _)| revision),
            acknowledged: said.map(|said| said.head),
            set_aside,
        })
    }
}

fn nothing(dir: &Path, why: String) -> RestoreError {
    RestoreError::Nothing {
        dir: dir.to_owned(),
        why,
    }
}

/// A damaged database that opens.
struct Old {
    disk: Disk,
    /// What is after this was never acknowledged, or is not known to be whole.
    last: Revision,
}

impl Old {
    /// The damaged database, or the one that a restore set aside before it was interrupted.
    fn open(dir: &Path, said: Option<Testimony>) -> Result<Self, String> {
        let path = [dir.join(DATABASE)]
            .into_iter()
            .chain(aside(dir).last().cloned())
            .find(|path| path.join("db").exists())
            .ok_or("its database is missing")?;
        let disk = Disk::open(&path).map_err(|error| error.to_string())?;
        let head = disk.get(keys::HEAD).ok().flatten().and_then(|value| {
            let head = frame::unseal(keys::HEAD, &value).ok()?.try_into().ok()?;
            Some(Revision(u64::from_be_bytes(head)))
        });
        let last = match said {
            Some(Testimony { head, failed: true }) => head,
            // Without a head the journal itself ends where it cannot be read on.
            Some(_) | None => head.unwrap_or(Revision(u64::MAX - 1)),
        };
        Ok(Self { disk, last })
    }

    fn journal(&self, after: Revision) -> Events {
        Events::between(&self.disk, after.next(), self.last)
    }
}

/// Makes the new database beside the old one; returns its head.
fn build(
    dir: &Path,
    marker: &Marker,
    base: Option<&Path>,
    from: Revision,
    old: Option<&Old>,
) -> Result<Revision, RestoreError> {
    let path = dir.join(UNFINISHED);
    let io_failed = |error| OpenError::of_io(&path, error);
    match std::fs::remove_dir_all(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io_failed(error).into());
        }
        Err(_) | Ok(()) => {}
    }
    let disk = Disk::open(&path).map_err(write_failed)?;
    disk.commit(first_entries(marker)).map_err(write_failed)?;
    if let Some(file) = base {
        snapshot::load(file, |key, value| disk.insert(key, value)).map_err(
            |error| match error {
                LoadError::File(source) => RestoreError::Snapshot {
                    path: file.to_owned(),
                    source,
                },
                LoadError::Disk(cause) => write_failed(cause),
            },
        )?;
        disk.commit(vec![format_entry(marker)])
            .map_err(write_failed)?;
    }
    let head = match old {
        Some(old) => replay(old, &disk, from)?,
        None => from,
    };
    sync_dir(&path).map_err(io_failed)?;
    Ok(head)
}

/// Writes what can still be read of the old journal after a revision; returns the last one.
fn replay(old: &Old, disk: &Disk, from: Revision) -> Result<Revision, RestoreError> {
    let mut head = from;
    let mut writes = Writes::new();
    let mut waiting = 0;
    for recorded in old.journal(from) {
        let Some(recorded) = recorded.ok() else {
            break;
        };
        if !put_policy_of(old, &recorded, &mut writes)? {
            break;
        }
        put_event(&mut writes, &recorded)?;
        head = recorded.revision;
        waiting += 1;
        if waiting == AT_ONCE {
            writes.push(head_entry(head));
            disk.commit(std::mem::take(&mut writes))
                .map_err(write_failed)?;
            waiting = 0;
        }
    }
    writes.push(head_entry(head));
    disk.commit(writes).map_err(write_failed)?;
    Ok(head)
}

/// Takes over the policy folder that an event puts in force; says whether it is there.
fn put_policy_of(old: &Old, recorded: &Recorded, writes: &mut Writes) -> Result<bool, WriteError> {
    let (Event::PoliciesInForce { hash, .. } | Event::PoliciesProposed { hash, .. }) =
        &recorded.event
    else {
        return Ok(true);
    };
    match read_policy(&old.disk, hash) {
        Ok(Some(folder)) => put_policy(writes, &folder).map(|()| true),
        // A folder that was never kept: only an embedding program's, which brings its own.
        Ok(None) => Ok(true),
        Err(_) => Ok(false),
    }
}

fn write_failed(cause: DiskError) -> RestoreError {
    let cause = cause.to_string().into();
    WriteError::Failed { cause }.into()
}

/// Puts the new database in the old one's place.
fn swap(dir: &Path) -> io::Result<Option<PathBuf>> {
    let database = dir.join(DATABASE);
    let set_aside = if database.exists() {
        let number = aside(dir).len() + 1;
        let to = dir.join(format!("store.damaged-{number}"));
        std::fs::rename(&database, &to)?;
        Some(to)
    } else {
        None
    };
    std::fs::rename(dir.join(UNFINISHED), &database)?;
    sync_dir(dir)?;
    Ok(set_aside)
}

/// The databases that were set aside, in their order.
#[expect(
    clippy::maybe_infinite_iter,
    reason = "it ends at the first number that no folder has"
)]
fn aside(dir: &Path) -> Vec<PathBuf> {
    let path = |number: usize| dir.join(format!("store.damaged-{number}"));
    (1..).map(path).take_while(|path| path.exists()).collect()
}

/// Snapshot files after the one that was used are torn: they would count as the newest from now on.
fn retire_torn_snapshots(dir: &Path, used: Revision) -> io::Result<()> {
    for (revision, path) in snapshot::files(dir) {
        if revision > used {
            std::fs::rename(&path, path.with_extension("fullmakt.damaged"))?;
        }
    }
    Ok(())
}
