//! `At-Least-Revision`: no answer is older than its caller demands.

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use super::{CLIENT, Served, answer};

/// One question with these headers: status and body.
fn ask(daemon: &Served, token: &str, path: &str, headers: &str) -> (u16, Value) {
    let mut stream = daemon.connect();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{headers}connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    answer(stream)
}

fn patient() -> Served {
    Served::with(|limits| limits.revision_time = Duration::from_secs(3600))
}

#[test]
fn a_revision_that_has_been_is_answered_at_once() {
    let daemon = patient();
    let newest = daemon.engine.snapshot().revision();
    for demanded in [0, newest.0] {
        let header = format!("At-Least-Revision: {demanded}\r\n");
        let (status, _) = ask(&daemon, "operator", "/v1/systems", &header);
        assert_eq!(status, 200);
    }
}

#[test]
fn a_revision_from_the_future_is_waited_for_and_then_read() {
    let daemon = patient();
    let next = daemon.engine.snapshot().revision().next();
    let path = format!("/v1/parties/{CLIENT}");
    let header = format!("at-least-revision: {next}\r\n");
    let answered = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(&daemon, "operator", &path, &header));
        daemon.wait_for_in_flight("2");
        let party = json!({ "name": "NORDLYS BAKERI AS", "form": "AS" }).to_string();
        let (status, written) = daemon.call("operator", "PUT", &path, &party);
        assert_eq!((status, &written["revision"]), (200, &json!(next)));
        waiting.join().unwrap()
    });
    assert_eq!(
        (answered.0, &answered.1["name"]),
        (200, &json!("NORDLYS BAKERI AS"))
    );
}

#[test]
fn a_revision_that_does_not_come_in_time_is_told() {
    let daemon = Served::with(|limits| limits.revision_time = Duration::from_millis(20));
    let newest = daemon.engine.snapshot().revision();
    let far = newest.0 + 7;
    let header = format!("At-Least-Revision: {far}\r\n");
    let (status, problem) = ask(&daemon, "operator", "/v1/systems", &header);
    assert_eq!(
        (status, &problem["code"]),
        (412, &json!("revision-not-reached"))
    );
    let told = format!("revision {far} has not been; the newest is {newest}");
    assert_eq!(problem["detail"], json!(told));
    assert_eq!(
        (&problem["asked"], &problem["newest"]),
        (&json!(far), &json!(newest))
    );
}

#[test]
fn nobody_waits_who_is_not_known_and_no_demand_is_guessed_at() {
    let daemon = patient();
    let far = "At-Least-Revision: 1000000\r\n";
    assert_eq!(ask(&daemon, "nobody", "/v1/systems", far).0, 401);
    assert_eq!(ask(&daemon, "nobody", "/healthz", far).0, 200);
    let wrong = |headers: &str| {
        let (status, problem) = ask(&daemon, "operator", "/v1/systems", headers);
        assert_eq!(status, 400);
        let error = &problem["errors"][0];
        assert_eq!(error["pointer"], json!("header:At-Least-Revision"));
        error["detail"].as_str().unwrap().to_owned()
    };
    for (text, shown) in [("-1", "-1"), ("+1", "+1"), ("newest", "newest"), ("", "")] {
        let expected = format!("`At-Least-Revision` is `{shown}`; it has to be a revision");
        assert_eq!(wrong(&format!("At-Least-Revision: {text}\r\n")), expected);
    }
    let twice = "At-Least-Revision: 1\r\nAt-Least-Revision: 1\r\n";
    assert_eq!(wrong(twice), "`At-Least-Revision` stands twice; send one");
}
