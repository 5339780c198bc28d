//! The searches of the scenario "Search" against its own table of decisions: what is found is what is permitted.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::Daemon;
use super::decisions::questions;
use super::{ACTION_SEARCH, API, RESOURCE_SEARCH, SUBJECT_SEARCH, served};

const EXAMPLE: &str = "authzen-search";

/// What a search finds, in pages of a limit.
fn pages(daemon: &Daemon, path: &str, search: &Value, limit: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut asking = search.clone();
    asking["page"] = json!({ "limit": limit });
    loop {
        let page = daemon.done(API, "POST", path, Some(&asking));
        let results = page["results"].as_array().unwrap();
        assert!(results.len() <= limit);
        all.extend(results.iter().map(|result| {
            let name = result.get("id").unwrap_or(&result["name"]);
            name.as_str().unwrap().to_owned()
        }));
        let next = page["page"]["next_token"].as_str().unwrap().to_owned();
        if next.is_empty() {
            return all;
        }
        // The limit may be left out: the token has it.
        asking["page"] = json!({ "token": next });
    }
}

/// The table's rows that send no properties, as subject, action and resource, with the answer.
fn table() -> Vec<([String; 3], bool)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let is_bare = |kind: &str, body: &Value| body[kind].get("properties").is_none();
    let bare = questions(EXAMPLE).into_iter().filter(|asked| {
        let kinds = ["subject", "action", "resource"];
        kinds.iter().all(|kind| is_bare(kind, &asked.body))
    });
    let rows = bare.map(|asked| {
        let row = [
            text(&asked.body["subject"]["id"]),
            text(&asked.body["action"]["name"]),
            text(&asked.body["resource"]["id"]),
        ];
        (row, asked.permit)
    });
    rows.collect()
}

/// Every search that leaves one column open finds what the table permits, whatever the limit.
#[test]
fn the_searches_find_what_the_table_permits() {
    let (daemon, _dir) = served(EXAMPLE);
    let table = table();
    let mut looked = 0;
    for (open, path) in [
        (0, SUBJECT_SEARCH),
        (1, ACTION_SEARCH),
        (2, RESOURCE_SEARCH),
    ] {
        let key = |row: &[String; 3]| {
            let mut key = row.clone();
            key[open].clear();
            key
        };
        let keys: BTreeSet<_> = table.iter().map(|(row, _)| key(row)).collect();
        for wanted in keys {
            let of_key = table.iter().filter(|(row, _)| key(row) == wanted);
            let permitted = of_key.filter(|(_, permit)| *permit);
            let expected: BTreeSet<_> = permitted.map(|(row, _)| row[open].clone()).collect();
            let expected: Vec<_> = expected.into_iter().collect();
            let search = json!({
                "subject": { "type": "user", "id": wanted[0] },
                "action": { "name": wanted[1] },
                "resource": { "type": "record", "id": wanted[2] },
            });
            for limit in [3, 1000] {
                assert_eq!(pages(&daemon, path, &search, limit), expected, "{search}");
            }
            looked += expected.len();
        }
    }
    let permits = table.iter().filter(|(_, permit)| *permit).count();
    assert_eq!(looked, 3 * permits);
}

#[test]
fn a_token_is_of_its_own_search() {
    let (daemon, _dir) = served(EXAMPLE);
    let search = |owner: &str, limit: u64| {
        json!({
            "subject": { "type": "user", "id": "alice" },
            "action": { "name": "view" },
            "resource": { "type": "record", "properties": { "owner": owner } },
            "page": { "limit": limit },
        })
    };
    let entity = |id: &str| json!({ "__entity": { "type": "user", "id": id } });
    let mut first = search("", 2);
    first["resource"]["properties"]["owner"] = entity("alice");
    let page = daemon.done(API, "POST", RESOURCE_SEARCH, Some(&first));
    let ids: Vec<_> = page["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(ids, ["101", "102"]);
    let token = &page["page"]["next_token"];
    first["page"]["token"] = token.clone();
    let page = daemon.done(API, "POST", RESOURCE_SEARCH, Some(&first));
    assert_eq!(page["results"][0]["id"], "103");
    let mut other = first.clone();
    other["resource"]["properties"]["owner"] = entity("bob");
    let mut longer = first;
    longer["page"]["limit"] = json!(3);
    for body in [other, longer] {
        let (status, said) = daemon.call(API, "POST", RESOURCE_SEARCH, Some(&body));
        assert_eq!(status, 400, "{said}");
    }
}

#[test]
fn a_caller_searches_only_about_types_that_it_is_bound_to() {
    let (daemon, _dir) = served(EXAMPLE);
    let search = json!({
        "subject": { "type": "user", "id": "alice" },
        "action": { "name": "view" },
        "resource": { "type": "record", "id": "101" },
    });
    for path in [SUBJECT_SEARCH, ACTION_SEARCH, RESOURCE_SEARCH] {
        assert_eq!(daemon.call(API, "POST", path, Some(&search)).0, 200);
        for caller in ["claims-api", "vendor", "firm-admin"] {
            let (status, _) = daemon.call(caller, "POST", path, Some(&search));
            assert_eq!(status, 403, "{caller} {path}");
        }
    }
}
