//! The public `AuthZEN` scenarios, each an ordinary policy folder under `policies/examples/`, served and asked over HTTP.

mod certification;
mod decisions;
mod search;

use std::path::PathBuf;

use super::{Daemon, configuration, path, store};

const API: &str = "resource-api";
const EVALUATION: &str = "/access/v1/evaluation";
const EVALUATIONS: &str = "/access/v1/evaluations";
const SUBJECT_SEARCH: &str = "/access/v1/search/subject";
const RESOURCE_SEARCH: &str = "/access/v1/search/resource";
const ACTION_SEARCH: &str = "/access/v1/search/action";
const EXAMPLES: [&str; 4] = [
    "authzen-todo",
    "authzen-gateway",
    "authzen-search",
    "authzen-certification",
];

fn folder(example: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("policies/examples")
        .join(example)
}

/// A daemon with an example's policies, and with the story's callers.
fn served(example: &str) -> (Daemon, tempfile::TempDir) {
    served_with(example, "")
}

/// The same, with more in its configuration.
fn served_with(example: &str, more: &str) -> (Daemon, tempfile::TempDir) {
    let (dir, data) = store();
    let configuration = format!("{more}{}", configuration());
    let daemon = Daemon::with(&configuration, &data, &folder(example));
    (daemon, dir)
}
