//! Questions in Cedar's own form: any principal, action and resource of the schema, on what is stored, what is granted,
//! and what the question brings.
//!
//! Every policy in force is asked, so this costs what the folder is large. For a mandate it answers as a decision does.

mod brought;
mod context;
mod cover;
mod question;
mod search;
mod shape;
mod whole;

use std::borrow::Cow;
use std::collections::BTreeSet;

use cedar_policy::{Context, Entities, Entity, EntityTypeName, EntityUid, Request};

use super::answer::{ActionIdx, Found, Identity};
use super::compile::Compiled;
use super::entity::{Names, uid};
use super::literals;
use super::slice;
use crate::model::question::Obligations;
use crate::model::time::Timestamp;

use context::context;
pub use question::{EntityName, PlainAnswer, PlainError, PlainQuestion, Side};
pub use search::PlainSearch;
pub(super) use search::StoredIds;
pub(super) use shape::Shapes;
use whole::Judged;
pub(super) use whole::Whole;

/// A question whose names are the schema's.
#[derive(Debug, Clone)]
struct Named {
    principal: EntityUid,
    action: EntityUid,
    resource: EntityUid,
}

/// A question as Cedar gets it, and all that it can see.
struct Ready<'a> {
    named: Named,
    context: Context,
    seen: Cow<'a, Entities>,
}

impl Named {
    /// The question's names, if the schema has them all.
    fn of(shapes: &Shapes, question: &PlainQuestion) -> Result<Self, String> {
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
        Ok(Self {
            principal,
            action,
            resource,
        })
    }
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
        let ready = match self.ready(question, now, find)? {
            Ok(ready) => ready,
            Err(why) => return Ok(PlainAnswer::unknown(why)),
        };
        let mut judged = match self.judge(&ready.named, &ready) {
            Ok(judged) => judged,
            Err(why) => return Ok(PlainAnswer::unknown(why)),
        };
        self.add_rights(&ready.named, find, &mut judged);
        Ok(self.answered(judged))
    }

    /// A question as Cedar gets it; or why nobody can know its answer.
    fn ready(
        &self,
        question: &PlainQuestion,
        now: Timestamp,
        find: &dyn Fn(&Identity) -> Option<Found>,
    ) -> Result<Result<Ready<'_>, String>, PlainError> {
        let Some(shapes) = self.shapes() else {
            return Ok(Err("the schema cannot be read".to_owned()));
        };
        let named = match Named::of(shapes, question) {
            Ok(named) => named,
            Err(why) => return Ok(Err(why)),
        };
        let mut mentioned = BTreeSet::new();
        let context = context(shapes, &named.action, question, now, &mut mentioned)?;
        let Some(context) = context else {
            return Ok(Err("there is no context".to_owned()));
        };
        let mut brought = self.brought(shapes, &question.entities)?;
        let (principal, resource) = (&named.principal, &named.resource);
        self.overlay(shapes, Side::Principal, principal, question, &mut brought)?;
        self.overlay(shapes, Side::Resource, resource, question, &mut brought)?;
        mentioned.extend([principal, resource].into_iter().filter_map(Identity::of));
        let seen = self
            .seen(brought, mentioned, find)
            .ok_or_else(|| "the entities cannot stand together: one is beneath itself".to_owned());
        Ok(seen.map(|seen| Ready {
            named,
            context,
            seen,
        }))
    }

    /// What is stored, with what the question brings in its place, and the grants that either names.
    fn seen(
        &self,
        brought: Vec<Entity>,
        mut mentioned: BTreeSet<Identity>,
        find: &dyn Fn(&Identity) -> Option<Found>,
    ) -> Option<Cow<'_, Entities>> {
        for entity in &brought {
            literals::named_by_entity(entity, &mut mentioned);
        }
        if brought.is_empty() && mentioned.is_empty() && self.mentioned().is_empty() {
            return Some(Cow::Borrowed(&self.stored));
        }
        let seen = slice::for_nobody(self, &mentioned, find)?;
        if brought.is_empty() {
            return Some(Cow::Owned(seen));
        }
        seen.upsert_entities(brought, None).ok().map(Cow::Owned)
    }

    /// What the policies say of a question that fits the schema; else why it does not.
    fn judge(&self, named: &Named, ready: &Ready<'_>) -> Result<Judged, String> {
        let request = self.request(named, ready)?;
        let whole = self.whole.get_or_init(|| Whole::of(&self.policies));
        Ok(whole.ask(&request, &ready.seen))
    }

    fn request(&self, named: &Named, ready: &Ready<'_>) -> Result<Request, String> {
        let Named {
            principal,
            action,
            resource,
        } = named.clone();
        let (context, schema) = (ready.context.clone(), Some(&self.schema));
        let request = Request::new(principal, action, resource, context, schema);
        request.map_err(|refused| refused.to_string())
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
        let permit = judged.permits();
        let Judged {
            permits,
            forbids,
            erring,
            ..
        } = judged;
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
