//! The files of a log's directory.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::model::hash::ContentHash;

/// Says how far the newest segment goes.
pub(super) const HEAD: &str = "head";
const PLAIN: &str = ".ndjson";
const PACKED: &str = ".ndjson.gz";
/// Digits of a segment's number, and of the hash in the name of a compressed one.
const DIGITS: usize = 10;
const HASH: usize = 16;

/// A segment's file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SegmentFile {
    pub(super) number: u64,
    /// The hash that its name states, if it is compressed.
    pub(super) packed: Option<String>,
    pub(super) path: PathBuf,
}

/// The name of a segment that is being written.
pub(super) fn plain(number: u64) -> String {
    format!("{number:010}{PLAIN}")
}

/// The name of a compressed segment, of the hash of its file.
pub(super) fn packed(number: u64, hash: ContentHash) -> String {
    format!("{number:010}.{}{PACKED}", shortened(hash))
}

/// As much of a hash as a name has.
pub(super) fn shortened(hash: ContentHash) -> String {
    let mut hash = hash.finish();
    hash.truncate(HASH);
    hash
}

/// The segments in a directory by number; where one is there plain and compressed, the plain one first.
pub(super) fn segments(dir: &Path) -> io::Result<Vec<SegmentFile>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some((number, packed)) = name.and_then(read_name) {
            found.push(SegmentFile {
                number,
                packed,
                path,
            });
        }
    }
    found.sort();
    Ok(found)
}

fn read_name(name: &str) -> Option<(u64, Option<String>)> {
    let (number, rest) = name.split_at_checked(DIGITS)?;
    if !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number = number.parse().ok()?;
    if rest == PLAIN {
        return Some((number, None));
    }
    let hash = rest.strip_prefix('.')?.strip_suffix(PACKED)?;
    Some((number, Some(hash.to_owned())))
}

impl SegmentFile {
    /// The name, as it is shown.
    pub(super) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// Makes a rename or a new file in a directory survive a power cut.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
