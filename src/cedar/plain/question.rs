//! What is asked and answered in Cedar's own form, as plain values.

use cedar_policy::EntityUid;
use serde_json::{Map, Value};

use super::super::context::ContextError;
use crate::model::question::Obligations;

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

impl PlainAnswer {
    /// No access, since the question names what nobody knows.
    pub(super) fn unknown(why: String) -> Self {
        Self {
            errors: vec![(None, why)],
            ..Self::default()
        }
    }
}
