//! Policies published over HTTP: conditionally, whole or not at all, and there after a kill.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fullmakt::policies;
use serde_json::{Map, Value, json};

use super::{Answer, Daemon, FULLMAKT, configuration, path, run, store};

const CLAIMS: &str = "resources/ske-krav-og-betalinger.cedar";
const OPERATOR: &str = "operator";
const STOP: &str = "@id(\"own/stop\")\nforbid (principal, action == Action::\"write\", resource == Resource::\"mva-melding-innsending\");\n";

/// The policy folder of the project without its tests, copied.
pub(super) fn folder(dir: &Path) -> PathBuf {
    let copied = std::process::Command::new("cp")
        .args([
            "-r",
            concat!(env!("CARGO_MANIFEST_DIR"), "/policies"),
            "policies",
        ])
        .current_dir(dir)
        .status();
    assert!(copied.unwrap().success());
    dir.join("policies")
}

/// The shipped files, one of them with something added.
pub(super) fn files(file: &str, added: &str) -> Map<String, Value> {
    let shipped = policies::shipped().files().iter();
    let mut files: Map<_, _> = shipped
        .map(|file| (file.path.to_string(), Value::from(&*file.text)))
        .collect();
    let text = files.get(file).and_then(Value::as_str).unwrap_or_default();
    let text = format!("{text}{added}");
    files.insert(file.to_owned(), text.into());
    files
}

pub(super) fn send(
    daemon: &Daemon,
    token: &str,
    (method, to): (&str, &str),
    if_match: &str,
    body: &Value,
) -> Answer {
    let body = body.to_string();
    let condition = if if_match.is_empty() {
        String::new()
    } else {
        format!("if-match: {if_match}\r\n")
    };
    let request = format!(
        "{method} {to} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{condition}content-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    daemon.bytes(request.as_bytes()).unwrap()
}

pub(super) fn put(daemon: &Daemon, if_match: &str, body: &Value) -> Answer {
    send(daemon, OPERATOR, ("PUT", "/v1/policies"), if_match, body)
}

fn status(daemon: &Daemon) -> Value {
    daemon.done(OPERATOR, "GET", "/v1/policies/status", None)
}

/// What `If-Match` has to say.
pub(super) fn tag(daemon: &Daemon) -> String {
    let answer = daemon.raw(OPERATOR, "GET", "/v1/policies", "application/json", b"");
    let answer = answer.unwrap();
    let tag = answer.header("etag").unwrap().to_owned();
    assert_eq!(
        tag,
        format!("\"{}\"", answer.json()["hash"].as_str().unwrap())
    );
    tag
}

pub(super) fn versions(daemon: &Daemon) -> Vec<Value> {
    let page = daemon.done(OPERATOR, "GET", "/v1/policies/versions", None);
    page["items"].as_array().unwrap().clone()
}

#[test]
fn of_two_publishers_at_once_one_is_refused_and_nothing_is_lost() {
    let (_dir, data) = store();
    let daemon = Daemon::on(&data);
    let mut won = Vec::new();
    for round in 0..4 {
        let base = tag(&daemon);
        let publish = |who: usize| {
            let own = format!("// {round}, {who}\n");
            let body = json!({ "files": files(CLAIMS, &own), "note": format!("{round}, {who}") });
            (who, put(&daemon, &base, &body))
        };
        let answers = std::thread::scope(|scope| {
            let both = [0, 1].map(|who| scope.spawn(move || publish(who)));
            both.map(|one| one.join().unwrap())
        });
        let of = |status| {
            answers
                .iter()
                .filter(move |(_, answer)| answer.status == status)
        };
        let [(winner, done)] = of(200).collect::<Vec<_>>()[..] else {
            panic!("{answers:?}");
        };
        let [(_, refused)] = of(412).collect::<Vec<_>>()[..] else {
            panic!("{answers:?}");
        };
        assert_eq!(refused.header("etag").unwrap(), tag(&daemon));
        assert_eq!(refused.json()["code"], "policies-changed");
        assert_eq!(done.json()["hash"], status(&daemon)["hash"]);
        won.push(format!("{round}, {winner}"));
    }
    won.reverse();
    let versions = versions(&daemon);
    let notes: Vec<_> = versions
        .iter()
        .filter_map(|one| one["note"].as_str())
        .collect();
    assert_eq!(notes, won);
    assert_eq!(versions.len(), won.len() + 1);
    let in_force: Vec<_> = versions.iter().map(|one| one["inForce"] == true).collect();
    assert_eq!(in_force, [true, false, false, false, false]);
}

#[test]
fn what_cannot_be_published_is_told_and_changes_nothing() {
    let (_dir, data) = store();
    let daemon = Daemon::on(&data);
    let (before, base) = (status(&daemon), tag(&daemon));
    let right = json!({ "files": files(CLAIMS, STOP) });
    let told = |answer: Answer| {
        let said = answer.json();
        (
            answer.status,
            said["code"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let refused = |if_match: &str, body: &Value| told(put(&daemon, if_match, body));
    assert_eq!(refused("", &right), (428, "if-match-missing".into()));
    for wrong in ["*", "abc", "W/\"abc\""] {
        assert_eq!(
            refused(wrong, &right),
            (400, "invalid-field".into()),
            "{wrong}"
        );
    }
    assert_eq!(refused("\"abc\"", &right), (412, "policies-changed".into()));
    for caller in ["resource-api", "vendor", "firm-admin"] {
        let answer = send(&daemon, caller, ("PUT", "/v1/policies"), &base, &right);
        assert_eq!(told(answer), (403, "not-entitled".into()), "{caller}");
        assert_eq!(daemon.call(caller, "GET", "/v1/policies", None).0, 403);
    }
    // Every wrong field has its place.
    let mut missing = files(CLAIMS, "");
    missing.remove("core.cedar");
    for (body, pointer) in [
        (json!({}), "/files"),
        (json!({ "files": [] }), "/files"),
        (json!({ "files": { "core.cedar": 1 } }), "/files/core.cedar"),
        (
            json!({ "files": files("README.md", "x") }),
            "/files/README.md",
        ),
        (
            json!({ "files": files("resources/../x.cedar", "x") }),
            "/files/resources~1..~1x.cedar",
        ),
        (json!({ "files": missing }), "/files/core.cedar"),
        (
            json!({ "files": files(CLAIMS, ""), "note": "x".repeat(1001) }),
            "/note",
        ),
        (
            json!({ "files": files(CLAIMS, ""), "dryRun": "yes" }),
            "/dryRun",
        ),
        (json!({ "files": files(CLAIMS, ""), "by": "me" }), "/by"),
    ] {
        let answer = put(&daemon, &base, &body);
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["pointer"]),
            (400, &json!(pointer))
        );
    }
    // Broken, and not what its own tests say.
    let broken = json!({ "files": files(CLAIMS, "permit (principal, action, resourc);\n") });
    let answer = put(&daemon, &base, &broken);
    let said = answer.json();
    assert_eq!((answer.status, &said["why"]), (422, &json!("findings")));
    assert_eq!(said["findings"][0]["file"], CLAIMS);
    let mut untested = files(
        CLAIMS,
        "@id(\"own/all\")\nforbid (principal, action, resource);\n",
    );
    let tests = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/policies/tests/ske-krav-og-betalinger.toml"
    );
    let test = fs::read_to_string(tests).unwrap();
    untested.insert("tests/ske-krav-og-betalinger.toml".to_owned(), test.into());
    let answer = put(&daemon, &base, &json!({ "files": untested }));
    let said = answer.json();
    assert_eq!((answer.status, &said["why"]), (422, &json!("tests")));
    assert!(
        said["reasons"][0]
            .as_str()
            .unwrap()
            .starts_with("tests/ske-krav-og-betalinger.toml:")
    );
    // A dry run says what would be.
    let mut dry = right.clone();
    dry["dryRun"] = json!(true);
    let answer = put(&daemon, &base, &dry).json();
    assert_eq!(
        (&answer["result"], &answer["dryRun"]),
        (&json!("in-force"), &json!(true))
    );
    assert_eq!(answer["differences"][0]["name"], "own/stop");
    for to in ["99", "ffffffff"] {
        let rollback = ("POST", "/v1/policies/rollback");
        let answer = send(&daemon, OPERATOR, rollback, &base, &json!({ "to": to }));
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["pointer"]),
            (404, &json!("/to"))
        );
    }
    assert_eq!(status(&daemon), before);
    assert_eq!(versions(&daemon).len(), 1);
}

/// Waits until something is so of what is in force.
fn until(daemon: &Daemon, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let now = status(daemon);
        if is_so(&now) {
            return now;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{now}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_was_published_outlives_a_kill_and_yields_to_a_folder_that_holds_something_else() {
    let (dir, data) = store();
    let policies = folder(dir.path());
    let start = || Daemon::with(&configuration(), &data, &policies);
    let daemon = start();
    let body = json!({ "files": files(CLAIMS, STOP), "note": "stop" });
    let published = put(&daemon, &tag(&daemon), &body).json();
    daemon.kill();

    let daemon = start();
    let now = status(&daemon);
    assert_eq!(
        (&now["hash"], &now["note"]),
        (&published["hash"], &json!("stop"))
    );
    assert_eq!(
        (&now["folder"]["inForce"], &now["refused"]),
        (&json!(false), &Value::Null)
    );
    // The folder is read again and again meanwhile, and stays what it was.
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(status(&daemon)["revision"], now["revision"]);

    let text = fs::read_to_string(policies.join(CLAIMS)).unwrap();
    fs::write(policies.join("next"), format!("{text}// edited\n")).unwrap();
    fs::rename(policies.join("next"), policies.join(CLAIMS)).unwrap();
    let edited = until(&daemon, |now| now["folder"]["inForce"] == true);
    assert_ne!(edited["hash"], published["hash"]);
    daemon.kill();
    let daemon = start();
    assert_eq!(status(&daemon)["hash"], edited["hash"]);
    let rollback = ("POST", "/v1/policies/rollback");
    let to = json!({ "to": published["revision"], "note": "back" });
    let back = send(&daemon, OPERATOR, rollback, &tag(&daemon), &to);
    assert_eq!(
        (back.status, &back.json()["hash"]),
        (200, &published["hash"])
    );
    assert_eq!(versions(&daemon)[0]["restores"], published["revision"]);
    assert!(daemon.stop().success());

    // The closed store tells the same.
    let (code, said, _) = run(&["policy", "log", "--data", path(&data)], dir.path());
    let lines: Vec<_> = said.lines().collect();
    assert_eq!((code, lines.len()), (0, 4), "{said}");
    assert!(
        lines[0].starts_with('*') && lines[0].ends_with("by operator: back"),
        "{said}"
    );
    assert!(
        lines[1].ends_with("from the folder") && lines[3].ends_with("at a start"),
        "{said}"
    );
    let (code, said, _) = run(&["policy", "diff", "1", "--data", path(&data)], dir.path());
    assert_eq!(
        (code, said.as_str()),
        (
            1,
            "added policy own/stop in resources/ske-krav-og-betalinger.cedar:35\n1 difference\n"
        )
    );
    let show = [
        "policy",
        "show",
        "1",
        "--file",
        CLAIMS,
        "--data",
        path(&data),
    ];
    assert_eq!(run(&show, dir.path()).1, text);
}

#[test]
fn a_folder_whose_own_tests_fail_is_not_taken_at_a_start_either() {
    let (dir, data) = store();
    let policies = folder(dir.path());
    let good = fs::read_to_string(policies.join(CLAIMS)).unwrap();
    let stopped = format!("{good}@id(\"own/all\")\nforbid (principal, action, resource);\n");
    fs::write(policies.join(CLAIMS), &stopped).unwrap();
    let config = dir.path().join("c.toml");
    fs::write(&config, configuration()).unwrap();
    let tried = std::process::Command::new(FULLMAKT)
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--config",
            path(&config),
        ])
        .args(["--data", path(&data), "--policies", path(&policies)])
        .output()
        .unwrap();
    let said = String::from_utf8(tried.stderr).unwrap();
    assert_eq!(tried.status.code(), Some(2), "{said}");
    assert!(
        said.contains("tests of the policy folder do not come out as expected, in tests/"),
        "{said}"
    );
    assert!(
        said.contains("help: `fullmakt policy test` says how they do"),
        "{said}"
    );
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0);

    fs::write(policies.join(CLAIMS), &good).unwrap();
    let daemon = Daemon::with(&configuration(), &data, &policies);
    let before = status(&daemon);
    assert!(daemon.stop().success());
    fs::write(policies.join(CLAIMS), &stopped).unwrap();
    let daemon = Daemon::with(&configuration(), &data, &policies);
    let now = status(&daemon);
    assert_eq!(
        (&now["hash"], &now["revision"]),
        (&before["hash"], &before["revision"])
    );
    assert_eq!(now["refused"]["why"], "tests");
}
