//! What the commands print and how they end, beside the story.

use std::path::Path;

use super::{Daemon, path, run};

const USER: &str = "5ea1d000-0000-4000-8000-000000000001";
const UNKNOWN: &str = "5ea1d000-0000-4000-8000-00000000000f";

/// A command spoken to a daemon.
fn told(daemon: &Daemon, token: &str, args: &[&str], dir: &Path) -> (i32, String, String) {
    let url = format!("http://{}", daemon.address);
    run(&[args, &["--url", &url, "--token", token]].concat(), dir)
}

#[test]
fn an_export_of_an_unknown_system_user_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("demo");
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    let daemon = Daemon::start(&["--demo", "--data", path(&data)]);
    let export = ["export", "--cedar", "out", "--system-user"];
    let refused = |(code, said, complaint): (i32, String, String)| {
        assert_eq!((code, said.as_str()), (2, ""));
        assert!(complaint.contains(UNKNOWN), "{complaint}");
        assert!(!dir.path().join("out").exists());
    };
    let there = |user: &str| {
        let args = [&export[..], &[user]].concat();
        told(&daemon, "demo-operator", &args, dir.path())
    };
    refused(there(UNKNOWN));
    assert_eq!(there(USER).0, 0);
    std::fs::remove_dir_all(dir.path().join("out")).unwrap();
    assert!(daemon.stop().success());
    let here = |user: &str, data: &str| {
        let closed = [user, "--data", data, "--policies", policies];
        run(&[&export[..], &closed].concat(), dir.path())
    };
    refused(here(UNKNOWN, "demo"));
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    assert_eq!(
        here(USER, "empty").2,
        "fullmakt: `empty` is not a folder with a store\n"
    );
    assert_eq!(here(USER, "demo").0, 0);
}

#[test]
fn searches_are_printed_page_by_page_whole_or_counted() {
    let daemon = Daemon::demo();
    let dir = tempfile::tempdir().unwrap();
    let search = |token: &str, args: &[&str]| {
        told(&daemon, token, &[&["search"], args].concat(), dir.path())
    };
    let clients = ["clients", "--system-user", USER];
    let of_clients = |args: &[&str]| search("demo-firm-admin", &[&clients[..], args].concat());
    let whole = "client     name               form\n312002744  NORDLYS BAKERI AS  AS\n";
    for args in [&[][..], &["--all"], &["--limit", "1"]] {
        assert_eq!(of_clients(args), (0, whole.to_owned(), String::new()));
    }
    let (code, _, _) = told(
        &daemon,
        "demo-firm-admin",
        &["client", "add", USER, "312004119"],
        dir.path(),
    );
    assert_eq!(code, 0);
    let (code, said, _) = of_clients(&["--limit", "1"]);
    let next = said.strip_prefix(whole).unwrap();
    let token = next.strip_prefix("there may be more: `--page ").unwrap();
    let token = token.strip_suffix("`, or `--all`\n").unwrap();
    assert_eq!(code, 0);
    let (_, said, _) = of_clients(&["--limit", "1", "--page", token]);
    assert!(
        said.ends_with("312004119  FJELLREV SPORT AS  AS\n"),
        "{said}"
    );
    let sought = ["--action", "read", "--resource", "ske-krav-og-betalinger"];
    let (_, said, _) = search(
        "demo-resource-api",
        &[&clients[..], &sought, &["--all", "--json"]].concat(),
    );
    let found: serde_json::Value = serde_json::from_str(&said).unwrap();
    let both = serde_json::json!([{ "client": "312002744" }, { "client": "312004119" }]);
    assert_eq!(found["items"], both);
    assert_eq!(of_clients(&["--count"]).1, "2\n");
    let (_, said, _) = search("demo-operator", &["system-users", "--client", "312004119"]);
    assert!(said.contains(USER), "{said}");
    let (_, said, _) = search("demo-operator", &["system-users", "--client", "312005123"]);
    assert_eq!(said, "none\n");
    let of = ["actions", "--system-user", USER, "--client", "312002744"];
    let resource = ["--resource", "mva-melding-innsending"];
    let (_, said, _) = search("demo-resource-api", &[&of[..], &resource].concat());
    assert_eq!(said, "action\nread\nwrite\n");
    let (code, _, complaint) = of_clients(&["--action", "read"]);
    assert_eq!(code, 2);
    assert!(complaint.contains("--resource <RESOURCE>"), "{complaint}");
}

#[test]
fn what_cannot_be_printed_is_a_failure_and_a_closed_pipe_is_none() {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let print = |out: std::process::Stdio| {
        let mut command = std::process::Command::new(super::FULLMAKT);
        let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
        let done = command.args(["policy", "check", policies]).stdout(out);
        let done = done.stderr(std::process::Stdio::piped()).spawn().unwrap();
        let done = done.wait_with_output().unwrap();
        (done.status.code(), String::from_utf8(done.stderr).unwrap())
    };
    let (code, complaint) = print(full.into());
    assert_eq!(code, Some(2));
    assert_eq!(
        complaint,
        "fullmakt: standard output: No space left on device (os error 28)\n"
    );
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(print(writer.into()), (Some(0), String::new()));
}

#[test]
fn wrong_arguments_are_told_as_everything_else_is() {
    let (code, said, complaint) = run(&["client", "ad"], Path::new("."));
    assert_eq!((code, said.as_str()), (2, ""));
    assert!(
        complaint.starts_with("fullmakt: unrecognized subcommand 'ad'\n"),
        "{complaint}"
    );
    assert!(complaint.contains("similar subcommand exists: 'add'"));
}

#[test]
fn all_that_are_available_are_added_and_a_window_goes_with_one() {
    let daemon = Daemon::demo();
    let dir = tempfile::tempdir().unwrap();
    let all = ["client", "add", USER, "--all"];
    let add = |args: &[&str]| {
        let args = [&all[..], args].concat();
        told(&daemon, "demo-firm-admin", &args, dir.path())
    };
    let (code, _, complaint) = add(&["--until", "2030-01-01T00:00:00Z"]);
    assert_eq!(code, 2);
    assert!(
        complaint.contains("`--from` and `--until` go with one client"),
        "{complaint}"
    );
    let (code, said, _) = add(&[]);
    assert_eq!(code, 0);
    assert!(said.contains("312004119  added"), "{said}");
    assert_eq!(add(&[]).1, "none can be added\n");
}

#[test]
fn ask_at_an_earlier_revision_or_instant_answers_what_was_true_then() {
    let daemon = Daemon::demo();
    let here = Path::new(".");
    let asked = |client: &str, more: &[&str]| {
        let question = ["ask", "read", "ske-krav-og-betalinger", "--system-user"];
        let args = [&question[..], &[USER, "--client", client], more].concat();
        told(&daemon, "demo-resource-api", &args, here)
    };
    let now = |args: &[&str]| told(&daemon, "demo-firm-admin", args, here);
    assert_eq!(asked("312002744", &[]).0, 0);
    let (code, removed, _) = now(&["client", "remove", USER, "312002744", "--json"]);
    assert_eq!(code, 0);
    let removed: serde_json::Value = serde_json::from_str(&removed).unwrap();
    let revision = removed["revision"].as_u64().unwrap();
    assert_eq!(asked("312002744", &[]).0, 1);
    let before = (revision - 1).to_string();
    let (code, said, _) = asked("312002744", &["--at", &before, "--explain"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("permit\n"), "{said}");
    assert!(said.contains("delegation"), "{said}");
    let (code, said, _) = asked("312002744", &["--at", &revision.to_string()]);
    assert_eq!(code, 1, "{said}");
    assert!(said.starts_with("no access: client-not-added\n"), "{said}");
    // Its relation has ended since: once it was added, and permitted.
    let then = |at: u64| asked("312005018", &["--at", &at.to_string()]).0;
    let codes: Vec<i32> = (1..revision).map(then).collect();
    let changes = codes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!(
        (codes.first(), changes, codes.last()),
        (Some(&1), 2, Some(&1))
    );
    let (code, _, complaint) = asked("312002744", &["--at", "yesterday"]);
    assert_eq!(code, 2);
    assert_eq!(
        complaint,
        "fullmakt: `--at yesterday` is neither a revision nor an instant\nhelp: give a revision like 42, or an instant like 2026-11-24T12:00:00Z\n"
    );
    let (code, _, complaint) = asked("312002744", &["--at", "999999"]);
    assert_eq!(code, 2);
    assert!(
        complaint.contains("revision 999999 does not exist; the newest is"),
        "{complaint}"
    );
}
