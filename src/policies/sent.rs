//! A policy folder that was sent as texts instead of read from disk.

use crate::model::id::shown;
use crate::model::policy::{PolicyFile, PolicyFolder};

use super::read::{MOST_PER_FILE, OF_CALLERS, OF_DELEGATIONS, REQUIRED};

/// A file that cannot stand in a policy folder, or is missing from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SentError {
    /// It has no place in a policy folder.
    #[error(
        "`{}` is no file of a policy folder: those are {}, `resources/….cedar` and `tests/….toml`",
        shown(.0),
        REQUIRED.map(|file| format!("`{file}`")).join(", ")
    )]
    NoPlace(String),
    /// It is too large.
    #[error("`{file}` has {bytes} bytes; at most {MOST_PER_FILE} are taken, so split it")]
    TooLarge {
        /// The file.
        file: String,
        /// Its size.
        bytes: usize,
    },
    /// Every policy folder has it.
    #[error("`{0}` is missing, and every policy folder has it: send the whole folder")]
    Missing(&'static str),
}

impl SentError {
    /// The file that it is about.
    pub fn file(&self) -> &str {
        match self {
            Self::NoPlace(file) | Self::TooLarge { file, .. } => file,
            Self::Missing(file) => file,
        }
    }
}

/// The folder that these files make, and its tests.
pub fn of_files(files: Vec<PolicyFile>) -> Result<(PolicyFolder, Vec<PolicyFile>), SentError> {
    let (mut of_folder, mut tests) = (Vec::new(), Vec::new());
    for file in files {
        let bytes = file.text.len();
        if u64::try_from(bytes).is_ok_and(|bytes| bytes > MOST_PER_FILE) {
            let file = file.path.to_string();
            return Err(SentError::TooLarge { file, bytes });
        }
        let beneath = |folder: &str, extension: &str| {
            let rest = file.path.strip_prefix(folder);
            let rest = rest.filter(|rest| rest.ends_with(extension));
            rest.is_some_and(|rest| rest.split('/').all(is_name))
        };
        if REQUIRED.contains(&&*file.path) || beneath(PolicyFolder::RESOURCES, ".cedar") {
            of_folder.push(file);
        } else if beneath("tests/", ".toml") {
            tests.push(file);
        } else {
            return Err(SentError::NoPlace(file.path.into()));
        }
    }
    let folder = PolicyFolder::new(of_folder);
    let may_lack = |file: &&str| {
        folder.is_plain() && (OF_DELEGATIONS.contains(file) || OF_CALLERS.contains(file))
    };
    let mut missing = REQUIRED.into_iter();
    match missing.find(|file| folder.text(file).is_none() && !may_lack(file)) {
        Some(missing) => Err(SentError::Missing(missing)),
        None => Ok((folder, tests)),
    }
}

/// Whether a part of a path names a file or folder, and not one that is hidden or above.
fn is_name(part: &str) -> bool {
    !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', '\0'])
}
