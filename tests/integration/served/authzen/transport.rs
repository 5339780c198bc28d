//! Transport (section 10) and security (section 11).

use serde_json::{Value, json};

use super::super::{Answer, Daemon};
use super::{ALL, API, CLIENT, EVALUATION, EVALUATIONS, NOT_ADDED, question, raw, refused};

fn sent(daemon: &Daemon, path: &str, kind: &str, body: &str) -> Answer {
    daemon
        .raw(API, "POST", path, kind, body.as_bytes())
        .unwrap()
}

/// 47: it is HTTP with JSON, and every call is a POST. 55: anything else is a 405 that says so.
#[test]
fn line_47_55_every_call_is_a_post() {
    let daemon = Daemon::demo();
    for path in ALL {
        let body = question(CLIENT).to_string();
        for method in ["GET", "PUT", "DELETE", "PATCH"] {
            let answer = daemon
                .raw(API, method, path, "application/json", body.as_bytes())
                .unwrap();
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), Some("POST"));
        }
        assert_eq!(raw(&daemon, path, &body).status, 200);
    }
}

/// 48: bodies are `application/json`, whatever its parameters; any other is a 400.
#[test]
fn line_48_bodies_are_json_by_their_content_type() {
    let daemon = Daemon::demo();
    let body = question(CLIENT).to_string();
    for path in ALL {
        for kind in [
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON;charset=UTF-8",
        ] {
            assert_eq!(sent(&daemon, path, kind, &body).status, 200, "{kind}");
        }
        for kind in ["text/plain", "application/xml", "application/jsonx", ""] {
            let answer = sent(&daemon, path, kind, &body);
            let told = json!("`Content-Type` has to be `application/json`");
            assert_eq!((answer.status, answer.json()), (400, told), "{kind}");
        }
    }
}

/// 51: a body is a JSON object; an array, anything malformed and nothing at all is a 400.
/// 62: so is a member that stands twice, half a character, and what is not UTF-8.
#[test]
fn line_51_62_a_body_is_one_object_of_well_formed_json() {
    let daemon = Daemon::demo();
    let whole = question(CLIENT).to_string();
    let twice = whole.replacen('{', r#"{"action":{"name":"read"},"#, 1);
    let half = whole.replace("read", r"\ud800");
    let array = format!("[{whole}]");
    let more = format!("{whole} 1");
    let cut = &whole[..whole.len() - 1];
    for path in ALL {
        for body in [
            "", " ", "null", "7", "\"x\"", cut, &array, &more, &twice, &half,
        ] {
            let answer = raw(&daemon, path, body);
            assert_eq!(answer.status, 400, "{path} {body}");
            assert!(answer.json().is_string());
        }
        let not_text = daemon.raw(API, "POST", path, "application/json", b"{\"a\":\"\xff\"}");
        assert_eq!(not_text.unwrap().status, 400);
    }
}

/// 54: errors are 400, 401, 403 and 500, with a text; they concern the request or its caller, and a denial is a 200.
/// 59, 60: callers are known by bearer tokens; without a known one it is a 401 that says how to.
#[test]
fn line_54_59_60_callers_are_known_and_a_denial_is_an_answer() {
    let daemon = Daemon::demo();
    let body = question(NOT_ADDED).to_string();
    let asked = |token: &str, path: &str| {
        let json = "application/json";
        let answer = daemon.raw(token, "POST", path, json, body.as_bytes());
        answer.unwrap()
    };
    for path in ALL {
        for token in ["", "nobody"] {
            let answer = asked(token, path);
            assert_eq!(answer.status, 401);
            let challenge = answer.header("www-authenticate");
            assert_eq!(challenge, Some("Bearer realm=\"fullmakt\""));
            assert!(answer.json().is_string());
        }
        let answer = asked("demo-vendor", path);
        assert_eq!((answer.status, answer.json().is_string()), (403, true));
        let answer = asked(API, path);
        assert_eq!(answer.status, 200, "{}", answer.json());
    }
    let denied = asked(API, EVALUATION).json();
    assert_eq!(denied, json!({ "decision": false }));
}

/// 56: the request id comes back as it was sent, on errors too; without one there is one of our own.
#[test]
fn line_56_the_request_id_comes_back() {
    let daemon = Daemon::demo();
    let id = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716 / any value";
    let asked = |path: &str, token: &str, body: &str, header: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n{header}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        daemon.bytes(head.as_bytes()).unwrap()
    };
    let whole = question(CLIENT).to_string();
    let header = format!("X-Request-ID: {id}\r\n");
    for path in ALL {
        for (token, body, status) in [
            (API, whole.as_str(), 200),
            (API, "{", 400),
            ("nobody", whole.as_str(), 401),
            ("demo-vendor", whole.as_str(), 403),
        ] {
            let answer = asked(path, token, body, &header);
            let echoed = answer.header("x-request-id");
            assert_eq!((answer.status, echoed), (status, Some(id)), "{path}");
        }
        let [one, other] = [(); 2].map(|()| asked(path, API, &whole, ""));
        let own = |answer: &Answer| answer.header("x-request-id").unwrap().to_owned();
        assert!(!own(&one).is_empty());
        assert_ne!(own(&one), own(&other));
    }
}

/// 64: the size of a body, its depth and the number of evaluations in it are limited.
#[test]
fn line_64_what_is_too_much_is_refused() {
    let daemon = Daemon::demo();
    let mut long = question(CLIENT);
    long["context"] = json!({ "padding": "x".repeat(1024 * 1024) });
    let mut deep = json!(1);
    for _ in 0..40 {
        deep = json!([deep]);
    }
    let mut nested = question(CLIENT);
    nested["context"] = json!({ "nested": deep });
    for path in ALL {
        assert_eq!(raw(&daemon, path, &long.to_string()).status, 413);
        let told = refused(&daemon, path, &nested);
        assert!(told.contains("it is nested too deep"), "{told}");
    }
    let many: Vec<Value> = vec![json!({}); 10_001];
    let told = refused(&daemon, EVALUATIONS, &json!({ "evaluations": many }));
    let expected = "`evaluations` has 10001 items; at most 10000 are taken";
    assert_eq!(told, expected);
}
