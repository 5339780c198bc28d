//! A day's decision log, asked again of the journal alone: every answer comes out as it was logged.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fullmakt::model::time::Timestamp;
use serde_json::{Value, json};

use super::reload::Stops;
use super::{Daemon, configuration, path, run, store};
use crate::world::nth_org;

const FIRM: &str = "312001373";
const PACKAGES: [&str; 2] = [
    "regnskapsforer-med-signeringsrettighet",
    "regnskapsforer-lonn",
];
const RESOURCES: [&str; 3] = [
    "ske-krav-og-betalinger",
    "ske-innrapportering-boligsameie",
    "no-such-resource",
];
const CLIENTS: u32 = 24;
const DEEDS: u64 = 240;
const ASKERS: u64 = 3;
/// The versions of a file of policies of the day.
const VERSIONS: [&str; 4] = [
    "@id(\"own/low\")\nforbid (principal, action, resource)\nwhen { context has authenticationLevel && context.authenticationLevel < 2 };\n",
    "@id(\"own/one\")\nforbid (principal, action == Action::\"read\", resource)\nwhen { principal in AccessPackage::\"regnskapsforer-lonn\" };\n",
    "@id(\"own/open\")\npermit (principal is Mandate, action == Action::\"read\", resource == Resource::\"ske-krav-og-betalinger\");\n",
    "@id(\"own/stop\")\nforbid (principal, action, resource);\n",
];

/// Numbers that look random, the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        let place = self.below(of.len() as u64);
        of[usize::try_from(place).unwrap()].clone()
    }
}

fn clients() -> Vec<String> {
    (0..CLIENTS).map(|nth| nth_org(nth).to_string()).collect()
}

/// Three system users, and clients with relations.
fn begin(daemon: &Daemon) -> Vec<String> {
    for org in clients()
        .iter()
        .map(String::as_str)
        .chain([FIRM, "991825827"])
    {
        let form = if org.ends_with(['1', '2', '3']) {
            "ENK"
        } else {
            "AS"
        };
        let party = json!({ "name": "SOMEBODY", "form": form });
        daemon.done(
            "operator",
            "PUT",
            &format!("/v1/parties/{org}"),
            Some(&party),
        );
    }
    for client in clients() {
        let relation = format!("/v1/relations/{client}/{FIRM}/regnskapsforer");
        daemon.done("operator", "PUT", &relation, None);
    }
    let users = [&PACKAGES[..1], &PACKAGES[1..], &PACKAGES[..]]
        .into_iter()
        .enumerate();
    users
        .map(|(nth, packages)| {
            let id = format!("991825827_system-{nth}");
            let system = json!({
                "id": id, "name": { "nb": "System", "en": "System" }, "packages": packages, "rights": [],
                "redirectUrls": ["https://smartcloud.example/receipt"],
            });
            daemon.done("vendor", "POST", "/v1/systems", Some(&system));
            let request = json!({ "system": id, "firm": FIRM, "kind": "agent", "packages": packages });
            let made = daemon.done("vendor", "POST", "/v1/requests", Some(&request));
            let user = made["id"].as_str().unwrap().to_owned();
            let approve = format!("/v1/requests/{user}/approve");
            daemon.done("firm-admin", "POST", &approve, None);
            user
        })
        .collect()
}

/// What happens on a day: clients come and go, relations end, policies change.
fn live(daemon: &Daemon, users: &[String], policies: &Path) {
    let mut numbers = Numbers(1);
    for nth in 0..DEEDS {
        if nth % (DEEDS / 8) == DEEDS / 16 {
            let version = VERSIONS[usize::try_from(nth / (DEEDS / 8)).unwrap() % VERSIONS.len()];
            change(daemon, policies, version);
        }
        let (client, user) = (numbers.one_of(&clients()), numbers.one_of(users));
        let at = format!("/v1/system-users/{user}/clients/{client}");
        let relation = format!("/v1/relations/{client}/{FIRM}/regnskapsforer");
        let (by, method, place, body) = match numbers.below(10) {
            0..=4 => ("firm-admin", "PUT", at, None),
            5 => {
                let window = json!({ "until": in_a_moment() });
                ("firm-admin", "PUT", at, Some(window))
            }
            6..=7 => ("firm-admin", "DELETE", at, None),
            8 => ("operator", "DELETE", relation, None),
            _ => ("operator", "PUT", relation, None),
        };
        let (status, _) = daemon.call(by, method, &place, body.as_ref());
        assert!(status < 500, "{method} {place}: {status}");
    }
}

/// An instant that comes while questions are asked.
fn in_a_moment() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let millis = i64::try_from(since.as_millis()).unwrap();
    Timestamp::from_millis(millis + 400)
}

/// Saves a version of the policies, and waits until it is in force.
fn change(daemon: &Daemon, policies: &Path, version: &str) {
    let status = || daemon.done("operator", "GET", "/v1/policies/status", None);
    let before = status()["revision"].clone();
    let beside = policies.join("resources/own.new");
    fs::write(&beside, version).unwrap();
    fs::rename(&beside, policies.join("resources/own.cedar")).unwrap();
    let begun = Instant::now();
    while status()["revision"] == before {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", status());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Asks in every way there is, until it is stopped; how many answers it got.
fn ask(daemon: &Daemon, users: &[String], seed: u64, stop: &AtomicBool, answers: &AtomicU64) {
    let mut numbers = Numbers(seed);
    let clients = clients();
    while !stop.load(Ordering::Relaxed) {
        let (user, client) = (numbers.one_of(users), numbers.one_of(&clients));
        let resource = numbers.one_of(&RESOURCES);
        let question = json!({
            "subject": { "type": "systemuser", "id": user },
            "action": { "name": numbers.one_of(&["read", "write", "no-such-action"]) },
            "resource": { "type": resource, "id": client },
        });
        let with_context = |context: Value| {
            let mut question = question.clone();
            question["context"] = context;
            question
        };
        let cedar = json!({
            "principal": format!("Mandate::\"{user}@{client}\""), "action": "Action::\"read\"",
            "resource": format!("Resource::\"{resource}\""),
            "context": { "authenticationLevel": numbers.below(5) },
        });
        let evaluation = "/access/v1/evaluation";
        let post = |path: &str, body: Value, of: u64| ("POST", path.to_owned(), Some(body), of);
        let get = |path: String| ("GET", path, None, 1);
        let (method, path, body, of) = match numbers.below(13) {
            0 | 1 => post(evaluation, question, 1),
            2 => {
                let level = json!({ "authenticationLevel": numbers.below(5) });
                post(evaluation, with_context(level), 1)
            }
            3 => post(evaluation, with_context(json!({ "explain": true })), 1),
            4 => {
                let mut batch = question;
                let item =
                    |client: &String| json!({ "resource": { "type": resource, "id": client } });
                batch["evaluations"] = clients.iter().map(item).collect();
                post("/access/v1/evaluations", batch, u64::from(CLIENTS))
            }
            5 => {
                let mut batch = with_context(json!({ "authenticationLevel": 3 }));
                batch["evaluations"] = json!([{}, { "context": {} }, { "subject": { "type": "user", "id": "alice" } }]);
                post("/access/v1/evaluations", batch, 3)
            }
            6 => post("/v1/is_authorized", cedar, 1),
            7 => post(
                "/v1/is_authorized/batch",
                json!({ "requests": [cedar, {}] }),
                1,
            ),
            8 => get(format!(
                "/v1/search/clients?systemUser={user}&action=read&resource={resource}"
            )),
            9 => get(format!(
                "/v1/search/system-users?client={client}&action=read&resource={resource}"
            )),
            10 => post("/access/v1/search/resource", question, 1),
            11 => post("/access/v1/search/action", question, 1),
            _ => {
                let mut past = question;
                past["at"] = json!(1 + numbers.below(40));
                post("/v1/evaluation", past, 1)
            }
        };
        daemon.done("resource-api", method, &path, body.as_ref());
        answers.fetch_add(of, Ordering::Relaxed);
    }
}

fn copy_of_the_policies(dir: &Path) -> std::path::PathBuf {
    let from = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    let copied = std::process::Command::new("cp")
        .args(["-r", from, "policies"])
        .current_dir(dir)
        .status();
    assert!(copied.unwrap().success());
    // Versions of the day are not what the shipped tests expect.
    fs::remove_dir_all(dir.join("policies/tests")).unwrap();
    dir.join("policies")
}

#[test]
fn a_days_log_comes_out_the_same_from_the_journal_alone() {
    let (dir, data) = store();
    let (policies, log) = (
        copy_of_the_policies(dir.path()),
        dir.path().join("decisions"),
    );
    let logged = format!(
        "\n[decision_log]\ndir = \"{}\"\non_full = \"wait\"\nsegment_bytes = 200000\n",
        path(&log)
    );
    let daemon = Daemon::with(&format!("{}{logged}", configuration()), &data, &policies);
    let users = begin(&daemon);
    let (stop, answers) = (AtomicBool::new(false), AtomicU64::new(0));

    std::thread::scope(|scope| {
        for seed in 0..ASKERS {
            let (daemon, users, stop, answers) = (&daemon, &users, &stop, &answers);
            scope.spawn(move || ask(daemon, users, seed + 7, stop, answers));
        }
        let stops = Stops(&stop);
        live(&daemon, &users, &policies);
        drop(stops);
    });
    assert!(daemon.stop().success());

    let (code, said, complaint) = run(&["log", "verify", "decisions"], dir.path());
    assert_eq!((code, complaint.as_str()), (0, ""), "{said}");
    let replay = ["log", "replay", "decisions", "--data", path(&data)];
    let (code, said, complaint) = run(&replay, dir.path());
    let answers = answers.into_inner();
    let expected = format!(
        "{answers} answers come out as they were logged, 0 otherwise; 0 refused requests, 0 questions with masked values\n"
    );
    assert_eq!(
        (code, said.as_str(), complaint.as_str()),
        (0, expected.as_str(), "")
    );
    assert!(answers > 500, "{answers}");

    an_answer_that_was_changed_is_shown(dir.path(), &log, &data);
}

fn an_answer_that_was_changed_is_shown(dir: &Path, log: &Path, data: &Path) {
    // The newest segment is not compressed, for it was not closed by its size.
    let mut segments: Vec<_> = fs::read_dir(log)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    segments.retain(|segment| segment.extension().is_some_and(|of| of == "ndjson"));
    segments.sort();
    let last = segments.last().expect("a segment that is not compressed");
    let text = fs::read_to_string(last).unwrap();
    let forged = dir.join("forged");
    fs::create_dir(&forged).unwrap();
    let one = text
        .lines()
        .find(|line| line.contains(r#""permits":"0"}"#))
        .unwrap();
    let other = one
        .replace(r#""permits":"0"}"#, r#""permits":"1"}"#)
        .replace(r#""permit":false"#, r#""permit":true"#);
    fs::write(
        forged.join(last.file_name().unwrap()),
        text.replacen(one, &other, 1),
    )
    .unwrap();

    let (code, said, _) = run(&["log", "replay", "forged", "--data", path(data)], dir);

    assert_eq!(code, 1, "{said}");
    let shown: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&shown["outcome"], &shown["again"]["permit"]),
        (&json!("permit"), &json!(false))
    );
    assert!(
        said.lines().last().unwrap().contains(", 1 otherwise;"),
        "{said}"
    );
}

#[test]
fn answers_about_own_types_come_out_the_same() {
    let (dir, data) = store();
    let policies = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/policies/examples/authzen-todo"
    );
    let log = dir.path().join("decisions");
    let logged = format!("\n[decision_log]\ndir = \"{}\"\n", path(&log));
    let daemon = Daemon::with(
        &format!("{}{logged}", configuration()),
        &data,
        Path::new(policies),
    );
    let subject = "CiRmZDA2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs";
    for action in [
        "can_read_user",
        "can_read_todos",
        "can_create_todo",
        "can_delete_todo",
    ] {
        for (kind, id) in [("user", "rick@the-citadel.com"), ("todo", "1")] {
            let question = json!({
                "subject": { "type": "user", "id": subject },
                "action": { "name": action },
                "resource": { "type": kind, "id": id, "properties": { "ownerID": "rick@the-citadel.com" } },
                "context": { "explain": true },
            });
            daemon.done(
                "resource-api",
                "POST",
                "/access/v1/evaluation",
                Some(&question),
            );
        }
    }
    assert!(daemon.stop().success());

    let replay = ["log", "replay", "decisions", "--data", path(&data)];
    let (code, said, complaint) = run(&replay, dir.path());

    assert_eq!((code, complaint.as_str()), (0, ""), "{said}");
    assert!(
        said.starts_with("8 answers come out as they were logged, 0 otherwise;"),
        "{said}"
    );
}
