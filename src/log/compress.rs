//! Compressing segments that are closed.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::model::hash::ContentHash;

use super::names::{packed, segments, sync_dir};

/// Bytes that are compressed at a time.
const PART: usize = 256 * 1024;
const UNFINISHED: &str = "compressing.tmp";

/// Compresses every plain segment but the newest; how many. A stop in the middle loses nothing: the plain file goes last.
pub fn compress_closed(dir: &Path) -> io::Result<usize> {
    let files = segments(dir)?;
    let Some(newest) = files.iter().map(|file| file.number).max() else {
        return Ok(0);
    };
    let mut compressed = 0;
    let closed = files.iter().filter(|file| file.number < newest);
    for file in closed.filter(|file| file.packed.is_none()) {
        let unfinished = dir.join(UNFINISHED);
        let hash = pack(&file.path, &unfinished)?;
        fs::rename(&unfinished, dir.join(packed(file.number, hash)))?;
        sync_dir(dir)?;
        fs::remove_file(&file.path)?;
        compressed += 1;
    }
    Ok(compressed)
}

/// Compresses one file into another, which survives a power cut then; the hash of the other.
fn pack(from: &Path, to: &Path) -> io::Result<ContentHash> {
    let out = Hashing(File::create(to)?, ContentHash::default());
    let mut encoder = GzEncoder::new(BufWriter::new(out), Compression::fast());
    io::copy(
        &mut BufReader::with_capacity(PART, File::open(from)?),
        &mut encoder,
    )?;
    let Hashing(out, hash) = encoder.finish()?.into_inner()?;
    out.sync_all()?;
    Ok(hash)
}

/// A file that is hashed while it is written.
#[derive(Debug)]
struct Hashing(File, ContentHash);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.write(bytes)?;
        self.1.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
