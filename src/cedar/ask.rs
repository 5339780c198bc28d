//! Questions put to Cedar: to the class-only policies once a class, to those that look at the context once a class and
//! context, to the others for each mandate.

use cedar_policy::{Context, Entities, Entity, EntityUid, Request};

use super::answer::{ActionIdx, Found, Identity, PolicyIdx, ResourceSlot, Satisfied};
use super::cell::{Cell, idx};
use super::compile::Compiled;
use super::context::{CheckedContext, NOW, members_of};
use super::entity::{Names, uid};
use super::scope;
use super::slice;
use crate::model::id::{PackageCode, ResourceId};
use crate::model::mandate::Mandate;
use crate::model::question::Asked;
use crate::model::system::SingleRight;
use crate::model::time::Timestamp;

impl Compiled {
    /// What the class-only policies say of any mandate in force that holds exactly these packages.
    pub fn ask_class(
        &self,
        packages: &[PackageCode],
        action: ActionIdx,
        resource: ResourceSlot,
    ) -> Satisfied {
        let (Some(cell), Some(action)) = (self.cell(action, resource), self.action_uid(action))
        else {
            return Satisfied::undecidable();
        };
        if cell.class.is_empty() {
            return Satisfied::default();
        }
        let Some((placeholder, entities)) = self.any_with(packages) else {
            return Satisfied::undecidable();
        };
        let resource = self.slot_uid(resource);
        match Request::new(
            placeholder,
            action.clone(),
            resource,
            Context::empty(),
            None,
        ) {
            Ok(request) => cell.class.ask(&request, &entities),
            Err(_) => Satisfied::undecidable(),
        }
    }

    /// What is stored, and a mandate that holds exactly these packages and has no attributes.
    fn any_with(&self, packages: &[PackageCode]) -> Option<(EntityUid, Entities)> {
        let placeholder = uid(&Names::get().mandate, "any with these packages");
        let parents = packages.iter().map(|code| uid(&Names::get().package, code));
        let entity = Entity::new_no_attrs(placeholder.clone(), parents.collect());
        let entities = self.stored.clone().add_entities([entity], None).ok()?;
        Some((placeholder, entities))
    }

    /// The context members that policies look at which look at nothing else but packages, sorted, `now` among them; or
    /// nothing if there is no such policy.
    pub fn context_seen(&self, action: ActionIdx, resource: ResourceSlot) -> Option<&[Box<str>]> {
        let cell = self.cell(action, resource)?;
        (!cell.context.is_empty()).then_some(&*cell.members)
    }

    /// What the policies that look at packages and context say of any mandate in force that holds exactly these packages.
    ///
    /// Of the context only [`Self::context_seen`] is looked at, and a clock in it is refused.
    pub fn ask_context(
        &self,
        packages: &[PackageCode],
        action: ActionIdx,
        resource: ResourceSlot,
        asked: &Asked,
        now: Timestamp,
    ) -> Satisfied {
        let (Some(cell), Some(action_uid)) = (self.cell(action, resource), self.action_uid(action))
        else {
            return Satisfied::undecidable();
        };
        let mut members = members_of(asked);
        members.retain(|name, _| name == NOW || cell.members.iter().any(|seen| **seen == **name));
        let context = self.check_context(Some(action), &members).ok();
        let request = context
            .and_then(|context| context.at(now))
            .zip(self.any_with(packages))
            .and_then(|(context, (placeholder, entities))| {
                let resource = self.slot_uid(resource);
                let request =
                    Request::new(placeholder, action_uid.clone(), resource, context, None);
                Some((request.ok()?, entities))
            });
        request.map_or_else(Satisfied::undecidable, |(request, entities)| {
            cell.context.ask(&request, &entities)
        })
    }

    /// Whether a policy that looks further than packages and context could apply to this action and resource.
    pub fn further(&self, action: ActionIdx, resource: ResourceSlot) -> bool {
        self.cell(action, resource)
            .is_none_or(|cell| !cell.further.is_empty())
    }

    /// What the policies that look further say of this mandate, which has to be in force. `find` tells what is in
    /// force under a name that a policy, a stored entity or the context mentions.
    pub fn ask_further(
        &self,
        mandate: &Mandate,
        action: ActionIdx,
        resource: &ResourceId,
        asked: &CheckedContext,
        now: Timestamp,
        find: &dyn Fn(&Identity) -> Option<Found>,
    ) -> Satisfied {
        let slot = self.resource_slot(resource.as_str());
        let (Some(cell), Some(action)) = (self.cell(action, slot), self.action_uid(action)) else {
            return Satisfied::undecidable();
        };
        if cell.further.is_empty() {
            return Satisfied::default();
        }
        let principal = uid(&Names::get().mandate, mandate.entity_id());
        let resource = uid(&Names::get().resource, resource);
        let entities = slice::for_mandate(self, mandate, asked.mentioned(), find);
        let request = asked.at(now).and_then(|context| {
            Request::new(principal, action.clone(), resource, context, None).ok()
        });
        match (request, entities) {
            (Some(request), Some(entities)) => cell.further.ask(&request, &entities),
            (None, _) | (_, None) => Satisfied::undecidable(),
        }
    }

    /// The template by which a single right opens an action on its own resource: the one whose actions are exactly the
    /// right's.
    pub fn ask_right(&self, right: &SingleRight, action: ActionIdx) -> Option<PolicyIdx> {
        let template = self
            .templates
            .iter()
            .find(|template| template.actions == right.actions)?;
        template
            .opens
            .get(action.index())
            .copied()
            .unwrap_or_default()
            .then_some(template.idx)
    }

    /// The packages that the scope of some permit names for this action and resource; sorted. That there is none does
    /// not mean that nothing permits: see [`Self::is_opened`].
    pub fn permits_scoped(&self, action: ActionIdx, resource: ResourceSlot) -> Vec<PackageCode> {
        let permits = self
            .cell(action, resource)
            .into_iter()
            .flat_map(Cell::permits);
        let mut packages: Vec<PackageCode> = permits
            .filter_map(scope::package_in_scope)
            .filter_map(|package| AsRef::<str>::as_ref(package.id()).parse().ok())
            .collect();
        packages.sort_unstable();
        packages.dedup();
        packages
    }

    /// Whether the scope of some permit matches this action and resource. Single rights are not among them: their
    /// templates open every resource.
    pub fn is_opened(&self, action: ActionIdx, resource: ResourceSlot) -> bool {
        self.cell(action, resource)
            .is_some_and(|cell| cell.permits().next().is_some())
    }

    /// The permits whose whole scope matches this mandate, action and resource; their conditions may still not be met.
    pub fn permits_in_scope(
        &self,
        mandate: &Mandate,
        action: ActionIdx,
        resource: ResourceSlot,
    ) -> Vec<PolicyIdx> {
        let principal = uid(&Names::get().mandate, mandate.entity_id());
        let user = super::entity::user_uid(mandate.user.id);
        let packages = mandate
            .packages
            .iter()
            .map(|code| uid(&Names::get().package, code));
        let parents: Vec<_> = packages.chain([user]).collect();
        let permits = self
            .cell(action, resource)
            .into_iter()
            .flat_map(Cell::permits);
        let mut matching: Vec<_> = permits
            .filter(|permit| scope::principal_matches(permit, &principal, &parents, &self.stored))
            .filter_map(|permit| idx(permit.id()))
            .collect();
        matching.sort_unstable();
        matching
    }
}
