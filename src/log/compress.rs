//! Compressing segments that are closed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::names::{packed, segments, sync_dir};

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
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&fs::read(&file.path)?)?;
        let bytes = encoder.finish()?;
        let unfinished = dir.join(UNFINISHED);
        let mut out = File::create(&unfinished)?;
        out.write_all(&bytes)?;
        out.sync_all()?;
        fs::rename(&unfinished, dir.join(packed(file.number, &bytes)))?;
        sync_dir(dir)?;
        fs::remove_file(&file.path)?;
        compressed += 1;
    }
    Ok(compressed)
}
