//! The files of `src/`, and which of them are for tests alone.

use std::fs;
use std::path::{Path, PathBuf};

use super::names::names;
use super::rules::{Finding, findings};

/// Every finding in the package's `src/`.
pub(super) fn findings_in_src() -> Vec<Finding> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    assert!(
        files.len() > 2,
        "found only {files:?} under {}",
        src.display()
    );
    let sources: Vec<(String, String)> = files
        .iter()
        .map(|file| {
            let path = file
                .strip_prefix(&src)
                .expect("it was found there")
                .to_string_lossy()
                .replace('\\', "/");
            (
                path,
                fs::read_to_string(file).expect("a source file is readable text"),
            )
        })
        .collect();
    let test_modules: Vec<Vec<String>> = sources
        .iter()
        .filter_map(|(path, text)| names(&module_of(path), text, false).ok())
        .flat_map(|names| names.modules)
        .filter(|module| module.in_test)
        .map(|module| module.path)
        .collect();
    sources
        .iter()
        .flat_map(|(path, text)| {
            let module = module_of(path);
            let in_test = test_modules.iter().any(|test| module.starts_with(test));
            findings(path, text, in_test)
        })
        .collect()
}

/// The module path, from its crate's root, of a file whose path begins beneath `src/`.
pub(super) fn module_of(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = path
        .strip_suffix(".rs")
        .unwrap_or(path)
        .split('/')
        .map(str::to_owned)
        .collect();
    let is_root = parts.len() == 1 && (parts[0] == "lib" || parts[0] == "main");
    if is_root || parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .expect("src is there")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            rust_files(&entry, into);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            into.push(entry);
        }
    }
}
