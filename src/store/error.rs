//! What can go wrong with the store, and what mends it.

use std::io;
use std::path::{Path, PathBuf};

use super::disk::DiskError;
use super::frame::{FrameError, shown};
use super::lock::Holder;
use crate::model::id::Revision;

/// A cause beneath, whatever it is.
pub(super) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a store was not opened. It is where it was; of a damaged one sled may have cut off what it could not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error("the store in `{}` is in use by {}", dir.display(), holder_text(holder.as_ref()))]
    InUse {
        /// The data directory.
        dir: PathBuf,
        /// By whom, if they said.
        holder: Option<Holder>,
    },
    /// A newer version wrote it.
    #[error(
        "the store in `{}` was written by a newer fullmakt {written_by} (store format {format}; this one reads {reads}): use that version",
        dir.display(), reads = super::marker::FORMAT
    )]
    Newer {
        /// The data directory.
        dir: PathBuf,
        /// The version that made it.
        written_by: Box<str>,
        /// The format it has.
        format: u32,
    },
    /// The directory holds something else.
    #[error("`{}` is not a fullmakt store: it holds {found}; name an empty directory, or one that does not exist yet", dir.display())]
    NotAStore {
        /// The data directory.
        dir: PathBuf,
        /// What was found in it.
        found: String,
    },
    /// It cannot be trusted.
    #[error("the store in `{}` is damaged: {why}; {}", dir.display(), restore_text(*snapshot))]
    Damaged {
        /// The data directory.
        dir: PathBuf,
        /// What is wrong.
        why: String,
        /// The revision of the newest snapshot file.
        snapshot: Option<Revision>,
    },
    /// The operating system does not let us.
    #[error("no permission to open the store: `{}` must be readable and writable for the user that runs fullmakt", path.display())]
    NoPermission {
        /// What could not be opened.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The disk is full.
    #[error("no space left on the disk of `{}`: free some and start again", path.display())]
    NoSpace {
        /// What could not be written.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The operating system failed otherwise.
    #[error("cannot open the store: `{}` cannot be read or written: {source}", path.display())]
    Io {
        /// What could not be read or written.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
}

fn holder_text(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), ToString::to_string)
}

fn restore_text(snapshot: Option<Revision>) -> String {
    match snapshot {
        Some(revision) => format!(
            "restore it: a new store is made of the newest snapshot file (revision {revision}) and the changes after it that can still be read"
        ),
        None => "there is no snapshot file; restoring makes a new store of the changes that can still be read".to_owned(),
    }
}

impl OpenError {
    /// What an error of the operating system means for opening.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the kinds of the system's errors are not ours to list"
    )]
    pub(super) fn of_io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NoPermission { path, source }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::NoSpace { path, source }
            }
            _ => Self::Io { path, source },
        }
    }
}

/// Why something was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The commits do not follow each other and the head. Nothing was written.
    #[error("revision {given} cannot be written: the next is {next}")]
    NotNext {
        /// The revision that was given.
        given: Revision,
        /// The one that is next.
        next: Revision,
    },
    /// The disk failed now or earlier. What was to be written may be half there; opening the store again takes it out.
    #[error(
        "the store takes no more changes since its disk failed: {cause}; mend the disk, then start again"
    )]
    Failed {
        /// The first cause.
        cause: Box<str>,
    },
    /// The value has no stored form. Nothing was written.
    #[error("revision {revision} cannot be stored")]
    Unstorable {
        /// Of the commit.
        revision: Revision,
        /// What the encoder said.
        source: Cause,
    },
    /// A value longer than the store takes. Nothing was written.
    #[error("{what} is too long to be stored: {bytes} bytes")]
    TooLong {
        /// What.
        what: &'static str,
        /// How long it is.
        bytes: usize,
    },
    /// A checkpoint of a revision that is not after the last checkpoint, or not made yet.
    #[error(
        "no checkpoint at revision {at}: the last one is at revision {last}, the store at {head}"
    )]
    CheckpointOutOfOrder {
        /// The revision asked for.
        at: Revision,
        /// The last checkpoint.
        last: Revision,
        /// The head.
        head: Revision,
    },
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A value is not what was written.
    #[error("{what} is damaged (key {key}): {why}")]
    Damaged {
        /// What: "the event of revision 17".
        what: String,
        /// Where, in hexadecimal.
        key: Box<str>,
        /// What is wrong with it.
        why: String,
    },
    /// The journal lacks a revision.
    #[error("the journal is damaged: the event of revision {0} is missing")]
    Missing(Revision),
    /// The database failed.
    #[error("the store cannot be read: {source}")]
    Disk {
        /// What it said.
        source: Cause,
    },
}

impl ReadError {
    pub(super) fn damaged(what: String, key: &[u8], why: impl std::fmt::Display) -> Self {
        Self::Damaged {
            what,
            key: shown(key).into(),
            why: why.to_string(),
        }
    }

    pub(super) fn frame(what: String, key: &[u8], why: &FrameError) -> Self {
        Self::damaged(what, key, why)
    }
}

impl From<DiskError> for ReadError {
    fn from(error: DiskError) -> Self {
        Self::Disk {
            source: Box::new(error),
        }
    }
}

/// Why a snapshot file was not written. Those that were there are there still.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The file could not be written.
    #[error("the snapshot file `{}` cannot be written: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why a store was not restored. The damaged one is where it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// Another process has it open, or the directory is not a store's.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// No snapshot file is whole, and the damaged store does not open.
    #[error("nothing to restore in `{}`: no snapshot file is whole, and the damaged store cannot be read ({why}); bring back a copy of the directory", dir.display())]
    Nothing {
        /// The data directory.
        dir: PathBuf,
        /// Why the damaged store cannot be read.
        why: String,
    },
    /// The new store could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A snapshot file stopped being readable.
    #[error("the snapshot file `{}` cannot be read: {source}", path.display())]
    Snapshot {
        /// Which file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
}
