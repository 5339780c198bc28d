//! Discovery (section 9).

use std::path::Path;

use serde_json::{Value, json};

use super::super::{Answer, Daemon, configuration, store};

const WELL_KNOWN: &str = "/.well-known/authzen-configuration";

/// A daemon whose others reach it at this address.
fn at(public_url: &str) -> (Daemon, tempfile::TempDir) {
    let (dir, data) = store();
    let text = format!("public_url = \"{public_url}\"\n{}", configuration());
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    (Daemon::with(&text, &data, &policies), dir)
}

/// The metadata, asked for by anybody, who says that this is another host.
fn get(daemon: &Daemon, path: &str) -> Answer {
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: evil.example\r\nx-forwarded-host: evil.example\r\nconnection: close\r\n\r\n"
    );
    daemon.bytes(head.as_bytes()).unwrap()
}

fn expected(at: &str) -> Value {
    json!({
        "policy_decision_point": at,
        "access_evaluation_endpoint": format!("{at}/access/v1/evaluation"),
        "access_evaluations_endpoint": format!("{at}/access/v1/evaluations"),
        "search_subject_endpoint": format!("{at}/access/v1/search/subject"),
        "search_resource_endpoint": format!("{at}/access/v1/search/resource"),
        "search_action_endpoint": format!("{at}/access/v1/search/action"),
    })
}

/// 3: the paths of the endpoints have `v1` in them. 39: there is metadata.
/// 41: it is a JSON object, a 200, and has no member without a value. 42: it has what is needed, and all that is offered.
/// 43: `policy_decision_point` is the address that it was asked for at, from the configuration and no header.
/// 44: there is no `capabilities`, since no capability is registered yet. 46: it may be kept for a while.
#[test]
fn line_3_39_41_42_43_44_46_metadata_is_what_the_configuration_says() {
    let (daemon, _dir) = at("https://pdp.example/");
    let answer = get(&daemon, WELL_KNOWN);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let kept = answer.header("cache-control");
    assert_eq!(kept, Some("public, max-age=3600"));
    assert_eq!(answer.json(), expected("https://pdp.example"));
    for (name, value) in answer.json().as_object().unwrap() {
        let url = value.as_str().unwrap();
        let is_endpoint = name.ends_with("_endpoint");
        assert_eq!(url.contains("/v1/"), is_endpoint, "{name}");
    }
}

/// 40: the document stands beneath the host's own `/.well-known/`, with the path of the decision point after it.
#[test]
fn line_40_a_decision_point_with_a_path_has_its_metadata_before_it() {
    for path in ["tenant1", "a/b"] {
        let url = format!("https://pdp.example/{path}");
        let (daemon, _dir) = at(&url);
        let answer = get(&daemon, &format!("{WELL_KNOWN}/{path}"));
        assert_eq!((answer.status, answer.json()), (200, expected(&url)));
        for other in ["", "/tenant2", "/a", "/a/b/c"] {
            let answer = get(&daemon, &format!("{WELL_KNOWN}{other}"));
            let code = answer.json()["code"].clone();
            let expected = (404, json!("unknown-decision-point"));
            assert_eq!((answer.status, code), expected, "{other}");
        }
    }
}

/// 49: the endpoints are where the specification has them, and where the metadata says.
#[test]
fn line_49_every_endpoint_is_at_its_usual_path() {
    let daemon = Daemon::demo();
    let at = format!("http://{}", daemon.address);
    let told = get(&daemon, WELL_KNOWN).json();
    assert_eq!(told, expected(&at));
    for (name, url) in told.as_object().unwrap() {
        if name == "policy_decision_point" {
            continue;
        }
        let path = url.as_str().unwrap().strip_prefix(&at).unwrap();
        let body = super::question(super::CLIENT);
        let (status, _) = daemon.call(super::API, "POST", path, Some(&body));
        assert_eq!(status, 200, "{name}");
    }
}
