//! Writing a log.

use std::fmt::Write as _;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::model::time::Timestamp;

use super::chain::{self, Hash, NOTHING};
use super::error::OpenLogError;
use super::lines::Lines;
use super::names::{HEAD, SegmentFile, plain, segments, sync_dir};
use super::read::{Followed, follow};
use super::verify::{Finding, Flaw, Told};

/// Bytes of lines that are gathered before they are handed to the system.
const GATHERED: usize = 256 * 1024;

/// When a segment is closed and the next one begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// Bytes that a segment has at most, but for its last line and its seal.
    pub most_bytes: u64,
    /// How long it is written to at most, in milliseconds.
    pub most_millis: i64,
}

impl Default for Rotation {
    /// 64 MiB, an hour.
    fn default() -> Self {
        Self {
            most_bytes: 64 * 1024 * 1024,
            most_millis: 3_600_000,
        }
    }
}

/// A log that is open for writing, by one process at a time.
#[derive(Debug)]
pub struct SegmentLog {
    dir: PathBuf,
    rotation: Rotation,
    /// Held locked.
    head: File,
    file: File,
    sealed: Vec<File>,
    buffer: Vec<u8>,
    segment: u64,
    lines: u64,
    bytes: u64,
    opened: Timestamp,
    hash: Hash,
}

impl SegmentLog {
    /// Opens or creates the log in a directory and begins a new segment. One that a kill left open is sealed first, with
    /// what was lost of it.
    pub fn open(dir: &Path, rotation: Rotation, now: Timestamp) -> Result<Self, OpenLogError> {
        let io = |source| OpenLogError::Io {
            dir: dir.to_owned(),
            source,
        };
        fs::create_dir_all(dir).map_err(io)?;
        let told = Told::read(dir).map_err(io)?;
        let options = || {
            File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .clone()
        };
        let head = options().open(dir.join(HEAD)).map_err(io)?;
        match head.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenLogError::Locked(dir.to_owned())),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let newest = segments(dir).map_err(io)?.pop();
        let (number, hash) = match &newest {
            Some(newest) => end(dir, newest, told, now)?,
            None if told.is_some() => {
                let flaw = Flaw::Gone(1, told.map_or(1, |told| told.segment));
                return Err(changed(dir, HEAD.to_owned(), None, flaw));
            }
            None => (0, NOTHING),
        };
        Self::begin(dir, rotation, head, number + 1, hash, now).map_err(io)
    }

    fn begin(
        dir: &Path,
        rotation: Rotation,
        head: File,
        segment: u64,
        previous: Hash,
        now: Timestamp,
    ) -> io::Result<Self> {
        let mut log = Self {
            dir: dir.to_owned(),
            rotation,
            head,
            file: new_file(dir, segment)?,
            sealed: Vec::new(),
            buffer: Vec::with_capacity(GATHERED + GATHERED / 4),
            segment,
            lines: 0,
            bytes: 0,
            opened: now,
            hash: previous,
        };
        log.opening(now);
        log.flush()?;
        Ok(log)
    }

    fn opening(&mut self, now: Timestamp) {
        let (segment, previous) = (self.segment, chain::text(&self.hash));
        let line =
            format!(r#"{{"kind":"open","segment":{segment},"at":"{now}","previous":"{previous}""#);
        self.line(line.as_bytes());
    }

    fn line(&mut self, body: &[u8]) {
        let from = self.buffer.len();
        self.buffer.extend_from_slice(body);
        self.hash = chain::close(&self.hash, &mut self.buffer, from);
        self.lines += 1;
        let length = self.buffer.len() - from;
        self.bytes += u64::try_from(length).unwrap_or(u64::MAX);
    }

    /// Adds a line: a JSON object without its last brace and without line breaks. Begins a new segment first where one is
    /// due; whether it did.
    pub fn append(&mut self, body: &[u8], now: Timestamp) -> io::Result<bool> {
        let is_due = self.is_due(now);
        if is_due {
            self.rotate(now)?;
        }
        self.line(body);
        if self.buffer.len() >= GATHERED {
            self.flush()?;
        }
        Ok(is_due)
    }

    /// Whether the next line belongs in a new segment.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let age = now.as_millis().saturating_sub(self.opened.as_millis());
        self.lines > 1
            && (self.bytes >= self.rotation.most_bytes || age >= self.rotation.most_millis)
    }

    /// Hands what was added to the system: it survives a kill from then on.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        // The system would take lines for a file that nobody can open any more.
        if self.file.metadata()?.nlink() == 0 {
            let gone = format!("segment {} was removed while it was written", self.segment);
            return Err(io::Error::new(io::ErrorKind::NotFound, gone));
        }
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        let told = Told {
            segment: self.segment,
            lines: self.lines,
            hash: self.hash,
        };
        self.head.write_all_at(told.text().as_bytes(), 0)
    }

    /// As [`SegmentLog::flush`], and it survives a power cut too.
    pub fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        for sealed in self.sealed() {
            sealed.sync_data()?;
        }
        self.file.sync_data()
    }

    /// The newest segment's number.
    pub fn segment(&self) -> u64 {
        self.segment
    }

    /// Seals the segment and begins the next one. What was sealed waits for [`SegmentLog::sealed`].
    pub fn rotate(&mut self, now: Timestamp) -> io::Result<()> {
        self.seal(now);
        self.flush()?;
        self.segment += 1;
        let sealed = std::mem::replace(&mut self.file, new_file(&self.dir, self.segment)?);
        self.sealed.push(sealed);
        (self.lines, self.bytes, self.opened) = (0, 0, now);
        self.opening(now);
        self.flush()
    }

    /// Files of sealed segments: they survive a power cut once somebody has synced them, which takes too long to do it
    /// between two lines.
    pub fn sealed(&mut self) -> Vec<File> {
        std::mem::take(&mut self.sealed)
    }

    /// Seals the segment. Nothing may be added after it.
    pub fn close(mut self, now: Timestamp) -> io::Result<()> {
        self.seal(now);
        self.sync()
    }

    fn seal(&mut self, now: Timestamp) {
        self.line(sealing(self.segment, self.lines, 0, 0, now).as_bytes());
    }
}

fn new_file(dir: &Path, number: u64) -> io::Result<File> {
    let options = File::options().append(true).create_new(true).clone();
    let file = options.open(dir.join(plain(number)))?;
    sync_dir(dir)?;
    Ok(file)
}

fn sealing(segment: u64, lines: u64, torn: usize, lost: u64, now: Timestamp) -> String {
    let mut line = format!(r#"{{"kind":"seal","segment":{segment},"at":"{now}","lines":{lines}"#);
    if torn > 0 || lost > 0 {
        // Writing to a string cannot fail.
        let _ = write!(line, r#","torn":{torn},"lost":{lost}"#);
    }
    line
}

fn changed(dir: &Path, file: String, line: Option<u64>, flaw: Flaw) -> OpenLogError {
    OpenLogError::Changed {
        dir: dir.to_owned(),
        finding: Finding { file, line, flaw },
    }
}

/// The number and the seal of the newest segment, which is sealed if it was not.
fn end(
    dir: &Path,
    newest: &SegmentFile,
    told: Option<Told>,
    now: Timestamp,
) -> Result<(u64, Hash), OpenLogError> {
    let io = |source| OpenLogError::Io {
        dir: dir.to_owned(),
        source,
    };
    let mut lines = Lines::open(newest).map_err(io)?;
    let (followed, flaw) = follow(&mut lines, newest.number, None, |_, _| {}).map_err(io)?;
    if !lines.end().map_err(io)? {
        return Err(changed(dir, newest.name(), None, Flaw::OtherFile));
    }
    if let Some(told) = told.filter(|told| told.segment > newest.number) {
        return Err(changed(
            dir,
            HEAD.to_owned(),
            None,
            Flaw::Gone(newest.number + 1, told.segment),
        ));
    }
    if let Some((line, flaw)) = flaw {
        return Err(changed(dir, newest.name(), Some(line), flaw));
    }
    if followed.is_sealed {
        return Ok((newest.number, followed.hash));
    }
    if followed.lines == 0 {
        // A kill came before the first line did: the segment begins anew.
        fs::remove_file(&newest.path).map_err(io)?;
        let before = segments(dir).map_err(io)?.pop();
        return before.map_or(Ok((0, NOTHING)), |before| end(dir, &before, None, now));
    }
    let hash = seal_left(newest, &followed, told, now).map_err(io)?;
    Ok((newest.number, hash))
}

fn seal_left(
    newest: &SegmentFile,
    followed: &Followed,
    told: Option<Told>,
    now: Timestamp,
) -> io::Result<Hash> {
    let told = told.filter(|told| told.segment == newest.number);
    let lost = told.map_or(0, |told| told.lines.saturating_sub(followed.lines));
    let line = sealing(newest.number, followed.lines, followed.torn, lost, now);
    let mut text = line.into_bytes();
    let hash = chain::close(&followed.hash, &mut text, 0);
    let file = File::options().write(true).open(&newest.path)?;
    file.set_len(followed.bytes)?;
    file.write_all_at(&text, followed.bytes)?;
    file.sync_all()?;
    Ok(hash)
}
