//! What callers asked stands in the decision log, whichever way it went.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::engine::{At, Call};
use crate::http::{DecisionLogConfig, OnFull};
use crate::log::{Logged, Outcome, Query, query, verify};
use crate::model::caller::Caller;
use crate::model::id::{OrgNo, Revision};
use crate::model::question::{Asked, Question};
use crate::model::time::Timestamp;
use crate::scenario::Synthetic;

use super::{CLIENT, Served, person};

/// Before any clock that this test runs by.
const NOW: i64 = 1_790_000_000_000;
const USER: &str = "5ea1d000-0000-4000-8000-000000000001";

fn question(client: &str) -> Value {
    json!({
        "subject": {"type": "systemuser", "id": USER},
        "action": {"name": "read"},
        "resource": {"type": "ske-krav-og-betalinger", "id": client},
    })
}

/// What is in the log of a daemon that was asked and then stopped.
fn logged(set: impl FnOnce(&mut DecisionLogConfig), ask: impl FnOnce(&Served)) -> Vec<Logged> {
    let dir = tempfile::tempdir().unwrap();
    let mut config = DecisionLogConfig::to(dir.path().to_owned());
    set(&mut config);
    let mut served = Served::configured(|server| server.decision_log = Some(config));
    ask(&served);
    served.ask_to_stop();
    served.join().unwrap();
    assert_eq!(verify(dir.path(), 1).unwrap().findings, []);
    let mut all = Vec::new();
    query(dir.path(), &Query::default(), |logged| {
        all.push(logged);
        true
    })
    .unwrap();
    all
}

#[test]
fn every_way_of_asking_is_logged_with_its_answer() {
    let all = logged(
        |_| {},
        |served| {
            let ask = |path: &str, body: Value| served.call("api", "POST", path, &body.to_string());
            // The quick way, alone and in a batch.
            assert_eq!(ask("/access/v1/evaluation", question(CLIENT)).0, 200);
            let mut batch = question(CLIENT);
            let items = [CLIENT, "312004119"]
                .map(|client| json!({"resource": question(client)["resource"]}));
            batch["evaluations"] = json!(items);
            assert_eq!(ask("/access/v1/evaluations", batch.clone()).0, 200);
            // The general way, explained, and in a batch with an item that is malformed.
            let mut explained = question(CLIENT);
            explained["context"] = json!({"explain": true});
            assert_eq!(ask("/access/v1/evaluation", explained).0, 200);
            batch["evaluations"][1]["resource"]["id"] = json!("1");
            assert_eq!(ask("/access/v1/evaluations", batch).0, 200);
            // What is found, what is asked in Cedar's form, and what was so earlier.
            let search = format!("/v1/search/system-users?client={CLIENT}");
            assert_eq!(served.call("operator", "GET", &search, "").0, 200);
            let cedar = json!({"principal": format!("Mandate::\"{USER}@{CLIENT}\""), "action": "Action::\"read\"",
                "resource": "Resource::\"ske-krav-og-betalinger\""});
            assert_eq!(ask("/v1/is_authorized", cedar).0, 200);
            // Refused as a whole, and by nobody who is known.
            assert_eq!(ask("/access/v1/evaluation", json!({})).0, 400);
            let nobody = served.call("nobody", "POST", "/access/v1/evaluation", "{}");
            assert_eq!(nobody.0, 401);
        },
    );
    let shown: Vec<String> = all
        .iter()
        .map(|logged| {
            let rest = |name| match logged.rest.get(name) {
                None => "-".to_owned(),
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            let client = logged
                .client
                .map_or("-".to_owned(), |client| client.to_string());
            let outcome = json!(logged.outcome);
            let [kind, api, caller, code, status] =
                ["kind", "api", "caller", "code", "status"].map(rest);
            format!("{kind} {api} {caller} {client} {outcome} {code} {status}")
        })
        .collect();
    let wanted = [
        r#"decision evaluation api 312002744 "deny" - -"#,
        r#"decision evaluations api 312002744 "deny" - -"#,
        r#"decision evaluations api 312004119 "deny" - -"#,
        r#"decision evaluation api 312002744 "deny" unknown-system-user -"#,
        r#"decision evaluations api 312002744 "deny" - -"#,
        r#"error evaluations api - "error" invalid-field 400"#,
        "search search/system-users operator - null - -",
        r#"decision is_authorized api - "deny" - -"#,
        r#"error evaluation api - "error" invalid-field 400"#,
        r#"error evaluation - - "error" unauthenticated 401"#,
    ];
    assert_eq!(shown, wanted);
}

#[test]
fn every_answer_in_the_log_can_be_given_again_from_the_journal() {
    let mut engine = None;
    let all = logged(
        |_| {},
        |served| {
            let world = Synthetic::of(2000);
            world
                .write(&served.engine, Timestamp::from_millis(NOW))
                .unwrap();
            let pairs = world.pairs_of_one(0, 40);
            let items: Vec<Value> = pairs
                .iter()
                .map(|pair| json!({"resource": {"type": Synthetic::RESOURCE, "id": pair.client}}))
                .collect();
            let batch = json!({
                "subject": {"type": "systemuser", "id": Synthetic::user(0)},
                "action": {"name": Synthetic::ACTION},
                "evaluations": items,
            });
            let ask = || {
                let (status, answer) =
                    served.call("api", "POST", "/access/v1/evaluations", &batch.to_string());
                assert_eq!(status, 200);
                let answers = answer["evaluations"].as_array().unwrap().clone();
                answers
                    .iter()
                    .position(|answer| answer["decision"] == true)
                    .unwrap()
            };
            let place = ask();
            let by = Call {
                by: Caller {
                    id: "admin".parse().unwrap(),
                    kind: person(&world.firms()[0].to_string(), &["klientadministrator"]),
                },
                now: Timestamp::from_millis(NOW + 1),
                request_id: None,
            };
            served
                .engine
                .remove_client(&by, Synthetic::user(0), pairs[place].client)
                .unwrap();
            ask();
            engine = Some(Arc::clone(&served.engine));
        },
    );
    let snapshot = engine.unwrap().snapshot();
    assert_eq!(all.len(), 80);
    let mut permits = 0;
    for logged in &all {
        let revision = Revision(logged.rest["revision"].as_u64().unwrap());
        let at: Timestamp = logged.rest["at"].as_str().unwrap().parse().unwrap();
        let question = Question {
            system_user: logged.system_user.as_deref().unwrap().parse().unwrap(),
            action: logged.action.as_deref().unwrap().parse().unwrap(),
            resource: logged.resource.as_deref().unwrap().parse().unwrap(),
            client: OrgNo::from_u32(logged.client.unwrap()).unwrap(),
            asked: Asked::default(),
        };
        let past = snapshot.past(At::Answer(revision, at), at).unwrap();
        let again = past.explain(&question).unwrap().decision.permit;
        assert_eq!(logged.outcome == Some(Outcome::Permit), again, "{logged:?}");
        permits += usize::from(again);
    }
    assert!(permits > 0 && permits < 80, "{permits}");
    let of = |half: &[Logged]| {
        half.iter()
            .filter(|logged| logged.outcome == Some(Outcome::Permit))
            .count()
    };
    assert!(of(&all[..40]) > of(&all[40..]));
}

#[test]
fn what_is_masked_is_not_in_the_log() {
    let mut asked = question(CLIENT);
    asked["context"] = json!({"explain": true, "secret": "4711"});
    let all = logged(
        |config| config.masked = vec!["/context/secret".to_owned()],
        |served| {
            let body = asked.to_string();
            assert_eq!(
                served.call("api", "POST", "/access/v1/evaluation", &body).0,
                200
            );
        },
    );
    assert_eq!(all[0].rest["question"]["context"]["secret"], "masked");
    assert!(!all[0].rest["question"].to_string().contains("4711"));
}

#[test]
fn a_queue_of_one_that_is_waited_for_loses_nothing() {
    let all = logged(
        |config| (config.queue, config.on_full) = (1, OnFull::Wait),
        |served| {
            let body = question(CLIENT).to_string();
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for _ in 0..10 {
                            assert_eq!(
                                served.call("api", "POST", "/access/v1/evaluation", &body).0,
                                200
                            );
                        }
                    });
                }
            });
        },
    );
    assert_eq!(all.len(), 40);
}

#[test]
fn what_a_full_queue_drops_is_counted_and_told_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = DecisionLogConfig::to(dir.path().to_owned());
    (config.queue, config.flush) = (1, Duration::from_secs(1));
    let mut served = Served::configured(|server| server.decision_log = Some(config));
    let body = question(CLIENT).to_string();
    for _ in 0..40 {
        assert_eq!(
            served.call("api", "POST", "/access/v1/evaluation", &body).0,
            200
        );
    }
    let counted: usize = served
        .metric("pdp_decision_log_dropped_decisions_total ")
        .parse()
        .unwrap();
    served.ask_to_stop();
    served.join().unwrap();
    let text: String = ["0000000001.ndjson", "0000000002.ndjson"]
        .iter()
        .filter_map(|name| std::fs::read_to_string(dir.path().join(name)).ok())
        .collect();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |kind: &str| {
        lines
            .iter()
            .filter(|line| line["kind"] == kind)
            .cloned()
            .collect::<Vec<_>>()
    };
    let told: u64 = of("dropped")
        .iter()
        .map(|line| line["decisions"].as_u64().unwrap())
        .sum();
    assert!(counted > 0, "{text}");
    assert_eq!(usize::try_from(told).unwrap(), counted);
    assert_eq!(of("decision").len() + counted, 40);
}
