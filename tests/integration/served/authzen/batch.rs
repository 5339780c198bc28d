//! Evaluations (section 7).

use serde_json::{Value, json};

use super::super::Daemon;
use super::{CLAIMS, CLIENT, EVALUATION, EVALUATIONS, NOT_ADDED, done, question, refused};

fn item(client: &str) -> Value {
    json!({ "resource": { "type": CLAIMS, "id": client } })
}

/// A batch on the demo's system user, reading: what is in it, and what more stands at the top.
fn batch(items: Value, more: &[(&str, Value)]) -> Value {
    let mut body = question(CLIENT);
    body.as_object_mut().unwrap().remove("resource");
    body["evaluations"] = items;
    for (name, value) in more {
        body[*name] = value.clone();
    }
    body
}

fn decisions(answer: &Value) -> Vec<bool> {
    let items = answer["evaluations"].as_array().unwrap().iter();
    items
        .map(|item| item["decision"].as_bool().unwrap())
        .collect()
}

/// 14: a request may have an array `evaluations`. 16: not empty, they are requests of their own.
/// 21: all are answered, in their order. 23: beside `evaluations` there is no `decision` at the top.
#[test]
fn line_14_16_21_23_all_are_answered_in_their_order() {
    let daemon = Daemon::demo();
    let body = batch(json!([item(CLIENT), item(CLIENT), item(NOT_ADDED)]), &[]);
    let answer = done(&daemon, EVALUATIONS, &body);
    assert_eq!(decisions(&answer), [true, true, false]);
    let members: Vec<_> = answer.as_object().unwrap().keys().collect();
    assert_eq!(members, ["evaluations"]);
    let single = done(&daemon, EVALUATION, &question(CLIENT));
    assert_eq!(answer["evaluations"][0], single);
    let not_an_array = batch(json!({}), &[]);
    let told = "`evaluations` is an object; it has to be an array";
    assert_eq!(refused(&daemon, EVALUATIONS, &not_an_array), told);
}

/// 15: with `evaluations` absent or empty it is the single API.
#[test]
fn line_15_none_is_the_single_evaluation() {
    let daemon = Daemon::demo();
    let single = done(&daemon, EVALUATION, &question(CLIENT));
    assert_eq!(done(&daemon, EVALUATIONS, &question(CLIENT)), single);
    let mut empty = question(CLIENT);
    empty["evaluations"] = json!([]);
    assert_eq!(done(&daemon, EVALUATIONS, &empty), single);
    let incomplete = batch(json!([]), &[]);
    let told = "`resource` is missing; it has to be an object";
    assert_eq!(refused(&daemon, EVALUATIONS, &incomplete), told);
}

/// 17: an object of an item takes the place of the whole object at the top.
#[test]
fn line_17_an_object_of_an_item_takes_the_place_of_the_whole_default() {
    let daemon = Daemon::demo();
    let mut whole = question(CLIENT);
    whole["evaluations"] = json!([
        {},
        item(NOT_ADDED),
        { "action": { "name": "write" } },
        { "subject": { "type": "user", "id": "alice" } },
        { "resource": { "id": CLIENT } },
    ]);
    let answer = done(&daemon, EVALUATIONS, &whole);
    // The last has no `type`: it does not come from the top.
    assert_eq!(decisions(&answer), [true, false, false, false, false]);
    let last = &answer["evaluations"][4]["context"]["error"];
    let expected = json!({ "status": 400, "code": "invalid-field", "message": "`type` is missing; it has to be a string" });
    assert_eq!(last, &expected);
    let alone = json!({ "evaluations": [question(CLIENT), question(NOT_ADDED)] });
    assert_eq!(
        decisions(&done(&daemon, EVALUATIONS, &alone)),
        [true, false]
    );
}

/// 18: an item that stays incomplete is a denial. 24: so is one that is wrong; only what concerns the whole is a 400.
#[test]
fn line_18_24_an_incomplete_item_is_a_denial_with_its_error() {
    let daemon = Daemon::demo();
    let error = |answer: &Value, nth: usize| {
        let item = &answer["evaluations"][nth];
        assert_eq!(item["decision"], json!(false));
        item["context"]["error"]["message"].clone()
    };
    let lone = done(&daemon, EVALUATIONS, &batch(json!([{}]), &[]));
    let missing = json!("`resource` is missing; it has to be an object");
    assert_eq!(error(&lone, 0), missing);
    let items = json!([item(CLIENT), {}, item("312002745"), 7]);
    let answer = done(&daemon, EVALUATIONS, &batch(items, &[]));
    assert_eq!(decisions(&answer), [true, false, false, false]);
    assert_eq!(error(&answer, 1), missing);
    let digit = json!("organisation number `312002745` has a wrong check digit (MOD11)");
    assert_eq!(error(&answer, 2), digit);
    assert_eq!(
        error(&answer, 3),
        json!("the item is a number; it has to be an object")
    );
}

/// 19: unknown options are passed over. 20: a semantic is one of three, and the first unless said; any other is a 400.
/// 22: the first denial, also by an error, or the first permit ends the batch, and is its last answer.
#[test]
fn line_19_20_22_a_semantic_ends_the_batch_at_its_trigger() {
    let daemon = Daemon::demo();
    let items = json!([
        item(CLIENT),
        item(NOT_ADDED),
        item(CLIENT),
        {},
        item(CLIENT)
    ]);
    let told = |items: &Value, options: Value| {
        let body = batch(items.clone(), &[("options", options)]);
        decisions(&done(&daemon, EVALUATIONS, &body))
    };
    let named = |semantic: &str| json!({ "evaluations_semantic": semantic, "unknown": [1] });
    let all = [true, false, true, false, true];
    assert_eq!(told(&items, json!({})), all);
    assert_eq!(told(&items, json!({ "unknown": 1 })), all);
    assert_eq!(told(&items, named("execute_all")), all);
    assert_eq!(told(&items, named("deny_on_first_deny")), [true, false]);
    assert_eq!(told(&items, named("permit_on_first_permit")), [true]);
    let late = json!([item(NOT_ADDED), {}, item(CLIENT), item(CLIENT)]);
    assert_eq!(
        told(&late, named("permit_on_first_permit")),
        [false, false, true]
    );
    let erring = json!([item(CLIENT), {}, item(CLIENT)]);
    assert_eq!(told(&erring, named("deny_on_first_deny")), [true, false]);
    for (options, expected) in [
        (
            json!({ "evaluations_semantic": "all" }),
            "`evaluations_semantic` is not one of `execute_all`, `deny_on_first_deny`, `permit_on_first_permit`",
        ),
        (
            json!({ "evaluations_semantic": 1 }),
            "`evaluations_semantic` is not one of `execute_all`, `deny_on_first_deny`, `permit_on_first_permit`",
        ),
        (json!([]), "`options` is an array; it has to be an object"),
    ] {
        let body = batch(items.clone(), &[("options", options)]);
        assert_eq!(refused(&daemon, EVALUATIONS, &body), expected);
    }
}
