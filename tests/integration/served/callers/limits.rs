//! Both sides of each limit of a caller, and clients that are slow in each phase of a connection.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::super::{Daemon, configuration, store};
use super::Authority;
use super::jwt::daemon as configured;
use super::over_tls::{secure_with, wait_for};

const PARTY: &str = "/v1/parties/312002744";
const PATIENCE: Duration = Duration::from_secs(20);
const BODY: &str = r#"{"name":"NORDLYS BAKERI AS","form":"AS"}"#;

/// A daemon with the story's callers; what stands before them, and what is said of the operator.
fn limited(dir: &std::path::Path, before: &str, operator: &str) -> Daemon {
    configured(dir, &format!("{before}\n{}{operator}\n", configuration()))
}

/// A request whose body is still to come.
pub(super) fn begun(daemon: &Daemon, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&daemon.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = BODY.len();
    let head = format!(
        "PUT {PARTY} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nexpect: 100-continue\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Whoever is asked to go on has a place.
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100 Continue\r\n"));
    stream
}

fn finish(mut stream: TcpStream) -> String {
    stream.write_all(BODY.as_bytes()).unwrap();
    rest(stream)
}

fn rest(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut said = Vec::new();
    // A reset ends it as well as an end does; a connection that stays does not.
    let read = stream.read_to_end(&mut said);
    let stays = read
        .is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    assert!(!stays, "the connection stays");
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn a_caller_may_ask_as_often_as_it_is_told_and_no_oftener() {
    let (dir, _) = store();
    let daemon = limited(
        dir.path(),
        "requests_per_minute = 1000",
        "requests_per_minute = 3",
    );
    let ask = |token: &str, path: &str| {
        let answer = daemon.raw(token, "GET", path, "text/plain", b"").unwrap();
        let header = |name: &str| answer.header(name).unwrap_or_default().to_owned();
        (
            answer.status,
            header("ratelimit"),
            header("ratelimit-policy"),
            header("retry-after"),
            answer.json(),
        )
    };
    for (left, whole) in [(2, 20), (1, 40), (0, 60)] {
        let (status, limit, policy, retry, _) = ask("operator", "/v1/changes");
        assert_eq!((status, retry.as_str()), (200, ""));
        assert_eq!(policy, "\"caller\";q=3;w=60");
        assert_eq!(limit, format!("\"caller\";r={left};t={whole}"));
    }
    let (status, limit, policy, retry, problem) = ask("operator", "/v1/changes");
    assert_eq!(
        (status, &problem["code"]),
        (429, &json!("too-many-requests"))
    );
    assert_eq!(policy, "\"caller\";q=3;w=60");
    let seconds: u64 = retry.parse().unwrap();
    assert!((1..=21).contains(&seconds), "{retry}");
    assert_eq!(limit, format!("\"caller\";r=0;t={retry}"));
    let detail = format!("you may ask 3 times a minute; ask again in {retry} s");
    assert_eq!(problem["detail"], json!(detail));
    assert_eq!(daemon.metric(r#"pdp_limited_total{what="rate"}"#), "1");
    // Another caller has a rate of its own; who is not known has none.
    let (status, limit, ..) = ask("vendor", "/v1/systems");
    assert_eq!(
        (status, limit.starts_with("\"caller\";r=999;")),
        (200, true)
    );
    let (status, limit, ..) = ask("nobody", "/v1/systems");
    assert_eq!((status, limit.as_str()), (401, ""));
    let livez = daemon.raw("", "GET", "/livez", "text/plain", b"").unwrap();
    assert_eq!((livez.status, livez.header("ratelimit")), (200, None));
}

#[test]
fn a_caller_may_have_as_many_requests_at_once_as_it_is_told_and_no_more() {
    let (dir, _) = store();
    let daemon = limited(dir.path(), "", "requests_at_once = 2");
    let (first, second) = (begun(&daemon, "operator"), begun(&daemon, "operator"));
    let answer = daemon
        .raw("operator", "GET", "/v1/changes", "text/plain", b"")
        .unwrap();
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("1"))
    );
    assert_eq!(answer.json()["code"], json!("too-many-at-once"));
    assert_eq!(
        answer.json()["detail"],
        json!("you have 2 requests in flight; at most 2 are taken")
    );
    assert_eq!(
        daemon.metric(r#"pdp_limited_total{what="concurrency"}"#),
        "1"
    );
    assert_eq!(daemon.call("vendor", "GET", "/v1/systems", None).0, 200);
    assert!(finish(first).starts_with("HTTP/1.1 200"));
    assert_eq!(daemon.call("operator", "GET", "/v1/changes", None).0, 200);
    // One that hangs up leaves its place too.
    drop(second);
    let third = begun(&daemon, "operator");
    wait_for(|| daemon.call("operator", "GET", "/v1/changes", None).0 == 200);
    assert!(finish(third).starts_with("HTTP/1.1 200"));
}

#[test]
fn under_too_much_the_newest_request_is_shed_and_counted() {
    let (dir, _) = store();
    let daemon = limited(dir.path(), "all_requests_at_once = 1", "");
    let first = begun(&daemon, "operator");
    for times in ["1", "2"] {
        let answer = daemon
            .raw("vendor", "GET", "/v1/systems", "text/plain", b"")
            .unwrap();
        assert_eq!(
            (answer.status, answer.header("retry-after")),
            (503, Some("1"))
        );
        assert_eq!(answer.json()["code"], json!("overloaded"));
        assert_eq!(daemon.metric(r#"pdp_shed_total{what="request"}"#), times);
    }
    // How the daemon is may be asked all the time, and what was there first is answered.
    let livez = daemon.raw("", "GET", "/livez", "text/plain", b"");
    assert_eq!(livez.unwrap().status, 200);
    assert!(finish(first).starts_with("HTTP/1.1 200"));
    assert_eq!(daemon.call("vendor", "GET", "/v1/systems", None).0, 200);
}

#[test]
fn under_too_many_connections_the_newest_is_shed_and_counted() {
    let (dir, _) = store();
    let daemon = limited(dir.path(), "connections = 1", "");
    let mut first = TcpStream::connect(&daemon.address).unwrap();
    first.set_read_timeout(Some(PATIENCE)).unwrap();
    first
        .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    first.read_exact(&mut [0; 12]).unwrap();
    assert!(rest(TcpStream::connect(&daemon.address).unwrap()).is_empty());
    first
        .write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .unwrap();
    let metrics = rest(first);
    assert!(
        metrics.contains("pdp_shed_total{what=\"connection\"} 1\n"),
        "{metrics}"
    );
}

#[test]
fn a_client_that_is_slow_with_a_head_is_left() {
    let (dir, _) = store();
    let daemon = limited(dir.path(), "header_seconds = 1", "");
    let mut stream = TcpStream::connect(&daemon.address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\n").unwrap();
    // A byte now and then is no head.
    wait_for(|| {
        std::thread::sleep(Duration::from_millis(100));
        stream.write_all(b"x").is_err()
    });
    assert!(!rest(stream).contains(" 200 "));
}

#[test]
fn a_client_that_is_slow_with_a_body_is_told_and_left() {
    let (dir, _) = store();
    let daemon = limited(dir.path(), "body_seconds = 1", "");
    let said = rest(begun(&daemon, "operator"));
    assert!(
        said.contains(" 408 Request Timeout\r\n") && said.contains("too-slow"),
        "{said}"
    );
}

#[test]
fn a_client_that_asks_nothing_is_left_before_and_after_a_request() {
    let (dir, _) = store();
    let daemon = limited(dir.path(), "idle_seconds = 1", "");
    let mut asked = TcpStream::connect(&daemon.address).unwrap();
    asked
        .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    assert!(rest(asked).ends_with("\r\n\r\nok"));
    assert!(rest(TcpStream::connect(&daemon.address).unwrap()).is_empty());
}

#[test]
fn a_client_that_takes_no_bytes_is_left() {
    let (dir, _) = store();
    let daemon = limited(dir.path(), "write_seconds = 1", "");
    let mut stream = TcpStream::connect(&daemon.address).unwrap();
    stream
        .set_write_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let ask = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100);
    wait_for(|| match stream.write(&ask) {
        Ok(_) => false,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    });
}

#[test]
fn a_client_that_never_ends_its_handshake_is_left_and_counted() {
    let authority = Authority::new("servers");
    authority.issue("server", "/CN=localhost", "DNS:localhost");
    let (dir, _) = store();
    let daemon = secure_with(dir.path(), authority.dir.path(), "handshake_seconds = 1");
    let address = daemon.secure().replace("https://", "");
    let mut stream = TcpStream::connect(address).unwrap();
    // The beginning of a client's hello, of a length that never comes.
    stream.write_all(&[22, 3, 1, 2, 0]).unwrap();
    assert!(rest(stream).is_empty());
    assert_eq!(daemon.metric("pdp_tls_handshake_failures_total"), "1");
}

#[test]
fn a_request_in_flight_is_no_slow_head_and_no_quiet_connection() {
    let (dir, _) = store();
    let daemon = limited(dir.path(), "header_seconds = 1\nidle_seconds = 1", "");
    let stream = begun(&daemon, "operator");
    let mut quiet = TcpStream::connect(&daemon.address).unwrap();
    quiet.set_read_timeout(Some(PATIENCE)).unwrap();
    // Longer than both: who asked nothing for so long has been left.
    assert_eq!(quiet.read(&mut [0; 1]).unwrap(), 0);
    assert!(finish(stream).starts_with("HTTP/1.1 200"));
}
