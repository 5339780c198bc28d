//! The policy folder: read from disk, or as it was compiled in.
//!
//! Only texts pass through here; what they mean, and whether they are right, `cedar/` says.

mod read;
mod report;
mod sent;
mod shipped;

pub use read::{MOST_PER_FILE, MOST_TOGETHER, ReadFolderError, read, read_tests};
pub use report::Report;
pub use sent::{SentError, of_files};
pub use shipped::shipped;

#[cfg(test)]
mod tests;
