//! What a question says of the world around it, as Cedar gets it.

use std::collections::BTreeSet;

use cedar_policy::{Context, EntityUid, RestrictedExpression};
use serde_json::{Map, json};

use super::super::answer::Identity;
use super::super::context::{ContextError, NOW, kind_of};
use super::super::entity::datetime;
use super::super::literals;
use super::question::{PlainError, PlainQuestion};
use super::shape::{ACTION_MEMBER, Shapes};
use crate::model::time::Timestamp;

/// The context as Cedar gets it: what the schema has of what was sent, and the clock. None if the action is unknown.
pub(super) fn context(
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
