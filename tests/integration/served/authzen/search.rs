//! The three searches and their pages (section 8).

use serde_json::{Value, json};

use super::super::Daemon;
use super::{
    ACTION, CLAIMS, CLIENT, EVALUATION, NOT_ADDED, RESOURCE, SECOND, SHARED, SUBJECT, USER, done,
    more, question, raw, refused,
};

const SEARCHES: [&str; 3] = [SUBJECT, RESOURCE, ACTION];
const NOTHING: [Value; 0] = [];

/// The whole of a search, on one page.
fn results(daemon: &Daemon, path: &str, body: &Value) -> Vec<Value> {
    let answer = done(daemon, path, body);
    assert_eq!(answer["page"]["next_token"], json!(""));
    answer["results"].as_array().unwrap().clone()
}

fn with(client: &str, object: &str, member: &str, value: Value) -> Value {
    let mut body = question(client);
    body[object][member] = value;
    body
}

fn without(client: &str, object: &str, member: &str) -> Value {
    let mut body = question(client);
    body[object].as_object_mut().unwrap().remove(member);
    body
}

/// 25: each result is a permit when it is asked about singly, and nothing else is.
/// 26: a search looks through what the system user holds: the packages that open the action.
#[test]
fn line_25_26_what_is_found_is_what_evaluations_permit() {
    let daemon = more();
    let permitted = |body: &Value| done(&daemon, EVALUATION, body)["decision"] == json!(true);
    let clients = [CLIENT, NOT_ADDED, SHARED, "312005018", "312005344"];
    let mut expected = Vec::new();
    for client in clients {
        if permitted(&question(client)) {
            expected.push(json!({ "type": CLAIMS, "id": client }));
        }
    }
    let found = results(&daemon, RESOURCE, &without(CLIENT, "resource", "id"));
    assert_eq!((found.len(), found), (3, expected));
    let found = results(&daemon, SUBJECT, &without(SHARED, "subject", "id"));
    for user in [USER, SECOND] {
        assert!(permitted(&with(SHARED, "subject", "id", json!(user))));
        let found = found.contains(&json!({ "type": "systemuser", "id": user }));
        assert!(found, "{user}");
    }
    let vat = with(CLIENT, "resource", "type", json!("mva-melding-innsending"));
    let actions = results(&daemon, ACTION, &vat);
    assert_eq!(
        actions,
        [json!({ "name": "read" }), json!({ "name": "write" })]
    );
    let claims = results(&daemon, ACTION, &question(CLIENT));
    assert_eq!(claims, [json!({ "name": "read" })]);
    assert_eq!(results(&daemon, ACTION, &question("312005018")), NOTHING);
}

/// 27: a subject search needs the subject's type, an action and a resource; the subject's id is passed over.
/// 28: a resource search in the same way. 29: an action search needs subject and resource; an action is passed over.
#[test]
fn line_27_28_29_the_id_of_what_is_searched_for_is_passed_over() {
    let daemon = more();
    for (path, object) in [(SUBJECT, "subject"), (RESOURCE, "resource")] {
        let expected = results(&daemon, path, &without(CLIENT, object, "id"));
        assert!(!expected.is_empty());
        for id in [json!("x"), json!(7), json!(null), json!(USER)] {
            let body = with(CLIENT, object, "id", id);
            assert_eq!(results(&daemon, path, &body), expected, "{body}");
        }
        let missing = "`type` is missing; it has to be a string";
        let body = without(CLIENT, object, "type");
        assert_eq!(refused(&daemon, path, &body), missing);
    }
    let expected = results(&daemon, ACTION, &question(CLIENT));
    for action in [
        json!(null),
        json!(1),
        json!({ "name": 1 }),
        json!({ "name": "x" }),
    ] {
        let mut body = question(CLIENT);
        body["action"] = action;
        assert_eq!(results(&daemon, ACTION, &body), expected);
    }
    for (path, objects) in [
        (SUBJECT, ["subject", "action", "resource"].as_slice()),
        (RESOURCE, &["subject", "action", "resource"]),
        (ACTION, &["subject", "resource"]),
    ] {
        for object in objects {
            let mut body = question(CLIENT);
            body.as_object_mut().unwrap().remove(*object);
            let missing = format!("`{object}` is missing; it has to be an object");
            assert_eq!(refused(&daemon, path, &body), missing, "{path}");
        }
    }
    for (path, object) in [
        (SUBJECT, "resource"),
        (RESOURCE, "subject"),
        (ACTION, "subject"),
        (ACTION, "resource"),
    ] {
        let missing = "`id` is missing; it has to be a string";
        let body = without(CLIENT, object, "id");
        assert_eq!(refused(&daemon, path, &body), missing, "{path}");
    }
}

/// 52: `explain`, which is passed over otherwise, has to be a boolean in a search as in an evaluation.
#[test]
fn line_52_a_search_refuses_an_explain_that_is_none() {
    let daemon = more();
    for path in SEARCHES {
        let said = "`explain` is a string; it has to be a boolean";
        let body = with(CLIENT, "context", "explain", json!("yes"));
        assert_eq!(refused(&daemon, path, &body), said, "{path}");
        let mut stranger = body;
        stranger["subject"] = json!({ "type": "Organization", "id": "1" });
        assert_eq!(refused(&daemon, path, &stranger), said, "{path}");
        stranger["context"]["explain"] = json!(true);
        assert_eq!(results(&daemon, path, &stranger), NOTHING, "{path}");
    }
}

/// 30: the answer has `results` of the kind that is searched for, and `page` before it.
/// 35: a page has a `next_token`, also the last one, and a `count` that is no less than 0.
#[test]
fn line_30_35_the_answer_has_its_page_first_and_results_of_one_kind() {
    let daemon = Daemon::demo();
    for (path, result) in [
        (SUBJECT, format!(r#"{{"type":"systemuser","id":"{USER}"}}"#)),
        (
            RESOURCE,
            format!(r#"{{"type":"{CLAIMS}","id":"{CLIENT}"}}"#),
        ),
        (ACTION, r#"{"name":"read"}"#.to_owned()),
    ] {
        let answer = raw(&daemon, path, &question(CLIENT).to_string());
        let expected = format!(r#"{{"page":{{"next_token":"","count":1}},"results":[{result}]}}"#);
        assert_eq!(String::from_utf8(answer.body).unwrap(), expected);
    }
}

/// 31: what is unknown is found nowhere, and is no error.
#[test]
fn line_31_what_is_unknown_is_found_nowhere() {
    let daemon = Daemon::demo();
    let nobody = "5ea1d000-0000-4000-8000-00000000000f";
    let unknown = [
        with(CLIENT, "subject", "type", json!("user")),
        with(CLIENT, "subject", "id", json!(nobody)),
        with(CLIENT, "action", "name", json!("erase")),
        with(CLIENT, "resource", "type", json!("record")),
        with("312001373", "resource", "type", json!(CLAIMS)),
    ];
    // What each search passes over is not unknown to it.
    let passed_over = [(SUBJECT, 1), (ACTION, 2), (RESOURCE, 4)];
    for path in SEARCHES {
        for (nth, body) in unknown.iter().enumerate() {
            if !passed_over.contains(&(path, nth)) {
                assert_eq!(results(&daemon, path, body), NOTHING, "{path} {body}");
            }
        }
    }
    // Nobody knows what the instances of an unknown resource are called, or the subjects of an unknown kind.
    let record = json!({ "subject": { "type": "user", "id": "alice" }, "action": { "name": "read" }, "resource": { "type": "record", "id": "record-1" } });
    for path in SEARCHES {
        assert_eq!(results(&daemon, path, &record), NOTHING);
    }
    let malformed = with("31200274", "resource", "type", json!(CLAIMS));
    let told = "organisation number `31200274` is not nine digits";
    assert_eq!(refused(&daemon, SUBJECT, &malformed), told);
    assert_eq!(refused(&daemon, ACTION, &malformed), told);
}

/// The pages of a search, each begun by the token of the one before.
fn pages(daemon: &Daemon, path: &str, first: &Value, next: &Value) -> Vec<Vec<Value>> {
    let (mut pages, mut body) = (Vec::new(), first.clone());
    loop {
        let answer = done(daemon, path, &body);
        let results = answer["results"].as_array().unwrap().clone();
        assert_eq!(answer["page"]["count"], json!(results.len()));
        pages.push(results);
        let token = answer["page"]["next_token"].as_str().unwrap();
        if token.is_empty() {
            return pages;
        }
        body = next.clone();
        body["page"]["token"] = json!(token);
    }
}

/// 32: a partial answer has a token that is not empty; the last has an empty one.
/// 33: a request's page has perhaps a token, a limit that is a whole number from 0, and properties.
/// 36: while nothing changes, pages miss nothing and repeat nothing. 37: unknown members of a page are passed over.
#[test]
fn line_32_33_36_37_pages_together_are_the_whole() {
    let daemon = more();
    let searches = [
        (SUBJECT, question(SHARED), 2),
        (RESOURCE, question(CLIENT), 3),
        (
            ACTION,
            with(CLIENT, "resource", "type", json!("mva-melding-innsending")),
            2,
        ),
    ];
    for (path, body, len) in searches {
        let whole = results(&daemon, path, &body);
        assert_eq!(whole.len(), len);
        for limit in 1..=len + 1 {
            let mut limited = body.clone();
            limited["page"] =
                json!({ "limit": limit, "properties": { "sort": "x" }, "unknown": 1 });
            // With the limit again, and without it, as the specification's own example has it.
            for next in [&limited, &body] {
                let pages = pages(&daemon, path, &limited, next);
                let expected: Vec<_> = whole.chunks(limit).map(<[Value]>::to_vec).collect();
                assert_eq!(pages, expected, "{path}");
            }
        }
        let mut none = body.clone();
        none["page"] = json!({ "limit": 0 });
        let answer = done(&daemon, path, &none);
        assert_eq!(answer["results"], json!([]));
        assert_ne!(answer["page"]["next_token"], json!(""));
        for (page, told) in [
            (json!([]), "`page` is an array; it has to be an object"),
            (
                json!({ "limit": -1 }),
                "`limit` is -1; it has to be a whole number from 0",
            ),
            (
                json!({ "limit": "5" }),
                "`limit` is \"5\"; it has to be a whole number from 0",
            ),
            (
                json!({ "token": 5 }),
                "`token` is a number; it has to be a string",
            ),
            (
                json!({ "properties": 5 }),
                "`properties` is a number; it has to be an object",
            ),
        ] {
            let mut wrong = body.clone();
            wrong["page"] = page;
            assert_eq!(refused(&daemon, path, &wrong), told);
        }
    }
}

/// 34: a token is of its search and its limit; another search or another limit with it is an error.
#[test]
fn line_34_a_token_is_bound_to_its_search_and_its_limit() {
    let daemon = more();
    let mut body = without(CLIENT, "resource", "id");
    body["page"] = json!({ "limit": 1 });
    let answer = done(&daemon, RESOURCE, &body);
    let token = answer["page"]["next_token"].as_str().unwrap().to_owned();
    let mut next = body.clone();
    next["page"] = json!({ "token": token, "limit": 1 });
    let expected = json!([{ "type": CLAIMS, "id": NOT_ADDED }]);
    assert_eq!(done(&daemon, RESOURCE, &next)["results"], expected);
    let mut passed_over = next.clone();
    passed_over["resource"]["id"] = json!("another");
    passed_over["context"] = json!({});
    assert_eq!(done(&daemon, RESOURCE, &passed_over)["results"], expected);
    next["page"]["limit"] = json!(2);
    let told = "`limit` is 2, and the search that `token` is of has 1";
    assert_eq!(refused(&daemon, RESOURCE, &next), told);
    next["page"]["limit"] = json!(1);
    let others = [
        ("subject", "id", json!(SECOND)),
        ("subject", "type", json!("user")),
        ("action", "name", json!("write")),
        ("resource", "type", json!("mva-melding-innsending")),
    ];
    let shown: String = token.chars().take(64).collect();
    let of_another = format!("`token` is `{shown}…`, which is of another search than this one");
    for (object, member, value) in others {
        let mut other = next.clone();
        other[object][member] = value;
        assert_eq!(refused(&daemon, RESOURCE, &other), of_another);
    }
    let mut other = next.clone();
    other["context"] = json!({ "authenticationLevel": 3 });
    assert_eq!(refused(&daemon, RESOURCE, &other), of_another);
    next["resource"]["id"] = json!(CLIENT);
    assert_eq!(refused(&daemon, SUBJECT, &next), of_another);
    for token in ["x", "00", "ffff", &token[2..], &format!("{token}31")] {
        next["page"] = json!({ "token": token });
        let told = refused(&daemon, RESOURCE, &next);
        let is_refused = told.ends_with("is not one that a search has answered")
            || told.ends_with("is of another search than this one");
        assert!(is_refused, "{told}");
    }
}
