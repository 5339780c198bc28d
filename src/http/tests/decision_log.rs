//! What callers asked stands in the decision log, whichever way it went.

use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{DecisionLogConfig, OnFull};
use crate::log::{Logged, Query, query, verify};

use super::{CLIENT, Served};

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
