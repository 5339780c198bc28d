//! `fullmakt bench`: what it measures is its own affair; that it checks every answer and ends well is not.

use std::process::Command;

use super::{Daemon, FULLMAKT, path};

fn bench(args: &[&str]) -> (bool, String, String) {
    let done = Command::new(FULLMAKT)
        .args([
            "bench",
            "--delegations",
            "3000",
            "--rounds",
            "1",
            "--seconds",
            "1",
        ])
        .args(args)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.success(), text(done.stdout), text(done.stderr))
}

#[test]
fn every_measurement_is_made_and_told() {
    for (kind, title) in [
        ("http1", "HTTP/1.1 (3 connections)"),
        ("http2", "HTTP/2 (1 connections)"),
        ("batch", "batches of 1,000, HTTP/2 (2 connections)"),
    ] {
        let (good, said, error) = bench(&["--connections", "3", "--only", kind]);
        assert!(good, "{error}");
        for wanted in [title, "  fullmakt ", "  bare ", "memory of fullmakt: "] {
            assert!(said.contains(wanted), "{wanted}: {said}");
        }
    }
}

#[test]
fn a_daemon_that_answers_otherwise_fails_the_measurement() {
    // The demo has none of the synthetic world, so its answers are no where permits are due.
    let demo = Daemon::demo();
    let url = format!("http://{}", demo.address);
    let args = ["--running", "--only", "http1", "--url", &url];
    let (good, said, error) = bench(&[&args[..], &["--token", "demo-resource-api"]].concat());
    assert!(!good, "{said}");
    assert!(
        error.contains(
            r#"the answer is 200 `{"decision":false}`, and should be 200 `{"decision":true,"#
        ),
        "{error}"
    );
    let (good, _, error) = bench(&[&args[..], &["--token", "nobody"]].concat());
    assert!(!good);
    assert!(error.contains("the answer is 401 "), "{error}");
}

#[test]
fn a_world_is_made_for_a_daemon_of_ones_own() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let (good, said, error) = bench(&["--make", path(&data)]);
    assert!(good, "{error}");
    assert!(said.starts_with("3000 delegations"), "{said}");
    let (good, _, error) = bench(&["--make", path(&data)]);
    assert!(!good);
    assert!(error.contains("is there already"), "{error}");
    let daemon = Daemon::on(&data);
    let url = format!("http://{}", daemon.address);
    let (good, said, error) = bench(&[
        "--running",
        "--only",
        "alone",
        "--url",
        &url,
        "--token",
        "resource-api",
    ]);
    assert!(good, "{error}");
    assert!(said.contains("one connection"), "{said}");
}

#[test]
fn slow_clients_are_measured_where_there_are_files_for_them() {
    let (good, said, error) = bench(&["--hostile", "--connections", "2", "--idle", "300"]);
    assert!(good, "{error}");
    assert!(said.contains("beside 300 idle and 200 slow ones"), "{said}");
    let few = Command::new("sh")
        .args(["-c", "ulimit -n 900; exec \"$0\" \"$@\"", FULLMAKT])
        .args(["bench", "--delegations", "1000", "--hostile"])
        .output()
        .unwrap();
    let error = String::from_utf8(few.stderr).unwrap();
    assert_eq!(
        error,
        "fullmakt: 10232 connections need 10332 open files, and 900 are allowed\n\
         help: `ulimit -n 10332`, or fewer with `--idle`\n"
    );
}
