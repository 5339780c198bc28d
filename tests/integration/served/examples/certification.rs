//! The certification scenario's levels, each asked of a daemon that serves `authzen-certification` with metadata.

use serde_json::{Value, json};

use super::super::{Answer, Daemon};
use super::{ACTION_SEARCH, API, EVALUATION, EVALUATIONS, RESOURCE_SEARCH, SUBJECT_SEARCH};

const PDP: &str = "https://pdp.example";
const WELL_KNOWN: &str = "/.well-known/authzen-configuration";

fn certified() -> (Daemon, tempfile::TempDir) {
    super::served_with(
        "authzen-certification",
        &format!("public_url = \"{PDP}\"\n"),
    )
}

fn user(id: &str) -> Value {
    json!({ "type": "user", "id": id })
}

fn record(id: &str) -> Value {
    json!({ "type": "record", "id": id })
}

fn having(mut of: Value, properties: Value) -> Value {
    of["properties"] = properties;
    of
}

fn action(name: &str) -> Value {
    json!({ "name": name })
}

fn question(subject: Value, action: Value, resource: Value) -> Value {
    json!({ "subject": subject, "action": action, "resource": resource })
}

fn decided(daemon: &Daemon, question: &Value) -> bool {
    let answer = daemon.done(API, "POST", EVALUATION, Some(question));
    let decision = answer["decision"].as_bool();
    decision.unwrap_or_else(|| panic!("{question}: {answer}"))
}

/// The four decisions that come without properties.
fn core() -> [(Value, bool); 4] {
    [
        ("alice", "read", true),
        ("alice", "write", true),
        ("bob", "read", true),
        ("bob", "write", false),
    ]
    .map(|(who, what, permit)| {
        (
            question(user(who), action(what), record("record-1")),
            permit,
        )
    })
}

/// The four that come with properties of the resource, the subject or the action.
fn properties() -> [(Value, bool); 4] {
    let archived = || having(record("record-1"), json!({ "status": "archived" }));
    let administrator = having(user("carol"), json!({ "role": "admin" }));
    let deleting = |soft: bool| having(action("delete"), json!({ "soft": soft }));
    [
        (question(user("alice"), action("write"), archived()), false),
        (question(administrator, action("write"), archived()), true),
        (
            question(user("alice"), deleting(true), record("record-1")),
            true,
        ),
        (
            question(user("alice"), deleting(false), record("record-1")),
            false,
        ),
    ]
}

fn batch(daemon: &Daemon, body: &Value) -> Vec<bool> {
    let answer = daemon.done(API, "POST", EVALUATIONS, Some(body));
    let answers = answer["evaluations"].as_array();
    let answers = answers.unwrap_or_else(|| panic!("{body}: {answer}"));
    let decisions = answers.iter().map(|one| one["decision"].as_bool().unwrap());
    decisions.collect()
}

/// All pages of a search with one result a page, and then whole: the same results.
fn found(daemon: &Daemon, path: &str, search: &Value) -> Vec<Value> {
    let whole = daemon.done(API, "POST", path, Some(search));
    assert_eq!(whole["page"]["next_token"], "", "{whole}");
    let mut paged = Vec::new();
    let mut asking = search.clone();
    asking["page"] = json!({ "limit": 1 });
    loop {
        let page = daemon.done(API, "POST", path, Some(&asking));
        let results = page["results"].as_array().unwrap();
        assert!(results.len() <= 1, "{page}");
        paged.extend(results.iter().cloned());
        let next = page["page"]["next_token"].as_str().unwrap();
        if next.is_empty() {
            break;
        }
        asking["page"] = json!({ "limit": 1, "token": next });
    }
    assert_eq!(json!(paged), whole["results"], "{search}");
    paged
}

fn raw(daemon: &Daemon, kind: &str, body: &str) -> Answer {
    daemon
        .raw(API, "POST", EVALUATION, kind, body.as_bytes())
        .unwrap()
}

#[test]
fn basic_core_the_mandated_decisions_and_refusals() {
    let (daemon, _dir) = certified();
    for (mut question, permit) in core() {
        for _ in 0..3 {
            assert_eq!(decided(&daemon, &question), permit, "{question}");
        }
        question["context"] = json!({ "time": "2026-01-01T00:00:00Z", "ip": [1, 2] });
        assert_eq!(decided(&daemon, &question), permit, "{question}");
    }
    let (whole, _) = &core()[0];
    for missing in ["subject", "action", "resource"] {
        let mut part = whole.clone();
        part.as_object_mut().unwrap().remove(missing);
        let (status, said) = daemon.call(API, "POST", EVALUATION, Some(&part));
        assert_eq!((status, said.is_string()), (400, true), "{missing}: {said}");
    }
    for (object, member) in [("subject", "id"), ("action", "name"), ("resource", "type")] {
        let mut wrong = whole.clone();
        wrong[object][member] = json!(1);
        assert_eq!(daemon.call(API, "POST", EVALUATION, Some(&wrong)).0, 400);
        wrong[object].as_object_mut().unwrap().remove(member);
        assert_eq!(daemon.call(API, "POST", EVALUATION, Some(&wrong)).0, 400);
    }
    for (kind, body) in [
        ("text/plain", whole.to_string().as_str()),
        ("application/json", "{\"subject\":"),
        ("application/json", ""),
        ("application/json", "[]"),
    ] {
        assert_eq!(raw(&daemon, kind, body).status, 400, "{kind} {body}");
    }
    let body = whole.to_string();
    let head = format!(
        "POST {EVALUATION} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {API}\r\ncontent-type: application/json\r\nx-request-id: certified-1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        daemon.address,
        body.len()
    );
    let answer = daemon.bytes(head.as_bytes()).unwrap();
    assert_eq!(answer.header("x-request-id"), Some("certified-1"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[test]
fn basic_properties_what_is_sent_comes_over_what_is_stored() {
    let (daemon, _dir) = certified();
    for (question, permit) in properties() {
        assert_eq!(decided(&daemon, &question), permit, "{question}");
    }
}

#[test]
fn batch_core_defaults_order_and_semantics() {
    let (daemon, _dir) = certified();
    let items: Vec<_> = core().map(|(question, _)| question).into();
    let expected = [true, true, true, false];
    let whole = json!({ "evaluations": items });
    assert_eq!(batch(&daemon, &whole), expected);
    let of_items = |key: &str| {
        let items = items.iter().map(|item| json!({ key: item[key] }));
        items.collect::<Vec<_>>()
    };
    let alice = json!({
        "subject": user("alice"), "resource": record("record-1"), "evaluations": of_items("action"),
    });
    assert_eq!(batch(&daemon, &alice), [true, true, true, true]);
    let writing = json!({
        "action": action("write"), "resource": record("record-1"), "evaluations": of_items("subject"),
    });
    assert_eq!(batch(&daemon, &writing), [true, true, false, false]);
    // An item that stays incomplete is false, and alone.
    let mut incomplete = alice.clone();
    incomplete["evaluations"] = json!([{}, { "action": action("read") }]);
    assert_eq!(batch(&daemon, &incomplete), [false, true]);
    // Without items it is one question.
    for none in [json!([]), Value::Null] {
        let mut single = items[0].clone();
        if none.is_array() {
            single["evaluations"] = none;
        }
        let answer = daemon.done(API, "POST", EVALUATIONS, Some(&single));
        assert_eq!(answer, json!({ "decision": true }));
    }
    for (semantic, reached) in [
        ("execute_all", vec![true, true, false, false]),
        ("deny_on_first_deny", vec![true, true, false]),
        ("permit_on_first_permit", vec![true]),
    ] {
        let mut some = writing.clone();
        some["options"] = json!({ "evaluations_semantic": semantic });
        assert_eq!(batch(&daemon, &some), reached, "{semantic}");
    }
}

#[test]
fn batch_properties_each_item_has_its_own() {
    let (daemon, _dir) = certified();
    let all: Vec<_> = core().into_iter().chain(properties()).collect();
    let items: Vec<_> = all.iter().map(|(question, _)| question).collect();
    let expected: Vec<_> = all.iter().map(|(_, permit)| *permit).collect();
    assert_eq!(batch(&daemon, &json!({ "evaluations": items })), expected);
    // A default is replaced whole: the item's record has not the status of the default's.
    let body = json!({
        "subject": user("alice"), "action": action("write"),
        "resource": having(record("record-1"), json!({ "status": "archived" })),
        "evaluations": [{}, { "resource": record("record-1") }],
    });
    assert_eq!(batch(&daemon, &body), [false, true]);
}

#[test]
fn search_core_who_what_and_how() {
    let (daemon, _dir) = certified();
    let reading = |subject, resource| question(subject, action("read"), resource);
    let (any_user, any_record) = (json!({ "type": "user" }), json!({ "type": "record" }));
    let readers = reading(any_user.clone(), record("record-1"));
    let readers = found(&daemon, SUBJECT_SEARCH, &readers);
    assert_eq!(readers, [user("alice"), user("bob")]);
    let read = found(
        &daemon,
        RESOURCE_SEARCH,
        &reading(user("alice"), any_record.clone()),
    );
    assert_eq!(read, [record("record-1"), record("record-2")]);
    let may = json!({ "subject": user("alice"), "resource": record("record-1") });
    let may = found(&daemon, ACTION_SEARCH, &may);
    assert_eq!(may, [action("read"), action("write")]);
    for path in [SUBJECT_SEARCH, RESOURCE_SEARCH, ACTION_SEARCH] {
        let mut explained = reading(user("alice"), record("record-1"));
        explained["context"] = json!({ "explain": "yes" });
        let refused = daemon.call(API, "POST", path, Some(&explained));
        let said = "`explain` is a string; it has to be a boolean";
        assert_eq!(refused, (400, json!(said)), "{path}");
    }
    let strange = [
        (SUBJECT_SEARCH, reading(any_user, record("record-9"))),
        (
            SUBJECT_SEARCH,
            reading(json!({ "type": "robot" }), record("record-1")),
        ),
        (
            SUBJECT_SEARCH,
            reading(
                json!({ "type": "user" }),
                json!({ "type": "x y", "id": "" }),
            ),
        ),
        (RESOURCE_SEARCH, reading(user("nobody"), any_record)),
        (
            RESOURCE_SEARCH,
            reading(user("alice"), json!({ "type": "urn:x:record" })),
        ),
        (
            RESOURCE_SEARCH,
            question(user("alice"), action("burn"), json!({ "type": "record" })),
        ),
        (
            ACTION_SEARCH,
            json!({ "subject": user("nobody"), "resource": record("record-1") }),
        ),
        (
            ACTION_SEARCH,
            json!({ "subject": user("alice"), "resource": record("record-9") }),
        ),
        (
            ACTION_SEARCH,
            json!({ "subject": json!({ "type": "", "id": "" }), "resource": record("record-1") }),
        ),
    ];
    for (path, search) in strange {
        assert!(found(&daemon, path, &search).is_empty(), "{search}");
    }
}

#[test]
fn search_properties_of_both_sides_and_of_what_is_searched_for() {
    let (daemon, _dir) = certified();
    let archived = || json!({ "status": "archived" });
    let administrator = || having(user("bob"), json!({ "role": "admin" }));
    let writing = |subject, resource| question(subject, action("write"), resource);
    let (any_user, any_record) = (json!({ "type": "user" }), json!({ "type": "record" }));
    let writers = writing(any_user.clone(), having(record("record-2"), archived()));
    assert_eq!(found(&daemon, SUBJECT_SEARCH, &writers), [user("bob")]);
    let written = writing(administrator(), any_record.clone());
    assert_eq!(
        found(&daemon, RESOURCE_SEARCH, &written),
        [record("record-2")]
    );
    let may =
        json!({ "subject": administrator(), "resource": having(record("record-2"), archived()) });
    assert_eq!(
        found(&daemon, ACTION_SEARCH, &may),
        [action("read"), action("write")]
    );
    // Properties of what is searched for are laid over each candidate.
    let written = writing(administrator(), having(any_record, archived()));
    assert_eq!(
        found(&daemon, RESOURCE_SEARCH, &written),
        [record("record-1"), record("record-2")]
    );
    let writers = writing(
        having(any_user, json!({ "role": "admin" })),
        record("record-2"),
    );
    assert_eq!(
        found(&daemon, SUBJECT_SEARCH, &writers),
        [user("alice"), user("bob")]
    );
}

#[test]
fn discovery_names_the_endpoints_that_answer() {
    let (daemon, _dir) = certified();
    let answer = daemon
        .raw("", "GET", WELL_KNOWN, "text/plain", b"")
        .unwrap();
    assert_eq!(answer.status, 200);
    let metadata = answer.json();
    assert_eq!(metadata["policy_decision_point"], PDP);
    let (question, _) = &core()[0];
    for (name, path) in [
        ("access_evaluation_endpoint", EVALUATION),
        ("access_evaluations_endpoint", EVALUATIONS),
        ("search_subject_endpoint", SUBJECT_SEARCH),
        ("search_resource_endpoint", RESOURCE_SEARCH),
        ("search_action_endpoint", ACTION_SEARCH),
    ] {
        let endpoint = metadata[name].as_str().unwrap_or_default();
        assert_eq!(endpoint.strip_prefix(PDP), Some(path), "{name}");
        assert_eq!(daemon.call(API, "POST", path, Some(question)).0, 200);
    }
}
