//! One process a store. The lock is the operating system's, released however the holder ends; the text in the file only
//! says who holds it.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::error::OpenError;
use crate::model::time::Timestamp;

/// The lock file in the data directory.
pub(super) const NAME: &str = "LOCK";

/// Which process has a store open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// The program and its command: `fullmakt serve`.
    pub command: Box<str>,
    /// Since when it has the store open.
    pub since: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "process {} ({}, since {})",
            self.pid, self.command, self.since
        )
    }
}

impl Holder {
    fn this_process() -> Self {
        let mut args = std::env::args();
        let program = args.next().unwrap_or_default();
        let program = Path::new(&program)
            .file_name()
            .map_or_else(|| "fullmakt".into(), |name| name.to_string_lossy());
        // The command only: what follows it may be a path or a token, and the file may be readable for others.
        let command = args
            .next()
            .filter(|arg| arg.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
            .filter(|arg| !arg.starts_with('-'));
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0));
        Self {
            pid: std::process::id(),
            command: match command {
                Some(command) => format!("{program} {command}").into(),
                None => program.into(),
            },
            since: Timestamp::from_millis(seconds * 1000),
        }
    }
}

/// A held lock; dropping it gives the store free.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Takes the lock of a data directory, or says who has it.
    pub(super) fn take(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join(NAME);
        let failed = |error| OpenError::of_io(&path, error);
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {
                // An earlier holder that was killed left its text; it is replaced before anybody is refused for long.
                let text = serde_json::to_vec(&Holder::this_process()).unwrap_or_default();
                file.set_len(0).map_err(failed)?;
                file.write_all(&text).map_err(failed)?;
                Ok(Self(file))
            }
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
                dir: dir.to_owned(),
                holder: holder_in(&mut file),
            }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The lock itself ends with the file; a text that stays is replaced by the next holder.
        let _ = self.0.set_len(0);
    }
}

fn holder_in(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(4096).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
