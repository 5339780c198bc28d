//! A policy folder as the system tells of it, without reading its files.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// One file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) inode: u64,
    pub(crate) bytes: u64,
    pub(crate) modified: (i64, i64),
}

/// A folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// Its device and inode: others after a directory or a symlink was swapped. Nothing if it is not there.
    pub(crate) root: Option<(u64, u64)>,
    pub(crate) files: BTreeMap<String, Seen>,
}

/// The files that may take part, by how their names end: not an editor's own.
const KINDS: [&str; 4] = ["cedar", "cedarschema", "json", "toml"];
/// The folders in a policy folder that are looked into.
const WITHIN: [&str; 2] = ["resources", "tests"];
/// As deep as folders are read.
const MOST_DEEP: usize = 16;

impl Look {
    /// How a folder is now. What cannot be looked at is not there: the folder is read when it has been still, and that
    /// says why it cannot be.
    pub(crate) fn at(folder: &Path) -> Self {
        let mut look = Self::default();
        if let Ok(root) = fs::metadata(folder) {
            look.root = Some((root.dev(), root.ino()));
            look.within(folder, "", MOST_DEEP);
        }
        look
    }

    fn within(&mut self, folder: &Path, name: &str, deep: usize) {
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        for entry in entries.flatten() {
            let own = entry.file_name();
            let Some(own) = own.to_str().filter(|own| !own.starts_with('.')) else {
                continue;
            };
            let path = entry.path();
            let is_a_kind = path
                .extension()
                .is_some_and(|kind| KINDS.iter().any(|known| kind == *known));
            let is_a_way = deep > 0 && (!name.is_empty() || WITHIN.contains(&own));
            if !is_a_kind && !is_a_way {
                continue;
            }
            // Through links: what is read is what they lead to.
            match fs::metadata(&path) {
                Ok(found) if found.is_dir() && is_a_way => {
                    self.within(&path, &format!("{name}{own}/"), deep - 1);
                }
                Ok(found) if found.is_file() && is_a_kind => {
                    self.files.insert(format!("{name}{own}"), seen(&found));
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
}

fn seen(of: &Metadata) -> Seen {
    Seen {
        inode: of.ino(),
        bytes: of.len(),
        modified: (of.mtime(), of.mtime_nsec()),
    }
}
