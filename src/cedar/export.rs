//! The compiled state as plain Cedar, and back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use cedar_policy::{ActionConstraint, Entities, Entity, EntityUid};
use serde_json::{Map, Value, json};

use super::compile::{Compiled, InForce, Kind};
use super::context::members_of;
use super::entity::{self, Names, organization, uid};
use super::templates::RightTemplate;
use crate::model::id::{OrgNo, SystemId};
use crate::model::mandate::{Mandate, UserFacts, mandate_id};
use crate::model::question::Question;
use crate::model::system::SingleRight;
use crate::model::time::Timestamp;

mod read;

pub use read::ReadExportError;

/// The grants that an export is made of. What is removed or deleted is not among them; what is outside its window is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportWorld {
    /// System users; those of the mandates need not be named again.
    pub users: Vec<UserFacts>,
    /// Systems; those of the system users need not be named again.
    pub systems: Vec<SystemId>,
    /// Mandates.
    pub mandates: Vec<Mandate>,
}

/// Plain Cedar that the `cedar` command answers questions by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// `policies.cedar`.
    pub policies: String,
    /// `entities.json`.
    pub entities: String,
    /// `schema.cedarschema`.
    pub schema: String,
}

impl Compiled {
    /// This folder and these grants as plain Cedar: every policy in force with its `@id`, the core policies too; a single
    /// right as a static policy under its link's id; entities of every grant, of every package and organisation that
    /// they name, and the stored ones.
    pub fn export(&self, world: &ExportWorld) -> Export {
        Export {
            policies: self.exported_policies(world),
            entities: self.exported_entities(world),
            schema: self.schema_text.to_string(),
        }
    }

    /// A question as `cedar authorize --request-json` takes it.
    pub fn request_json(&self, question: &Question, now: Timestamp) -> Value {
        let action = self.action(question.action.as_str());
        let asked = self.check_asked(action, &question.asked);
        let asked = asked.map_or_else(
            |_| question.asked.clone(),
            |checked| checked.asked().clone(),
        );
        request_json(
            &Question {
                asked,
                ..question.clone()
            },
            now,
        )
    }

    fn exported_policies(&self, world: &ExportWorld) -> String {
        let mut text = String::new();
        for policy in &self.policies {
            if !matches!(policy.kind, Kind::Template) {
                push_policy(&mut text, policy);
            }
        }
        for mandate in &world.mandates {
            let rights: BTreeSet<_> = mandate.rights.iter().collect();
            for right in rights {
                // A right whose template is gone opens nothing, here as in a decision.
                let template = self
                    .templates
                    .iter()
                    .find(|template| template.actions == right.actions);
                if let Some(template) = template {
                    self.push_link(&mut text, template, mandate, right);
                }
            }
        }
        text
    }

    fn push_link(
        &self,
        text: &mut String,
        template: &RightTemplate,
        mandate: &Mandate,
        right: &SingleRight,
    ) {
        let principal = uid(&Names::get().mandate, mandate.entity_id());
        let resource = uid(&Names::get().resource, &right.resource);
        let id = format!(
            "{}/{}/{}",
            self.policy(template.idx).id,
            mandate.entity_id(),
            right.resource
        );
        let action = match template.template.action_constraint() {
            ActionConstraint::Any => "action".to_owned(),
            ActionConstraint::Eq(one) => format!("action == {one}"),
            ActionConstraint::In(several) => {
                let several: Vec<_> = several.iter().map(EntityUid::to_string).collect();
                format!("action in [{}]", several.join(", "))
            }
        };
        push_annotation(text, "id", &id);
        let own: BTreeMap<_, _> = template.template.annotations().collect();
        for (key, value) in own.into_iter().filter(|(key, _)| *key != "id") {
            push_annotation(text, key, value);
        }
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "permit (principal == {principal}, {action}, resource == {resource});\n"
        );
    }

    fn exported_entities(&self, world: &ExportWorld) -> String {
        let stored: Vec<Value> = serde_json::from_str(&self.entities_text).unwrap_or_default();
        let mut grants = BTreeMap::new();
        let mut put = |entity: Option<Entity>| {
            if let Some(entity) = entity {
                grants.insert(entity.uid(), entity);
            }
        };
        for user in world
            .users
            .iter()
            .chain(world.mandates.iter().map(|mandate| &mandate.user))
        {
            put(entity::system_user(user));
            put(entity::system(&user.system));
        }
        world
            .systems
            .iter()
            .for_each(|system| put(entity::system(system)));
        world
            .mandates
            .iter()
            .for_each(|mandate| put(entity::mandate(mandate)));
        let made = grants
            .values()
            .filter_map(|entity| entity.to_json_value().ok())
            .map(with_parents_in_order);
        let bare = self.bare_entities(world);
        let all: Vec<_> = stored.into_iter().chain(bare).chain(made).collect();

        let mut text = String::from("[\n");
        for (place, entity) in all.iter().enumerate() {
            let end = if place + 1 == all.len() { "" } else { "," };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {entity}{end}");
        }
        text.push_str("]\n");
        text
    }

    /// The packages and organisations that grants name and nothing is stored of. An absent entity answers as an empty one,
    /// so those whose type the administrators' schema gives required attributes stay absent.
    fn bare_entities(&self, world: &ExportWorld) -> Vec<Value> {
        let users = world
            .users
            .iter()
            .chain(world.mandates.iter().map(|mandate| &mandate.user));
        let (mut organizations, mut systems) = (BTreeSet::<OrgNo>::new(), BTreeSet::new());
        for user in users {
            organizations.insert(user.owner);
            systems.insert(&user.system);
        }
        systems.extend(&world.systems);
        organizations.extend(systems.iter().map(|system| system.vendor()));
        organizations.extend(world.mandates.iter().map(|mandate| mandate.party));
        let packages: BTreeSet<_> = world
            .mandates
            .iter()
            .flat_map(|mandate| &mandate.packages)
            .collect();

        let packages = packages
            .into_iter()
            .map(|code| uid(&Names::get().package, code));
        let named = organizations.into_iter().map(organization).chain(packages);
        named
            .filter(|uid| self.stored.get(uid).is_none())
            .map(Entity::with_uid)
            .filter(|entity| Entities::from_entities([entity.clone()], Some(&self.schema)).is_ok())
            .filter_map(|entity| entity.to_json_value().ok())
            .collect()
    }
}

fn push_policy(text: &mut String, policy: &InForce) {
    if !policy.has_id {
        push_annotation(text, "id", &policy.info.id);
    }
    text.push_str(&policy.info.text);
    text.push_str("\n\n");
}

fn push_annotation(text: &mut String, key: &str, value: &str) {
    // Cedar reads the escapes that Rust writes. Writing to a string cannot fail.
    let _ = writeln!(text, "@{key}(\"{}\")", value.escape_default());
}

/// The members of a JSON object.
fn members(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object()
}

/// A question as `cedar authorize --request-json` takes it, with its context as it is: without a schema, nothing is
/// dropped from it.
pub fn request_json(question: &Question, now: Timestamp) -> Value {
    let mut context = members_of(&question.asked);
    context.insert(
        "now".to_owned(),
        json!({"__extn": {"fn": "datetime", "arg": now.to_string()}}),
    );
    let names = Names::get();
    let mandate = mandate_id(question.system_user, question.client);
    json!({
        "principal": uid(&names.mandate, mandate).to_string(),
        "action": uid(&names.action, &question.action).to_string(),
        "resource": uid(&names.resource, &question.resource).to_string(),
        "context": context,
    })
}

/// Cedar keeps parents in a hash set; in order, the same grants are always the same text.
fn with_parents_in_order(mut entity: Value) -> Value {
    if let Some(Value::Array(parents)) = entity.get_mut("parents") {
        parents.sort_by_cached_key(Value::to_string);
    }
    entity
}
