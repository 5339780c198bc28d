//! Reading a policy folder from disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::policy::{PolicyFile, PolicyFolder};

/// The largest file that is read, in bytes.
pub const MOST_PER_FILE: u64 = 1 << 20;

/// The largest folder that is read, in bytes: all files that take part in decisions together.
pub const MOST_TOGETHER: u64 = 64 << 20;

/// How deep folders beneath `resources/` may lie.
const MOST_DEEP: usize = 16;

/// The files that every folder has.
pub(super) const REQUIRED: [&str; 7] = [
    PolicyFolder::SCHEMA,
    PolicyFolder::CATALOGUE,
    PolicyFolder::CORE,
    PolicyFolder::TEMPLATES,
    PolicyFolder::ENTITIES,
    PolicyFolder::ADMIN,
    PolicyFolder::ADMIN_SCHEMA,
];

/// The files without which a folder is a Cedar world of its own, if it has none of them.
pub(super) const OF_DELEGATIONS: [&str; 3] = [
    PolicyFolder::CATALOGUE,
    PolicyFolder::CORE,
    PolicyFolder::TEMPLATES,
];
/// The files that such a folder may leave to the program.
pub(super) const OF_CALLERS: [&str; 2] = [PolicyFolder::ADMIN, PolicyFolder::ADMIN_SCHEMA];

/// Why a policy folder was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadFolderError {
    /// There is no such folder.
    #[error("policy folder `{}` does not exist; name another with `--policies`", .0.display())]
    NoFolder(PathBuf),
    /// There is something of that name, which is not a folder.
    #[error("`{}` is not a folder; name a policy folder with `--policies`", .0.display())]
    NotAFolder(PathBuf),
    /// A file that every policy folder has is not in it.
    #[error(
        "policy folder `{}` has no `{file}`; put it back, or name another folder with `--policies`",
        folder.display()
    )]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The file.
        file: &'static str,
    },
    /// A file is not text.
    #[error("policy file `{file}` is not UTF-8 from byte {at}; save it as UTF-8")]
    NotUtf8 {
        /// The file, by its path in the folder.
        file: String,
        /// Where the first byte lies that is not, from 0.
        at: usize,
    },
    /// A path is not text.
    #[error("the path `{}` is not UTF-8; rename the file", .0.display())]
    PathNotUtf8(PathBuf),
    /// A file is too large.
    #[error(
        "policy file `{file}` has {bytes} bytes; at most {MOST_PER_FILE} are read, so split it"
    )]
    FileTooLarge {
        /// The file, by its path in the folder.
        file: String,
        /// Its size.
        bytes: u64,
    },
    /// All files together are too large.
    #[error(
        "policy folder `{}` has more than {MOST_TOGETHER} bytes of policies; at most so many are read",
        .0.display()
    )]
    FolderTooLarge(PathBuf),
    /// Folders lie in folders without end.
    #[error(
        "folders beneath `{file}` lie more than {MOST_DEEP} deep; is there a link in a circle?"
    )]
    TooDeep {
        /// The folder, by its path in the policy folder.
        file: String,
    },
    /// Something could not be read.
    #[error("`{}` could not be read: {source}", path.display())]
    Unreadable {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Reads the files of a policy folder that take part in decisions, and no others: not `README.md`, not `tests/` or
/// `examples/`, no hidden files and no editor's backups.
///
/// Whether they are right is for [`crate::cedar::Compiled::compile`] to say.
pub fn read(folder: &Path) -> Result<PolicyFolder, ReadFolderError> {
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(ReadFolderError::NotAFolder(folder.into())),
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            return Err(ReadFolderError::NoFolder(folder.into()));
        }
        Err(source) => return Err(unreadable(folder, source)),
    }
    let mut reading = Reading {
        folder,
        files: Vec::new(),
        bytes: 0,
        extension: "cedar",
    };
    let is_absent = |file: &&str| !folder.join(file).exists();
    let is_plain = OF_DELEGATIONS.iter().all(is_absent);
    for file in REQUIRED {
        let path = folder.join(file);
        let may_lack = OF_DELEGATIONS.contains(&file) || OF_CALLERS.contains(&file);
        if is_plain && may_lack && is_absent(&file) {
            continue;
        }
        match fs::metadata(&path) {
            Ok(found) if found.is_file() => reading.file(&path, file.to_owned())?,
            Ok(_) => {
                return Err(ReadFolderError::Missing {
                    folder: folder.into(),
                    file,
                });
            }
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                return Err(ReadFolderError::Missing {
                    folder: folder.into(),
                    file,
                });
            }
            Err(source) => return Err(unreadable(&path, source)),
        }
    }
    let resources = folder.join(PolicyFolder::RESOURCES);
    if resources.exists() {
        reading.beneath(&resources, PolicyFolder::RESOURCES, MOST_DEEP)?;
    }
    Ok(PolicyFolder::new(reading.files))
}

/// The folder of test files in a policy folder.
const TESTS: &str = "tests/";

/// Reads the test files of a policy folder: every `.toml` beneath `tests/`, in the order of their paths. None is no error.
pub fn read_tests(folder: &Path) -> Result<Vec<PolicyFile>, ReadFolderError> {
    let mut reading = Reading {
        folder,
        files: Vec::new(),
        bytes: 0,
        extension: "toml",
    };
    let tests = folder.join(TESTS);
    if tests.exists() {
        reading.beneath(&tests, TESTS, MOST_DEEP)?;
    }
    reading.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(reading.files)
}

struct Reading<'a> {
    extension: &'static str,
    folder: &'a Path,
    files: Vec<PolicyFile>,
    bytes: u64,
}

impl Reading<'_> {
    /// Every file of the wanted kind beneath a folder; `name` is the folder's path in the policy folder and ends with `/`.
    fn beneath(&mut self, path: &Path, name: &str, deep: usize) -> Result<(), ReadFolderError> {
        if deep == 0 {
            return Err(ReadFolderError::TooDeep {
                file: name.to_owned(),
            });
        }
        let entries = fs::read_dir(path).map_err(|source| unreadable(path, source))?;
        for entry in entries {
            let path = entry.map_err(|source| unreadable(path, source))?.path();
            let Some(own) = path.file_name().and_then(|own| own.to_str()) else {
                return Err(ReadFolderError::PathNotUtf8(path));
            };
            if is_passed_over(own) {
                continue;
            }
            let found = fs::metadata(&path).map_err(|source| unreadable(&path, source))?;
            if found.is_dir() {
                self.beneath(&path, &format!("{name}{own}/"), deep - 1)?;
            } else if Path::new(own)
                .extension()
                .is_some_and(|of| of == self.extension)
            {
                self.file(&path, format!("{name}{own}"))?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, name: String) -> Result<(), ReadFolderError> {
        let size = fs::metadata(path)
            .map_err(|source| unreadable(path, source))?
            .len();
        if size > MOST_PER_FILE {
            return Err(ReadFolderError::FileTooLarge {
                file: name,
                bytes: size,
            });
        }
        let bytes = fs::read(path).map_err(|source| unreadable(path, source))?;
        self.bytes += bytes.len() as u64;
        if self.bytes > MOST_TOGETHER {
            return Err(ReadFolderError::FolderTooLarge(self.folder.into()));
        }
        let text = String::from_utf8(bytes).map_err(|refused| ReadFolderError::NotUtf8 {
            file: name.clone(),
            at: refused.utf8_error().valid_up_to(),
        })?;
        self.files.push(PolicyFile {
            path: name.into(),
            text: text.into(),
        });
        Ok(())
    }
}

/// Hidden files, editors' backups and folders that hold no policies in force.
fn is_passed_over(name: &str) -> bool {
    let backup = name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'));
    name.starts_with('.') || backup || name == "tests" || name == "examples"
}

fn unreadable(path: &Path, source: io::Error) -> ReadFolderError {
    ReadFolderError::Unreadable {
        path: path.into(),
        source,
    }
}
