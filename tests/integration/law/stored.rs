//! Stored entities: resources and an administrator's own, with attributes, tags and parents of every type.

use fullmakt::model::mandate::mandate_id;
use serde_json::{Map, Value, json};

use super::choices::Choices;
use super::questions::pair;
use super::words::{Kind, One, Type};
use crate::deeds::{PACKAGES, PARTIES, RESOURCES, at};
use crate::world::{SYSTEM, VENDOR, org, user};

const AREAS: [&str; 2] = ["tax", "people"];
const SHELVES: [&str; 3] = ["top", "middle", "bottom"];

/// `entities.json`.
pub(crate) fn entities(choices: &mut dyn Choices) -> String {
    let mut all = Vec::new();
    let kinds: [(Kind, &[&str], usize); 5] = [
        (Kind::Resource, &RESOURCES[..3], 100),
        (Kind::Organization, &PARTIES, 50),
        (Kind::AccessPackage, &PACKAGES, 50),
        (Kind::Area, &AREAS, 80),
        (Kind::Shelf, &SHELVES, 80),
    ];
    for (kind, ids, often) in kinds {
        for (place, id) in ids.iter().enumerate() {
            if often == 100 || choices.chance(often) {
                all.push(entity(choices, kind, id, place));
            }
        }
    }
    Value::from(all).to_string()
}

fn entity(choices: &mut dyn Choices, kind: Kind, id: &str, place: usize) -> Value {
    let mut attributes = Map::new();
    for member in kind.attributes() {
        if member.is_required || choices.chance(50) {
            attributes.insert(member.name.to_owned(), value(choices, member.of));
        }
    }
    let mut tags = Map::new();
    if let Some(of) = kind.tags() {
        for tag in ["x", "y", "web"] {
            if choices.chance(40) {
                tags.insert(tag.to_owned(), value(choices, of));
            }
        }
    }
    json!({"uid": uid(kind, id), "attrs": attributes, "tags": tags, "parents": parents(choices, kind, place)})
}

/// Later ones of the same kind, so that there is no circle; and of the others.
fn parents(choices: &mut dyn Choices, kind: Kind, place: usize) -> Vec<Value> {
    let ids = |kind| -> &[&str] {
        match kind {
            Kind::Resource => &RESOURCES[..3],
            Kind::Organization => &PARTIES,
            Kind::AccessPackage => &PACKAGES,
            Kind::Area => &AREAS,
            Kind::Shelf => &SHELVES,
            Kind::Mandate | Kind::SystemUser | Kind::System | Kind::Action => &[],
        }
    };
    let mut found = Vec::new();
    for above in kind.above() {
        let first = if *above == kind { place + 1 } else { 0 };
        for id in ids(*above).iter().skip(first) {
            if choices.chance(25) {
                found.push(uid(*above, id));
            }
        }
    }
    found
}

pub(crate) fn uid(kind: Kind, id: &str) -> Value {
    json!({"type": format!("{kind:?}"), "id": id})
}

/// A value as entities and contexts write it.
pub(crate) fn value(choices: &mut dyn Choices, of: Type) -> Value {
    match of {
        Type::One(of) => one(choices, of),
        Type::Set(of) => {
            let many = choices.below(4);
            (0..many).map(|_| one(choices, of)).collect()
        }
        Type::Plain => {
            json!({"code": one(choices, One::Long), "words": value(choices, Type::Set(One::Text))})
        }
        Type::Rich => {
            let mut record = json!({"code": one(choices, One::Long)});
            if choices.chance(50) {
                record["who"] = one(choices, One::Of(Kind::SystemUser));
            }
            if choices.chance(50) {
                record["deep"] = json!({"level": one(choices, One::Long)});
            }
            record
        }
    }
}

fn one(choices: &mut dyn Choices, of: One) -> Value {
    let text = |choices: &mut dyn Choices, of: &[&str]| Value::from(*choices.one_of(of));
    match of {
        One::Bool => choices.chance(50).into(),
        One::Long => (*choices.one_of(&[1_i64, 2, 3, 4, -1, i64::MAX, i64::MIN])).into(),
        One::Text => text(choices, &["web", "tax", "a*b", "æ\"\\", "agent"]),
        One::Decimal => text(choices, &["1.5", "-2.25", "922337203685477.5807"]),
        One::Ip => text(
            choices,
            &["10.0.0.7", "127.0.0.1", "::1", "10.0.0.0/24", "224.0.0.1"],
        ),
        One::Instant => at(u8::try_from(choices.below(6)).unwrap())
            .to_string()
            .into(),
        One::Span => text(
            choices,
            &["1s", "-2s", "1d2h3m4s5ms", "9223372036854775807ms"],
        ),
        One::Of(kind) => {
            let id = match kind {
                Kind::Mandate => {
                    let (nth, party) = pair(choices);
                    mandate_id(user(nth), org(party))
                }
                Kind::SystemUser => user(pair(choices).0).to_string(),
                Kind::System => (*choices.one_of(&[SYSTEM, "991825827_gone"])).to_owned(),
                Kind::Organization => {
                    (*choices.one_of(&[PARTIES[1], PARTIES[2], PARTIES[0], VENDOR])).to_owned()
                }
                Kind::Resource => (*choices.one_of(&RESOURCES)).to_owned(),
                Kind::AccessPackage => (*choices.one_of(&PACKAGES)).to_owned(),
                Kind::Area => (*choices.one_of(&AREAS)).to_owned(),
                Kind::Shelf => (*choices.one_of(&SHELVES)).to_owned(),
                Kind::Action => "read".to_owned(),
            };
            uid(kind, &id)
        }
    }
}
