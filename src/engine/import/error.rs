//! Why an import was not written, or not to its end.

use super::super::error::{NotEntitled, Unavailable};

/// One thing wrong with one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFinding {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub message: String,
}

/// Why an import was not written, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The caller may not.
    #[error(transparent)]
    NotEntitled(#[from] NotEntitled),
    /// No changes are taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The input could not be read.
    #[error("the input could not be read: {0}")]
    Input(#[from] std::io::Error),
    /// Lines are wrong; nothing was written.
    #[error("{} of the lines cannot be imported, and nothing was written; the first, line {}: {}", .total, first(.findings).0, first(.findings).1)]
    Lines {
        /// What is wrong, in the order of the lines; the first thousand.
        findings: Vec<ImportFinding>,
        /// How many there are in all.
        total: usize,
    },
    /// Another change came between checking and writing, and a line cannot be imported any more.
    #[error(
        "line {line} could not be imported any more, since something changed meanwhile: {message}; the lines before {from} were written, and the same import goes on from there"
    )]
    Overtaken {
        /// The line.
        line: u64,
        /// What is wrong with it now.
        message: String,
        /// The first line that was not written.
        from: u64,
    },
    /// The progress of an earlier run could not be read.
    #[error("the progress of this import could not be read: {0}")]
    Progress(#[from] crate::store::ReadError),
}

fn first(findings: &[ImportFinding]) -> (u64, &str) {
    findings
        .first()
        .map_or((0, ""), |finding| (finding.line, &finding.message))
}
