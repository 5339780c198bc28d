//! What can go wrong with the log's files.

use std::io;
use std::path::PathBuf;

/// Why a log could not be opened for writing. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenLogError {
    /// The system refused something.
    #[error("decision log `{dir}`: {source}")]
    Io {
        /// The log's directory.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process writes it.
    #[error("decision log `{0}` is written by another process; stop it, or name another directory")]
    Locked(PathBuf),
    /// The newest segment is not what was written.
    #[error(
        "decision log `{dir}` was changed: {finding}; move the directory away and keep it as evidence, a new one is begun"
    )]
    Changed {
        /// The log's directory.
        dir: PathBuf,
        /// What is wrong.
        finding: super::Finding,
    },
}

/// Why a log could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadLogError {
    /// The system refused something.
    #[error("decision log `{file}`: {source}")]
    Io {
        /// The file or directory.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no log.
    #[error("`{0}` has no segment of a decision log")]
    Empty(PathBuf),
}
