//! Both sides of each limit of size and time, and the stop that drains.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::answer::in_time;
use super::super::reply::Reply;
use super::{PATIENCE, Served, answer};

const PATH: &str = "/v1/parties/312002744";
const PARTY: &str = r#"{"name":"NORDLYS BAKERI AS","form":"AS"}"#;

#[test]
fn a_body_may_be_as_long_as_its_limit_and_no_longer() {
    let daemon = Served::with(|limits| limits.body = PARTY.len());
    assert_eq!(daemon.call("operator", "PUT", PATH, PARTY).0, 200);
    let (status, problem) = daemon.call("operator", "PUT", PATH, &format!("{PARTY} "));
    assert_eq!((status, &problem["code"]), (413, &json!("too-large")));
}

#[test]
fn json_may_be_as_deep_as_its_limit_and_no_deeper() {
    let daemon = Served::with(|limits| limits.json_depth = 3);
    let ask = |context: &str| {
        let body = format!(
            r#"{{"subject":{{"type":"systemuser","id":"5ea1d000-0000-4000-8000-000000000001"}},"action":{{"name":"read"}},
            "resource":{{"type":"ske-krav-og-betalinger","id":"312002744"}},"context":{context}}}"#
        );
        daemon.call("api", "POST", "/access/v1/evaluation", &body)
    };
    assert_eq!(ask(r#"{"a":[1]}"#), (200, json!({ "decision": false })));
    let (status, said) = ask(r#"{"a":[[1]]}"#);
    assert_eq!(status, 400);
    assert!(said.as_str().unwrap().contains("nested too deep"), "{said}");
}

#[test]
fn a_body_that_does_not_come_in_time_is_refused() {
    let daemon = Served::with(|limits| limits.body_time = Duration::from_millis(50));
    let stream = daemon.begin("operator", "PUT", PATH, PARTY.len());
    let (status, problem) = answer(stream);
    assert_eq!((status, &problem["code"]), (408, &json!("too-slow")));
}

#[test]
fn a_head_that_does_not_come_in_time_ends_the_connection() {
    let daemon = Served::with(|limits| limits.header_time = Duration::from_millis(50));
    let mut stream = daemon.connect();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: ")
        .unwrap();
    let mut said = String::new();
    let ended = stream.read_to_string(&mut said);
    assert!(ended.is_ok(), "the connection did not end: {ended:?}");
    assert!(
        said.is_empty() || said.starts_with("HTTP/1.1 408"),
        "{said}"
    );
}

#[test]
fn a_head_longer_than_its_limit_is_refused() {
    let daemon = Served::with(|limits| limits.headers = 20 * 1024);
    let ask = |filling: usize| {
        let mut stream = daemon.connect();
        let head = format!(
            "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-filling: {}\r\n\r\n",
            "x".repeat(filling)
        );
        let _ = stream.write_all(head.as_bytes());
        answer(stream).0
    };
    assert_eq!(ask(18 * 1024), 200);
    assert_eq!(ask(24 * 1024), 431);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_says_that_the_change_may_still_be_made() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let done = tokio::task::spawn_blocking(move || {
        let _ = held.recv();
        Ok(Reply::ok(&json!({})))
    });
    let problem = in_time(done, Duration::ZERO).await.unwrap_err();
    assert_eq!(
        (
            problem.status.as_u16(),
            problem.code,
            problem.detail.as_str()
        ),
        (
            503,
            "no-answer-in-time",
            "there is no answer after 0 seconds; a change that was asked for may still be made, so read before asking again"
        )
    );
    drop(release);
    let done = tokio::task::spawn_blocking(|| Ok(Reply::ok(&json!({}))));
    let reply = in_time(done, Duration::from_secs(60)).await.unwrap();
    assert_eq!(reply.status.as_u16(), 200);
}

#[test]
fn one_connection_more_than_the_limit_is_turned_away() {
    let daemon = Served::with(|limits| limits.connections = 1);
    let mut first = daemon.connect();
    let ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    first.write_all(ask).unwrap();
    let mut said = [0; 15];
    first.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"HTTP/1.1 200 OK");
    let mut second = daemon.connect();
    let _ = second.write_all(ask);
    let mut nothing = Vec::new();
    let _ = second.read_to_end(&mut nothing);
    assert!(nothing.is_empty());
}

#[test]
fn a_stop_lets_requests_in_flight_be_answered_and_takes_no_more() {
    let mut daemon = Served::new();
    let mut stream = daemon.begin("operator", "PUT", PATH, PARTY.len());
    daemon.wait_for_in_flight("2");
    daemon.ask_to_stop();
    let begin = Instant::now();
    while TcpStream::connect(daemon.address).is_ok() {
        assert!(begin.elapsed() < PATIENCE, "connections are still taken");
    }
    stream.write_all(PARTY.as_bytes()).unwrap();
    assert_eq!(answer(stream).0, 200);
    daemon.join().unwrap();
}

#[test]
fn a_stop_does_not_wait_longer_than_it_is_told_to() {
    let mut daemon = Served::with(|limits| {
        limits.drain_time = Duration::from_millis(50);
        limits.body_time = 3 * PATIENCE;
    });
    let stream = daemon.begin("operator", "PUT", PATH, PARTY.len());
    daemon.wait_for_in_flight("2");
    let begin = Instant::now();
    daemon.ask_to_stop();
    daemon.join().unwrap();
    assert!(begin.elapsed() < PATIENCE, "the stop waited for its caller");
    drop(stream);
}

#[test]
fn a_stop_waits_for_no_connection_on_which_nothing_was_asked() {
    let mut daemon = Served::with(|limits| {
        limits.drain_time = 3 * PATIENCE;
        limits.idle_time = 3 * PATIENCE;
    });
    let silent = daemon.connect();
    // Accepted after it, so that one is accepted too.
    assert_eq!(daemon.call("", "GET", "/healthz", "").0, 200);
    let begin = Instant::now();
    daemon.ask_to_stop();
    daemon.join().unwrap();
    assert!(begin.elapsed() < PATIENCE, "the stop waited for nothing");
    drop(silent);
}

#[test]
fn a_daemon_that_is_stopping_is_not_ready() {
    let mut daemon = Served::new();
    let mut late = daemon.connect();
    late.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\n")
        .unwrap();
    let slow = daemon.begin("operator", "PUT", PATH, PARTY.len());
    daemon.wait_for_in_flight("2");
    assert_eq!(daemon.call("", "GET", "/readyz", ""), (200, json!("ok")));
    daemon.ask_to_stop();
    let begin = Instant::now();
    while TcpStream::connect(daemon.address).is_ok() {
        assert!(begin.elapsed() < PATIENCE, "connections are still taken");
    }
    late.write_all(b"connection: close\r\n\r\n").unwrap();
    let (status, problem) = answer(late);
    assert_eq!(
        (status, &problem["code"], &problem["detail"]),
        (503, &json!("not-ready"), &json!("stopping"))
    );
    drop(slow);
}

#[test]
fn a_batch_may_have_as_many_evaluations_as_its_limit_and_no_more() {
    let daemon = Served::with(|limits| limits.evaluations = 2);
    let ask = |items: usize| {
        let item = json!({ "resource": { "type": "ske-krav-og-betalinger", "id": "312002744" } });
        let body = json!({
            "subject": { "type": "systemuser", "id": "5ea1d000-0000-4000-8000-000000000001" },
            "action": { "name": "read" },
            "evaluations": vec![item; items],
        });
        daemon.call("api", "POST", "/access/v1/evaluations", &body.to_string())
    };
    let (status, answers) = ask(2);
    assert_eq!(
        (status, answers["evaluations"].as_array().map(Vec::len)),
        (200, Some(2))
    );
    assert_eq!(
        ask(3),
        (400, json!("`evaluations` has 3 items; at most 2 are taken"))
    );
}

#[test]
fn head_is_answered_as_get_without_its_body() {
    let daemon = Served::new();
    let (status, body) = daemon.call("", "HEAD", "/healthz", "");
    assert_eq!((status, body), (200, json!("")));
    assert_eq!(daemon.call("operator", "HEAD", "/v1/systems", "").0, 200);
    assert_eq!(daemon.call("operator", "HEAD", "/v1/import", "").0, 405);
}
