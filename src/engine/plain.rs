//! Questions in Cedar's own form, on everything at one revision.

use crate::cedar::{EntityName, Identity, PlainAnswer, PlainError, PlainQuestion, ResourceSlot};
use crate::model::id::{IdError, ResourceId};
use crate::model::time::Timestamp;

use super::Snapshot;

/// The delegation world's type of protected services.
const RESOURCE: &str = "Resource";

impl Snapshot {
    /// The answer to a question in Cedar's own form. Denies by default; for a mandate it is [`Self::decide`]'s.
    ///
    /// Costs an evaluation of every policy in force.
    pub fn authorize(
        &self,
        question: &PlainQuestion,
        now: Timestamp,
    ) -> Result<PlainAnswer, PlainError> {
        let find = |identity: &Identity| {
            // A store can be older than its policies: what they do not know of is not in force.
            let found = || self.state.find(identity);
            (!self.is_plain()).then(found).flatten()
        };
        self.state
            .generation
            .policies
            .authorize(question, now, &find)
    }

    /// What a caller has to be entitled to ask about: the protected service; of any other type, the type.
    pub fn asked_about(&self, resource: &EntityName) -> Result<ResourceId, IdError> {
        let is_service = resource.of == RESOURCE && !self.is_plain();
        if is_service {
            resource.id.parse()
        } else {
            resource.of.parse()
        }
    }

    /// Whether a question is about types of the administrators' own, by the types that it names. The type decides: of a
    /// resource that both worlds know, the delegations'.
    pub fn is_of_own_types(&self, subject: Option<&str>, resource: Option<&str>) -> bool {
        let policies = &self.state.generation.policies;
        let is_own = |name: &str| policies.own_type(name).is_some();
        let is_service = |name: &str| policies.resource_slot(name) != ResourceSlot::Other;
        let subject = subject.is_some_and(is_own);
        self.is_plain() || subject || resource.is_some_and(|name| !is_service(name) && is_own(name))
    }

    /// A question about types of the administrators' own, as it names subject, action and resource. What the schema lacks
    /// keeps its name, and is no access.
    pub fn own_question(
        &self,
        subject: &EntityName,
        action: &str,
        resource: &EntityName,
    ) -> PlainQuestion {
        let policies = &self.state.generation.policies;
        let named = |name: &EntityName| EntityName {
            of: policies
                .own_type(&name.of)
                .unwrap_or_else(|| name.of.clone()),
            id: name.id.clone(),
        };
        let (principal, resource) = (named(subject), named(resource));
        PlainQuestion {
            action: policies.own_action(action, &principal.of, &resource.of),
            principal,
            resource,
            ..PlainQuestion::default()
        }
    }

    /// Whether there are no delegations here, only types of the administrators' own.
    pub fn is_plain(&self) -> bool {
        self.state.generation.policies.is_plain()
    }
}
