//! Random Cedar worlds of the administrators' own, and random questions: the engine answers as Cedar's authorizer does on
//! entities that [`oracle`] merges by itself, and finds in searches what is permitted one by one.

mod oracle;
mod policies;

use fullmakt::cedar::{EntityName, Side};
use fullmakt::engine::{OwnQuestion, PageRequest, Snapshot};
use fullmakt::model::policy::{PolicyFile, PolicyFolder};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::world::World;
use oracle::{Answer, Oracle};

pub(crate) const SCHEMA: &str = r#"
entity Group in [Group];
@authzen_type("urn:own:user")
entity User in [Group] = {
  "level": Long,
  "name"?: String,
  "boss"?: User,
  "roles"?: Set<String>,
  "home"?: { "city": String, "zip"?: Long },
} tags Long;
entity Folder in [Folder];
entity Doc in [Folder] = {
  "status": String,
  "owner"?: User,
  "size"?: Long,
  "readers"?: Set<User>,
  "due"?: datetime,
};
action change;
action view appliesTo { principal: [User, Group], resource: [Doc, Folder], context: { "ip"?: String, "urgent"?: Bool } };
action edit, purge in [change] appliesTo {
  principal: [User],
  resource: [Doc],
  context: { "now": datetime, "count"?: Long, "for"?: User, "action"?: { "soft"?: Bool, "depth"?: Long } },
};
"#;

/// The names of ids: some are stored, some never are.
const IDS: [&str; 6] = ["a", "b", "c", "", "ø.d", "nobody"];
const STORED: usize = 5;
/// The instant of the questions' clock, in the policies' words.
pub(crate) const NOW: &str = "2026-01-01T00:00:00Z";

/// A property as it is sent, and as Cedar writes it without a schema.
#[derive(Debug, Clone)]
struct Sent {
    name: &'static str,
    sent: Value,
    meant: Value,
}

fn user_ref(id: &str) -> Value {
    json!({ "__entity": { "type": "User", "id": id } })
}

fn same(name: &'static str, value: Value) -> Sent {
    let meant = value.clone();
    Sent {
        name,
        sent: value,
        meant,
    }
}

fn reference(name: &'static str, id: &str) -> Sent {
    Sent {
        name,
        sent: json!({ "type": "User", "id": id }),
        meant: user_ref(id),
    }
}

fn user_property() -> impl Strategy<Value = Sent> {
    let id = (0..IDS.len()).prop_map(|nth| IDS[nth]);
    prop_oneof![
        (0..6i64).prop_map(|level| same("level", json!(level))),
        Just(same("level", json!(i64::MAX))),
        "[ab]".prop_map(|name| same("name", json!(name))),
        id.prop_map(|id| reference("boss", id)),
        prop::collection::vec("[ab]", 0..3).prop_map(|roles| same("roles", json!(roles))),
        (0..3i64).prop_map(|zip| same("home", json!({ "city": "a", "zip": zip }))),
        Just(same("home", json!({ "city": "b" }))),
        Just(same("shoe", json!({ "size": [43, null] }))),
        Just(same("name", Value::Null)),
    ]
}

fn doc_property() -> impl Strategy<Value = Sent> {
    let id = (0..IDS.len()).prop_map(|nth| IDS[nth]);
    let ids = prop::collection::vec((0..IDS.len()).prop_map(|nth| IDS[nth]), 0..3);
    prop_oneof![
        "[ab]".prop_map(|status| same("status", json!(status))),
        id.prop_map(|id| reference("owner", id)),
        (0..6i64).prop_map(|size| same("size", json!(size))),
        ids.prop_map(|ids| Sent {
            name: "readers",
            sent: ids
                .iter()
                .map(|id| json!({ "type": "User", "id": id }))
                .collect(),
            meant: ids.iter().map(|id| user_ref(id)).collect(),
        }),
        prop_oneof![Just("2025-06-01"), Just("2026-06-01")].prop_map(|due| Sent {
            name: "due",
            sent: json!(due),
            meant: json!({ "__extn": { "fn": "datetime", "arg": due } }),
        }),
        Just(same("colour", json!("red"))),
        Just(same("status", Value::Null)),
    ]
}

fn context_member() -> impl Strategy<Value = Sent> {
    prop_oneof![
        "[ab]".prop_map(|ip| same("ip", json!(ip))),
        any::<bool>().prop_map(|urgent| same("urgent", json!(urgent))),
        (0..6i64).prop_map(|count| same("count", json!(count))),
        (0..IDS.len()).prop_map(|nth| reference("for", IDS[nth])),
        Just(same("weather", json!(["rain"]))),
        any::<bool>().prop_map(|soft| same("action", json!({ "soft": soft }))),
    ]
}

fn action_property() -> impl Strategy<Value = Sent> {
    prop_oneof![
        any::<bool>().prop_map(|soft| same("soft", json!(soft))),
        (0..3i64).prop_map(|depth| same("depth", json!(depth))),
        Just(same("loud", json!(true))),
        Just(same("soft", Value::Null)),
    ]
}

fn few(of: impl Strategy<Value = Sent>) -> impl Strategy<Value = Vec<Sent>> {
    prop::collection::vec(of, 0..3)
}

/// A question: types, ids, the action, and what is sent.
#[derive(Debug, Clone)]
struct Asking {
    subject: EntityName,
    action: &'static str,
    resource: EntityName,
    subject_properties: Vec<Sent>,
    resource_properties: Vec<Sent>,
    action_properties: Vec<Sent>,
    context: Vec<Sent>,
}

fn asking() -> impl Strategy<Value = Asking> {
    let subject_types = prop::sample::select(vec![
        "User",
        "User",
        "User",
        "urn:own:user",
        "Group",
        "Doc",
        "urn:own:robot",
    ]);
    let resource_types = prop::sample::select(vec!["Doc", "Doc", "Doc", "Folder", "User", "x y"]);
    let actions = prop::sample::select(vec!["view", "view", "edit", "purge", "change", "burn"]);
    let names = (
        subject_types,
        0..IDS.len(),
        actions,
        resource_types,
        0..IDS.len(),
    );
    let sent = (
        few(user_property()),
        few(doc_property()),
        few(action_property()),
        few(context_member()),
    );
    (names, sent).prop_map(
        |((of, id, action, resource, of_id), (subject, doc, by, context))| Asking {
            subject: EntityName {
                of: of.to_owned(),
                id: IDS[id].to_owned(),
            },
            action,
            resource: EntityName {
                of: resource.to_owned(),
                id: IDS[of_id].to_owned(),
            },
            // Of a user and a document; of another type they are properties that it does not know.
            subject_properties: subject,
            resource_properties: doc,
            action_properties: by,
            context,
        },
    )
}

fn sent(properties: &[Sent]) -> Map<String, Value> {
    let members = properties.iter();
    members
        .map(|one| (one.name.to_owned(), one.sent.clone()))
        .collect()
}

impl Asking {
    fn question(&self) -> OwnQuestion {
        OwnQuestion {
            subject: self.subject.clone(),
            action: self.action.to_owned(),
            resource: self.resource.clone(),
            subject_properties: sent(&self.subject_properties),
            resource_properties: sent(&self.resource_properties),
            action_properties: sent(&self.action_properties),
            context: sent(&self.context),
        }
    }

    fn with_subject(&self, id: &str) -> Self {
        let mut other = self.clone();
        id.clone_into(&mut other.subject.id);
        other
    }

    fn with_resource(&self, id: &str) -> Self {
        let mut other = self.clone();
        id.clone_into(&mut other.resource.id);
        other
    }
}

/// The stored entities: parents and attributes of each by a few bits.
fn entities() -> impl Strategy<Value = Vec<Value>> {
    let bits = || prop::collection::vec(any::<u16>(), STORED);
    (bits(), bits(), bits(), bits()).prop_map(|(groups, users, folders, docs)| {
        let mut all = Vec::new();
        for nth in 0..STORED {
            // A group or folder is beneath later ones, so that none is beneath itself.
            let beneath = |of: &str, bits: u16, from: usize| -> Vec<Value> {
                let parents = (from..STORED).filter(|parent| bits >> parent & 1 == 1);
                parents
                    .map(|parent| json!({ "type": of, "id": IDS[parent] }))
                    .collect()
            };
            all.push(entity(
                "Group",
                nth,
                json!({}),
                beneath("Group", groups[nth] & groups[nth] >> 5, nth + 1),
            ));
            all.push(entity(
                "Folder",
                nth,
                json!({}),
                beneath("Folder", folders[nth] & folders[nth] >> 5, nth + 1),
            ));
            // Of the ids that can be stored, some are not.
            if users[nth] >> 12 & 3 != 0 {
                let mut user = entity(
                    "User",
                    nth,
                    user_attributes(users[nth]),
                    beneath("Group", users[nth], 0),
                );
                if users[nth] >> 11 & 1 == 1 {
                    user["tags"] = json!({ "a": users[nth] & 3 });
                }
                all.push(user);
            }
            if docs[nth] >> 12 & 3 != 0 {
                all.push(entity(
                    "Doc",
                    nth,
                    doc_attributes(docs[nth]),
                    beneath("Folder", docs[nth], 0),
                ));
            }
        }
        all
    })
}

fn entity(of: &str, nth: usize, attributes: Value, parents: Vec<Value>) -> Value {
    json!({ "uid": { "type": of, "id": IDS[nth] }, "attrs": attributes, "parents": parents })
}

fn user_attributes(bits: u16) -> Value {
    let mut attributes = json!({ "level": bits >> 3 & 7 });
    if bits >> 6 & 1 == 1 {
        attributes["boss"] = user_ref(IDS[usize::from(bits >> 7 & 3)]);
    }
    if bits >> 9 & 1 == 1 {
        attributes["roles"] = json!(["a"]);
    }
    if bits >> 10 & 1 == 1 {
        attributes["home"] = json!({ "city": "a", "zip": 1 });
    }
    attributes
}

fn doc_attributes(bits: u16) -> Value {
    let mut attributes = json!({ "status": if bits >> 5 & 1 == 1 { "a" } else { "b" } });
    if bits >> 6 & 1 == 1 {
        attributes["owner"] = user_ref(IDS[usize::from(bits >> 7 & 3)]);
    }
    if bits >> 9 & 1 == 1 {
        attributes["readers"] = json!([user_ref("a"), user_ref("b")]);
    }
    if bits >> 10 & 1 == 1 {
        attributes["due"] = json!({ "__extn": { "fn": "datetime", "arg": "2026-06-01" } });
    }
    attributes
}

fn folder(policies: &[(String, String)], entities: &[Value]) -> PolicyFolder {
    let text: Vec<_> = policies
        .iter()
        .map(|(id, text)| format!("@id(\"{id}\")\n{text}\n"))
        .collect();
    let file = |path: &str, text: String| PolicyFile {
        path: path.into(),
        text: text.into(),
    };
    PolicyFolder::new(vec![
        file("schema.cedarschema", SCHEMA.to_owned()),
        file("entities.json", json!(entities).to_string()),
        file("resources/own.cedar", text.concat()),
    ])
}

fn now() -> fullmakt::model::time::Timestamp {
    NOW.parse().unwrap()
}

/// The engine's answer, in the oracle's form.
fn ours(snapshot: &Snapshot, asking: &Asking) -> Answer {
    let question = snapshot.own_question(&asking.question());
    let answer = snapshot.authorize(&question, now()).unwrap();
    let mut reasons: Vec<_> = answer.reasons.iter().map(ToString::to_string).collect();
    let erring = answer
        .errors
        .iter()
        .filter_map(|(policy, _)| policy.as_deref());
    let mut erring: Vec<_> = erring.map(str::to_owned).collect();
    reasons.sort_unstable();
    erring.sort_unstable();
    Answer {
        permit: answer.permit,
        reasons,
        erring,
    }
}

/// The whole of a search, in pages of two.
fn found(snapshot: &Snapshot, asking: &Asking, side: Side) -> Vec<String> {
    let question = snapshot.own_question(&asking.question());
    let (mut all, mut page) = (
        Vec::new(),
        PageRequest {
            limit: Some(2),
            page: None,
        },
    );
    loop {
        let found = snapshot.search_own(&question, side, &page, now()).unwrap();
        all.extend(found.items);
        if found.next.is_empty() {
            return all;
        }
        page.page = Some(found.next);
    }
}

fn compare(snapshot: &Snapshot, oracle: &Oracle, asking: &Asking) -> Result<bool, TestCaseError> {
    let theirs = oracle.ask(asking);
    let got = ours(snapshot, asking);
    prop_assert_eq!(&got, &theirs, "{:?}", asking);
    let permitted = |ids: Vec<String>, put: &dyn Fn(&str) -> Asking| -> Vec<String> {
        ids.into_iter()
            .filter(|id| oracle.ask(&put(id)).permit)
            .collect()
    };
    let subjects = permitted(oracle.stored(&asking.subject.of), &|id| {
        asking.with_subject(id)
    });
    prop_assert_eq!(
        found(snapshot, asking, Side::Principal),
        subjects,
        "{:?}",
        asking
    );
    let resources = permitted(oracle.stored(&asking.resource.of), &|id| {
        asking.with_resource(id)
    });
    prop_assert_eq!(
        found(snapshot, asking, Side::Resource),
        resources,
        "{:?}",
        asking
    );
    let mut actions = Vec::new();
    for action in ["change", "edit", "purge", "view"] {
        let asked = Asking {
            action,
            ..asking.clone()
        };
        if oracle.ask(&asked).permit {
            actions.push(action.to_owned());
        }
    }
    let question = snapshot.own_question(&asking.question());
    prop_assert_eq!(
        snapshot.search_own_actions(&question, now()).unwrap(),
        actions,
        "{:?}",
        asking
    );
    Ok(theirs.permit)
}

/// Over all worlds: how many were permitted, of how many.
static SEEN: [std::sync::atomic::AtomicUsize; 2] =
    [const { std::sync::atomic::AtomicUsize::new(0) }; 2];

fn worlds(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn own_worlds_are_answered_as_cedar_answers_them_on_merged_entities() {
    use std::sync::atomic::Ordering::Relaxed;
    let every = policies::all();
    let mut runner = proptest::test_runner::TestRunner::new(worlds(60));
    let strategy = (
        prop::sample::subsequence(every.clone(), 1..every.len()),
        entities(),
        prop::collection::vec(asking(), 30),
    );
    let done = runner.run(&strategy, |(policies, entities, questions)| {
        let world = World::under(folder(&policies, &entities));
        let snapshot = world.engine.snapshot();
        let oracle = Oracle::new(&policies, &entities);
        for asking in &questions {
            let permit = compare(&snapshot, &oracle, asking)?;
            SEEN[usize::from(permit)].fetch_add(1, Relaxed);
        }
        Ok(())
    });
    if let Err(parted) = done {
        panic!("{parted}");
    }
    let (denied, permitted) = (SEEN[0].load(Relaxed), SEEN[1].load(Relaxed));
    let share = permitted * 100 / (denied + permitted);
    assert!(
        (3..90).contains(&share),
        "{permitted} permits, {denied} denials"
    );
}
