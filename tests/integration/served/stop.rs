//! A stop that drains: what is in flight is answered, and nobody new is let in.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use super::Daemon;

#[test]
fn a_request_in_flight_is_answered_when_the_daemon_stops() {
    let mut daemon = Daemon::demo();
    let mut stream = TcpStream::connect(&daemon.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let body = r#"{"name":"NORDLYS BAKERI OG KAFE AS","form":"AS"}"#;
    let head = format!(
        "PUT /v1/parties/312002744 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer demo-operator\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let (first, rest) = body.split_at(10);
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(first.as_bytes()).unwrap();
    // The daemon has the head before it is told to stop: it answers another caller after it.
    assert_eq!(
        daemon
            .call("demo-operator", "GET", "/v1/parties/312002744", None)
            .0,
        200
    );
    let asked = Command::new("kill")
        .args(["-TERM", &daemon.id().to_string()])
        .status()
        .unwrap();
    assert!(asked.success());
    while TcpStream::connect(&daemon.address).is_ok() {
        std::thread::sleep(Duration::from_millis(5));
    }
    stream.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("{\"revision\":24}"),
        "{answer}"
    );
    assert!(daemon.child.wait().unwrap().success());
}
