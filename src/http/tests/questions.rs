//! What is asked by whom, where the answer is about the question itself.

use std::io::Write;

use serde_json::{Value, json};

use super::{Served, answer};

fn question(of: &str, explain: bool) -> Value {
    json!({
        "subject": { "type": of, "id": "alice" },
        "action": { "name": "read" },
        "resource": { "type": "ske-krav-og-betalinger", "id": "312002744" },
        "context": { "explain": explain },
    })
}

#[test]
fn a_subject_of_another_kind_has_no_access_and_hears_why() {
    let daemon = Served::new();
    let ask = |body: &Value| daemon.call("api", "POST", "/access/v1/evaluation", &body.to_string());
    assert_eq!(
        ask(&question("user", false)),
        (200, json!({ "decision": false }))
    );
    let (status, told) = ask(&question("user", true));
    assert_eq!((status, &told["decision"]), (200, &json!(false)));
    assert_eq!(told["context"]["code"], json!("unknown-system-user"));
    assert_eq!(
        told["context"]["reason"]["en"],
        json!("The system user alice does not exist.")
    );
    let mut unknown = question("user", true);
    unknown["resource"]["type"] = json!("nothing");
    assert_eq!(
        ask(&unknown).1["context"]["code"],
        json!("unknown-resource")
    );
}

#[test]
fn a_subject_of_another_kind_opens_no_question_to_who_may_not_ask() {
    let daemon = Served::new();
    let body = question("user", false).to_string();
    let (status, said) = daemon.call("vendor", "POST", "/access/v1/evaluation", &body);
    assert_eq!(
        (status, said),
        (
            403,
            json!(
                "vendor `vendor` may not ask about resource `ske-krav-og-betalinger`; a resource API may, about the resources bound to it"
            )
        )
    );
}

#[test]
fn a_subject_of_another_kind_excuses_no_malformed_context() {
    let daemon = Served::new();
    let mut body = question("user", false);
    body["context"] = json!({ "now": "2026-01-01T00:00:00Z" });
    let (status, said) = daemon.call("api", "POST", "/access/v1/evaluation", &body.to_string());
    assert_eq!(
        (status, said),
        (
            400,
            json!("context member `now` cannot be sent: the clock is the daemon's")
        )
    );
}

#[test]
fn properties_are_an_object_where_they_are_sent() {
    let daemon = Served::new();
    for of in ["subject", "action", "resource"] {
        let mut body = question("user", false);
        body[of]["properties"] = json!({ "colour": "red" });
        let ask =
            |body: &Value| daemon.call("api", "POST", "/access/v1/evaluation", &body.to_string());
        assert_eq!(ask(&body).0, 200);
        body[of]["properties"] = json!("red");
        assert_eq!(
            ask(&body),
            (
                400,
                json!("`properties` is a string; it has to be an object")
            )
        );
    }
}

#[test]
fn a_long_batch_is_answered_as_a_short_one() {
    let daemon = Served::new();
    let item =
        json!({ "resource": { "type": "ske-krav-og-betalinger", "id": "312002744" } }).to_string();
    let items = vec![item; 2000].join(",");
    let subject = r#""subject":{"type":"systemuser","id":"5ea1d000-0000-4000-8000-000000000001"}"#;
    let body = format!(r#"{{{subject},"action":{{"name":"read"}},"evaluations":[{items}]}}"#);
    assert!(body.len() > super::super::answer::QUICK_BODY);
    let (status, told) = daemon.call("api", "POST", "/access/v1/evaluations", &body);
    assert_eq!(status, 200);
    assert_eq!(
        told["evaluations"],
        Value::Array(vec![json!({ "decision": false }); 2000])
    );
}

#[test]
fn a_token_of_any_length_is_not_even_hashed() {
    let daemon = Served::new();
    let ask = |length: usize| {
        daemon.call(&"x".repeat(length), "GET", "/v1/systems", "").1["detail"].clone()
    };
    assert_eq!(ask(8192), json!("the bearer token is not known"));
    assert_eq!(
        ask(8193),
        json!("the `Authorization` header is not `Bearer TOKEN`")
    );
}

#[test]
fn two_credentials_are_none() {
    let daemon = Served::new();
    let mut stream = daemon.connect();
    let head = "GET /v1/systems HTTP/1.1\r\nhost: x\r\nauthorization: Bearer nobody\r\n\
                authorization: Bearer operator\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let (status, problem) = answer(stream);
    assert_eq!(
        (status, &problem["detail"]),
        (
            401,
            &json!("the `Authorization` header stands twice; send one")
        )
    );
}

#[test]
fn numbers_and_escapes_take_no_sign() {
    let daemon = Served::new();
    for path in [
        "/v1/changes?after=+0",
        "/v1/changes?after=-1",
        "/v1/systems?limit=+5",
        "/v1/systems?page=+1",
    ] {
        let (status, problem) = daemon.call("operator", "GET", path, "");
        assert_eq!(
            (status, &problem["code"]),
            (400, &json!("invalid-field")),
            "{path}"
        );
    }
    let (_, problem) = daemon.call("operator", "GET", "/v1/systems?limit=%+5", "");
    assert_eq!(
        problem["detail"],
        json!("`limit` is `%+5`; it has to be a number from 1 to 1000")
    );
    assert_eq!(
        daemon
            .call("operator", "GET", "/v1/systems?limit=%35", "")
            .0,
        200
    );
}
