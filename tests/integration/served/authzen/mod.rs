//! `AuthZEN` Authorization API 1.0, line by line: a test's name has the numbers of the lines that it holds, and its comment
//! says them. Lines that no test can hold are in the README, with the reason.

mod batch;
mod evaluation;
mod metadata;
mod search;
mod transport;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Answer, Daemon};

const API: &str = "demo-resource-api";
const USER: &str = "5ea1d000-0000-4000-8000-000000000001";
const SECOND: &str = "5ea1d000-0000-4000-8000-000000000002";
const CLAIMS: &str = "ske-krav-og-betalinger";
/// Whom the demo's system user may act for.
const CLIENT: &str = "312002744";
/// Whom both system users of [`more`] may act for.
const SHARED: &str = "312005239";
/// Of the demo's firm, and not added.
const NOT_ADDED: &str = "312004119";

const EVALUATION: &str = "/access/v1/evaluation";
const EVALUATIONS: &str = "/access/v1/evaluations";
const SUBJECT: &str = "/access/v1/search/subject";
const RESOURCE: &str = "/access/v1/search/resource";
const ACTION: &str = "/access/v1/search/action";
const ALL: [&str; 5] = [EVALUATION, EVALUATIONS, SUBJECT, RESOURCE, ACTION];

fn question(client: &str) -> Value {
    json!({
        "subject": { "type": "systemuser", "id": USER },
        "action": { "name": "read" },
        "resource": { "type": CLAIMS, "id": client },
    })
}

/// One call that succeeds: its body.
fn done(daemon: &Daemon, path: &str, body: &Value) -> Value {
    daemon.done(API, "POST", path, Some(body))
}

/// One call, whatever comes of it.
fn raw(daemon: &Daemon, path: &str, body: &str) -> Answer {
    daemon
        .raw(API, "POST", path, "application/json", body.as_bytes())
        .unwrap()
}

/// What a call is refused with, which is a 400 and a text.
fn refused(daemon: &Daemon, path: &str, body: &Value) -> String {
    let answer = raw(daemon, path, &body.to_string());
    let said = answer.json();
    assert_eq!(answer.status, 400, "{path} {body}: {said}");
    said.as_str().unwrap().to_owned()
}

/// The demo with a second client and a second system user, which share a third client.
fn more() -> Daemon {
    let daemon = Daemon::demo();
    let admin = "demo-firm-admin";
    let relation = format!("/v1/relations/{SHARED}/312001373/regnskapsforer");
    daemon.done("demo-operator", "PUT", &relation, None);
    daemon.done(
        admin,
        "POST",
        &format!("/v1/requests/{SECOND}/approve"),
        None,
    );
    for (user, client) in [(USER, NOT_ADDED), (USER, SHARED), (SECOND, SHARED)] {
        let path = format!("/v1/system-users/{user}/clients/{client}");
        daemon.done(admin, "PUT", &path, None);
    }
    daemon
}

/// The numbers in the names of tests: `fn line_15_16_…`.
fn lines_of_tests() -> BTreeSet<u32> {
    let sources = [
        include_str!("batch.rs"),
        include_str!("evaluation.rs"),
        include_str!("metadata.rs"),
        include_str!("search.rs"),
        include_str!("transport.rs"),
    ];
    let names = sources
        .iter()
        .flat_map(|source| source.split("#[test]\nfn line_").skip(1));
    let numbers = names.flat_map(|name| name.split('_').map_while(|part| part.parse().ok()));
    numbers.collect()
}

/// The numbers in the first column of the README's table.
fn lines_of_readme() -> BTreeSet<u32> {
    let readme = include_str!("../../../../README.md");
    let section = readme.split("## AuthZEN conformance").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let firsts = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let numbers = firsts.flat_map(|first| first.split(", ").filter_map(|part| part.parse().ok()));
    numbers.collect()
}

#[test]
fn every_line_is_held_by_a_test_or_answered_in_the_readme() {
    let (tests, readme) = (lines_of_tests(), lines_of_readme());
    let every: BTreeSet<u32> = (1..=64).collect();
    let held: BTreeSet<u32> = tests.union(&readme).copied().collect();
    assert_eq!(held, every);
    let both: Vec<_> = tests.intersection(&readme).collect();
    assert_eq!(both, Vec::<&u32>::new(), "in the README and in a test");
}
