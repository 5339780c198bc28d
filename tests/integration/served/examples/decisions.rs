//! Every decision of the examples' tables, one by one and as a batch.

use serde_json::{Value, json};

use super::super::{run, store};
use super::{API, EVALUATION, EVALUATIONS, EXAMPLES, folder, served};

/// One question of a table, and whether it is permitted.
pub(super) struct Asked {
    pub(super) body: Value,
    pub(super) permit: bool,
}

/// The questions of an example's `tests/decisions.toml`.
pub(super) fn questions(example: &str) -> Vec<Asked> {
    let text = std::fs::read_to_string(folder(example).join("tests/decisions.toml")).unwrap();
    let file: toml::Table = text.parse().unwrap();
    let mut all = Vec::new();
    for table in file["table"].as_array().unwrap() {
        let columns = ["subject", "action", "resource", "answer"];
        assert_eq!(
            table["columns"],
            toml::Value::from(columns.to_vec()),
            "{example}"
        );
        let of = |key: &str| {
            table
                .get(key)
                .map(|value| serde_json::to_value(value).unwrap())
        };
        for row in table["rows"].as_array().unwrap() {
            let text = |nth: usize| row[nth].as_str().unwrap();
            let mut body = json!({
                "subject": { "type": of("subject_type"), "id": text(0) },
                "action": { "name": text(1) },
                "resource": { "type": of("resource_type"), "id": text(2) },
            });
            for kind in ["subject", "action", "resource"] {
                if let Some(properties) = of(&format!("{kind}_properties")) {
                    body[kind]["properties"] = properties;
                }
            }
            if let Some(context) = of("context") {
                body["context"] = context;
            }
            let permit = match text(3) {
                "permit" => true,
                "deny" => false,
                other => panic!("{example}: `{other}` is no answer"),
            };
            all.push(Asked { body, permit });
        }
    }
    all
}

#[test]
fn every_decision_of_the_examples_tables_is_as_expected() {
    let mut counts = Vec::new();
    for example in EXAMPLES {
        let (daemon, _dir) = served(example);
        let questions = questions(example);
        for asked in &questions {
            let answer = daemon.done(API, "POST", EVALUATION, Some(&asked.body));
            assert_eq!(
                answer,
                json!({ "decision": asked.permit }),
                "{example}: {}",
                asked.body
            );
        }
        let items: Vec<_> = questions.iter().map(|asked| &asked.body).collect();
        let batch = json!({ "evaluations": items });
        let answers = daemon.done(API, "POST", EVALUATIONS, Some(&batch));
        let expected: Vec<_> = questions
            .iter()
            .map(|asked| json!({ "decision": asked.permit }))
            .collect();
        assert_eq!(answers, json!({ "evaluations": expected }), "{example}");
        counts.push(questions.len());
    }
    assert_eq!(counts, [89, 81, 366, 24]);
}

#[test]
fn the_examples_have_no_findings() {
    let (dir, _) = store();
    for example in EXAMPLES {
        let folder = folder(example);
        let (code, said, complaint) = run(&["policy", "check", super::path(&folder)], dir.path());
        assert_eq!((code, complaint.as_str()), (0, ""), "{example}: {said}");
        assert!(said.ends_with("no findings\n"), "{example}: {said}");
        let (code, said, _) = run(
            &["policy", "fmt", "--check", super::path(&folder)],
            dir.path(),
        );
        assert_eq!(code, 0, "{example}: {said}");
    }
}

fn certification(subject: Value, action: Value, resource: Value) -> Value {
    json!({ "subject": subject, "action": action, "resource": resource })
}

#[test]
fn unknown_types_ids_and_actions_are_a_deny_and_never_an_error() {
    let (daemon, _dir) = served("authzen-certification");
    let (user, read, record) = (
        json!({ "type": "user", "id": "alice" }),
        json!({ "name": "read" }),
        json!({ "type": "record", "id": "record-1" }),
    );
    let known = certification(user.clone(), read.clone(), record.clone());
    assert_eq!(
        daemon.done(API, "POST", EVALUATION, Some(&known))["decision"],
        true
    );
    let strange = [
        certification(
            json!({ "type": "robot", "id": "alice" }),
            read.clone(),
            record.clone(),
        ),
        certification(
            json!({ "type": "systemuser", "id": "alice" }),
            read.clone(),
            record.clone(),
        ),
        certification(
            json!({ "type": "urn:x:user", "id": "æøå\n" }),
            read.clone(),
            record.clone(),
        ),
        certification(user.clone(), json!({ "name": "" }), record.clone()),
        certification(user.clone(), read.clone(), json!({ "type": "", "id": "" })),
        certification(user, read, json!({ "type": "no such type", "id": "x" })),
    ];
    for question in strange {
        let answer = daemon.done(API, "POST", EVALUATION, Some(&question));
        assert_eq!(answer, json!({ "decision": false }), "{question}");
    }
}

#[test]
fn a_known_property_of_the_wrong_type_is_named() {
    let (daemon, _dir) = served("authzen-certification");
    let question = certification(
        json!({ "type": "user", "id": "alice" }),
        json!({ "name": "read" }),
        json!({ "type": "record", "id": "record-1", "properties": { "status": 1, "colour": 2 } }),
    );
    let (status, said) = daemon.call(API, "POST", EVALUATION, Some(&question));
    let expected = "property `status` is a whole number; it has to be a string";
    assert_eq!((status, said), (400, json!(expected)));
    let batch = json!({ "evaluations": [question] });
    let answer = daemon.done(API, "POST", EVALUATIONS, Some(&batch));
    assert_eq!(answer["evaluations"][0]["decision"], false);
    assert_eq!(
        answer["evaluations"][0]["context"]["error"]["message"],
        expected
    );
}

#[test]
fn an_explained_answer_names_the_policies() {
    let (daemon, _dir) = served("authzen-todo");
    let question = json!({
        "subject": { "type": "user", "id": "morty@the-citadel.com" },
        "action": { "name": "can_create_todo" },
        "resource": { "type": "todo", "id": "1" },
        "context": { "explain": true },
    });
    let answer = daemon.done(API, "POST", EVALUATION, Some(&question));
    assert_eq!(answer["decision"], true);
    assert_eq!(answer["context"]["policies"], json!(["todo/create"]));
    let quote = &answer["context"]["quotes"][0];
    assert_eq!(
        (&quote["policy"], &quote["line"]),
        (&json!("todo/create"), &json!(10))
    );
    let conditions = quote["conditions"].as_array().unwrap().iter();
    let came_to: Vec<_> = conditions
        .map(|one| (one["line"].as_u64(), one["holds"].as_bool()))
        .collect();
    assert_eq!(came_to, [(Some(17), Some(true)); 2]);
}

#[test]
fn a_world_of_its_own_has_no_delegations_and_binds_callers_to_types() {
    let (daemon, _dir) = served("authzen-todo");
    for route in ["/v1/system-users", "/v1/systems", "/v1/search/clients"] {
        let (status, problem) = daemon.call("operator", "GET", route, None);
        assert_eq!(
            (status, &problem["code"]),
            (404, &json!("no-delegations")),
            "{route}"
        );
    }
    assert_eq!(daemon.call("operator", "GET", "/v1/changes", None).0, 200);
    let question = json!({
        "subject": { "type": "user", "id": "rick@the-citadel.com" },
        "action": { "name": "can_read_todos" },
        "resource": { "type": "todo", "id": "1" },
    });
    for caller in ["claims-api", "vendor", "operator"] {
        assert_eq!(
            daemon.call(caller, "POST", EVALUATION, Some(&question)).0,
            403,
            "{caller}"
        );
    }
    let cedar = json!({
        "principal": "user::\"rick@the-citadel.com\"",
        "action": "Action::\"can_read_todos\"",
        "resource": "todo::\"1\"",
    });
    let answer = daemon.done(API, "POST", "/v1/is_authorized", Some(&cedar));
    assert_eq!(answer["decision"], "allow");
}
