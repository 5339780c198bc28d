//! What becomes of decisions where the log cannot be written, and what of the log when it can be again.

use std::time::{Duration, Instant};

use crate::http::{AnswerAfter, DecisionLogConfig};
use crate::log::{Outcome, Query, query, verify};
use crate::scenario::Synthetic;

use super::{CLIENT, PATIENCE, Served};
use crate::model::time::Timestamp;

fn question(user: &str, client: &str) -> String {
    format!(
        r#"{{"subject":{{"type":"systemuser","id":"{user}"}},"action":{{"name":"read"}},"resource":{{"type":"ske-krav-og-betalinger","id":"{client}"}}}}"#
    )
}

fn ask(served: &Served) -> (u16, serde_json::Value) {
    let body = question("5ea1d000-0000-4000-8000-000000000001", CLIENT);
    served.call("api", "POST", "/access/v1/evaluation", &body)
}

#[test]
fn an_answer_that_waits_for_its_line_is_not_given_without_it() {
    for answer_after in [AnswerAfter::Written, AnswerAfter::Synced] {
        let outer = tempfile::tempdir().unwrap();
        let dir = outer.path().join("log");
        let mut config = DecisionLogConfig::to(dir.clone());
        config.answer_after = answer_after;
        let mut served = Served::configured(|server| server.decision_log = Some(config));
        assert_eq!(ask(&served).0, 200);
        // What was answered is in the file already.
        let text = std::fs::read_to_string(dir.join("0000000001.ndjson")).unwrap();
        assert_eq!(text.matches(CLIENT).count(), 1);

        // Somebody moves the log away and puts a file in its place.
        std::fs::remove_dir_all(&dir).unwrap();
        std::fs::write(&dir, "").unwrap();
        let (status, said) = ask(&served);
        assert_eq!(
            (status, said.as_str()),
            (
                503,
                Some("the answer could not be logged, so it is not given; try again")
            )
        );
        assert_eq!(ask(&served).0, 503);

        // It goes on by itself once there is room for a log again.
        std::fs::remove_file(&dir).unwrap();
        let begin = Instant::now();
        let mut refused = 2;
        while ask(&served).0 != 200 {
            refused += 1;
            assert!(begin.elapsed() < PATIENCE, "it is not written again");
            std::thread::sleep(Duration::from_millis(50));
        }
        let dropped: u64 = served
            .metric("pdp_decision_log_dropped_requests_total ")
            .parse()
            .unwrap();
        assert_eq!(dropped, refused);
        served.ask_to_stop();
        served.join().unwrap();
        assert_eq!(verify(&dir, 1).unwrap().findings, []);
        let text = std::fs::read_to_string(dir.join("0000000001.ndjson")).unwrap();
        assert_eq!(text.matches(CLIENT).count(), 1);
        assert!(text.contains(r#""kind":"dropped""#), "{text}");
    }
}

#[test]
fn of_permits_one_in_so_many_is_logged_and_of_denials_every_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = DecisionLogConfig::to(dir.path().to_owned());
    (config.permits_one_in, config.rotation.most_bytes) = (4, 3000);
    let mut served = Served::configured(|server| server.decision_log = Some(config));
    let world = Synthetic::of(200);
    world
        .write(&served.engine, Timestamp::from_millis(0))
        .unwrap();
    let (mut permits, mut denials) = (0, 0);
    for pair in world.pairs(200) {
        let body = question(&pair.system_user.to_string(), &pair.client.to_string());
        let (status, answer) = served.call("api", "POST", "/access/v1/evaluation", &body);
        assert_eq!((status, &answer["decision"]), (200, &pair.permit.into()));
        *(if pair.permit {
            &mut permits
        } else {
            &mut denials
        }) += 1;
    }
    served.ask_to_stop();
    served.join().unwrap();
    let mut logged = (0, 0);
    query(dir.path(), &Query::default(), |found| {
        assert_eq!(found.rest["permitsOneIn"], 4);
        let is_permit = found.outcome == Some(Outcome::Permit);
        *(if is_permit {
            &mut logged.0
        } else {
            &mut logged.1
        }) += 1;
        true
    })
    .unwrap();
    assert!(permits > 20 && denials > 20, "{permits} {denials}");
    assert_eq!(logged, ((permits + 3) / 4, denials));

    // The thread has compressed what it closed, and the chain goes through.
    let files = std::fs::read_dir(dir.path()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let packed = names.filter(|name| name.ends_with(".ndjson.gz")).count();
    assert!(packed > 2, "{packed}");
    assert_eq!(verify(dir.path(), 1).unwrap().findings, []);
}

#[test]
fn a_search_is_found_by_each_client_that_it_was_about() {
    let dir = tempfile::tempdir().unwrap();
    let config = DecisionLogConfig::to(dir.path().to_owned());
    let mut served = Served::configured(|server| server.decision_log = Some(config));
    let world = Synthetic::of(200);
    world
        .write(&served.engine, Timestamp::from_millis(0))
        .unwrap();
    let user = Synthetic::user(0);
    let resource = Synthetic::RESOURCE;
    let clients = format!("/v1/search/clients?systemUser={user}&action=read&resource={resource}");
    let (status, found) = served.call("operator", "GET", &clients, "");
    assert_eq!(status, 200, "{found}");
    let found = found["items"].as_array().unwrap().clone();
    let named = format!("/v1/search/system-users?client={CLIENT}&action=read&resource={resource}");
    assert_eq!(served.call("operator", "GET", &named, "").0, 200);
    served.ask_to_stop();
    served.join().unwrap();
    let by = |client: &str| {
        let mut apis = Vec::new();
        let wanted = Query {
            client: Some(client.parse().unwrap()),
            ..Query::default()
        };
        query(dir.path(), &wanted, |logged| {
            apis.push(logged.rest["api"].as_str().unwrap().to_owned());
            true
        })
        .unwrap();
        apis
    };
    assert!(found.len() > 3, "{found:?}");
    for item in &found {
        assert_eq!(by(item["client"].as_str().unwrap()), ["search/clients"]);
    }
    assert_eq!(by(CLIENT), ["search/system-users"]);
    assert_eq!(by("991825827"), [""; 0]);
}
