//! Imports by the command line: into a daemon and into a closed store.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{Daemon, FULLMAKT, path, run};

const PARTY: &str = r#"{"party":{"org":"312002744","name":"NORDLYS BAKERI AS","form":"AS"}}"#;

/// Facts that are sent in many parts: most of their lines are empty.
fn facts() -> String {
    format!("{PARTY}\n{}{PARTY}\n", "\n".repeat(400_000))
}

/// An import from standard input: exit code, standard output, standard error.
fn piped(args: &[&str], facts: &str, dir: &Path) -> (Option<i32>, String, String) {
    let mut command = Command::new(FULLMAKT);
    command.args([&["import", "-"], args].concat());
    command.current_dir(dir).env_remove("FULLMAKT_TOKEN");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(facts.as_bytes()).unwrap();
    drop(input);
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code(), text(done.stdout), text(done.stderr))
}

#[test]
fn a_short_import_says_what_it_came_to_and_nothing_of_its_progress_off_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("facts.jsonl"), facts()).unwrap();
    let data = dir.path().join("demo");
    let daemon = Daemon::start(&["--demo", "--data", path(&data)]);
    let url = format!("http://{}", daemon.address);
    let there = ["--url", &url, "--token", "demo-operator"];
    let said = |(code, said, complaint): (i32, String, String)| {
        assert_eq!((code, complaint.as_str()), (0, ""));
        said
    };
    let json = [&["import", "facts.jsonl", "--json"], &there[..]].concat();
    let imported: Value = serde_json::from_str(&said(run(&json, dir.path()))).unwrap();
    assert_eq!(imported["lines"], json!(400_002));
    // The same input again is done already.
    let again = format!("imported; revision {}\n", imported["revision"]);
    let expected = (Some(0), again, String::new());
    assert_eq!(piped(&there, &facts(), dir.path()), expected);
    assert!(daemon.stop().success());
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    let here = ["--data", "demo", "--policies", policies];
    let of_file = said(run(
        &[&["import", "facts.jsonl"], &here[..]].concat(),
        dir.path(),
    ));
    assert!(of_file.starts_with("imported; revision "), "{of_file}");
    let other = facts().replace("BAKERI", "KAFFE");
    let (code, of_pipe, complaint) = piped(&here, &other, dir.path());
    assert_eq!((code, complaint.as_str()), (Some(0), ""));
    assert_ne!(of_pipe, of_file);
}

#[test]
fn who_may_not_import_is_told_though_the_input_never_ends() {
    let daemon = Daemon::demo();
    let url = format!("http://{}", daemon.address);
    let args = [
        "import",
        "/dev/zero",
        "--url",
        &url,
        "--token",
        "demo-vendor",
    ];
    let (code, said, complaint) = run(&args, Path::new("."));
    assert_eq!((code, said.as_str()), (2, ""));
    assert_eq!(
        complaint,
        "fullmakt: vendor `demo-vendor` may not import into the store; an operator may\n"
    );
}

#[test]
fn an_input_that_cannot_be_read_is_told_and_nothing_is_written() {
    let daemon = Daemon::demo();
    let dir = tempfile::tempdir().unwrap();
    let url = format!("http://{}", daemon.address);
    let there = ["--url", &url, "--token", "demo-operator"];
    let import = |file: &str| run(&[&["import", file], &there[..]].concat(), dir.path());
    let (code, said, complaint) = import(".");
    assert_eq!((code, said.as_str()), (2, ""));
    assert_eq!(
        complaint,
        "fullmakt: the input cannot be read: Is a directory (os error 21)\n"
    );
    let (code, _, complaint) = import("nothing.jsonl");
    assert_eq!(code, 2);
    assert_eq!(
        complaint,
        "fullmakt: `nothing.jsonl` cannot be read: No such file or directory (os error 2)\n"
    );
}
