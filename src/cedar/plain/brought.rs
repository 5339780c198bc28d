//! What a question brings: entities of its own, and attributes over those that are stored.

use cedar_policy::{Entities, Entity, EntityTypeName, EntityUid};
use serde_json::{Value, json};

use super::super::compile::Compiled;
use super::super::context::kind_of;
use super::super::entity::Names;
use super::question::{PlainError, PlainQuestion, Side};
use super::shape::Shapes;

impl Compiled {
    /// Whether entities of a type are made from grants, or tell grants apart: no question brings any.
    pub(super) fn is_granted(&self, of: &EntityTypeName) -> bool {
        if self.is_plain {
            return false;
        }
        let names = Names::get();
        let facts = [&names.package, &names.organization, &names.resource];
        names.is_compiled(of) || facts.contains(&of)
    }

    /// Adds one of the question's entities, with the attributes that were sent over those that are stored.
    pub(super) fn overlay(
        &self,
        shapes: &Shapes,
        side: Side,
        of: &EntityUid,
        question: &PlainQuestion,
        brought: &mut Vec<Entity>,
    ) -> Result<(), PlainError> {
        let sent = self.known_attributes(shapes, side, of, question)?;
        if sent.is_empty() {
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
        for (name, value) in sent {
            put(&mut whole, name, value);
        }
        let merged = Entity::from_json_value(whole, Some(&shapes.lenient));
        brought.push(merged.map_err(|_| unfit())?);
        Ok(())
    }

    /// The attributes that were sent and that the schema has; an error if one is of the wrong type.
    pub(super) fn known_attributes<'q>(
        &self,
        shapes: &Shapes,
        side: Side,
        of: &EntityUid,
        question: &'q PlainQuestion,
    ) -> Result<Vec<(&'q String, &'q Value)>, PlainError> {
        let sent = match side {
            Side::Principal => &question.principal_attributes,
            Side::Resource => &question.resource_attributes,
        };
        let known = shapes.attributes(of.type_name());
        let Some(known) = known.filter(|_| !sent.is_empty() && !self.is_granted(of.type_name()))
        else {
            return Ok(Vec::new());
        };
        let bare = json!({ "uid": { "type": of.type_name().to_string(), "id": AsRef::<str>::as_ref(of.id()) }, "parents": [] });
        let mut taken = Vec::new();
        // What is null was left out.
        for (name, value) in sent.iter().filter(|(_, value)| !value.is_null()) {
            let Some(wanted) = known.get(name) else {
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
            taken.push((name, value));
        }
        Ok(taken)
    }

    /// The entities that a question brings. Grants, and what grants are told apart by, come from the store alone.
    pub(super) fn brought(
        &self,
        shapes: &Shapes,
        sent: &[Value],
    ) -> Result<Vec<Entity>, PlainError> {
        let mut brought: Vec<Entity> = Vec::with_capacity(sent.len());
        for (nth, value) in sent.iter().enumerate() {
            let wrong = |why: String| PlainError::Entity { nth, why };
            let entity = Entity::from_json_value(value.clone(), Some(&shapes.lenient));
            let entity = entity.map_err(|refused| wrong(said(&refused)))?;
            let own = entity.uid();
            if self.is_granted(own.type_name()) || shapes.attributes(own.type_name()).is_none() {
                return Err(wrong(format!(
                    "{own} cannot be sent: the daemon has such entities from its store and its schema alone"
                )));
            }
            if brought.iter().any(|other| other.uid() == own) {
                return Err(wrong(format!("{own} stands twice; send each entity once")));
            }
            brought.push(entity);
        }
        match self.beneath_grant(&brought) {
            Some(nth) => {
                let why = "an entity that is sent cannot be beneath a grant; name the grant in an attribute";
                Err(PlainError::Entity {
                    nth,
                    why: why.to_owned(),
                })
            }
            None => Ok(brought),
        }
    }

    /// The place of an entity that is beneath a grant, by what is sent or by what is stored.
    fn beneath_grant(&self, brought: &[Entity]) -> Option<usize> {
        if self.is_plain {
            return None;
        }
        let whole = Entities::from_entities(brought.iter().cloned(), None).ok();
        let is_beneath = |entity: &Entity| {
            let own = entity.uid();
            let sent = whole.as_ref().and_then(|whole| whole.ancestors(&own));
            let stored = self.stored.ancestors(&own);
            let mut ancestors = sent
                .into_iter()
                .flatten()
                .chain(stored.into_iter().flatten());
            ancestors.any(|ancestor| Names::get().is_compiled(ancestor.type_name()))
        };
        brought.iter().position(is_beneath)
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
