//! Whether a log is what was written.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use super::chain::{self, Hash, NOTHING};
use super::error::ReadLogError;
use super::lines::Lines;
use super::names::{HEAD, SegmentFile, segments};
use super::read::follow;

/// What is wrong at one place of a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// A line is not one, or has no hash.
    #[error("the line has no hash: it was changed or cut")]
    NoHash,
    /// A line is not what followed on the one before.
    #[error(
        "the line does not follow on the one before: it was changed, or lines before it are gone"
    )]
    Broken,
    /// The first line is no opening.
    #[error("the segment's first line does not open it: it was changed or is gone")]
    NotOpened,
    /// The opening names another segment or another seal.
    #[error(
        "the segment does not continue the one before: a segment was changed, put in or taken away"
    )]
    NotNext,
    /// There is something after the seal.
    #[error("there are lines after the seal")]
    AfterSeal,
    /// A segment that others follow has no seal.
    #[error("the segment has no seal: its end is gone")]
    NotSealed,
    /// A compressed file is not what its name says.
    #[error("the file is not the one that was compressed")]
    OtherFile,
    /// Segments are not there, the first and the last of them.
    #[error("the segments from {0} to {1} are gone")]
    Gone(u64, u64),
    /// The file `head` is not there or does not read.
    #[error("it does not say how far the log goes: it was changed or is gone")]
    NoHead,
    /// The log ends before the place that `head` tells, or had another line there.
    #[error(
        "segment {segment} does not have the line {line} that `head` tells: lines are gone or were changed"
    )]
    Short {
        /// The segment that `head` names.
        segment: u64,
        /// The line that it names.
        line: u64,
    },
    /// A daemon that started found lines lost that it had written before.
    #[error("{0} lines before the seal were lost, by a power cut or by somebody's hand")]
    Lost(u64),
}

/// One flaw and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file's name.
    pub file: String,
    /// The line, from one on.
    pub line: Option<u64>,
    /// What is wrong.
    pub flaw: Flaw,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.flaw),
            None => write!(f, "{}: {}", self.file, self.flaw),
        }
    }
}

/// What was found of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Segments that were read.
    pub segments: u64,
    /// Lines that are as they were written.
    pub lines: u64,
    /// The hash of the last of them: whoever keeps it elsewhere can tell later whether the log still has it.
    pub hash: String,
    /// What is wrong, in the order of the log.
    pub findings: Vec<Finding>,
}

/// What the file `head` tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) segment: u64,
    pub(super) lines: u64,
    pub(super) hash: Hash,
}

impl Told {
    /// As the file has it: always of the same length.
    pub(super) fn text(&self) -> String {
        let hash = chain::text(&self.hash);
        format!("{:010} {:012} {hash}\n", self.segment, self.lines)
    }

    /// What a directory's `head` tells; nothing if it tells nothing.
    pub(super) fn read(dir: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read_to_string(dir.join(HEAD)) {
            Ok(text) => text,
            Err(error)
                if [io::ErrorKind::NotFound, io::ErrorKind::InvalidData]
                    .contains(&error.kind()) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let mut words = text.split(' ');
        let mut number = || words.next().and_then(|word| word.parse().ok());
        let (segment, lines) = (number(), number());
        let hash = words.next().and_then(|word| word.strip_suffix('\n'));
        let told = segment.zip(lines).zip(hash.and_then(chain::parse));
        let told = told.map(|((segment, lines), hash)| Self {
            segment,
            lines,
            hash,
        });
        Ok(told.filter(|told| told.text() == text))
    }
}

/// Follows the chain through all segments from number `from` on (the first, if the older ones are kept elsewhere). A log
/// that is being written can be verified too.
pub fn verify(dir: &Path, from: u64) -> Result<Verified, ReadLogError> {
    let io = |file: &Path| {
        let file = file.to_owned();
        move |source| ReadLogError::Io { file, source }
    };
    // Before the segments: what is written meanwhile only makes them longer.
    let told = Told::read(dir).map_err(io(&dir.join(HEAD)))?;
    let mut files = segments(dir).map_err(io(dir))?;
    files.retain(|file| file.number >= from);
    if files.is_empty() && told.is_none() {
        return Err(ReadLogError::Empty(dir.to_owned()));
    }
    let newest = files.last().map_or(from, |file| file.number);
    let mut walk = Walk {
        verified: Verified {
            segments: 0,
            lines: 0,
            hash: String::new(),
            findings: Vec::new(),
        },
        before: (from <= 1).then_some(NOTHING),
        next: from.max(1),
        told,
        is_there: false,
    };
    for file in &files {
        let lines = match Lines::find(dir, file) {
            Ok(lines) => lines,
            // It is gone: its number tells.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(io(&file.path)(error)),
        };
        walk.segment(file, lines, file.number == newest)
            .map_err(io(&file.path))?;
    }
    walk.end();
    Ok(walk.verified)
}

struct Walk {
    verified: Verified,
    /// The seal of the segment before; nothing where it is not known.
    before: Option<Hash>,
    next: u64,
    told: Option<Told>,
    /// Whether the line that `head` tells was seen.
    is_there: bool,
}

impl Walk {
    fn found(&mut self, file: &str, line: Option<u64>, flaw: Flaw) {
        let file = file.to_owned();
        self.verified.findings.push(Finding { file, line, flaw });
    }

    fn segment(&mut self, file: &SegmentFile, mut lines: Lines, is_newest: bool) -> io::Result<()> {
        let (number, name) = (file.number, &*file.name());
        if number < self.next {
            // The plain file of one that was just compressed; it was read before.
            return Ok(());
        }
        if self.next < number {
            self.found(name, None, Flaw::Gone(self.next, number - 1));
            self.before = None;
        }
        self.next = number + 1;
        self.verified.segments += 1;
        let told = self.told;
        let mut is_there = false;
        let (followed, flaw) = follow(&mut lines, number, self.before, |line, hash| {
            is_there |= told.is_some_and(|told| {
                told.segment == number && told.lines == line && told.hash == *hash
            });
        })?;
        if !lines.end()? {
            self.found(name, None, Flaw::OtherFile);
        }
        self.is_there |= is_there;
        self.verified.lines += followed.lines;
        self.verified.hash = chain::text(&followed.hash);
        let is_followed = flaw.is_none();
        if let Some((line, flaw)) = flaw {
            self.found(name, Some(line), flaw);
        } else if !followed.is_sealed && !is_newest {
            self.found(name, Some(followed.lines), Flaw::NotSealed);
        }
        if followed.lost > 0 {
            self.found(name, Some(followed.lines), Flaw::Lost(followed.lost));
        }
        self.before = (is_followed && followed.is_sealed).then_some(followed.hash);
        Ok(())
    }

    fn end(&mut self) {
        match self.told {
            None => self.found(HEAD, None, Flaw::NoHead),
            Some(told) if told.segment >= self.next => {
                self.found(HEAD, None, Flaw::Gone(self.next, told.segment));
            }
            Some(told) if !self.is_there => {
                let (segment, line) = (told.segment, told.lines);
                self.found(HEAD, None, Flaw::Short { segment, line });
            }
            Some(_) => {}
        }
    }
}
