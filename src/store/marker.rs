//! What tells a store from something else, and an old state of it from its last: the format marker, and the witness.
//!
//! sled truncates its log at the first message that it cannot read, and opens with what is before it: acknowledged
//! changes would be gone without a word. The witness, a small file beside the database, is overwritten after each commit
//! (not synced: it is to survive a kill, and after a power cut an older witness claims less). A store whose head is
//! before its witness has lost something, and is not opened.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::id::Revision;

/// The store format that this version writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;

/// The format marker's file in the data directory.
pub(super) const NAME: &str = "format.json";

/// The witness's file in the data directory.
pub(super) const WITNESS: &str = "head";

/// What a store says about itself: in the database, and in a file beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marker {
    pub(super) format: u32,
    /// Made with the store, and anew with each restore: revisions of two lineages cannot be compared.
    pub(super) lineage: Uuid,
    /// The version of fullmakt that made the store.
    pub(super) created_by: Box<str>,
}

impl Marker {
    /// The marker of a new store.
    pub(super) fn new() -> Self {
        Self {
            format: FORMAT,
            lineage: Uuid::new_v4(),
            created_by: env!("CARGO_PKG_VERSION").into(),
        }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        // A number and two texts always have a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The marker beside the database, if there is one.
    pub(super) fn read(dir: &Path) -> io::Result<Option<Self>> {
        match std::fs::read(dir.join(NAME)) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes it beside the database, durably and whole.
    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        let text = self.to_json();
        write_whole(dir, NAME, |file| io::Write::write_all(file, &text))
    }
}

/// Writes a file so that it is there whole or not at all, also after a power cut.
pub(super) fn write_whole(
    dir: &Path,
    name: &str,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let unfinished = dir.join(format!("{name}.unfinished"));
    let mut file = File::create(&unfinished)?;
    write(&mut file)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, dir.join(name))?;
    sync_dir(dir)
}

/// Makes the names in a directory durable.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// The last acknowledged revision, written beside the database after each commit.
#[derive(Debug)]
pub(super) struct Witness {
    file: File,
    lineage: Uuid,
}

/// What a witness says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Testimony {
    /// The last acknowledged revision.
    pub(super) head: Revision,
    /// Whether a write after it failed, so that parts of it may be in the database.
    pub(super) failed: bool,
}

const TESTIMONY_BYTES: usize = 16 + 8 + 1 + 4;

impl Witness {
    /// Opens the witness of a store; what it says comes with it, unless it is absent, torn or of another lineage.
    pub(super) fn open(dir: &Path, lineage: Uuid) -> io::Result<(Self, Option<Testimony>)> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(dir.join(WITNESS))?;
        let mut bytes = [0; TESTIMONY_BYTES];
        let said = match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => Self::decoded(&bytes, lineage),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(error),
        };
        Ok((Self { file, lineage }, said))
    }

    /// Says that everything up to a revision is acknowledged.
    pub(super) fn say(&self, testimony: Testimony) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(TESTIMONY_BYTES);
        bytes.extend_from_slice(self.lineage.as_bytes());
        bytes.extend_from_slice(&testimony.head.0.to_be_bytes());
        bytes.push(u8::from(testimony.failed));
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
        self.file.write_all_at(&bytes, 0)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn decoded(bytes: &[u8; TESTIMONY_BYTES], lineage: Uuid) -> Option<Testimony> {
        let (said, sum) = bytes.split_last_chunk::<4>()?;
        let (of, rest) = said.split_first_chunk::<16>()?;
        let (head, failed) = rest.split_first_chunk::<8>()?;
        let holds = crc32fast::hash(said) == u32::from_be_bytes(*sum) && of == lineage.as_bytes();
        holds.then(|| Testimony {
            head: Revision(u64::from_be_bytes(*head)),
            failed: failed == [1],
        })
    }
}
