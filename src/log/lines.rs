//! Reading a segment line by line: however long it is, one line is in memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::GzDecoder;

use crate::model::hash::ContentHash;

use super::names::{SegmentFile, segments, shortened};

/// The lines of one segment.
#[derive(Debug)]
pub(super) struct Lines {
    source: Source,
    line: Vec<u8>,
}

#[derive(Debug)]
enum Source {
    Plain(BufReader<File>),
    Packed {
        text: Box<BufReader<GzDecoder<Hashed>>>,
        /// What the file's name says of it.
        stated: String,
        /// Whether the compressed form broke off or made no sense.
        is_broken: bool,
    },
}

/// A file that is hashed while it is read.
#[derive(Debug)]
struct Hashed(File, ContentHash);

impl Read for Hashed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(into)?;
        self.1.update(into.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl Lines {
    pub(super) fn open(file: &SegmentFile) -> io::Result<Self> {
        let opened = File::open(&file.path)?;
        let source = match &file.packed {
            None => Source::Plain(BufReader::with_capacity(64 * 1024, opened)),
            Some(stated) => Source::Packed {
                text: Box::new(BufReader::new(GzDecoder::new(Hashed(
                    opened,
                    ContentHash::default(),
                )))),
                stated: stated.clone(),
                is_broken: false,
            },
        };
        let line = Vec::new();
        Ok(Self { source, line })
    }

    /// As [`Lines::open`]; a file that was compressed since it was found is read as what became of it.
    pub(super) fn find(dir: &Path, file: &SegmentFile) -> io::Result<Self> {
        match Self::open(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && file.packed.is_none() => {
                let mut files = segments(dir)?.into_iter();
                match files.find(|found| found.number == file.number) {
                    Some(found) => Self::open(&found),
                    None => Err(error),
                }
            }
            opened => opened,
        }
    }

    /// The next line, with its end if it has one; nothing after the last.
    pub(super) fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.line.clear();
        match &mut self.source {
            Source::Plain(text) => {
                text.read_until(b'\n', &mut self.line)?;
            }
            Source::Packed {
                text, is_broken, ..
            } => {
                let read = text.read_until(b'\n', &mut self.line);
                match read {
                    Ok(_) => {}
                    Err(error) if is_of_gzip(&error) => *is_broken = true,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(Some(&*self.line).filter(|line| !line.is_empty()))
    }

    /// Reads to the end; whether the file is the one that its name says.
    pub(super) fn end(self) -> io::Result<bool> {
        let Source::Packed {
            text,
            stated,
            mut is_broken,
        } = self.source
        else {
            return Ok(true);
        };
        let mut text = text.into_inner();
        match io::copy(&mut text, &mut io::sink()) {
            Ok(_) => {}
            Err(error) if is_of_gzip(&error) => is_broken = true,
            Err(error) => return Err(error),
        }
        let mut file = text.into_inner();
        io::copy(&mut file, &mut io::sink())?;
        Ok(!is_broken && shortened(file.1) == stated)
    }
}

/// Whether an error is of what the file holds, not of reading it.
fn is_of_gzip(error: &io::Error) -> bool {
    [
        io::ErrorKind::InvalidInput,
        io::ErrorKind::InvalidData,
        io::ErrorKind::UnexpectedEof,
    ]
    .contains(&error.kind())
}
