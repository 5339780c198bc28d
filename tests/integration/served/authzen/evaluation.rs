//! The model (section 5) and one evaluation (section 6).

use serde_json::{Value, json};

use super::super::Daemon;
use super::{API, CLIENT, EVALUATION, NOT_ADDED, USER, done, question, raw, refused};

/// 2: what we add changes nothing for who does not ask for it: without `context.explain` the answer is bare.
/// 9, 13: the answer is one decision: a boolean `decision`, and a `context` that is an object where there is one.
#[test]
fn line_2_9_13_the_answer_is_one_decision_and_bare_unless_more_is_asked_for() {
    let daemon = Daemon::demo();
    let denied = done(&daemon, EVALUATION, &question(NOT_ADDED));
    assert_eq!(denied, json!({ "decision": false }));
    let permitted = done(&daemon, EVALUATION, &question(CLIENT));
    let obligation = json!({ "id": "minimum-authentication-level", "type": "custom", "properties": { "value": 3 } });
    let expected = json!({ "decision": true, "context": { "obligations": [obligation] } });
    assert_eq!(permitted, expected);
    let mut explained = question(NOT_ADDED);
    explained["context"] = json!({ "explain": true });
    let explained = done(&daemon, EVALUATION, &explained);
    assert_eq!(explained["context"]["code"], json!("client-not-added"));
}

/// 4, 6: a subject and a resource are an object with the strings `type` and `id`, and perhaps an object `properties`.
/// 7: an action is an object with the string `name`, and perhaps an object `properties`.
/// 12: an evaluation needs all three; a context is optional.
/// 52: what is missing or of the wrong type is a 400.
#[test]
fn line_4_6_7_12_52_what_is_missing_or_of_the_wrong_type_is_told() {
    let daemon = Daemon::demo();
    for (object, member) in [
        ("subject", "type"),
        ("subject", "id"),
        ("action", "name"),
        ("resource", "type"),
        ("resource", "id"),
    ] {
        let told = |value: Option<Value>| {
            let mut body = question(CLIENT);
            match value {
                Some(value) => body[object][member] = value,
                None => {
                    body[object].as_object_mut().unwrap().remove(member);
                }
            }
            refused(&daemon, EVALUATION, &body)
        };
        let missing = format!("`{member}` is missing; it has to be a string");
        assert_eq!(told(None), missing);
        let number = format!("`{member}` is a number; it has to be a string");
        assert_eq!(told(Some(json!(1))), number);
    }
    for object in ["subject", "action", "resource"] {
        let told = |value: Option<Value>| {
            let mut body = question(CLIENT);
            match value {
                Some(value) => body[object] = value,
                None => {
                    body.as_object_mut().unwrap().remove(object);
                }
            }
            refused(&daemon, EVALUATION, &body)
        };
        let missing = format!("`{object}` is missing; it has to be an object");
        assert_eq!(told(None), missing);
        let text = format!("`{object}` is a string; it has to be an object");
        assert_eq!(told(Some(json!("x"))), text);
        let mut body = question(CLIENT);
        body[object]["properties"] = json!([]);
        let properties = "`properties` is an array; it has to be an object";
        assert_eq!(refused(&daemon, EVALUATION, &body), properties);
    }
    let mut body = question(CLIENT);
    body["context"] = json!([]);
    let context = "`context` is an array; it has to be an object";
    assert_eq!(refused(&daemon, EVALUATION, &body), context);
}

/// 5: properties hold any JSON. 8: a context has any shape.
/// 53: unknown members are passed over at every level, and the order of members says nothing.
#[test]
fn line_5_8_53_properties_context_and_unknown_members_are_of_any_shape() {
    let daemon = Daemon::demo();
    let any = json!({ "text": "x", "number": 1.5, "yes": true, "nothing": null, "list": [1, ["x"]], "object": { "a": {} } });
    let mut body = question(CLIENT);
    body["context"] = any.clone();
    body["unknown"] = any.clone();
    for object in ["subject", "action", "resource"] {
        body[object]["properties"] = any.clone();
        body[object]["unknown"] = any.clone();
    }
    let expected = done(&daemon, EVALUATION, &question(CLIENT));
    assert_eq!(done(&daemon, EVALUATION, &body), expected);
    let reversed = format!(
        r#"{{"resource":{{"id":"{CLIENT}","type":"ske-krav-og-betalinger"}},"action":{{"name":"read"}},"subject":{{"id":"{USER}","type":"systemuser"}}}}"#
    );
    assert_eq!(raw(&daemon, EVALUATION, &reversed).json(), expected);
}

/// 57: the same request gives the same answer.
#[test]
fn line_57_the_same_request_gives_the_same_answer() {
    let daemon = Daemon::demo();
    let requests = [
        (EVALUATION, question(CLIENT)),
        (EVALUATION, question(NOT_ADDED)),
        (
            super::EVALUATIONS,
            json!({ "evaluations": [question(CLIENT), question(NOT_ADDED)] }),
        ),
        (super::SUBJECT, question(CLIENT)),
        (super::RESOURCE, question(CLIENT)),
        (super::ACTION, question(CLIENT)),
    ];
    for (path, body) in requests {
        let once = || daemon.call(API, "POST", path, Some(&body));
        let first = once();
        assert_eq!(first.0, 200);
        assert_eq!((once(), once()), (first.clone(), first));
    }
}
