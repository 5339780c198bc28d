//! Questions with one entity left open: the ids that could stand there, and whether each is permitted.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{Entities, EntityTypeName};

use super::super::answer::{Found, Identity};
use super::super::compile::Compiled;
use super::super::entity::uid;
use super::context::context;
use super::question::{EntityName, PlainError, PlainQuestion, Side};
use super::shape::Shapes;
use super::{Named, Ready};
use crate::model::time::Timestamp;

/// The ids that are stored or that the schema lists, by type; sorted, each once.
#[derive(Debug, Default)]
pub(crate) struct StoredIds(HashMap<EntityTypeName, Vec<String>>);

impl StoredIds {
    fn of(stored: &Entities, shapes: &Shapes) -> Self {
        let mut by_type: HashMap<EntityTypeName, Vec<String>> = HashMap::new();
        for entity in stored.iter() {
            let uid = entity.uid();
            let ids = by_type.entry(uid.type_name().clone()).or_default();
            ids.push(AsRef::<str>::as_ref(uid.id()).to_owned());
        }
        for (of, id) in shapes.choices() {
            by_type.entry(of.clone()).or_default().push(id.clone());
        }
        for ids in by_type.values_mut() {
            ids.sort_unstable();
            ids.dedup();
        }
        Self(by_type)
    }

    fn after(&self, of: &EntityTypeName, after: Option<&str>) -> &[String] {
        let ids = self.0.get(of).map(Vec::as_slice).unwrap_or_default();
        let from = ids.partition_point(|id| after.is_some_and(|after| id.as_str() <= after));
        ids.get(from..).unwrap_or_default()
    }
}

/// One search: all of a question but the id that is sought, made ready once for every candidate.
pub struct PlainSearch<'a> {
    compiled: &'a Compiled,
    question: &'a PlainQuestion,
    side: Side,
    sought: EntityTypeName,
    now: Timestamp,
    find: &'a dyn Fn(&Identity) -> Option<Found>,
    /// What all candidates share; nothing where each has attributes of the question's laid over its own.
    shared: Option<Ready<'a>>,
}

impl Compiled {
    /// A search for the ids of one side of a question. None if the question names what nobody knows: then there are none.
    pub fn plain_search<'a>(
        &'a self,
        question: &'a PlainQuestion,
        side: Side,
        now: Timestamp,
        find: &'a dyn Fn(&Identity) -> Option<Found>,
    ) -> Result<Option<PlainSearch<'a>>, PlainError> {
        let Some(shapes) = self.shapes() else {
            return Ok(None);
        };
        let Ok(named) = Named::of(shapes, question) else {
            return Ok(None);
        };
        let mut mentioned = BTreeSet::new();
        let context = context(shapes, &named.action, question, now, &mut mentioned)?;
        let (open, (other, fixed)) = match side {
            Side::Principal => (&named.principal, (Side::Resource, &named.resource)),
            Side::Resource => (&named.resource, (Side::Principal, &named.principal)),
        };
        let sought = open.type_name().clone();
        let each_differs = !self
            .known_attributes(shapes, side, open, question)?
            .is_empty();
        let mut brought = self.brought(shapes, &question.entities)?;
        self.overlay(shapes, other, fixed, question, &mut brought)?;
        mentioned.extend(Identity::of(fixed));
        let (Some(context), Some(seen)) = (context, self.seen(brought, mentioned, find)) else {
            return Ok(None);
        };
        let shared = Ready {
            named,
            context,
            seen,
        };
        Ok(Some(PlainSearch {
            compiled: self,
            question,
            side,
            sought,
            now,
            find,
            shared: (!each_differs).then_some(shared),
        }))
    }

    /// The names of the actions that apply to these types; sorted, each once.
    pub fn own_actions(&self, principal: &str, resource: &str) -> Vec<String> {
        let (Ok(principal), Ok(resource)) = (principal.parse(), resource.parse()) else {
            return Vec::new();
        };
        let actions = self
            .schema
            .actions_for_principal_and_resource(&principal, &resource);
        let names: BTreeSet<_> = actions
            .map(|action| AsRef::<str>::as_ref(action.id()).to_owned())
            .collect();
        names.into_iter().collect()
    }
}

impl PlainSearch<'_> {
    /// The ids that come after one, in the order of their text: those that are stored, and those that the schema lists.
    pub fn candidates(&self, after: Option<&str>) -> impl Iterator<Item = &String> {
        let compiled = self.compiled;
        let ids = compiled.shapes().map(|shapes| {
            let stored = || StoredIds::of(&compiled.stored, shapes);
            compiled.stored_ids.get_or_init(stored)
        });
        let ids = ids.map(|ids| ids.after(&self.sought, after));
        ids.unwrap_or_default().iter()
    }

    /// How many entities are handled for one candidate: all that are stored, where its attributes are laid over.
    pub fn entities_handled(&self) -> usize {
        match self.shared {
            Some(_) => 1,
            None => self.compiled.stored.len().max(1),
        }
    }

    /// Whether the question is permitted with this id; what it answers to the question itself.
    pub fn permits(&self, id: &str) -> bool {
        let Some(shared) = &self.shared else {
            return self.asks_whole(id);
        };
        let mut named = shared.named.clone();
        let open = match self.side {
            Side::Principal => &mut named.principal,
            Side::Resource => &mut named.resource,
        };
        *open = uid(&self.sought, id);
        let judged = self.compiled.judge(&named, shared);
        judged.is_ok_and(|judged| judged.permits())
    }

    fn asks_whole(&self, id: &str) -> bool {
        let mut question = self.question.clone();
        let open: &mut EntityName = match self.side {
            Side::Principal => &mut question.principal,
            Side::Resource => &mut question.resource,
        };
        id.clone_into(&mut open.id);
        let answer = self.compiled.authorize(&question, self.now, self.find);
        answer.is_ok_and(|answer| answer.permit)
    }
}
