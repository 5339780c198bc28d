//! What differs between two policy folders: by policy, package, relation and entity, not by line.
//!
//! Layout and comments are no difference, nor is a policy that moved to another file. Policies are known by their `@id`;
//! those without one by their file and what they say, so that one that was put before them changes none of the others.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::located::line_and_column;
use super::policy::{self, Body, Written};
use crate::model::policy::{PolicyFile, PolicyFolder};

/// What kind of thing differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// A policy.
    Policy,
    /// A template.
    Template,
    /// An access package of the catalogue.
    Package,
    /// A relation of the catalogue: what it gives.
    Relation,
    /// A stored entity.
    Entity,
    /// A file as a whole: a schema, or one that does not read.
    File,
}

/// How it differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Only the later folder has it.
    Added,
    /// Only the earlier folder has it.
    Removed,
    /// Both have it, and it says something else.
    Changed,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Of what kind it is.
    pub part: Part,
    /// Its name: an `@id`, a code, an entity, a path.
    pub name: String,
    /// How it differs.
    pub change: Change,
    /// Where it stands: in the later folder, or in the earlier if the later has it not.
    pub file: Box<str>,
    /// The line that it begins at, from 1, if it is a policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<str>>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Box<str>>,
}

/// A thing of a folder, before it is compared.
struct Thing {
    /// What it says, whatever its layout.
    meaning: String,
    file: Box<str>,
    line: Option<usize>,
    text: Box<str>,
}

type Things = BTreeMap<(Part, String), Thing>;

/// What differs between two folders, in the order of kinds and names. Costs parsing the policy files of both.
pub fn differences(before: &PolicyFolder, after: &PolicyFolder) -> Vec<Difference> {
    let (mut before, mut after) = (things(before), things(after));
    match_nameless(&mut before, &mut after);
    let mut found = Vec::new();
    for ((part, name), thing) in &before {
        let later = after.get(&(*part, name.clone()));
        if later.is_some_and(|later| later.meaning == thing.meaning) {
            continue;
        }
        let shown = later.unwrap_or(thing);
        found.push(Difference {
            part: *part,
            name: name.clone(),
            change: later.map_or(Change::Removed, |_| Change::Changed),
            file: shown.file.clone(),
            line: shown.line,
            before: Some(thing.text.clone()),
            after: later.map(|later| later.text.clone()),
        });
    }
    let added = after.iter().filter(|(key, _)| !before.contains_key(*key));
    found.extend(added.map(|((part, name), thing)| Difference {
        part: *part,
        name: name.clone(),
        change: Change::Added,
        file: thing.file.clone(),
        line: thing.line,
        before: None,
        after: Some(thing.text.clone()),
    }));
    found.sort_by(|a, b| (a.part, &a.name).cmp(&(b.part, &b.name)));
    found
}

fn things(folder: &PolicyFolder) -> Things {
    let mut things = Things::new();
    for file in folder.files() {
        let path = &*file.path;
        let read = if is_cedar(path) {
            policies(file)
        } else if path == PolicyFolder::CATALOGUE {
            catalogue(file)
        } else if path == PolicyFolder::ENTITIES {
            entities(file)
        } else {
            None
        };
        things.extend(read.unwrap_or_else(|| vec![whole(file)]));
    }
    things
}

fn is_cedar(path: &str) -> bool {
    std::path::Path::new(path)
        .extension()
        .is_some_and(|of| of == "cedar")
}

/// A file that is compared as a whole: by its words, not by how they are laid out.
fn whole(file: &PolicyFile) -> ((Part, String), Thing) {
    let thing = Thing {
        meaning: super::located::on_one_line(&file.text),
        file: file.path.clone(),
        line: None,
        text: file.text.clone(),
    };
    ((Part::File, file.path.to_string()), thing)
}

fn policies(file: &PolicyFile) -> Option<Vec<((Part, String), Thing)>> {
    let written = policy::read(file).ok()?;
    Some(written.iter().map(|one| policy_of(file, one)).collect())
}

fn policy_of(file: &PolicyFile, one: &Written) -> ((Part, String), Thing) {
    let part = match one.body {
        Body::Static(_) => Part::Policy,
        Body::Template(_) => Part::Template,
    };
    let meaning = one.body.as_json().unwrap_or_default().to_string();
    let thing = Thing {
        meaning,
        file: file.path.clone(),
        line: Some(line_and_column(&file.text, one.offset).0),
        text: one.info.text.clone(),
    };
    ((part, one.info.id.to_string()), thing)
}

fn catalogue(file: &PolicyFile) -> Option<Vec<((Part, String), Thing)>> {
    let read: Value = serde_json::from_str(&file.text).ok()?;
    let packages = read.get("packages")?.as_array()?.iter();
    let packages = packages.map(|package| {
        let code = package.get("code")?.as_str()?;
        Some(of_json(Part::Package, code, file, package))
    });
    let relations = read.get("relations")?.as_object()?.iter();
    let relations = relations.map(|(role, gives)| Some(of_json(Part::Relation, role, file, gives)));
    packages.chain(relations).collect()
}

fn entities(file: &PolicyFile) -> Option<Vec<((Part, String), Thing)>> {
    let read: Value = serde_json::from_str(&file.text).ok()?;
    let entities = read.as_array()?.iter().map(|entity| {
        let uid = entity.get("uid")?;
        let uid = uid.get("__entity").unwrap_or(uid);
        let (of, id) = (uid.get("type")?.as_str()?, uid.get("id")?.as_str()?);
        let name = format!("{of}::{}", Value::from(id));
        Some(of_json(Part::Entity, &name, file, entity))
    });
    entities.collect()
}

fn of_json(part: Part, name: &str, file: &PolicyFile, value: &Value) -> ((Part, String), Thing) {
    let thing = Thing {
        meaning: value.to_string(),
        file: file.path.clone(),
        line: None,
        text: format!("{value:#}").into(),
    };
    ((part, name.to_owned()), thing)
}

/// Takes out policies without a name of their own that both folders have in the same file, wherever in it they stand.
fn match_nameless(before: &mut Things, after: &mut Things) {
    let nameless = |things: &Things| -> Vec<(Part, String)> {
        let nameless = things.iter().filter(|((_, name), thing)| {
            let number = name
                .strip_prefix(&*thing.file)
                .and_then(|rest| rest.strip_prefix('#'));
            number.is_some_and(|number| number.parse::<usize>().is_ok())
        });
        nameless.map(|(key, _)| key.clone()).collect()
    };
    for key in nameless(before) {
        let Some(thing) = before.get(&key) else {
            continue;
        };
        let same = nameless(after).into_iter().find(|other| {
            let other = after.get(other);
            other.is_some_and(|other| other.file == thing.file && other.meaning == thing.meaning)
        });
        if let Some(same) = same {
            before.remove(&key);
            after.remove(&same);
        }
    }
}
