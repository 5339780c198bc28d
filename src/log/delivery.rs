//! Following a log from one end to the other, for somebody who has to get all of it, in order.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::lines::Lines;
use super::names::{SegmentFile, segments, sync_dir};

const CURSOR: &str = "delivered";
const UNFINISHED: &str = "delivered.tmp";

/// How far a log was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// In which segment.
    pub segment: u64,
    /// Lines of it.
    pub lines: u64,
    /// Bytes of it, uncompressed.
    pub bytes: u64,
}

/// Whole lines that follow on what was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The segment that they are of, all of them.
    pub segment: u64,
    /// The number of the first, from one on.
    pub first: u64,
    /// The lines with their ends.
    pub text: Vec<u8>,
    /// Segments before this one that nobody can deliver any more: they are gone.
    pub gone: u64,
    /// How far the log is delivered once these are.
    pub to: Cursor,
}

/// Reads a log from where the file `delivered` in its directory says on.
#[derive(Debug)]
pub struct Delivery {
    dir: PathBuf,
    cursor: Cursor,
    /// A compressed segment that is being read, and how far it was.
    packed: Option<(Lines, Cursor)>,
}

impl Delivery {
    /// Goes on where the last one stopped; at the beginning, if there was none.
    pub fn open(dir: &Path) -> io::Result<Self> {
        let text = match fs::read_to_string(dir.join(CURSOR)) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let cursor = match text {
            Some(text) => Cursor::parse(&text).ok_or_else(|| {
                let message = format!("`{CURSOR}` does not say how far the log was delivered");
                io::Error::new(io::ErrorKind::InvalidData, message)
            })?,
            None => Cursor::at(1),
        };
        Ok(Self {
            dir: dir.to_owned(),
            cursor,
            packed: None,
        })
    }

    /// The next lines, some `most` bytes of them but one at least; nothing if all that was written is delivered.
    pub fn next(&mut self, most: usize) -> io::Result<Option<Part>> {
        let mut at = self.cursor;
        // Listed before anything is read: what is not the newest here is complete.
        for file in segments(&self.dir)? {
            if file.number < at.segment {
                continue;
            }
            let gone = file.number - at.segment;
            if gone > 0 {
                at = Cursor::at(file.number);
            }
            let text = match self.read(&file, at, most) {
                Ok(text) => text,
                // It is being compressed: the next look finds what became of it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            if text.is_empty() {
                at = Cursor::at(file.number + 1);
                continue;
            }
            let lines = text.split_inclusive(|byte| *byte == b'\n').count();
            let to = Cursor {
                segment: file.number,
                lines: at.lines + u64::try_from(lines).unwrap_or(u64::MAX),
                bytes: at.bytes + u64::try_from(text.len()).unwrap_or(u64::MAX),
            };
            if let Some((_, read)) = &mut self.packed {
                *read = to;
            }
            return Ok(Some(Part {
                segment: file.number,
                first: at.lines + 1,
                text,
                gone,
                to,
            }));
        }
        Ok(None)
    }

    /// Remembers, also over a power cut, that the log was delivered so far.
    pub fn delivered(&mut self, to: Cursor) -> io::Result<()> {
        let unfinished = self.dir.join(UNFINISHED);
        let mut file = File::create(&unfinished)?;
        file.write_all(to.text().as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, self.dir.join(CURSOR))?;
        sync_dir(&self.dir)?;
        self.cursor = to;
        Ok(())
    }

    /// Bytes of files that hold what is not delivered.
    pub fn left(&self) -> io::Result<u64> {
        let files = segments(&self.dir)?.into_iter();
        let files = files.filter(|file| file.number >= self.cursor.segment);
        let bytes = files.map(|file| {
            let length = fs::metadata(&file.path).map_or(0, |found| found.len());
            let is_begun = file.number == self.cursor.segment && file.packed.is_none();
            length.saturating_sub(if is_begun { self.cursor.bytes } else { 0 })
        });
        Ok(bytes.sum())
    }

    fn read(&mut self, file: &SegmentFile, at: Cursor, most: usize) -> io::Result<Vec<u8>> {
        if file.packed.is_none() {
            self.packed = None;
            return plain(&file.path, at.bytes, most);
        }
        let lines = match self.packed.take() {
            Some((lines, read)) if read == at => lines,
            Some(_) | None => past(file, at.lines)?,
        };
        let (lines, _) = self.packed.insert((lines, at));
        let mut text = Vec::new();
        while text.len() < most
            && let Some(line) = lines.next()?
        {
            text.extend_from_slice(line);
        }
        Ok(text)
    }
}

/// A compressed segment, after so many of its lines.
fn past(file: &SegmentFile, lines: u64) -> io::Result<Lines> {
    let mut opened = Lines::open(file)?;
    for _ in 0..lines {
        opened.next()?;
    }
    Ok(opened)
}

/// Whole lines of a file from a place on.
fn plain(path: &Path, from: u64, most: usize) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let left = file.metadata()?.len().saturating_sub(from);
    file.seek(SeekFrom::Start(from))?;
    let mut text = Vec::new();
    let mut wanted = u64::try_from(most).unwrap_or(u64::MAX).max(1);
    loop {
        let read = (&file).take(wanted).read_to_end(&mut text)?;
        if let Some(end) = text.iter().rposition(|byte| *byte == b'\n') {
            text.truncate(end + 1);
            return Ok(text);
        }
        // The first line is longer than was wanted, or not written whole yet.
        if read == 0 || u64::try_from(text.len()).unwrap_or(u64::MAX) >= left {
            return Ok(Vec::new());
        }
        wanted = wanted.saturating_mul(2);
    }
}

impl Cursor {
    fn at(segment: u64) -> Self {
        Self {
            segment,
            lines: 0,
            bytes: 0,
        }
    }

    fn text(self) -> String {
        format!("{} {} {}\n", self.segment, self.lines, self.bytes)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace().map(|word| word.parse().ok());
        let mut number = || words.next().flatten();
        Some(Self {
            segment: number()?,
            lines: number()?,
            bytes: number()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Delivery;
    use crate::log::{Rotation, SegmentLog, compress_closed};
    use crate::model::time::Timestamp;

    /// A log of eight lines in segments of two, and its text.
    fn log(dir: &std::path::Path) -> (SegmentLog, String) {
        let rotation = Rotation {
            most_bytes: u64::MAX,
            most_millis: 2,
        };
        let at = Timestamp::from_millis;
        let mut log = SegmentLog::open(dir, rotation, at(0)).unwrap();
        for nth in 0..8 {
            let line = format!(r#"{{"kind":"decision","nth":{nth}"#);
            log.append(line.as_bytes(), at(nth)).unwrap();
        }
        log.flush().unwrap();
        let names = (1..=4).map(|number| dir.join(format!("{number:010}.ndjson")));
        let text = names.map(|name| std::fs::read_to_string(name).unwrap());
        (log, text.collect())
    }

    #[test]
    fn a_log_is_delivered_whole_while_its_segments_are_compressed() {
        for most in [1, 300, 100_000] {
            // Compressed after so many parts, in the middle of a segment too.
            for packed_after in 0..10 {
                let dir = tempfile::tempdir().unwrap();
                let (_log, whole) = log(dir.path());
                let (mut taken, mut last) = (String::new(), (1, 0));
                for nth in 0.. {
                    if nth == packed_after {
                        assert_eq!(compress_closed(dir.path()).unwrap(), 3);
                    }
                    // A new daemon after each third part, which knows what the file `delivered` says.
                    let mut delivery = Delivery::open(dir.path()).unwrap();
                    let mut parts = 0;
                    while parts < 3
                        && let Some(part) = delivery.next(most).unwrap()
                    {
                        let next = [last, (last.0 + 1, 0)];
                        assert!(next.contains(&(part.segment, part.first - 1)));
                        assert_eq!(part.gone, 0);
                        taken += std::str::from_utf8(&part.text).unwrap();
                        last = (part.segment, part.to.lines);
                        // What is read and not delivered is read again.
                        delivery.delivered(part.to).unwrap();
                        parts += 1;
                    }
                    if parts == 0 && nth > packed_after {
                        break;
                    }
                }
                assert_eq!(taken, whole, "{most} {packed_after}");
                assert_eq!(Delivery::open(dir.path()).unwrap().left().unwrap(), 0);
            }
        }
    }

    #[test]
    fn half_a_line_waits_for_its_other_half() {
        let dir = tempfile::tempdir().unwrap();
        let (_log, _) = log(dir.path());
        let mut delivery = Delivery::open(dir.path()).unwrap();
        while let Some(part) = delivery.next(1000).unwrap() {
            delivery.delivered(part.to).unwrap();
        }
        let newest = dir.path().join("0000000004.ndjson");
        let put = |text: &str| {
            use std::io::Write;
            let mut file = std::fs::File::options().append(true).open(&newest).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };
        put("{\"kind\":");
        assert_eq!(delivery.next(1000).unwrap(), None);
        put("1}\n{");
        assert_eq!(delivery.next(3).unwrap().unwrap().text, b"{\"kind\":1}\n");
    }

    #[test]
    fn segments_that_are_gone_undelivered_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let (_log, _) = log(dir.path());
        std::fs::remove_file(dir.path().join("0000000001.ndjson")).unwrap();
        std::fs::remove_file(dir.path().join("0000000002.ndjson")).unwrap();
        let mut delivery = Delivery::open(dir.path()).unwrap();
        let part = delivery.next(1).unwrap().unwrap();
        assert_eq!((part.segment, part.first, part.gone), (3, 1, 2));
    }
}
