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
const REQUIRED: [&str; 7] = [
    PolicyFolder::SCHEMA,
    PolicyFolder::CATALOGUE,
    PolicyFolder::CORE,
    PolicyFolder::TEMPLATES,
    PolicyFolder::ENTITIES,
    PolicyFolder::ADMIN,
    PolicyFolder::ADMIN_SCHEMA,
];

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
    };
    for file in REQUIRED {
        let path = folder.join(file);
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

struct Reading<'a> {
    folder: &'a Path,
    files: Vec<PolicyFile>,
    bytes: u64,
}

impl Reading<'_> {
    /// Every policy file beneath a folder; `name` is the folder's path in the policy folder and ends with `/`.
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
            } else if has_policies(own) {
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

fn has_policies(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "cedar")
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use tempfile::TempDir;

    use super::{MOST_PER_FILE, REQUIRED, read};

    fn folder() -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in REQUIRED {
            fs::write(dir.path().join(file), file).unwrap();
        }
        fs::create_dir_all(dir.path().join("resources/skatt")).unwrap();
        dir
    }

    fn refused(dir: &Path) -> String {
        let told = read(dir).unwrap_err().to_string();
        told.replace(dir.to_str().unwrap(), "DIR")
    }

    #[test]
    fn only_files_that_take_part_in_decisions_are_read() {
        let dir = folder();
        for file in [
            "README.md",
            "notes.cedar",
            "resources/a.cedar",
            "resources/a.cedar~",
            "resources/.a.cedar",
            "resources/#a.cedar#",
            "resources/a.cedar.orig",
            "resources/README.md",
            "resources/skatt/b.cedar",
        ] {
            fs::write(dir.path().join(file), "// nothing").unwrap();
        }
        for hidden in [
            "resources/tests",
            "resources/examples",
            "resources/.git",
            "tests",
        ] {
            fs::create_dir(dir.path().join(hidden)).unwrap();
            fs::write(dir.path().join(hidden).join("c.cedar"), "no policy").unwrap();
        }

        let folder = read(dir.path()).unwrap();

        let paths: Vec<_> = folder.files().iter().map(|file| &*file.path).collect();
        assert_eq!(
            paths,
            [
                "admin.cedar",
                "admin.cedarschema",
                "catalogue.json",
                "core.cedar",
                "entities.json",
                "resources/a.cedar",
                "resources/skatt/b.cedar",
                "schema.cedarschema",
                "templates.cedar",
            ]
        );
        assert_eq!(folder.text("resources/skatt/b.cedar"), Some("// nothing"));
    }

    #[test]
    fn a_folder_without_resource_policies_is_read() {
        let dir = folder();
        fs::remove_dir_all(dir.path().join("resources")).unwrap();

        assert_eq!(read(dir.path()).unwrap().files().len(), REQUIRED.len());
    }

    #[test]
    fn a_missing_folder_names_the_flag_that_mends_it() {
        let dir = folder();

        assert_eq!(
            refused(&dir.path().join("elsewhere")).replace("DIR/elsewhere", "DIR"),
            "policy folder `DIR` does not exist; name another with `--policies`"
        );
        assert_eq!(
            read(&dir.path().join("core.cedar"))
                .unwrap_err()
                .to_string(),
            format!(
                "`{}` is not a folder; name a policy folder with `--policies`",
                dir.path().join("core.cedar").display()
            )
        );
    }

    #[test]
    fn every_required_file_is_missed_by_name() {
        for file in REQUIRED {
            let dir = folder();
            fs::remove_file(dir.path().join(file)).unwrap();

            assert_eq!(
                refused(dir.path()),
                format!(
                    "policy folder `DIR` has no `{file}`; put it back, or name another folder with `--policies`"
                )
            );
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_at_its_byte() {
        let dir = folder();
        fs::write(dir.path().join("resources/a.cedar"), b"// caf\xe9\n").unwrap();

        assert_eq!(
            refused(dir.path()),
            "policy file `resources/a.cedar` is not UTF-8 from byte 6; save it as UTF-8"
        );
    }

    #[test]
    fn a_file_may_have_a_mebibyte_and_no_more() {
        let dir = folder();
        let most = usize::try_from(MOST_PER_FILE).unwrap();
        fs::write(dir.path().join("resources/a.cedar"), " ".repeat(most)).unwrap();
        assert!(
            read(dir.path())
                .unwrap()
                .text("resources/a.cedar")
                .is_some()
        );

        fs::write(dir.path().join("resources/a.cedar"), " ".repeat(most + 1)).unwrap();
        assert_eq!(
            refused(dir.path()),
            "policy file `resources/a.cedar` has 1048577 bytes; at most 1048576 are read, so split it"
        );
    }

    #[test]
    fn a_folder_may_have_so_many_mebibytes_and_no_more() {
        let dir = folder();
        let most = usize::try_from(MOST_PER_FILE).unwrap();
        for number in 0..63 {
            fs::write(
                dir.path().join(format!("resources/{number}.cedar")),
                " ".repeat(most),
            )
            .unwrap();
        }
        assert_eq!(read(dir.path()).unwrap().files().len(), 63 + REQUIRED.len());

        fs::write(dir.path().join("resources/last.cedar"), " ".repeat(most)).unwrap();
        assert_eq!(
            refused(dir.path()),
            "policy folder `DIR` has more than 67108864 bytes of policies; at most so many are read"
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_circle_end() {
        let dir = folder();
        std::os::unix::fs::symlink(
            dir.path().join("resources"),
            dir.path().join("resources/again"),
        )
        .unwrap();

        let told = refused(dir.path());

        assert!(
            told.ends_with("lie more than 16 deep; is there a link in a circle?"),
            "{told}"
        );
    }
}
