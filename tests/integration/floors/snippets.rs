//! Each rule on snippets: the ones that break it, and their nearest neighbours that keep it.

use super::rules::{Rule, findings};

/// What a rule says of a file, one line a finding.
fn said(rule: Rule, path: &str, text: &str) -> Vec<String> {
    findings(path, text, false)
        .into_iter()
        .filter(|found| found.rule == rule)
        .map(|found| found.to_string())
        .collect()
}

/// Every snippet must give exactly one finding of `rule`, each on the line that is marked `// here`, or on the only line.
#[track_caller]
fn breaks(rule: Rule, path: &str, snippets: &[&str]) {
    for snippet in snippets {
        let found = said(rule, path, snippet);
        let line = 1 + snippet
            .lines()
            .position(|line| line.ends_with("// here"))
            .unwrap_or(0);
        assert_eq!(found.len(), 1, "{path}: {snippet}\ngave {found:?}");
        assert!(
            found[0].starts_with(&format!("src/{path}:{line}: ")),
            "{snippet}\ngave {found:?}"
        );
    }
}

#[track_caller]
fn keeps(rule: Rule, path: &str, snippets: &[&str]) {
    for snippet in snippets {
        assert_eq!(
            said(rule, path, snippet),
            Vec::<String>::new(),
            "{path}: {snippet}"
        );
    }
}

#[test]
fn naming_a_floor_above_or_beside_is_found_in_every_form_of_path() {
    breaks(
        Rule::Beneath,
        "store/journal.rs",
        &[
            "use crate::engine::Engine;",
            "use crate::{model::id::OrgNo, cedar::Policies};",
            "use crate::{\n    model::id::OrgNo,\n    log::{Segment}, // here\n};",
            "use super::super::http::Server;",
            "use self::super::super::policies::Folder;",
            "fn f(x: crate::scenario::Case) {}",
            "fn f() { crate::engine::open(); }",
            "type A = Vec<crate::engine::Engine>;",
            "impl crate::engine::Seam for S {}",
            "fn f() { assert!(crate::engine::ready()); }",
            "fn f() {\n    vec![json!({ \"a\": crate::engine::NOW })]; // here\n}",
            "macro_rules! m { () => { $crate::engine::open() } }",
            "#[serde(with = \"crate::http::wire\")]\nstruct S;",
            "mod inner { use super::super::super::engine::Engine; }",
            "mod inner { fn f() { super::super::super::engine::open() } }",
            "#[cfg(test)]\nmod tests {\n    use crate::engine::Engine; // here\n}",
        ],
    );
}

#[test]
fn naming_the_own_floor_and_floors_beneath_is_fine() {
    keeps(
        Rule::Beneath,
        "engine/write/grant.rs",
        &[
            "use crate::model::id::OrgNo;\nuse crate::{cedar, store::{Store, Commit}};",
            "use super::super::decide::Decided;\nuse super::Writer;\nuse crate::engine::search;",
            "mod inner { use super::super::super::Engine; }",
            "// crate::http is above\nconst A: &str = \"crate::http::Server\";",
            "/// See `crate::http::Server`.\nfn f() { log(\"use crate::http\") }",
            "use std::collections::HashMap;\nfn f() { let http = 1; http.min(2); }",
        ],
    );
}

#[test]
fn the_crate_root_is_no_back_door() {
    breaks(
        Rule::Beneath,
        "model/id.rs",
        &[
            "use crate::Engine;",
            "use crate as root;",
            "use crate::{self as root};",
            "use super::super as root;",
            "use super::super::*;",
            "use crate::*;",
        ],
    );
    keeps(
        Rule::Beneath,
        "lib.rs",
        &["mod model;\npub use model::id::OrgNo;\npub use crate::model::id::Revision;"],
    );
    breaks(Rule::Beneath, "lib.rs", &["mod cli;", "mod util;"]);
}

#[test]
fn the_binary_sees_only_what_the_library_exports() {
    breaks(
        Rule::Beneath,
        "main.rs",
        &["mod model;", "use crate::engine::Engine;"],
    );
    breaks(
        Rule::Beneath,
        "cli/serve.rs",
        &[
            "use crate::http::Server;",
            "use super::super::engine::Engine;",
        ],
    );
    keeps(
        Rule::Beneath,
        "main.rs",
        &["mod cli;\nfn main() { cli::run() }"],
    );
    keeps(
        Rule::Beneath,
        "cli/serve.rs",
        &["use super::Outcome;\nuse crate::cli::text;\nuse fullmakt::Engine;"],
    );
}

#[test]
fn an_outside_crate_away_from_home_is_found() {
    breaks(
        Rule::OneHome,
        "engine/decide.rs",
        &[
            "use sled::Db;",
            "use ::sled::Db;",
            "use sled;",
            "use sled as disk;",
            "use {sled::Db, std::fmt};",
            "fn f(db: &sled::Db) {}",
            "fn f() { sled::open(\"x\"); }",
            "fn f() { let a = vec![::sled::open()]; }",
            "fn f() { tokio::select! {} }",
            "#[derive(clap::Parser)]\nstruct S;",
            "#[tokio::main]\nfn f() {}",
            "use crate::model::time;\nmod inner { fn f() { time::now(); } } // here",
        ],
    );
    breaks(
        Rule::OneHome,
        "lib.rs",
        &["pub use cedar_policy::Decision;"],
    );
    breaks(Rule::OneHome, "main.rs", &["fn f() { tokio::spawn(a); }"]);
    breaks(
        Rule::OneHome,
        "store/open.rs",
        &["pub(crate) use sled::Db;"],
    );
}

#[test]
fn an_outside_crate_at_home_and_names_that_only_look_like_one_are_fine() {
    keeps(
        Rule::OneHome,
        "store/open.rs",
        &["use sled::{Db, IVec};\nfn f() { crc32fast::hash(&[]); }"],
    );
    keeps(
        Rule::OneHome,
        "cli/serve.rs",
        &["use clap::Parser;\nfn f() { tracing_subscriber::fmt(); }"],
    );
    keeps(
        Rule::OneHome,
        "engine/decide.rs",
        &[
            "use crate::model::time;\nfn f() { time::Timestamp::new(0); }",
            "use crate::model::{url::{self}};\nfn f() { url::shown(); }",
            "use std::time;\nfn f(time: u8) { time.min(1); }",
            "use serde::Serialize;\nfn f() { uuid::Uuid::new_v4(); tracing::info!(\"sled::open\"); }",
            "#[cfg(test)]\nmod tests { fn f() { tempfile::tempdir(); } }",
        ],
    );
}

#[test]
fn printing_outside_the_binary_is_found() {
    let prints = [
        "fn f() { println!(\"a\"); }",
        "fn f() { if a { eprint!(\"a\"); } }",
        "fn f() { g!(dbg!(1)); }",
        "use std::io;\nfn f() { io::stdout(); } // here",
        "use std::io::{Write, stderr};",
    ];
    breaks(Rule::Prints, "engine/mod.rs", &prints);
    keeps(Rule::Prints, "main.rs", &prints);
    keeps(Rule::Prints, "cli/ask.rs", &prints);
    keeps(
        Rule::Prints,
        "engine/mod.rs",
        &["#[cfg(test)]\nmod tests { #[test] fn t() { println!(\"a\"); } }"],
    );
}

#[test]
fn a_glob_outside_tests_is_found() {
    let globs = [
        "use super::id::*;",
        "pub use id::*;",
        "use std::{fmt, io::*};",
        "fn f() { use Kind::*; }",
    ];
    breaks(Rule::ByName, "model/id.rs", &globs);
    keeps(
        Rule::ByName,
        "model/id.rs",
        &[
            "#[cfg(test)]\nmod tests { use super::*; }",
            "#[test]\nfn t() { use Kind::*; }",
        ],
    );
    breaks(Rule::ByName, "lib.rs", &["pub use model::*;"]);
    let whole_file_for_tests = findings("model/tests.rs", "use super::*;", true);
    assert!(whole_file_for_tests.is_empty(), "{whole_file_for_tests:?}");
}

#[test]
fn the_root_lists_by_name() {
    breaks(
        Rule::Root,
        "lib.rs",
        &["pub struct Engine;", "pub mod prelude { }", "impl A { }"],
    );
    keeps(
        Rule::Root,
        "lib.rs",
        &[
            "//! Docs.\npub mod model;\n#[cfg(feature = \"daemon\")]\nmod http;\npub use model::id::{OrgNo, Revision};",
        ],
    );
}

#[test]
fn a_file_of_350_lines_passes_and_one_more_does_not() {
    assert_eq!(
        said(Rule::Length, "model/id.rs", &"\n".repeat(350)),
        Vec::<String>::new()
    );
    assert_eq!(
        said(Rule::Length, "model/id.rs", &"\n".repeat(351)),
        [
            "src/model/id.rs:351: has 351 lines, more than 350; split it where its second subject begins"
        ]
    );
}

#[test]
fn what_would_hide_from_the_rules_is_found() {
    breaks(Rule::InSight, "util/mod.rs", &["fn f() {}"]);
    breaks(Rule::InSight, "bin/other.rs", &["fn main() {}"]);
    breaks(
        Rule::InSight,
        "model/mod.rs",
        &[
            "#[path = \"../../elsewhere.rs\"]\nmod a;",
            "include!(\"a.rs\");",
            "extern crate sled as disk;",
            "fn f( {",
        ],
    );
    keeps(
        Rule::InSight,
        "model/mod.rs",
        &["const A: &str = include_str!(\"a.json\");\nmod id;"],
    );
}

#[test]
fn a_finding_names_the_place_and_the_mend() {
    assert_eq!(
        said(
            Rule::Beneath,
            "store/open.rs",
            "\nuse crate::engine::Engine;"
        ),
        [
            "src/store/open.rs:2: `store` names `crate::engine::Engine`, but `engine` is not beneath it; move what both need to a \
          floor beneath both, or have the floor above both hand it in"
        ]
    );
    assert_eq!(
        said(Rule::OneHome, "http/mod.rs", "use sled::Db;"),
        [
            "src/http/mod.rs:1: `sled::Db` is used here, but `sled` lives in `store` alone; let `store` offer a value of ours for it"
        ]
    );
}
