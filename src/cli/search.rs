//! `fullmakt search`: reverse questions, through the daemon's `/v1/search`.
#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value has null where it has nothing, and never panics"
)]

use std::process::ExitCode;

use serde_json::{Value, json};

use super::Outcome;
use super::args::Daemon;
use super::args_search::{Pages, Search, Sought};
use super::daemon::{all, call, escaped};
use super::output::{say, short, table};

pub(crate) fn search(at: &Daemon, command: Search) -> Outcome {
    match command {
        Search::Clients {
            system_user,
            sought,
            pages,
        } => {
            let query = with_sought(vec![("systemUser", system_user)], sought);
            found(at, "clients", query, &pages, &["client", "name", "form"])
        }
        Search::SystemUsers {
            client,
            sought,
            pages,
        } => {
            let query = with_sought(vec![("client", client)], sought);
            let columns = ["systemUser", "kind", "owner", "system"];
            found(at, "system-users", query, &pages, &columns)
        }
        Search::Actions {
            system_user,
            client,
            resource,
            level,
        } => {
            let mut query = vec![
                ("systemUser", system_user),
                ("client", client),
                ("resource", resource),
            ];
            query.extend(level.map(|level| ("level", level.to_string())));
            let page = call(at, "GET", &path("actions", &query), None)?;
            Ok(print(at, &page, &["action"]))
        }
    }
}

type Query = Vec<(&'static str, String)>;

fn with_sought(mut query: Query, sought: Sought) -> Query {
    query.extend(sought.action.map(|action| ("action", action)));
    query.extend(sought.resource.map(|resource| ("resource", resource)));
    query.extend(sought.level.map(|level| ("level", level.to_string())));
    query
}

fn path(what: &str, query: &[(&str, String)]) -> String {
    let pairs: Vec<_> = query
        .iter()
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    format!("/v1/search/{what}?{}", pairs.join("&"))
}

/// Prints the count, all pages, or one with how to get the next.
fn found(
    at: &Daemon,
    what: &'static str,
    mut query: Query,
    pages: &Pages,
    columns: &[&str],
) -> Outcome {
    if pages.count {
        let count = call(at, "GET", &path(&format!("{what}/count"), &query), None)?;
        return Ok(print_count(at, &count));
    }
    if pages.all {
        let items = all(at, &path(what, &query))?;
        return Ok(print(at, &json!({ "items": items, "next": "" }), columns));
    }
    query.extend(pages.limit.map(|limit| ("limit", limit.to_string())));
    query.extend(pages.page.clone().map(|page| ("page", page)));
    let page = call(at, "GET", &path(what, &query), None)?;
    Ok(print(at, &page, columns))
}

fn print_count(at: &Daemon, count: &Value) -> ExitCode {
    if at.json {
        say(&count.to_string());
    } else if count["exact"] == true {
        say(&short(&count["count"]));
    } else {
        say(&format!("at least {}", short(&count["count"])));
    }
    ExitCode::SUCCESS
}

fn print(at: &Daemon, page: &Value, columns: &[&str]) -> ExitCode {
    let items = page["items"].as_array().cloned().unwrap_or_default();
    let next = short(&page["next"]);
    if at.json {
        say(&page.to_string());
        return ExitCode::SUCCESS;
    }
    if !items.is_empty() {
        table(columns, &items);
    } else if next.is_empty() {
        say("none");
    } else {
        say("none on this page");
    }
    if !next.is_empty() {
        say(&format!("there may be more: `--page {next}`, or `--all`"));
    }
    ExitCode::SUCCESS
}
