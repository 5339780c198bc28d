//! What the schema says of entities and contexts, by name, and the same schema with every member optional: a question
//! brings some of them, and each is checked by itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cedar_policy::{EntityTypeName, EntityUid, Schema, SchemaFragment};
use serde_json::{Map, Value};

use super::super::entity::uid;
use super::super::limits::MOST_TYPES;
use super::super::schema::described;

/// The annotation by which an entity type takes a name that is no Cedar identifier.
const ALIAS: &str = "authzen_type";
/// The context member that takes an action's properties, if the schema has it as a record.
pub(super) const ACTION_MEMBER: &str = "action";

/// The names of attributes or members, and in words what each has to be.
type Members = BTreeMap<String, String>;

/// The context of one action.
#[derive(Debug, Default)]
pub(crate) struct ContextShape {
    pub(super) members: Members,
    /// Whether `now` is a datetime, and so the daemon's own.
    pub(super) has_clock: bool,
    /// The members of the record that takes the action's properties, if there is one.
    pub(super) of_action: Option<BTreeSet<String>>,
}

/// The schema, by name.
#[derive(Debug)]
pub(crate) struct Shapes {
    /// The schema with every member optional.
    pub(super) lenient: Schema,
    attributes: HashMap<EntityTypeName, Members>,
    aliases: HashMap<String, EntityTypeName>,
    contexts: HashMap<EntityUid, ContextShape>,
    choices: HashMap<EntityTypeName, Vec<String>>,
}

impl Shapes {
    /// Of the text of a schema that parses.
    pub(super) fn of(text: &str) -> Option<Self> {
        let (fragment, _) = SchemaFragment::from_cedarschema_str(text).ok()?;
        let mut json = fragment.to_json_value().ok()?;
        let mut shapes = Self {
            lenient: Schema::from_cedarschema_str(text).ok()?.0,
            attributes: HashMap::new(),
            aliases: HashMap::new(),
            contexts: HashMap::new(),
            choices: HashMap::new(),
        };
        for (namespace, declared) in json.as_object()? {
            shapes.take_types(&json, namespace, declared);
            shapes.take_actions(&json, namespace, declared);
        }
        relax(&mut json);
        let relaxed = SchemaFragment::from_json_value(json).ok()?;
        shapes.lenient = Schema::from_schema_fragments([relaxed]).ok()?;
        Some(shapes)
    }

    fn take_types(&mut self, json: &Value, namespace: &str, declared: &Value) {
        for (name, of) in members(declared.get("entityTypes")) {
            let Ok(kind) = qualified(namespace, name).parse::<EntityTypeName>() else {
                continue;
            };
            let alias = of.get("annotations").and_then(|all| all.get(ALIAS));
            if let Some(alias) = alias.and_then(Value::as_str) {
                self.aliases.insert(alias.to_owned(), kind.clone());
            }
            let attributes = members(of.get("shape").and_then(|shape| shape.get("attributes")));
            let said = attributes.map(|(name, of)| (name.clone(), described(json, of)));
            self.attributes.insert(kind.clone(), said.collect());
            let choices = of.get("enum").and_then(Value::as_array).into_iter();
            let choices = choices.flatten().filter_map(Value::as_str);
            let choices: Vec<_> = choices.map(str::to_owned).collect();
            if !choices.is_empty() {
                self.choices.insert(kind, choices);
            }
        }
    }

    fn take_actions(&mut self, json: &Value, namespace: &str, declared: &Value) {
        let Ok(kind) = qualified(namespace, "Action").parse::<EntityTypeName>() else {
            return;
        };
        for (name, of) in members(declared.get("actions")) {
            let context = of
                .get("appliesTo")
                .and_then(|applies| applies.get("context"));
            let record = context.map(|context| resolved(json, namespace, context));
            let attributes = || members(record.and_then(|record| record.get("attributes")));
            let mut shape = ContextShape::default();
            for (name, of) in attributes() {
                let of = resolved(json, namespace, of);
                let said = described(json, of);
                if name == "now" && said.starts_with("a datetime") {
                    shape.has_clock = true;
                    continue;
                }
                if name == ACTION_MEMBER && is_record(of) {
                    let known = members(of.get("attributes")).map(|(name, _)| name.clone());
                    shape.of_action = Some(known.collect());
                }
                shape.members.insert(name.clone(), said);
            }
            self.contexts.insert(uid(&kind, name), shape);
        }
    }

    /// The attributes that entities of a type can have.
    pub(super) fn attributes(&self, of: &EntityTypeName) -> Option<&Members> {
        self.attributes.get(of)
    }

    /// The entity type that a name stands for: one that the schema declares, or annotates with it.
    pub(super) fn kind(&self, name: &str) -> Option<EntityTypeName> {
        if let Some(kind) = self.aliases.get(name) {
            return Some(kind.clone());
        }
        let kind = name.parse::<EntityTypeName>().ok()?;
        self.attributes.contains_key(&kind).then_some(kind)
    }

    /// The ids of the types that list theirs in the schema.
    pub(super) fn choices(&self) -> impl Iterator<Item = (&EntityTypeName, &String)> {
        let each = |(of, ids)| std::iter::repeat(of).zip(ids);
        self.choices.iter().flat_map(each)
    }

    /// What an action's context may hold, if there is such an action.
    pub(super) fn context(&self, action: &EntityUid) -> Option<&ContextShape> {
        self.contexts.get(action)
    }
}

fn members(of: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    of.and_then(Value::as_object).into_iter().flatten()
}

fn qualified(namespace: &str, name: &str) -> String {
    if namespace.is_empty() {
        name.to_owned()
    } else {
        format!("{namespace}::{name}")
    }
}

fn is_record(of: &Value) -> bool {
    of.get("type").and_then(Value::as_str) == Some("Record")
}

/// The type that a name stands for, by however many other names.
fn resolved<'a>(json: &'a Value, namespace: &str, mut of: &'a Value) -> &'a Value {
    // Cedar refuses types that are declared in a circle, and a name takes a declaration each.
    for _ in 0..=MOST_TYPES {
        let kind = of.get("type").and_then(Value::as_str).unwrap_or_default();
        let name = match kind {
            "EntityOrCommon" => of.get("name").and_then(Value::as_str),
            "Record" | "Set" | "Entity" | "Extension" | "Long" | "String" | "Boolean" => None,
            name => Some(name),
        };
        let Some(name) = name else { return of };
        let (within, own) = name.rsplit_once("::").unwrap_or((namespace, name));
        let declared = |within: &str| json.get(within)?.get("commonTypes")?.get(own);
        match declared(within).or_else(|| declared("")) {
            Some(declared) => of = declared,
            None => return of,
        }
    }
    of
}

/// Makes every member of every record optional.
fn relax(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.get("type").and_then(Value::as_str) == Some("Record") {
                let attributes = object.get_mut("attributes").and_then(Value::as_object_mut);
                attributes.into_iter().flatten().for_each(|(_, of)| {
                    if let Some(of) = of.as_object_mut() {
                        of.insert("required".to_owned(), Value::Bool(false));
                    }
                });
            }
            relax_all(object);
        }
        Value::Array(items) => items.iter_mut().for_each(relax),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn relax_all(object: &mut Map<String, Value>) {
    object.iter_mut().for_each(|(_, member)| relax(member));
}
