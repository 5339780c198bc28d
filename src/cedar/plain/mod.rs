//! Questions in Cedar's own form: any principal, action and resource of the schema, on what is stored, what is granted,
//! and what the question brings.
//!
//! Every policy in force is asked, so this costs what the folder is large. For a mandate it answers as a decision does.

mod shape;
mod whole;

use std::collections::BTreeSet;

use cedar_policy::{
    Context, Entities, Entity, EntityTypeName, EntityUid, Request, RestrictedExpression,
};
use serde_json::{Map, Value, json};

use super::answer::{ActionIdx, Found, Identity};
use super::compile::Compiled;
use super::context::{ContextError, NOW, kind_of};
use super::entity::{Names, datetime, uid};
use super::literals;
use super::slice;
use crate::model::question::Obligations;
use crate::model::time::Timestamp;

use shape::ACTION_MEMBER;
pub(super) use shape::Shapes;
use whole::Judged;
pub(super) use whole::Whole;

/// An entity by its type and id, as they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntityName {
    /// The Cedar type.
    pub of: String,
    /// The id.
    pub id: String,
}

/// A question in Cedar's own form.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlainQuestion {
    /// Who asks to act.
    pub principal: EntityName,
    /// What it wants to do.
    pub action: EntityName,
    /// On what.
    pub resource: EntityName,
    /// What else policies may look at, without the clock.
    pub context: Map<String, Value>,
    /// Attributes of the principal, over the stored ones.
    pub principal_attributes: Map<String, Value>,
    /// Attributes of the resource, over the stored ones.
    pub resource_attributes: Map<String, Value>,
    /// The action's own properties, for a context that has a record `action`.
    pub action_properties: Map<String, Value>,
    /// Entities in Cedar's JSON form, in place of stored ones of the same uid.
    pub entities: Vec<Value>,
}

/// What Cedar answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlainAnswer {
    /// Whether it is permitted.
    pub permit: bool,
    /// The policies that decide: satisfied forbids, else on a permit the satisfied permits.
    pub reasons: Vec<Box<str>>,
    /// What went wrong: of a policy that could not be evaluated, or of the question itself.
    pub errors: Vec<(Option<Box<str>>, String)>,
    /// What a permit obliges to.
    pub obligations: Obligations,
}

impl std::str::FromStr for EntityName {
    type Err = String;

    /// As Cedar writes it: `User::"alice"`.
    fn from_str(text: &str) -> Result<Self, String> {
        let uid: EntityUid = text.parse().map_err(|_| {
            let shown = crate::model::id::shown(text);
            format!("`{shown}` is no entity; write it as `User::\"alice\"`")
        })?;
        let id: &str = uid.id().as_ref();
        Ok(Self {
            of: uid.type_name().to_string(),
            id: id.to_owned(),
        })
    }
}

/// Which of a question's two entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The principal.
    Principal,
    /// The resource.
    Resource,
}

/// Why a question cannot be asked. A type, id or action that nobody knows is none of these: it is no access.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlainError {
    /// A context member that cannot be sent, or is of another type.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// An attribute of another type.
    #[error("property `{name}` is {is}; it has to be {wanted}")]
    Property {
        /// Whose.
        side: Side,
        /// The attribute.
        name: String,
        /// What it is.
        is: &'static str,
        /// What the schema wants.
        wanted: String,
    },
    /// Properties that do not fit the entity that is stored.
    #[error("the properties do not fit {of}")]
    Unfit {
        /// Whose.
        side: Side,
        /// The entity.
        of: String,
    },
    /// An entity of the question.
    #[error("{why}")]
    Entity {
        /// Its place among them.
        nth: usize,
        /// What is wrong with it.
        why: String,
    },
}

/// A question whose names are the schema's.
struct Named {
    principal: EntityUid,
    action: EntityUid,
    resource: EntityUid,
}

impl Compiled {
    /// Whether there are no delegations here, only types of the administrators' own.
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// The Cedar type that a type of the administrators' own is asked about by: one of the schema's names, or one that the
    /// schema gives it by `@authzen_type`. The types of grants, and of what they are told apart by, are none.
    pub fn own_type(&self, name: &str) -> Option<String> {
        let kind = self.shapes()?.kind(name)?;
        (!self.is_granted(&kind)).then(|| kind.to_string())
    }

    /// The action of a name that applies to these types; if there is none, the name alone.
    pub fn own_action(&self, name: &str, principal: &str, resource: &str) -> EntityName {
        let applying = principal.parse().ok().zip(resource.parse().ok());
        let applying = applying.and_then(|(principal, resource)| {
            let mut actions = self
                .schema
                .actions_for_principal_and_resource(&principal, &resource);
            actions.find(|action| AsRef::<str>::as_ref(action.id()) == name)
        });
        let of = applying.map(|action| action.type_name().to_string());
        EntityName {
            of: of.unwrap_or_else(|| "Action".to_owned()),
            id: name.to_owned(),
        }
    }

    pub(super) fn shapes(&self) -> Option<&Shapes> {
        self.shapes
            .get_or_init(|| Shapes::of(&self.schema_text))
            .as_ref()
    }

    /// What every policy in force says of a question. `find` tells what is in force under a grant's name.
    ///
    /// Properties and context members that the schema lacks are dropped; known ones of the wrong type are an error.
    pub fn authorize(
        &self,
        question: &PlainQuestion,
        now: Timestamp,
        find: &dyn Fn(&Identity) -> Option<Found>,
    ) -> Result<PlainAnswer, PlainError> {
        let Some(shapes) = self.shapes() else {
            return Ok(PlainAnswer::unknown("the schema cannot be read".to_owned()));
        };
        let named = match self.named(shapes, question) {
            Ok(named) => named,
            Err(why) => return Ok(PlainAnswer::unknown(why)),
        };
        let mut mentioned = BTreeSet::new();
        let context = context(shapes, &named.action, question, now, &mut mentioned)?;
        let mut brought = entities(self, shapes, &question.entities)?;
        self.merge(
            shapes,
            Side::Principal,
            &named.principal,
            question,
            &mut brought,
        )?;
        self.merge(
            shapes,
            Side::Resource,
            &named.resource,
            question,
            &mut brought,
        )?;
        brought
            .iter()
            .for_each(|entity| literals::named_by_entity(entity, &mut mentioned));
        mentioned.extend(
            [&named.principal, &named.resource]
                .into_iter()
                .filter_map(Identity::of),
        );
        let Some(context) = context else {
            return Ok(PlainAnswer::unknown("there is no context".to_owned()));
        };
        let Named {
            principal,
            action,
            resource,
        } = &named;
        let request = Request::new(
            principal.clone(),
            action.clone(),
            resource.clone(),
            context,
            Some(&self.schema),
        );
        let request = match request {
            Ok(request) => request,
            Err(refused) => return Ok(PlainAnswer::unknown(refused.to_string())),
        };
        let seen = slice::for_nobody(self, &mentioned, find)
            .and_then(|seen| seen.upsert_entities(brought, None).ok());
        let Some(seen) = seen else {
            let why = "the entities cannot stand together: one is beneath itself";
            return Ok(PlainAnswer::unknown(why.to_owned()));
        };
        let mut judged = self
            .whole
            .get_or_init(|| Whole::of(&self.policies))
            .ask(&request, &seen);
        self.add_rights(&named, find, &mut judged);
        Ok(self.answered(judged))
    }

    /// The question's names, if the schema has them all.
    fn named(&self, shapes: &Shapes, question: &PlainQuestion) -> Result<Named, String> {
        let entity = |name: &EntityName| {
            let kind = name.of.parse::<EntityTypeName>().ok();
            let kind = kind.filter(|kind| shapes.attributes(kind).is_some());
            let kind = kind.ok_or_else(|| {
                format!(
                    "entity type `{}` is not in the schema",
                    crate::model::id::shown(&name.of)
                )
            })?;
            Ok::<_, String>(uid(&kind, &name.id))
        };
        let (principal, resource) = (entity(&question.principal)?, entity(&question.resource)?);
        let action = question.action.of.parse::<EntityTypeName>().ok();
        let action = action.map(|kind| uid(&kind, &question.action.id));
        let action = action.filter(|action| shapes.context(action).is_some());
        let action = action.ok_or_else(|| {
            let shown = crate::model::id::shown(&question.action.id);
            format!("action `{shown}` is not in the schema")
        })?;
        Ok(Named {
            principal,
            action,
            resource,
        })
    }

    /// Adds one of the question's entities, with the attributes that were sent over those that are stored.
    fn merge(
        &self,
        shapes: &Shapes,
        side: Side,
        of: &EntityUid,
        question: &PlainQuestion,
        brought: &mut Vec<Entity>,
    ) -> Result<(), PlainError> {
        let sent = match side {
            Side::Principal => &question.principal_attributes,
            Side::Resource => &question.resource_attributes,
        };
        let known = shapes.attributes(of.type_name());
        if sent.is_empty() || self.is_granted(of.type_name()) {
            return Ok(());
        }
        let before = brought.iter().position(|entity| entity.uid() == *of);
        let before = match before {
            Some(place) => Some(brought.swap_remove(place)),
            None => self.stored.get(of).cloned(),
        };
        let before = before.unwrap_or_else(|| Entity::with_uid(of.clone()));
        let unfit = || PlainError::Unfit {
            side,
            of: of.to_string(),
        };
        let mut whole = before.to_json_value().map_err(|_| unfit())?;
        let bare = json!({ "uid": whole.get("uid"), "parents": [] });
        for (name, value) in sent.iter().filter(|(_, value)| !value.is_null()) {
            let Some(wanted) = known.and_then(|known| known.get(name)) else {
                continue;
            };
            let mut alone = bare.clone();
            put(&mut alone, name, value);
            if Entity::from_json_value(alone, Some(&shapes.lenient)).is_err() {
                return Err(PlainError::Property {
                    side,
                    name: name.clone(),
                    is: kind_of(value),
                    wanted: wanted.clone(),
                });
            }
            put(&mut whole, name, value);
        }
        let merged = Entity::from_json_value(whole, Some(&shapes.lenient));
        brought.push(merged.map_err(|_| unfit())?);
        Ok(())
    }

    /// Whether entities of a type are made from grants, or tell grants apart: no question brings any.
    fn is_granted(&self, of: &EntityTypeName) -> bool {
        if self.is_plain {
            return false;
        }
        let names = Names::get();
        let facts = [&names.package, &names.organization, &names.resource];
        names.is_compiled(of) || facts.contains(&of)
    }

    /// The single rights that open the action on the resource.
    fn add_rights(
        &self,
        named: &Named,
        find: &dyn Fn(&Identity) -> Option<Found>,
        judged: &mut Judged,
    ) {
        let Some(Found::Mandate(mandate)) =
            Identity::of(&named.principal).and_then(|identity| find(&identity))
        else {
            return;
        };
        let Some(action) = self.mandate_action(&named.action) else {
            return;
        };
        let id: &str = named.resource.id().as_ref();
        let is_resource = *named.resource.type_name() == Names::get().resource;
        let on_resource = mandate
            .rights
            .iter()
            .filter(|right| is_resource && right.resource.as_str() == id);
        judged
            .permits
            .extend(on_resource.filter_map(|right| self.ask_right(right, action)));
    }

    fn mandate_action(&self, action: &EntityUid) -> Option<ActionIdx> {
        let place = self.action_uids.iter().position(|known| known == action)?;
        u32::try_from(place).ok().map(ActionIdx)
    }

    fn answered(&self, judged: Judged) -> PlainAnswer {
        let Judged {
            permits,
            forbids,
            erring,
            forbid_erred,
        } = judged;
        let permit = !permits.is_empty() && forbids.is_empty() && !forbid_erred;
        let decide = if permit { &permits } else { &forbids };
        let reasons = decide.iter().map(|policy| self.policy(*policy).id.clone());
        let errors = erring.into_iter();
        let errors = errors.map(|(policy, why)| (Some(self.policy(policy).id.clone()), why));
        let obligations = permits
            .iter()
            .map(|policy| self.policy(*policy).obligations);
        PlainAnswer {
            permit,
            reasons: reasons.collect(),
            errors: errors.collect(),
            obligations: obligations
                .fold(Obligations::NONE, Obligations::and)
                .if_so(permit),
        }
    }
}

impl PlainAnswer {
    /// No access, since the question names what nobody knows.
    fn unknown(why: String) -> Self {
        Self {
            errors: vec![(None, why)],
            ..Self::default()
        }
    }
}

fn put(entity: &mut Value, name: &str, value: &Value) {
    let Some(entity) = entity.as_object_mut() else {
        return;
    };
    let attributes = entity.entry("attrs").or_insert_with(|| json!({}));
    if let Some(attributes) = attributes.as_object_mut() {
        attributes.insert(name.to_owned(), value.clone());
    }
}

/// The context as Cedar gets it: what the schema has of what was sent, and the clock.
fn context(
    shapes: &Shapes,
    action: &EntityUid,
    question: &PlainQuestion,
    now: Timestamp,
    mentioned: &mut BTreeSet<Identity>,
) -> Result<Option<Context>, PlainError> {
    let Some(shape) = shapes.context(action) else {
        return Ok(None);
    };
    if shape.has_clock && question.context.contains_key(NOW) {
        return Err(ContextError::Now.into());
    }
    let mut sent = question.context.clone();
    if let (Some(known), false) = (&shape.of_action, question.action_properties.is_empty()) {
        let properties = question.action_properties.iter();
        let properties =
            properties.filter(|(name, value)| known.contains(*name) && !value.is_null());
        let properties: Map<_, _> = properties
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        sent.insert(ACTION_MEMBER.to_owned(), properties.into());
    }
    let mut members: Vec<(String, RestrictedExpression)> = Vec::new();
    for (name, value) in sent {
        let Some(wanted) = shape.members.get(&name) else {
            continue;
        };
        let alone = json!({ &name: &value });
        let parsed = Context::from_json_value(alone, Some((&shapes.lenient, action))).ok();
        let parsed = parsed.filter(|parsed| parsed.validate(&shapes.lenient, action).is_ok());
        let Some(parsed) = parsed else {
            return Err(PlainError::Context(ContextError::WrongType {
                is: kind_of(&value),
                wanted: wanted.clone(),
                member: name,
            }));
        };
        if let Some(value) = parsed.get(&name) {
            literals::named_by_value(&value, mentioned);
        }
        members.extend(parsed);
    }
    if shape.has_clock {
        members.push((NOW.to_owned(), datetime(now)));
    }
    Ok(Context::from_pairs(members).ok())
}

/// The entities that a question brings. Grants, and what grants are told apart by, come from the store alone.
fn entities(
    compiled: &Compiled,
    shapes: &Shapes,
    sent: &[Value],
) -> Result<Vec<Entity>, PlainError> {
    let mut brought: Vec<Entity> = Vec::with_capacity(sent.len());
    for (nth, value) in sent.iter().enumerate() {
        let wrong = |why: String| PlainError::Entity { nth, why };
        let entity = Entity::from_json_value(value.clone(), Some(&shapes.lenient));
        let entity = entity.map_err(|refused| wrong(said(&refused)))?;
        let own = entity.uid();
        if compiled.is_granted(own.type_name()) || shapes.attributes(own.type_name()).is_none() {
            return Err(wrong(format!(
                "{own} cannot be sent: the daemon has such entities from its store and its schema alone"
            )));
        }
        if brought.iter().any(|other| other.uid() == own) {
            return Err(wrong(format!("{own} stands twice; send each entity once")));
        }
        brought.push(entity);
    }
    let stored = &compiled.stored;
    let whole = Entities::from_entities(brought.iter().cloned(), None);
    let beneath_grant = |entity: &Entity| {
        let own = entity.uid();
        let ancestors = whole
            .as_ref()
            .ok()
            .and_then(|whole| whole.ancestors(&own))
            .into_iter()
            .flatten();
        let mut ancestors = ancestors.chain(stored.ancestors(&own).into_iter().flatten());
        !compiled.is_plain
            && ancestors.any(|ancestor| Names::get().is_compiled(ancestor.type_name()))
    };
    match brought.iter().position(beneath_grant) {
        Some(nth) => {
            let why =
                "an entity that is sent cannot be beneath a grant; name the grant in an attribute"
                    .to_owned();
            Err(PlainError::Entity { nth, why })
        }
        None => Ok(brought),
    }
}

/// Cedar's whole finding in one line.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text.replace('\n', " ")
}
