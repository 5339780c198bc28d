//! The context of a question: what a caller may send, and what Cedar gets.

use std::collections::BTreeSet;

use cedar_policy::{Context, RestrictedExpression};
use serde_json::{Map, Value, json};

use super::answer::{ActionIdx, Identity};
use super::compile::Compiled;
use super::entity::datetime;
use super::literals;
use crate::model::question::Asked;
use crate::model::time::Timestamp;

/// The context member that is the daemon's own.
pub(super) const NOW: &str = "now";
/// The context member that has a place of its own in [`Asked`].
pub(super) const LEVEL: &str = "authenticationLevel";

/// Why a context cannot be asked about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// The caller sent a clock.
    #[error("context member `now` cannot be sent: the clock is the daemon's")]
    Now,
    /// A member that the schema has is of another type.
    #[error("context member `{member}` is {is}; it has to be {wanted}")]
    WrongType {
        /// The member.
        member: String,
        /// What it is.
        is: &'static str,
        /// What the schema wants.
        wanted: String,
    },
}

impl ContextError {
    /// The member that is wrong, to point at.
    pub fn member(&self) -> &str {
        match self {
            Self::Now => NOW,
            Self::WrongType { member, .. } => member,
        }
    }
}

/// A question's context without the clock: every member is one of the schema's, of its type.
#[derive(Debug, Clone)]
pub struct CheckedContext {
    asked: Asked,
    members: Vec<(String, RestrictedExpression)>,
    mentioned: BTreeSet<Identity>,
}

impl CheckedContext {
    /// What was asked, without what the schema lacks.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// The grants that the context names.
    pub fn mentioned(&self) -> &BTreeSet<Identity> {
        &self.mentioned
    }

    /// The context as Cedar gets it at an instant.
    pub(super) fn at(&self, now: Timestamp) -> Option<Context> {
        let clock = (NOW.to_owned(), datetime(now));
        Context::from_pairs(self.members.iter().cloned().chain([clock])).ok()
    }
}

impl Compiled {
    /// Checks the context members of a question as they came from outside. Members that the schema lacks are dropped; of
    /// an action that the schema lacks, only the authentication level is kept.
    pub fn check_context(
        &self,
        action: Option<ActionIdx>,
        members: &Map<String, Value>,
    ) -> Result<CheckedContext, ContextError> {
        if members.contains_key(NOW) {
            return Err(ContextError::Now);
        }
        let mut checked = CheckedContext {
            asked: Asked::default(),
            members: Vec::new(),
            mentioned: BTreeSet::new(),
        };
        for (name, value) in members {
            let wanted = match action {
                Some(action) => self
                    .members
                    .get(action.index())
                    .and_then(|known| known.get(name)),
                None => None,
            };
            let refuse = |wanted: &str| ContextError::WrongType {
                member: name.clone(),
                is: kind_of(value),
                wanted: wanted.to_owned(),
            };
            match (action, wanted) {
                (Some(action), Some(wanted)) => {
                    let context = self
                        .parsed(action, name, value)
                        .ok_or_else(|| refuse(&wanted.said))?;
                    checked.add(&context);
                }
                (None, _) if name == LEVEL && value.as_i64().is_none() => {
                    return Err(refuse("a whole number"));
                }
                (None, _) if name == LEVEL => {}
                (Some(_) | None, _) => continue,
            }
            match value.as_i64() {
                Some(level) if name == LEVEL => checked.asked.authentication_level = Some(level),
                Some(_) | None => {
                    checked.asked.members.insert(name.clone(), value.clone());
                }
            }
        }
        Ok(checked)
    }

    /// Checks a context that a program made.
    pub fn check_asked(
        &self,
        action: Option<ActionIdx>,
        asked: &Asked,
    ) -> Result<CheckedContext, ContextError> {
        self.check_context(action, &members_of(asked))
    }

    /// One member as Cedar reads it by the schema, or nothing if it is of another type.
    fn parsed(&self, action: ActionIdx, name: &str, value: &Value) -> Option<Context> {
        let action = self.action_uid(action)?;
        let clock = json!({"__extn": {"fn": "datetime", "arg": "1970-01-01"}});
        let members = Map::from_iter([(NOW.to_owned(), clock), (name.to_owned(), value.clone())]);
        let context =
            Context::from_json_value(members.into(), Some((&self.schema, action))).ok()?;
        context.validate(&self.schema, action).ok()?;
        Some(context)
    }
}

impl CheckedContext {
    fn add(&mut self, context: &Context) {
        let members = context.clone().into_iter().filter(|(name, _)| name != NOW);
        for (name, value) in members {
            if let Some(value) = context.get(&name) {
                literals::named_by_value(&value, &mut self.mentioned);
            }
            self.members.push((name, value));
        }
    }
}

/// The members of a context, the authentication level among them.
pub(super) fn members_of(asked: &Asked) -> Map<String, Value> {
    let mut members = asked.members.clone();
    if let Some(level) = asked.authentication_level {
        members.insert(LEVEL.to_owned(), level.into());
    }
    members
}

pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_i64() => "a whole number",
        Value::Number(_) => "a number that is not a whole one of 64 bits",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
