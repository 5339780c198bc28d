//! Imports: read while they come, and only for one who may.

use std::io::Write;
use std::net::Shutdown;

use serde_json::json;

use super::{Served, answer};

const PARTY: &str = r#"{"party":{"org":"312002744","name":"NORDLYS BAKERI AS","form":"AS"}}"#;

#[test]
fn an_import_longer_than_other_bodies_may_be_is_taken() {
    let daemon = Served::with(|limits| limits.body = 100);
    let facts = format!("{PARTY}\n{}{PARTY}\n", "\n".repeat(300_000));
    let (status, done) = daemon.call("operator", "POST", "/v1/import", &facts);
    assert_eq!((status, &done["lines"]), (200, &json!(300_002)));
    let (status, party) = daemon.call("operator", "GET", "/v1/parties/312002744", "");
    assert_eq!((status, &party["name"]), (200, &json!("NORDLYS BAKERI AS")));
}

#[test]
fn who_may_not_import_is_told_before_the_body_has_come() {
    let daemon = Served::new();
    let mut stream = daemon.begin("api", "POST", "/v1/import", 1_000_000_000);
    stream.write_all(PARTY.as_bytes()).unwrap();
    let (status, problem) = answer(stream);
    assert_eq!((status, &problem["code"]), (403, &json!("not-entitled")));
}

#[test]
fn an_import_that_breaks_off_writes_nothing() {
    let daemon = Served::new();
    let before = daemon.engine.snapshot().revision();
    let mut stream = daemon.begin("operator", "POST", "/v1/import", 2 * PARTY.len() + 2);
    stream.write_all(PARTY.as_bytes()).unwrap();
    stream.write_all(b"\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let (status, _) = answer(stream);
    assert_eq!(status, 400);
    assert_eq!(daemon.engine.snapshot().revision(), before);
}

#[test]
fn an_import_cut_off_by_the_stop_of_the_daemon_writes_nothing() {
    let mut daemon = Served::with(|limits| limits.drain_time = std::time::Duration::ZERO);
    let before = daemon.engine.snapshot().revision();
    let mut stream = daemon.begin("operator", "POST", "/v1/import", 2 * PARTY.len() + 2);
    stream.write_all(PARTY.as_bytes()).unwrap();
    stream.write_all(b"\n").unwrap();
    daemon.wait_for_in_flight("2");
    daemon.ask_to_stop();
    daemon.join().unwrap();
    assert_eq!(daemon.engine.snapshot().revision(), before);
}

#[test]
fn an_import_over_its_limit_or_too_slow_is_refused_and_writes_nothing() {
    let daemon = Served::with(|limits| {
        limits.import_body = PARTY.len() + 1;
        limits.body_time = std::time::Duration::from_millis(50);
    });
    let before = daemon.engine.snapshot().revision();
    let fits = format!("{PARTY}\n");
    let (status, problem) = daemon.call("operator", "POST", "/v1/import", &format!("{fits}\n"));
    assert_eq!((status, &problem["code"]), (413, &json!("too-large")));
    let mut stream = daemon.begin("operator", "POST", "/v1/import", fits.len());
    stream.write_all(b"{").unwrap();
    let (status, problem) = answer(stream);
    assert_eq!((status, &problem["code"]), (408, &json!("too-slow")));
    assert_eq!(daemon.engine.snapshot().revision(), before);
    assert_eq!(daemon.call("operator", "POST", "/v1/import", &fits).0, 200);
}

#[test]
fn a_caller_who_hangs_up_is_not_in_flight_any_more() {
    let daemon = Served::new();
    let stream = daemon.begin("operator", "POST", "/v1/import", 1000);
    daemon.wait_for_in_flight("2");
    drop(stream);
    daemon.wait_for_in_flight("1");
}
