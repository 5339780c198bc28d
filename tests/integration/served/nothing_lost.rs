//! Nothing acknowledged is ever lost, and no half of a change is ever seen: daemons killed under concurrent writers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Daemon, question, run, store};
use crate::world::nth_org;

const FIRM: &str = "312001373";
const WRITERS: usize = 6;
/// Clients of each writer: single ones, and after them those of its batches, always changed together.
const SINGLES: usize = 6;
const TOGETHER: usize = 5;

/// What one writer knows of its own clients.
#[derive(Debug, Clone, Default)]
struct Known {
    /// The last acknowledged state of each single client.
    singles: BTreeMap<String, bool>,
    /// The last acknowledged state of the clients that change together.
    together: bool,
    /// What was asked for when the answer did not come: it may have happened or not.
    in_doubt: Option<(BTreeSet<String>, bool)>,
    /// The newest revision that was acknowledged.
    revision: u64,
}

fn client(writer: usize, nth: usize) -> String {
    nth_org(u32::try_from(writer * 100 + nth).unwrap()).to_string()
}

fn together(writer: usize) -> BTreeSet<String> {
    (SINGLES..SINGLES + TOGETHER)
        .map(|nth| client(writer, nth))
        .collect()
}

fn prepare(daemon: &Daemon) -> String {
    let system = json!({
        "id": "991825827_smartcloud", "name": { "nb": "S", "en": "S" },
        "packages": ["regnskapsforer-med-signeringsrettighet"],
    });
    daemon.done("vendor", "POST", "/v1/systems", Some(&system));
    let draft = json!({
        "system": "991825827_smartcloud", "firm": FIRM, "kind": "agent",
        "packages": ["regnskapsforer-med-signeringsrettighet"],
    });
    let id = daemon.done("vendor", "POST", "/v1/requests", Some(&draft))["id"]
        .as_str()
        .unwrap()
        .to_owned();
    daemon.done(
        "firm-admin",
        "POST",
        &format!("/v1/requests/{id}/approve"),
        None,
    );
    let all =
        (0..WRITERS).flat_map(|writer| (0..SINGLES + TOGETHER).map(move |nth| client(writer, nth)));
    let lines: Vec<_> = all
        .map(|client| format!("{{\"relation\":{{\"client\":\"{client}\",\"firm\":\"{FIRM}\",\"role\":\"regnskapsforer\"}}}}"))
        .collect();
    let lines = lines.join("\n");
    let imported = daemon
        .raw(
            "operator",
            "POST",
            "/v1/import",
            "application/x-ndjson",
            lines.as_bytes(),
        )
        .unwrap();
    assert_eq!(imported.status, 200);
    id
}

/// Adds and removes until the daemon is gone, and remembers what was acknowledged.
fn write(
    daemon: &Daemon,
    user: &str,
    writer: usize,
    known: &mut Known,
    killed: &AtomicBool,
    mut seed: u64,
) {
    while !killed.load(Ordering::Relaxed) {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let nth = usize::try_from(seed >> 33).unwrap() % (SINGLES + 1);
        let of = format!("/v1/system-users/{user}/clients");
        let (clients, add) = if nth == SINGLES {
            (together(writer), !known.together)
        } else {
            let client = client(writer, nth);
            let add = !known.singles.get(&client).copied().unwrap_or(false);
            (BTreeSet::from([client]), add)
        };
        let (method, path, body) = if nth == SINGLES {
            (
                "POST",
                format!("{of}/batch"),
                json!({ (if add { "add" } else { "remove" }): clients }).to_string(),
            )
        } else {
            (
                if add { "PUT" } else { "DELETE" },
                format!("{of}/{}", clients.first().unwrap()),
                String::new(),
            )
        };
        known.in_doubt = Some((clients.clone(), add));
        let Ok(answer) = daemon.raw(
            "firm-admin",
            method,
            &path,
            "application/json",
            body.as_bytes(),
        ) else {
            return;
        };
        assert_eq!(answer.status, 200, "{}", answer.json());
        known.in_doubt = None;
        known.revision = answer.json()["revision"].as_u64().unwrap();
        if nth == SINGLES {
            known.together = add;
        } else {
            known
                .singles
                .insert(clients.into_iter().next().unwrap(), add);
        }
    }
}

/// The clients by the journal alone, replayed from zero.
fn replayed(daemon: &Daemon, user: &str) -> (BTreeSet<String>, u64) {
    let (mut clients, mut after) = (BTreeSet::new(), 0u64);
    loop {
        let page = daemon.done(
            "operator",
            "GET",
            &format!("/v1/changes?limit=1000&after={after}"),
            None,
        );
        for change in page["items"].as_array().unwrap() {
            assert_eq!(
                change["revision"],
                json!(after + 1),
                "revisions have no gaps"
            );
            after += 1;
            let Some(event) = change["event"].get("clients-changed") else {
                continue;
            };
            assert_eq!(event["system_user"], json!(user));
            let of = |name: &str| event[name].as_array().cloned().unwrap_or_default();
            let text = |client: &Value| client.as_str().unwrap().to_owned();
            clients.extend(of("added").iter().map(text));
            for client in of("removed") {
                clients.remove(client.as_str().unwrap());
            }
        }
        if page["next"] == json!("") {
            return (clients, after);
        }
    }
}

/// Everything acknowledged is there, nothing half, and decisions agree with the journal.
fn check(daemon: &Daemon, user: &str, all_known: &mut [Known]) {
    let (journal, head) = replayed(daemon, user);
    let listed = daemon.done(
        "firm-admin",
        "GET",
        &format!("/v1/system-users/{user}/clients?limit=1000"),
        None,
    );
    let listed: BTreeSet<String> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["client"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(listed, journal);
    for (writer, known) in all_known.iter_mut().enumerate() {
        assert!(
            head >= known.revision,
            "revision {} was acknowledged, the head is {head}",
            known.revision
        );
        let batch = together(writer);
        let there = batch
            .iter()
            .filter(|client| listed.contains(*client))
            .count();
        assert!(
            there == 0 || there == TOGETHER,
            "half of a batch of writer {writer} is there: {there}"
        );
        let doubted = |clients: &BTreeSet<String>| {
            known
                .in_doubt
                .as_ref()
                .is_some_and(|(doubted, _)| doubted == clients)
        };
        assert!(
            doubted(&batch) || (there == TOGETHER) == known.together,
            "a batch of writer {writer} was lost"
        );
        for (client, is_there) in &known.singles {
            let one = BTreeSet::from([client.clone()]);
            assert!(
                doubted(&one) || listed.contains(client) == *is_there,
                "a change of {client} was lost"
            );
        }
        // What was in doubt is known now.
        known.together = there == TOGETHER;
        for nth in 0..SINGLES {
            known
                .singles
                .insert(client(writer, nth), listed.contains(&client(writer, nth)));
        }
        known.in_doubt = None;
        let asked: Vec<_> = (0..SINGLES + TOGETHER)
            .map(|nth| client(writer, nth))
            .collect();
        let items: Vec<_> = asked
            .iter()
            .map(|client| json!({ "resource": question(user, client)["resource"] }))
            .collect();
        let whole = question(user, &asked[0]);
        let body =
            json!({ "subject": whole["subject"], "action": whole["action"], "evaluations": items });
        let answers = daemon.done(
            "resource-api",
            "POST",
            "/access/v1/evaluations",
            Some(&body),
        );
        for (client, answer) in asked.iter().zip(answers["evaluations"].as_array().unwrap()) {
            assert_eq!(
                answer["decision"],
                json!(journal.contains(client)),
                "{client}"
            );
        }
    }
}

/// Kills a hundred daemons; as many as `FULLMAKT_KILLS` says where it is set, for the longer variant of a thousand.
#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_half_there_after_a_kill() {
    let kills: u64 = std::env::var("FULLMAKT_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100);
    let (mut place, mut user, mut known) =
        (store(), String::new(), vec![Known::default(); WRITERS]);
    let mut acknowledged = 0;
    for round in 0..kills {
        if round % 25 == 0 {
            (place, user, known) = (store(), String::new(), vec![Known::default(); WRITERS]);
        }
        let daemon = Daemon::on(&place.1);
        if user.is_empty() {
            user = prepare(&daemon);
        }
        check(&daemon, &user, &mut known);
        let before: u64 = known
            .iter()
            .map(|known| known.revision)
            .max()
            .unwrap_or_default();
        let killed = AtomicBool::new(false);
        let daemon = Mutex::new(Some(daemon));
        let running = Daemon {
            child: std::process::Command::new("true").spawn().unwrap(),
            address: daemon.lock().unwrap().as_ref().unwrap().address.clone(),
            listens: String::new(),
            _temporary: tempfile::tempdir().unwrap(),
        };
        std::thread::scope(|scope| {
            for (writer, known) in known.iter_mut().enumerate() {
                let (running, user, killed) = (&running, &user, &killed);
                scope.spawn(move || {
                    write(
                        running,
                        user,
                        writer,
                        known,
                        killed,
                        round * 31 + writer as u64,
                    );
                });
            }
            std::thread::sleep(Duration::from_millis(5 + (round * 37) % 140));
            let daemon = daemon.lock().unwrap().take().unwrap();
            if round % 3 == 1 {
                // Stopping, it writes its state down as pages; the next start is from them, or from what there is of them.
                daemon.ask_to_stop();
                std::thread::sleep(Duration::from_millis((round * 11) % 60));
            }
            daemon.kill();
            killed.store(true, Ordering::Relaxed);
        });
        acknowledged += known
            .iter()
            .map(|known| known.revision)
            .max()
            .unwrap_or_default()
            .saturating_sub(before);
    }
    let daemon = Daemon::on(&place.1);
    check(&daemon, &user, &mut known);
    assert!(
        acknowledged > kills,
        "only {acknowledged} changes were acknowledged in {kills} rounds"
    );
}

#[test]
fn a_second_daemon_on_the_same_store_is_told_which_process_holds_it() {
    let (dir, data) = store();
    let daemon = Daemon::on(&data);
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    let (code, _, said) = run(
        &[
            "serve",
            "--config",
            "data.toml",
            "--data",
            "data",
            "--policies",
            policies,
            "--listen",
            "127.0.0.1:0",
        ],
        dir.path(),
    );
    assert_eq!(code, 2);
    let begin = format!(
        "fullmakt: the store in `data` is in use by process {} (fullmakt serve, since 20",
        daemon.id()
    );
    assert!(said.starts_with(&begin) && said.ends_with("Z)\n"), "{said}");
}
