//! The commands of an administrator, as they are typed: what each prints, and how it ends.

use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{Daemon, path, run};
use crate::world::nth_org;

const USER: &str = "5ea1d000-0000-4000-8000-000000000001";
const WAITING: &str = "5ea1d000-0000-4000-8000-000000000002";
const FIRM: &str = "312001373";
const POLICIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");

/// A demo, and a folder to work in.
struct Desk {
    daemon: Daemon,
    dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let daemon = Daemon::start(&["--demo", "--data", path(&data)]);
        Self { daemon, dir }
    }

    fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A command of somebody: exit code, standard output, standard error.
    fn run(&self, token: &str, args: &[&str]) -> (i32, String, String) {
        let url = format!("http://{}", self.daemon.address);
        let to = ["--url", &url, "--token", token];
        run(&[args, &to].concat(), self.dir())
    }

    /// What a command that succeeds prints.
    fn said(&self, token: &str, args: &[&str]) -> String {
        let (code, said, complaint) = self.run(token, args);
        assert_eq!((code, complaint.as_str()), (0, ""), "{args:?}: {said}");
        said
    }

    /// What a command that is refused complains of.
    fn refused(&self, token: &str, args: &[&str]) -> String {
        let (code, said, complaint) = self.run(token, args);
        assert_eq!((code, said.as_str()), (2, ""), "{args:?}");
        complaint
    }

    fn written(&self, name: &str, text: &str) {
        std::fs::write(self.dir().join(name), text).unwrap();
    }
}

#[test]
fn a_request_is_made_passed_on_approved_withdrawn_and_rejected() {
    let desk = Desk::new();
    let create = |reference: &str| {
        let made = desk.said(
            "demo-vendor",
            &[
                "request",
                "create",
                "--system",
                "991825827_smartcloud",
                "--firm",
                FIRM,
                "--package",
                "skattegrunnlag",
                "--external-ref",
                reference,
                "--title",
                "Skatt å",
            ],
        );
        assert!(made.contains("\ntitle        Skatt å\n"), "{made}");
        let id = made
            .lines()
            .find_map(|line| line.strip_prefix("id           "));
        id.unwrap().to_owned()
    };
    let status = |id: &str| {
        let shown = desk.said("demo-firm-admin", &["request", "show", id]);
        let status = shown.lines().find_map(|line| line.strip_prefix("status"));
        status.unwrap().trim().to_owned()
    };
    let (first, second) = (create("a"), create("b"));
    assert_eq!(
        desk.said("demo-client-admin", &["request", "escalate", &first]),
        format!("revision   26\nid         {first}\nstatus     new\nescalated  true\n")
    );
    let refused = desk.refused("demo-client-admin", &["request", "approve", &first]);
    assert!(
        refused.ends_with("may; you may pass the request on to one (escalate)\n"),
        "{refused}"
    );
    let approved = desk.said("demo-firm-admin", &["request", "approve", &first]);
    assert!(
        approved.contains("redirectUrl  https://smartcloud.example/receipt\n"),
        "{approved}"
    );
    assert_eq!(status(&first), "approved");
    desk.said("demo-vendor", &["request", "withdraw", &second]);
    assert_eq!(status(&second), "withdrawn");
    desk.said("demo-firm-admin", &["request", "reject", WAITING]);
    assert_eq!(status(WAITING), "rejected");
    assert_eq!(
        desk.refused("demo-firm-admin", &["request", "approve", &second]),
        format!("fullmakt: request `{second}` is withdrawn; only a new one can be approved\n")
    );
}

#[test]
fn a_system_is_registered_changed_and_deleted() {
    let desk = Desk::new();
    let id = "991825827_two";
    let register = [
        "system",
        "register",
        id,
        "--nb",
        "To",
        "--package",
        "skattegrunnlag",
    ];
    assert_eq!(
        desk.said("demo-vendor", &register),
        format!("revision  24\nid        {id}\n")
    );
    let change = [
        "system",
        "change",
        id,
        "--nb",
        "To",
        "--en",
        "Two",
        "--right",
        "ske-krav-og-betalinger:read",
    ];
    desk.said("demo-vendor", &change);
    let shown = desk.said("demo-vendor", &["system", "show", id]);
    let begin = format!(
        "id            {id}\nvendor        991825827\nname          To Two\nrights\n\
         resource                actions\nske-krav-og-betalinger  read\nregistered    20"
    );
    assert!(shown.starts_with(&begin), "{shown}");
    desk.said("demo-vendor", &["system", "delete", id]);
    assert_eq!(
        desk.refused("demo-vendor", &["system", "delete", id]),
        format!("fullmakt: system `{id}` was deleted\n")
    );
    assert_eq!(
        desk.refused(
            "demo-vendor",
            &["system", "register", "x", "--nb", "X", "--right", "y"]
        ),
        "fullmakt: right `y` is not RESOURCE:ACTION[,ACTION]\nhelp: for example: --right ske-krav-og-betalinger:read\n"
    );
}

#[test]
fn a_relation_that_ends_prints_what_it_took_in_columns() {
    let desk = Desk::new();
    let of = ["312002744", FIRM, "regnskapsforer"];
    let ended = desk.said("demo-operator", &[&["relation", "end"], &of[..]].concat());
    let lines: Vec<_> = ended.lines().collect();
    assert_eq!(lines[0], "revision  24");
    assert_eq!(lines[1], "ended");
    let columns: Vec<_> = lines[2].split_whitespace().collect();
    assert_eq!(columns, ["systemUser", "client", "lost", "ended"]);
    assert!(
        lines[3].starts_with(USER) && lines[3].ends_with("  true"),
        "{ended}"
    );
    assert_eq!(
        desk.refused("demo-operator", &[&["relation", "end"], &of[..]].concat()),
        format!("fullmakt: there is no relation regnskapsforer of `312002744` to `{FIRM}`\n")
    );
    desk.said("demo-operator", &[&["relation", "put"], &of[..]].concat());
    let party = ["party", "put", "312002744", "--name", "NY BAKERI", "--form"];
    desk.said("demo-operator", &[&party[..], &["ENK"]].concat());
    let shown = desk.said("demo-vendor", &["party", "show", "312002744"]);
    assert_eq!(shown, "org   312002744\nname  NY BAKERI\nform  ENK\n");
}

#[test]
fn of_several_clients_those_that_pass_are_added_and_a_refused_one_makes_the_exit_code_1() {
    let desk = Desk::new();
    let clients = [USER, "312004119", "312005123"];
    let (code, said, complaint) = desk.run(
        "demo-firm-admin",
        &[&["client", "add"], &clients[..]].concat(),
    );
    assert_eq!((code, complaint.as_str()), (1, ""));
    assert_eq!(
        said,
        format!(
            "client     result   detail\n312004119  added\n312005123  refused  client `312005123` has not given \
             `{FIRM}` the access packages `regnskapsforer-med-signeringsrettighet`\nrevision 24\n"
        )
    );
    let removed = desk.said(
        "demo-firm-admin",
        &[&["client", "remove"], &clients[..]].concat(),
    );
    assert_eq!(
        removed,
        "client     result   detail\n312004119  removed\n312005123  absent\nrevision 25\n"
    );
    assert_eq!(
        desk.said("demo-firm-admin", &["client", "remove", USER, "312004119"]),
        "revision  25\nclient    312004119\nresult    absent\n"
    );
}

/// Relations of so many clients: more than a page, and a longer list of numbers than a small body takes.
const MANY: u32 = 5_000;

fn many() -> String {
    (0..MANY).fold(String::new(), |mut lines, nth| {
        let client = nth_org(0).as_u32() / 10 + nth;
        if let Some(digit) = fullmakt::model::id::OrgNo::check_digit(client) {
            let _ = writeln!(
                lines,
                "{{\"relation\":{{\"client\":\"{client}{digit}\",\"firm\":\"{FIRM}\",\"role\":\"regnskapsforer\"}}}}"
            );
        }
        lines
    })
}

#[test]
fn thousands_of_clients_are_imported_listed_and_added_in_one_go() {
    let desk = Desk::new();
    let facts = many();
    let count = facts.lines().count();
    assert!(count > 4_000);
    desk.written("facts.jsonl", &facts);
    let import = ["import", "facts.jsonl"];
    assert_eq!(
        desk.said("demo-operator", &import),
        "imported; revision 24\n"
    );
    assert_eq!(
        desk.said("demo-operator", &import),
        "imported; revision 24\n"
    );
    let available = desk.said("demo-firm-admin", &["client", "available", USER]);
    assert_eq!(
        available.lines().count(),
        1 + count + 2,
        "a heading, the imported and two of the demo's"
    );
    let added = desk.said("demo-firm-admin", &["client", "add", USER, "--all"]);
    assert!(
        added.ends_with("\nrevision 25\n"),
        "{}",
        &added[added.len() - 100..]
    );
    assert_eq!(added.matches("  added\n").count(), count + 2);
    let listed = desk.said("demo-firm-admin", &["client", "list", USER]);
    assert_eq!(listed.lines().count(), 1 + count + 3);
    let json = desk.said("demo-firm-admin", &["client", "list", USER, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["items"].as_array().unwrap().len(), count + 3);
}

#[test]
fn an_import_is_told_line_by_line_through_a_daemon_and_into_a_closed_store_alike() {
    let desk = Desk::new();
    let good = format!(
        "{{\"relation\":{{\"client\":\"312005123\",\"firm\":\"{FIRM}\",\"role\":\"regnskapsforer\"}}}}\n"
    );
    desk.written("good.jsonl", &good);
    desk.written(
        "bad.jsonl",
        &format!("{good}{}", good.replace("312005123", "312005124")),
    );
    let complaint = "fullmakt: bad.jsonl:2: organisation number `312005124` has a wrong check digit (MOD11) (column 33)\n\
        fullmakt: 1 of the lines cannot be imported, and nothing was written\n";
    let closed = ["--data", "data", "--policies", POLICIES];
    let here = |file: &str| run(&[&["import", file], &closed[..]].concat(), desk.dir());

    let bad = (1, String::new(), complaint.to_owned());
    assert_eq!(desk.run("demo-operator", &["import", "bad.jsonl"]), bad);
    let (code, _, in_use) = here("good.jsonl");
    assert_eq!(code, 2);
    assert!(
        in_use.contains(&format!("is in use by process {} (", desk.daemon.id())),
        "{in_use}"
    );
    let Desk { daemon, dir } = desk;
    assert!(daemon.stop().success());
    let here = |file: &str| run(&[&["import", file], &closed[..]].concat(), dir.path());
    assert_eq!(here("bad.jsonl"), bad);
    let (code, said, _) = here("good.jsonl");
    assert_eq!((code, said.as_str()), (0, "imported; revision 24\n"));
    let (code, _, complaint) = run(&["import", "good.jsonl", "--data", "nowhere"], dir.path());
    assert_eq!(
        (code, complaint.as_str()),
        (2, "fullmakt: `nowhere` is not a folder with a store\n")
    );
    let daemon = Daemon::start(&["--demo", "--data", path(&dir.path().join("data"))]);
    let added = daemon.done(
        "demo-firm-admin",
        "PUT",
        &format!("/v1/system-users/{USER}/clients/312005123"),
        None,
    );
    assert_eq!(added["result"], "added");
}

#[test]
fn a_store_that_is_not_there_is_neither_made_nor_restored() {
    let dir = tempfile::tempdir().unwrap();
    for command in ["snapshot", "restore"] {
        let (code, said, complaint) = run(&["store", command, "--data", "dat"], dir.path());
        assert_eq!((code, said.as_str()), (2, ""));
        assert_eq!(
            complaint,
            "fullmakt: `dat` is not a folder with a store\nhelp: name the folder of the store with `--data`\n"
        );
        assert!(!dir.path().join("dat").exists());
    }
}

#[test]
fn a_closed_store_is_written_to_a_snapshot_and_built_anew() {
    let desk = Desk::new();
    let (code, _, complaint) = run(&["store", "snapshot"], desk.dir());
    assert_eq!(code, 2);
    assert!(complaint.contains("is in use by process"), "{complaint}");
    let Desk { daemon, dir } = desk;
    assert!(daemon.stop().success());
    let (code, said, _) = run(&["store", "snapshot"], dir.path());
    assert_eq!(
        (code, said.as_str()),
        (0, "wrote data/snapshots/23.fullmakt\n")
    );
    std::fs::write(dir.path().join("data/store/db"), b"no database").unwrap();
    let (code, said, _) = run(&["store", "restore"], dir.path());
    let expected = "restored to revision 23\nthe damaged store is now at data/store.damaged-1\n";
    assert_eq!((code, said.as_str()), (0, expected));
    let daemon = Daemon::start(&["--demo", "--data", path(&dir.path().join("data"))]);
    let answer = daemon.ask("demo-resource-api", USER, "312002744");
    assert_eq!(answer["decision"], true);
}

#[test]
fn help_and_version_that_cannot_be_printed_are_a_failure_too() {
    for arg in ["--help", "--version"] {
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let done = Command::new(super::FULLMAKT)
            .arg(arg)
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(2), "{arg}");
        let complaint = String::from_utf8(done.stderr).unwrap();
        assert_eq!(
            complaint,
            "fullmakt: standard output: No space left on device (os error 28)\n"
        );
    }
}

/// What a demo says until its last line, and the demo, which is killed when it goes out of scope.
fn what_a_demo_says(temporary: &Path) -> (Killed, String) {
    let mut demo = Command::new(super::FULLMAKT)
        .args(["serve", "--demo", "--listen", "127.0.0.1:0"])
        .env("TMPDIR", temporary)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let demo = Killed(demo);
    let mut text = String::new();
    for line in lines.map(Result::unwrap) {
        text.push_str(&line);
        text.push('\n');
        if line.starts_with("What there is over HTTP") {
            break;
        }
    }
    (demo, text)
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_the_demo_says_to_try_fits_a_terminal_and_does_what_it_says() {
    let temporary = tempfile::tempdir().unwrap();
    let (_demo, text) = what_a_demo_says(temporary.path());
    for line in text.replace(super::FULLMAKT, "fullmakt").lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let is_command = |block: &str| {
        ["curl", "U=", super::FULLMAKT]
            .iter()
            .any(|begin| block.starts_with(begin))
    };
    let blocks = text
        .split("\n\n")
        .filter_map(|paragraph| paragraph.split_once("\n  "));
    let blocks: Vec<&str> = blocks
        .map(|(_, block)| block)
        .filter(|block| is_command(block))
        .collect();
    let answers = blocks.iter().map(|block| {
        let done = Command::new("sh").args(["-c", block]).output().unwrap();
        (done.status.code(), String::from_utf8(done.stdout).unwrap())
    });
    let answers: Vec<_> = answers.collect();
    assert_eq!(answers.len(), 3, "{text}");
    assert!(
        answers[0].1.starts_with("{\"decision\":true,"),
        "{answers:?}"
    );
    let changed = &answers[1].1;
    assert!(
        changed.contains("\"result\":\"removed\"") && changed.contains("\"result\":\"added\""),
        "{changed}"
    );
    assert_eq!(answers[2].0, Some(1));
    assert!(
        answers[2].1.starts_with("no access: relation-ended\n"),
        "{answers:?}"
    );
}

#[test]
fn the_log_has_a_line_for_each_change_and_none_for_a_question() {
    let temporary = tempfile::tempdir().unwrap();
    let log = temporary.path().join("log");
    let mut child = Command::new(super::FULLMAKT)
        .args(["serve", "--demo", "--listen", "127.0.0.1:0"])
        .env("TMPDIR", temporary.path())
        .env("FULLMAKT_LOG", "info")
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let address = first.split("http://").nth(1).unwrap().split(' ').next();
    let daemon = Daemon {
        child,
        address: address.unwrap().to_owned(),
        listens: first.clone(),
        _temporary: temporary,
    };
    daemon.ask("demo-resource-api", USER, "312002744");
    let client = format!("/v1/system-users/{USER}/clients/312002744");
    daemon.done("demo-firm-admin", "DELETE", &client, None);
    let said = std::fs::read_to_string(&log).unwrap();
    let changes: Vec<_> = said
        .lines()
        .filter(|line| line.contains(" change "))
        .collect();
    let [change] = changes[..] else {
        panic!("{said}")
    };
    for part in [
        "method=DELETE",
        "route=\"/v1/system-users/{id}/clients/{org}\"",
        "caller=\"demo-firm-admin\"",
        "status=200",
    ] {
        assert!(change.contains(part), "{change}");
    }
    assert!(!said.contains("Bearer"), "{said}");
}
