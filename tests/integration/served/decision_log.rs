//! The decision log of daemons that are killed under load.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fullmakt::log::{Query, query, verify};
use serde_json::{Value, json};

use super::{Daemon, FULLMAKT, configuration, path, run, store};

const USER: &str = "5ea1d000-0000-4000-8000-000000000001";
const CLIENTS: [&str; 3] = ["312002744", "312004119", "312005018"];
const ASKING: usize = 4;
const PATIENCE: Duration = Duration::from_secs(30);

fn daemon(data: &Path, log: &Path, more: &str) -> Daemon {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let configuration = configuration();
    let configuration = format!(
        "{configuration}[decision_log]\ndir = \"{}\"\nsegment_bytes = 65536\n{more}\n",
        path(log)
    );
    Daemon::with(&configuration, data, &policies)
}

/// Bytes of a request with an id of its own: a single question, or a batch of three.
fn request(id: &str, is_batch: bool) -> Vec<u8> {
    let resource = |client: &str| json!({ "type": "ske-krav-og-betalinger", "id": client });
    let mut body = json!({
        "subject": { "type": "systemuser", "id": USER },
        "action": { "name": "read" },
    });
    let route = if is_batch {
        let items = CLIENTS.map(|client| json!({ "resource": resource(client) }));
        body["evaluations"] = json!(items);
        "evaluations"
    } else {
        body["resource"] = resource(CLIENTS[0]);
        "evaluation"
    };
    let body = body.to_string();
    let length = body.len();
    format!(
        "POST /access/v1/{route} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer resource-api\r\nx-request-id: {id}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Asks until the daemon is gone; how many decisions each request was answered with, by its id.
fn ask(daemon: &Daemon, round: u64, asker: usize, count: &AtomicUsize) -> BTreeMap<String, usize> {
    let mut answered = BTreeMap::new();
    for nth in 0.. {
        let (id, is_batch) = (format!("r{round}-{asker}-{nth}"), nth % 3 == 2);
        match daemon.bytes(&request(&id, is_batch)) {
            Ok(answer) if answer.status == 200 && !answer.body.is_empty() => {
                answered.insert(id, if is_batch { CLIENTS.len() } else { 1 });
                count.fetch_add(1, Ordering::Relaxed);
            }
            _ => break,
        }
    }
    answered
}

/// Decisions in the log by request.
fn logged(log: &Path) -> BTreeMap<String, usize> {
    let mut logged = BTreeMap::new();
    query(log, &Query::default(), |found| {
        let id = found.rest["request"].as_str().unwrap().to_owned();
        *logged.entry(id).or_default() += 1;
        true
    })
    .unwrap();
    logged
}

/// Kills daemons under load, again and again on one log; what was answered.
fn killed(data: &Path, log: &Path, more: &str, kills: u64) -> BTreeMap<String, usize> {
    let mut answered = BTreeMap::new();
    for round in 0..kills {
        let daemon = daemon(data, log, more);
        let process = daemon.id().to_string();
        let count = AtomicUsize::new(0);
        let of_round = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..ASKING)
                .map(|asker| {
                    let (daemon, count) = (&daemon, &count);
                    scope.spawn(move || ask(daemon, round, asker, count))
                })
                .collect();
            let begin = Instant::now();
            while count.load(Ordering::Relaxed) < 2 * ASKING {
                assert!(
                    begin.elapsed() < PATIENCE,
                    "nothing is answered in round {round}"
                );
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_millis(round * 23 % 90));
            let mut kill = std::process::Command::new("kill");
            let kill = kill.args(["-KILL", &process]).status();
            assert!(kill.unwrap().success());
            let of_askers = asking.into_iter().map(|asking| asking.join().unwrap());
            of_askers.flatten().collect::<Vec<_>>()
        });
        answered.extend(of_round);
        daemon.kill();
        // What a killed one leaves is a log too; its last line may be torn, which the next start tells.
        let findings = verify(log, 1).unwrap().findings;
        assert_eq!(findings, [], "after round {round}");
    }
    // One that answers has opened the log, and so has sealed what the last one left.
    let last = daemon(data, log, more);
    last.bytes(&request("last-0-0", false)).unwrap();
    drop(last);
    answered
}

#[test]
fn no_answer_that_waited_for_its_line_is_lost_by_a_kill() {
    for (after, kills) in [("written", 12), ("synced", 3)] {
        let (dir, data) = store();
        let log = dir.path().join("decisions");
        let answered = killed(&data, &log, &format!("answer_after = \"{after}\""), kills);
        let logged = logged(&log);
        for (id, decisions) in &answered {
            assert_eq!(
                logged.get(id),
                Some(decisions),
                "{after}: {id} was answered"
            );
        }
        assert!(answered.len() > 50, "only {} were answered", answered.len());
        let (code, said, _) = run(&["log", "verify", path(&log)], dir.path());
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("are as they were written"), "{said}");
    }
}

#[test]
fn a_kill_loses_no_more_than_the_last_moment_of_what_was_queued() {
    let (dir, data) = store();
    let log = dir.path().join("decisions");
    let kills = 6;
    let answered = killed(&data, &log, "on_full = \"wait\"\nflush_millis = 20", kills);
    let logged = logged(&log);
    // Within one flush nobody can have had many answers: each asker waits for one before the next.
    let lost: Vec<_> = answered
        .keys()
        .filter(|id| !logged.contains_key(*id))
        .collect();
    let nth = |id: &str| id.rsplit('-').next().unwrap().parse::<usize>().unwrap();
    for id in &lost {
        // What is lost is the end of what one asker was answered: nothing after it is there.
        let (asker, _) = id.rsplit_once('-').unwrap();
        let later = logged
            .keys()
            .filter(|other| other.rsplit_once('-').unwrap().0 == asker && nth(other) > nth(id));
        assert_eq!(
            later.count(),
            0,
            "{id} is lost, and what came after it is not"
        );
    }
    assert!(
        logged.len() > lost.len(),
        "{} of {}",
        lost.len(),
        answered.len()
    );
}

#[test]
fn a_torn_line_is_cut_off_and_told_at_the_next_start() {
    let (dir, data) = store();
    let log = dir.path().join("decisions");
    let first = daemon(&data, &log, "answer_after = \"written\"");
    first.bytes(&request("one", false)).unwrap();
    first.kill();
    let segment = log.join("0000000001.ndjson");
    let mut text = std::fs::read(&segment).unwrap();
    let torn = br#"{"kind":"decision","at":"20"#;
    text.extend_from_slice(torn);
    std::fs::write(&segment, &text).unwrap();
    let second = daemon(&data, &log, "compress = false\nanswer_after = \"written\"");
    second.bytes(&request("two", true)).unwrap();
    drop(second);
    let text = std::fs::read_to_string(&segment).unwrap();
    let seal: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&seal["kind"], &seal["torn"], &seal["lost"]),
        (&json!("seal"), &json!(torn.len()), &json!(0))
    );
    let both = [("one".to_owned(), 1), ("two".to_owned(), 3)];
    assert_eq!(logged(&log), BTreeMap::from(both));
    assert_eq!(run(&["log", "verify", path(&log)], dir.path()).0, 0);
    let asked = ["log", "query", path(&log), "--client", CLIENTS[0]];
    let (code, said, _) = run(&asked, dir.path());
    assert_eq!(code, 0);
    assert_eq!(said.lines().count(), 2);
    let found: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&found["request"], &found["outcome"]),
        (&json!("one"), &json!("deny"))
    );
}

#[test]
fn bench_tells_what_the_log_costs_and_counts_what_is_in_it() {
    let done = std::process::Command::new(FULLMAKT)
        .args([
            "bench",
            "--decision-log",
            "--delegations",
            "3000",
            "--rounds",
            "1",
            "--seconds",
            "1",
        ])
        .args(["--only", "http1", "--connections", "3"])
        .output()
        .unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    let error = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success(), "{error}");
    for wanted in ["  with log ", "  without ", "none dropped, chain whole"] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}
