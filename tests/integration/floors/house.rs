//! What stands around the code: the top level, the tables of outside crates, the version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::rules::{FREE, HOMES};

/// What the top level may hold, and why it earns its place there is in the README's code map.
const TOP_LEVEL: [&str; 15] = [
    ".ci",
    ".config",
    ".gitignore",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "benches",
    "clippy.toml",
    "deny.toml",
    "policies",
    "src",
    "tests",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(name: &str) -> Option<String> {
    fs::read_to_string(root().join(name)).ok()
}

/// The first parts of every path that git keeps or would keep; outside a clone, of all that is there and not ignored.
fn top_level(root: &Path) -> Vec<String> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let mut names: Vec<String> = if let Some(paths) = listed {
        let firsts = paths.split('\0').filter_map(|path| path.split('/').next());
        firsts.map(str::to_owned).collect()
    } else {
        let ignored = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
        let ignored: Vec<&str> = ignored
            .lines()
            .map(|line| line.trim_matches('/'))
            .chain([".git"])
            .collect();
        fs::read_dir(root)
            .expect("the package's folder is there")
            .map(|entry| entry.expect("it can be listed").file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .filter(|name| !ignored.contains(&name.as_str()))
            .collect()
    };
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    names
}

fn strangers(names: &[String]) -> Vec<&str> {
    names
        .iter()
        .map(String::as_str)
        .filter(|name| !TOP_LEVEL.contains(name))
        .collect()
}

#[test]
fn the_top_level_holds_only_what_earned_its_place() {
    let names = top_level(&root());
    assert!(
        names.iter().any(|name| name == "src"),
        "src is not among {names:?}"
    );
    let strangers = strangers(&names);
    assert!(
        strangers.is_empty(),
        "{strangers:?} at the top level: move it under src, policies, benches or tests, or ignore it"
    );
}

#[test]
fn a_stranger_at_the_top_level_is_found_with_git_and_without() {
    let folder = tempfile::tempdir().expect("a folder of its own");
    for name in ["Cargo.toml", "notes.md", ".gitignore", "scratch"] {
        fs::write(folder.path().join(name), "/scratch\n").expect("it can be written");
    }
    assert_eq!(strangers(&top_level(folder.path())), ["notes.md"]);
    let made = Command::new("git")
        .args(["init", "-q"])
        .current_dir(folder.path())
        .status();
    if made.is_ok_and(|status| status.success()) {
        assert_eq!(strangers(&top_level(folder.path())), ["notes.md"]);
    }
}

/// The names under `[dependencies]`, as code names them.
fn dependencies(manifest: &str) -> Vec<String> {
    manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().replace('-', "_"))
        .collect()
}

#[test]
fn the_manifest_and_the_table_of_homes_name_the_same_crates() {
    let mut listed = dependencies(&text("Cargo.toml").expect("the manifest is there"));
    let mut housed: Vec<String> = HOMES
        .iter()
        .map(|(name, _)| *name)
        .chain(FREE)
        .map(str::to_owned)
        .collect();
    listed.sort();
    housed.sort();
    assert_eq!(
        listed, housed,
        "give each dependency one home in HOMES (or FREE), and drop homes that stand empty"
    );
}

#[test]
fn dependencies_are_read_from_their_table_alone() {
    let manifest = "[features]\na = []\n[dependencies]\n# every floor\narc-swap = \"1\" # why\nurl = { version = \"2\" }\n\n[dev-dependencies]\nlibc = \"0\"";
    assert_eq!(dependencies(manifest), ["arc_swap", "url"]);
}

/// The version of the newest release in a changelog; nothing before the first.
fn newest_release(changelog: &str) -> Option<&str> {
    changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## ["))
        .filter_map(|heading| heading.split_once(']'))
        .map(|(version, _)| version)
        .find(|version| *version != "Unreleased")
}

/// Every version that a text states for this package: `fullmakt 1.2.3`, `fullmakt = "1.2.3"`, `fullmakt@1.2.3`, `fullmakt-1.2.3`.
fn versions_stated(text: &str) -> Vec<&str> {
    text.match_indices("fullmakt")
        .filter_map(|(at, name)| {
            let after = text
                .get(at + name.len()..)?
                .trim_start_matches([' ', '=', '"', '@', '-', 'v']);
            let end = after
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .unwrap_or(after.len());
            after.get(..end)
        })
        .map(|version| version.trim_end_matches('.'))
        .filter(|version| version.contains('.'))
        .collect()
}

#[test]
fn readme_changelog_and_manifest_state_one_version() {
    let version = env!("CARGO_PKG_VERSION");
    let changelog = text("CHANGELOG.md").expect("the changelog is there");
    assert!(
        changelog.contains("## [Unreleased]"),
        "CHANGELOG.md has no heading `## [Unreleased]`"
    );
    if let Some(newest) = newest_release(&changelog) {
        assert_eq!(
            newest, version,
            "CHANGELOG.md's newest release and Cargo.toml's version"
        );
    }
    let readme = text("README.md").unwrap_or_default();
    for stated in versions_stated(&readme) {
        assert_eq!(
            stated, version,
            "README.md states another version than Cargo.toml"
        );
    }
}

#[test]
fn versions_are_read_where_they_stand() {
    assert_eq!(
        newest_release("# C\n## [Unreleased]\n## [0.2.0] - 2026-12-01\n## [0.1.0]"),
        Some("0.2.0")
    );
    assert_eq!(newest_release("# C\n## [Unreleased]\n"), None);
    assert_eq!(
        versions_stated(
            "fullmakt = \"0.3.0\"; `fullmakt 0.4.1`. fullmakt@0.5.0, fullmakt serve 127.0.0.1 and fullmakt v1.0.0."
        ),
        ["0.3.0", "0.4.1", "0.5.0", "1.0.0"]
    );
}
