//! Snapshot files: the whole store at one revision, checksummed, in a form of our own. sled has no repair.
//!
//! A file is a line that says what it is, records (length of key, length of value, key, value), and an end: a length that
//! no key has, the number of records, and the CRC-32 of them all. Numbers are little-endian.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::model::id::Revision;

use super::disk::{DiskError, Writes};
use super::error::{ReadError, SnapshotError};
use super::marker::{sync_dir, write_whole};
use super::{Store, frame, keys, lock};

/// The directory of the snapshot files in the data directory.
pub(super) const DIR: &str = "snapshots";

const EXTENSION: &str = "fullmakt";
const FIRST_LINE: &[u8] = b"fullmakt store snapshot 1\n";
const END: u32 = u32::MAX;
/// How many snapshot files are kept.
const KEPT: usize = 2;
/// No key and no value is longer; a length that says so is damage.
const LONGEST: u32 = 1 << 20;

impl Store {
    /// Writes the whole store, as of the head of now, to `snapshots/<revision>.fullmakt`, durably; keeps the newest two.
    ///
    /// May be called on any thread: commits go on meanwhile, a checkpoint waits. Costs reading everything.
    pub fn write_snapshot(&self) -> Result<PathBuf, SnapshotError> {
        let no_checkpoint = lock(&self.leftovers);
        let (head, captured) = self.captured()?;
        let marker = self.checkpoint_revision();
        let dir = self.dir.join(DIR);
        let name = format!("{head}.{EXTENSION}");
        let path = dir.join(&name);
        let mut unreadable = None;
        let written = std::fs::create_dir_all(&dir)
            .and_then(|()| sync_dir(&self.dir))
            .and_then(|()| {
                write_whole(&dir, &name, |file| {
                    let mut sink = Sink::begin(file)?;
                    for (key, value) in &captured {
                        sink.record(key, value)?;
                    }
                    for item in self.disk.all() {
                        let (key, value) = item.map_err(|error| {
                            let text = error.to_string();
                            unreadable = Some(error);
                            io::Error::other(text)
                        })?;
                        if belongs(&key, head, marker) {
                            sink.record(&key, &value)?;
                        }
                    }
                    sink.end()
                })
            });
        drop(no_checkpoint);
        if let Some(error) = unreadable {
            return Err(ReadError::from(error).into());
        }
        written
            .and_then(|()| prune(&dir))
            .map_err(|source| SnapshotError::Io {
                path: path.clone(),
                source,
            })?;
        Ok(path)
    }

    /// The head, and what stands at it and is overwritten by later commits.
    fn captured(&self) -> Result<(Revision, Writes), ReadError> {
        let no_append = lock(&self.writer);
        let head = self.head();
        let mut captured = vec![super::journal::head_entry(head)];
        for item in self.disk.prefix(&[keys::IMPORT]) {
            let (key, value) = item?;
            captured.push((key.to_vec(), value.to_vec()));
        }
        drop(no_append);
        Ok((head, captured))
    }
}

/// Whether a key is part of the store at a head and a checkpoint, and was not captured already.
fn belongs(key: &[u8], head: Revision, marker: Revision) -> bool {
    match key.first() {
        Some(&keys::META) => key != keys::HEAD,
        Some(
            &(keys::EVENT
            | keys::DELEGATION
            | keys::CLIENT
            | keys::PACKED_DELEGATIONS
            | keys::PACKED_CLIENTS
            | keys::SUBJECT),
        ) => keys::revision_of(key).is_some_and(|revision| revision <= head),
        Some(&keys::PAGE) => keys::page_parts(key).is_some_and(|parts| parts.stamp <= marker),
        Some(&keys::POLICY) => true,
        Some(_) | None => false,
    }
}

struct Sink<W: Write> {
    to: BufWriter<W>,
    sum: crc32fast::Hasher,
    records: u64,
}

impl<W: Write> Sink<W> {
    fn begin(to: W) -> io::Result<Self> {
        let mut to = BufWriter::with_capacity(1 << 20, to);
        to.write_all(FIRST_LINE)?;
        Ok(Self {
            to,
            sum: crc32fast::Hasher::new(),
            records: 0,
        })
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(END).to_le_bytes();
        for part in [&length(key), &length(value), key, value] {
            self.sum.update(part);
            self.to.write_all(part)?;
        }
        self.records += 1;
        Ok(())
    }

    fn end(mut self) -> io::Result<()> {
        self.to.write_all(&END.to_le_bytes())?;
        self.to.write_all(&self.records.to_le_bytes())?;
        self.to.write_all(&self.sum.finalize().to_le_bytes())?;
        self.to.flush()
    }
}

/// Hands over each record of a snapshot file. What it handed over is to be trusted only once it returns.
pub(super) fn read<E: From<io::Error>>(
    path: &Path,
    mut each: impl FnMut(Vec<u8>, Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let torn = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "it is not a whole snapshot file",
        )
    };
    let mut from = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut first_line = [0; FIRST_LINE.len()];
    from.read_exact(&mut first_line)?;
    if first_line != *FIRST_LINE {
        return Err(torn().into());
    }
    let mut sum = crc32fast::Hasher::new();
    let mut records: u64 = 0;
    loop {
        let key_length = four(&mut from)?;
        if key_length == END {
            break;
        }
        let value_length = four(&mut from)?;
        if key_length > LONGEST || value_length > LONGEST {
            return Err(torn().into());
        }
        let key = bytes(&mut from, key_length)?;
        let value = bytes(&mut from, value_length)?;
        sum.update(&key_length.to_le_bytes());
        sum.update(&value_length.to_le_bytes());
        sum.update(&key);
        sum.update(&value);
        records += 1;
        each(key, value)?;
    }
    let mut count = [0; 8];
    from.read_exact(&mut count)?;
    if u64::from_le_bytes(count) != records || four(&mut from)? != sum.finalize() {
        return Err(torn().into());
    }
    Ok(())
}

fn four(from: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    from.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn bytes(from: &mut impl Read, length: u32) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = from.take(length.into()).read_to_end(&mut bytes)?;
    if u32::try_from(read) == Ok(length) {
        Ok(bytes)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// The revision of a snapshot file that is whole.
pub(super) fn check(path: &Path) -> io::Result<Revision> {
    let mut head = None;
    read(path, |key, value| {
        if key == keys::HEAD {
            let payload = frame::unseal(&key, &value).ok();
            head = payload.and_then(|bytes| bytes.try_into().ok());
        }
        Ok::<_, io::Error>(())
    })?;
    head.map(|bytes| Revision(u64::from_be_bytes(bytes)))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it names no revision"))
}

/// The snapshot files of a data directory, newest first, as their names say.
pub(super) fn files(dir: &Path) -> Vec<(Revision, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(dir.join(DIR)) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let revision = path.file_stem()?.to_str()?.parse().ok()?;
            (path.extension()? == EXTENSION).then_some((Revision(revision), path))
        })
        .collect();
    files.sort_unstable_by(|a, b| b.cmp(a));
    files
}

/// The revision of the newest snapshot file, as its name says.
pub(super) fn newest(dir: &Path) -> Option<Revision> {
    files(dir).first().map(|(revision, _)| *revision)
}

/// Removes all but the newest files.
fn prune(snapshots: &Path) -> io::Result<()> {
    let Some(dir) = snapshots.parent() else {
        return Ok(());
    };
    for (_, path) in files(dir).into_iter().skip(KEPT) {
        std::fs::remove_file(path)?;
    }
    sync_dir(snapshots)
}

/// Puts the records of a snapshot file into a database.
pub(super) fn load(
    path: &Path,
    insert: impl Fn(&[u8], &[u8]) -> Result<(), DiskError>,
) -> Result<(), LoadError> {
    read(path, |key, value| Ok(insert(&key, &value)?))
}

/// Why the records of a snapshot file did not get into a database.
#[derive(Debug)]
pub(super) enum LoadError {
    File(io::Error),
    Disk(DiskError),
}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl From<DiskError> for LoadError {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}
