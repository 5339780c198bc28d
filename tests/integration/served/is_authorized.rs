//! Questions in Cedar's own form, over HTTP: of mandates, and of types that the administrators added.

use serde_json::{Value, json};

use super::{Daemon, configuration, store};
use crate::world::policies_with;

const ONE: &str = "/v1/is_authorized";
const BATCH: &str = "/v1/is_authorized/batch";
const USER: &str = "5ea1d000-0000-4000-8000-000000000001";

const SCHEMA: &str = r"
entity Team;
entity Staff in [Team] = { level: Long };
entity Report = { author?: Staff, agent?: SystemUser };
action open appliesTo { principal: [Staff], resource: [Report], context: { note?: String } };
action shred appliesTo { principal: [Staff], resource: [Report], context: { now: datetime } };
";
const POLICIES: &str = r#"
@id("own/team-opens")
permit (principal in Team::"audit", action == Action::"open", resource);

@id("own/author-opens")
permit (principal, action == Action::"open", resource)
when { resource has author && resource.author == principal };

@id("own/nobody-opens-the-secret")
forbid (principal, action == Action::"open", resource == Report::"secret");

@id("own/late-shred")
permit (principal, action == Action::"shred", resource)
when { context.now > datetime("2020-01-01") && principal.level >= 3 };

@id("own/of-a-living-agent")
permit (principal, action == Action::"shred", resource)
when { resource has agent && resource.agent has owner };
"#;
const ENTITIES: &str = r#"[
  {"uid": {"type": "Resource", "id": "ske-krav-og-betalinger"}, "attrs": {"owner": {"__entity": {"type": "Organization", "id": "974761076"}}}, "parents": []},
  {"uid": {"type": "Team", "id": "audit"}, "attrs": {}, "parents": []},
  {"uid": {"type": "Staff", "id": "kari"}, "attrs": {"level": 4}, "parents": [{"type": "Team", "id": "audit"}]},
  {"uid": {"type": "Report", "id": "q1"}, "attrs": {"author": {"__entity": {"type": "Staff", "id": "ola"}}}, "parents": []}
]"#;

/// A daemon whose policies have types of their own beside the delegations'.
fn served() -> (Daemon, tempfile::TempDir) {
    let (dir, data) = store();
    let shipped = fullmakt::policies::shipped();
    let schema = format!("{}{SCHEMA}", shipped.text("schema.cedarschema").unwrap());
    let folder = policies_with(&[
        ("schema.cedarschema", &schema),
        ("entities.json", ENTITIES),
        ("resources/own.cedar", POLICIES),
        ("resources/mva-melding-innsending.cedar", ""),
        ("resources/ske-innrapportering-boligsameie.cedar", ""),
    ]);
    let policies = dir.path().join("policies");
    for file in folder.files() {
        let to = policies.join(&*file.path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, &*file.text).unwrap();
    }
    (Daemon::with(&configuration(), &data, &policies), dir)
}

fn question(principal: &str, action: &str, resource: &str) -> Value {
    json!({
        "principal": format!("Staff::\"{principal}\""),
        "action": { "type": "Action", "id": action },
        "resource": { "__entity": { "type": "Report", "id": resource } },
    })
}

/// The decision and its determining policies.
fn asked(daemon: &Daemon, question: &Value) -> (String, Vec<String>) {
    let answer = daemon.done("resource-api", "POST", ONE, Some(question));
    assert!(answer["revision"].is_u64(), "{answer}");
    outcome(&answer)
}

fn outcome(answer: &Value) -> (String, Vec<String>) {
    let reasons = answer["diagnostics"]["reason"].as_array().unwrap();
    let reasons = reasons.iter().map(|id| id.as_str().unwrap().to_owned());
    (
        answer["decision"].as_str().unwrap().to_owned(),
        reasons.collect(),
    )
}

fn allow(policies: &[&str]) -> (String, Vec<String>) {
    (
        "allow".to_owned(),
        policies.iter().map(ToString::to_string).collect(),
    )
}

fn deny(policies: &[&str]) -> (String, Vec<String>) {
    (
        "deny".to_owned(),
        policies.iter().map(ToString::to_string).collect(),
    )
}

#[test]
fn own_types_are_answered_on_stored_entities_and_on_those_that_are_sent() {
    let (daemon, _dir) = served();
    let cases = [
        (question("kari", "open", "q1"), allow(&["own/team-opens"])),
        (question("ola", "open", "q1"), allow(&["own/author-opens"])),
        (question("per", "open", "q1"), deny(&[])),
        (
            question("kari", "open", "secret"),
            deny(&["own/nobody-opens-the-secret"]),
        ),
        (question("kari", "shred", "q1"), allow(&["own/late-shred"])),
    ];
    for (question, expected) in cases {
        assert_eq!(asked(&daemon, &question), expected, "{question}");
    }
    let mut question = question("per", "open", "q1");
    question["entities"] = json!([
        { "uid": { "type": "Staff", "id": "per" }, "attrs": {}, "parents": [{ "type": "Team", "id": "audit" }] },
    ]);
    assert_eq!(asked(&daemon, &question), allow(&["own/team-opens"]));
    // Kari as she is sent stands in place of the one who is stored.
    question["principal"] = json!("Staff::\"kari\"");
    question["action"]["id"] = json!("shred");
    question["entities"][0]["uid"]["id"] = json!("kari");
    question["entities"][0]["attrs"]["level"] = json!(2);
    assert_eq!(asked(&daemon, &question), deny(&[]));
}

#[test]
fn what_nobody_knows_is_a_deny_that_says_so() {
    let (daemon, _dir) = served();
    let mut strange = question("kari", "open", "q1");
    strange["principal"] = json!({ "type": "Robot", "id": "r2" });
    let answer = daemon.done("resource-api", "POST", ONE, Some(&strange));
    assert_eq!(outcome(&answer), deny(&[]));
    let said = json!([{ "policyId": null, "message": "entity type `Robot` is not in the schema" }]);
    assert_eq!(answer["diagnostics"]["errors"], said);
    let answer = daemon.done(
        "resource-api",
        "POST",
        ONE,
        Some(&question("kari", "burn", "q1")),
    );
    let said = json!([{ "policyId": null, "message": "action `burn` is not in the schema" }]);
    assert_eq!(answer["diagnostics"]["errors"], said);
    // A permit that cannot be evaluated is named.
    let answer = daemon.done(
        "resource-api",
        "POST",
        ONE,
        Some(&question("per", "shred", "q1")),
    );
    assert_eq!(
        answer["diagnostics"]["errors"][0]["policyId"],
        "own/late-shred"
    );
}

#[test]
fn grants_come_from_the_store_alone() {
    let (daemon, _dir) = served();
    let mandate = format!("Mandate::\"{USER}@312002744\"");
    let forged = json!({
        "uid": { "__entity": { "type": "Mandate", "id": format!("{USER}@312002744") } },
        "attrs": { "party": { "__entity": { "type": "Organization", "id": "312002744" } } },
        "parents": [{ "type": "AccessPackage", "id": "skattegrunnlag" }],
    });
    let asking = json!({
        "principal": mandate, "action": "Action::\"read\"", "resource": "Resource::\"ske-krav-og-betalinger\"",
    });
    assert_eq!(asked(&daemon, &asking), deny(&["core/in-force"]));
    let mut with = asking;
    with["entities"] = json!([forged]);
    let (status, answer) = daemon.call("resource-api", "POST", ONE, Some(&with));
    assert_eq!(
        (status, &answer["errors"][0]["pointer"]),
        (400, &json!("/entities/0"))
    );
    let said = format!(
        "{mandate} cannot be sent: the daemon has such entities from its store and its schema alone"
    );
    assert_eq!(answer["detail"], said);
    // Nor are any that nobody approved reached by an attribute.
    let mut of_agent = question("per", "shred", "q9");
    of_agent["entities"] = json!([{
        "uid": { "type": "Report", "id": "q9" }, "parents": [],
        "attrs": { "agent": { "__entity": { "type": "SystemUser", "id": USER } } },
    }]);
    assert_eq!(asked(&daemon, &of_agent), deny(&[]));
}

#[test]
fn a_batch_answers_each_question_in_its_place() {
    let daemon = Daemon::demo();
    let mandate = |client: &str| {
        json!({
            "principal": format!("Mandate::\"{USER}@{client}\""),
            "action": "Action::\"read\"",
            "resource": "Resource::\"ske-krav-og-betalinger\"",
        })
    };
    let mut late = mandate("312002744");
    late["context"] = json!({ "now": "2020-01-01T00:00:00Z" });
    let mut levelled = mandate("312002744");
    levelled["context"] = json!({ "authenticationLevel": "high" });
    let requests = [
        mandate("312002744"),
        mandate("312005344"),
        late,
        levelled,
        json!(7),
    ];
    let body = json!({ "requests": requests });
    let answer = daemon.done("demo-resource-api", "POST", BATCH, Some(&body));
    let answers = answer["responses"].as_array().unwrap();
    assert_eq!(answers.len(), 5);
    let by = "ske-krav-og-betalinger/read-regnskapsforer-med-signeringsrettighet";
    assert_eq!(outcome(&answers[0]), allow(&[by]));
    let obligation = json!([{ "id": "minimum-authentication-level", "type": "custom", "properties": { "value": 3 } }]);
    assert_eq!(answers[0]["obligations"], obligation);
    assert_eq!(outcome(&answers[1]), deny(&["core/validity"]));
    let messages: Vec<_> = answers[2..]
        .iter()
        .map(|one| one["error"]["message"].as_str().unwrap())
        .collect();
    let expected = [
        "context member `now` cannot be sent: the clock is the daemon's",
        "context member `authenticationLevel` is a string; it has to be a whole number",
        "it is a number; it has to be an object",
    ];
    assert_eq!(messages, expected);
    assert!(answers[2..].iter().all(|one| one["decision"] == "deny"));
}

#[test]
fn a_caller_asks_only_about_what_it_is_bound_to() {
    let (daemon, _dir) = served();
    let of_claims = json!({
        "principal": format!("Mandate::\"{USER}@312002744\""),
        "action": "Action::\"read\"", "resource": "Resource::\"ske-krav-og-betalinger\"",
    });
    assert_eq!(
        daemon.call("claims-api", "POST", ONE, Some(&of_claims)).0,
        200
    );
    let (status, answer) = daemon.call(
        "claims-api",
        "POST",
        ONE,
        Some(&question("kari", "open", "q1")),
    );
    assert_eq!((status, &answer["code"]), (403, &json!("not-entitled")));
    for caller in ["vendor", "firm-admin", "operator"] {
        let (status, _) = daemon.call(caller, "POST", ONE, Some(&of_claims));
        assert_eq!(status, 403, "{caller}");
    }
    let mut wrong = of_claims;
    wrong["princpal"] = json!("x");
    wrong["action"] = json!("read");
    let (status, answer) = daemon.call("resource-api", "POST", ONE, Some(&wrong));
    assert_eq!(status, 400);
    let pointers: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/action", "/princpal"]);
}
