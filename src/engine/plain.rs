//! Questions in Cedar's own form, on everything at one revision.

use serde_json::{Map, Value};

use crate::cedar::{
    Coverage, EntityName, Found, Identity, PlainAnswer, PlainError, PlainQuestion, ResourceSlot,
    Side,
};
use crate::model::id::{IdError, ResourceId};
use crate::model::quote::Quote;
use crate::model::time::Timestamp;

use super::Snapshot;
use super::list::PageRequest;
use super::search::{Found as Page, MOST_LOOKED_AT, take_bounded};

/// What a place in a search begins with.
const AFTER: &str = "=";
/// The most entities that are handled for one page.
const MOST_HANDLED: usize = 1_000_000;
/// The delegation world's type of protected services.
const RESOURCE: &str = "Resource";

/// A question about types of the administrators' own, by the names that these have outside.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OwnQuestion {
    /// Who asks to act.
    pub subject: EntityName,
    /// The action's name.
    pub action: String,
    /// On what.
    pub resource: EntityName,
    /// Attributes of the subject, over the stored ones.
    pub subject_properties: Map<String, Value>,
    /// Attributes of the resource, over the stored ones.
    pub resource_properties: Map<String, Value>,
    /// The action's own, for a context that has a record `action`.
    pub action_properties: Map<String, Value>,
    /// What else policies may look at.
    pub context: Map<String, Value>,
}

impl Snapshot {
    /// The answer to a question in Cedar's own form. Denies by default; for a mandate it is [`Self::decide`]'s.
    ///
    /// Costs an evaluation of every policy in force.
    pub fn authorize(
        &self,
        question: &PlainQuestion,
        now: Timestamp,
    ) -> Result<PlainAnswer, PlainError> {
        let find = |identity: &Identity| self.granted(identity);
        let policies = &self.state.generation.policies;
        policies.authorize(question, now, &find)
    }

    /// The ids of stored entities that a question with one side left open is permitted for, by their text.
    ///
    /// Each is what [`Self::authorize`] answers for it. Costs an evaluation of every policy in force for each entity that
    /// is looked at, and of attributes that are laid over each a copy of what is stored; a page looks at fewer then.
    pub fn search_own(
        &self,
        question: &PlainQuestion,
        side: Side,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Page<String>, PlainError> {
        let find = |identity: &Identity| self.granted(identity);
        let policies = &self.state.generation.policies;
        let Some(search) = policies.plain_search(question, side, now, &find)? else {
            return Ok(Page::nothing());
        };
        let after = page.page.as_deref();
        let after = after.and_then(|after| after.strip_prefix(AFTER));
        let most = (MOST_HANDLED / search.entities_handled()).clamp(1, MOST_LOOKED_AT);
        // An id can be empty, which a token that begins a page cannot.
        let place = |id: &&String| format!("{AFTER}{id}");
        let candidates = search.candidates(after);
        let found = take_bounded(page, most, candidates, place, |id| search.permits(id));
        Ok(found.map(String::clone))
    }

    /// The names of the actions that a question about own types is permitted with, sorted.
    ///
    /// The context is read as each action has it; a member of the wrong type is an error that names it.
    pub fn search_own_actions(
        &self,
        question: &PlainQuestion,
        now: Timestamp,
    ) -> Result<Vec<String>, PlainError> {
        let policies = &self.state.generation.policies;
        let (principal, resource) = (&question.principal.of, &question.resource.of);
        let mut open = Vec::new();
        for name in policies.own_actions(principal, resource) {
            let asked = PlainQuestion {
                action: policies.own_action(&name, principal, resource),
                ..question.clone()
            };
            if self.authorize(&asked, now)?.permit {
                open.push(name);
            }
        }
        Ok(open)
    }

    /// What is in force under a grant's name.
    fn granted(&self, identity: &Identity) -> Option<Found> {
        // A store can be older than its policies: what they do not know of is not in force.
        let found = || self.state.find(identity);
        (!self.is_plain()).then(found).flatten()
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

    /// A question about types of the administrators' own in Cedar's names. What the schema lacks keeps its name, and is no
    /// access.
    pub fn own_question(&self, asked: &OwnQuestion) -> PlainQuestion {
        let policies = &self.state.generation.policies;
        let named = |name: &EntityName| EntityName {
            of: policies
                .own_type(&name.of)
                .unwrap_or_else(|| name.of.clone()),
            id: name.id.clone(),
        };
        let (principal, resource) = (named(&asked.subject), named(&asked.resource));
        PlainQuestion {
            action: policies.own_action(&asked.action, &principal.of, &resource.of),
            principal,
            resource,
            context: asked.context.clone(),
            principal_attributes: asked.subject_properties.clone(),
            resource_attributes: asked.resource_properties.clone(),
            action_properties: asked.action_properties.clone(),
            entities: Vec::new(),
        }
    }

    /// The policies that decided a question or erred on it, quoted with the conditions that it met.
    pub fn quotes_of(
        &self,
        question: &PlainQuestion,
        answer: &PlainAnswer,
        now: Timestamp,
    ) -> Vec<Quote> {
        let erred = answer
            .errors
            .iter()
            .filter_map(|(policy, _)| policy.clone());
        let ids: Vec<_> = answer.reasons.iter().cloned().chain(erred).collect();
        let find = |identity: &Identity| self.granted(identity);
        let generation = &self.state.generation;
        let (policies, folder) = (&generation.policies, &generation.folder);
        policies.quotes_plain(&ids, folder, question, now, &find)
    }

    /// Adds what a question meets of the policies, for tests.
    pub fn cover_own(&self, question: &PlainQuestion, now: Timestamp, into: &mut Coverage) {
        let find = |identity: &Identity| self.granted(identity);
        let policies = &self.state.generation.policies;
        policies.cover_plain(question, now, &find, into);
    }

    /// Whether there are no delegations here, only types of the administrators' own.
    pub fn is_plain(&self) -> bool {
        self.state.generation.policies.is_plain()
    }
}
