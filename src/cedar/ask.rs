//! Questions put to Cedar: to the class-only policies once a class, to the others for each mandate.

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Entities, Entity, EntityUid, Policy, PolicyId,
    PolicySet, Request,
};
use once_cell::sync::Lazy;

use super::answer::{ActionIdx, Effect, Found, Identity, PolicyIdx, ResourceSlot, Satisfied};
use super::compile::{Compiled, Kind};
use super::context::CheckedContext;
use super::entity::{Names, uid};
use super::scope;
use super::slice;
use crate::model::id::{PackageCode, ResourceId};
use crate::model::mandate::Mandate;
use crate::model::system::SingleRight;
use crate::model::time::Timestamp;

static AUTHORIZER: Lazy<Authorizer> = Lazy::new(Authorizer::new);

/// The policies whose scope can match one action and resource slot.
#[derive(Debug)]
pub(super) struct Cell {
    class: Sets,
    further: Sets,
}

/// Policies that are asked together. Permits and forbids apart: asked together, Cedar names only those that decide.
#[derive(Debug, Default)]
struct Sets {
    permits: PolicySet,
    forbids: PolicySet,
}

impl Cell {
    pub(super) fn fill(compiled: &Compiled, action: &EntityUid, resource: &EntityUid) -> Self {
        let mut cell = Self {
            class: Sets::default(),
            further: Sets::default(),
        };
        for policy in &compiled.policies {
            let (sets, body) = match &policy.kind {
                Kind::Class(body) => (&mut cell.class, body),
                Kind::Further(body) => (&mut cell.further, body),
                Kind::Core | Kind::Template => continue,
            };
            // What a scope excludes is not satisfied and cannot err, so leaving it out changes no answer.
            let applies = scope::could_be_a_mandate(body)
                && scope::action_matches(body, action, &compiled.stored)
                && scope::resource_matches(body, resource, &compiled.stored);
            if applies {
                let set = match policy.info.effect {
                    Effect::Permit => &mut sets.permits,
                    Effect::Forbid => &mut sets.forbids,
                };
                // Indices are ids here, and each is there once.
                let _ = set.add(body.clone());
            }
        }
        cell
    }

    fn permits(&self) -> impl Iterator<Item = &Policy> {
        self.class
            .permits
            .policies()
            .chain(self.further.permits.policies())
    }
}

impl Sets {
    fn is_empty(&self) -> bool {
        self.permits.is_empty() && self.forbids.is_empty()
    }

    fn ask(&self, request: &Request, entities: &Entities) -> Satisfied {
        let permits = Findings::of(&self.permits, request, entities);
        let forbids = Findings::of(&self.forbids, request, entities);
        let (Some(permits), Some(forbids)) = (permits, forbids) else {
            return Satisfied::undecidable();
        };
        let mut erring = [permits.erring, forbids.erring.clone()].concat();
        erring.sort_unstable();
        Satisfied {
            permits: permits.satisfied.into(),
            forbids: forbids.satisfied.into(),
            erring: erring.into(),
            forbid_erred: !forbids.erring.is_empty(),
        }
    }
}

/// What Cedar found among policies of one effect.
#[derive(Default)]
struct Findings {
    satisfied: Vec<PolicyIdx>,
    erring: Vec<PolicyIdx>,
}

impl Findings {
    /// Nothing if Cedar names a policy that is not ours, which denies.
    fn of(set: &PolicySet, request: &Request, entities: &Entities) -> Option<Self> {
        if set.is_empty() {
            return Some(Self::default());
        }
        let response = AUTHORIZER.is_authorized(request, set, entities);
        let found = response.diagnostics();
        let mut satisfied = found.reason().map(idx).collect::<Option<Vec<_>>>()?;
        let erring = found.errors().map(|error| match error {
            AuthorizationError::PolicyEvaluationError(error) => idx(error.policy_id()),
        });
        let mut erring = erring.collect::<Option<Vec<_>>>()?;
        satisfied.sort_unstable();
        erring.sort_unstable();
        Some(Self { satisfied, erring })
    }
}

fn idx(id: &PolicyId) -> Option<PolicyIdx> {
    AsRef::<str>::as_ref(id).parse().ok().map(PolicyIdx)
}

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
        let placeholder = uid(&Names::get().mandate, "any with these packages");
        let parents = packages.iter().map(|code| uid(&Names::get().package, code));
        let entity = Entity::new_no_attrs(placeholder.clone(), parents.collect());
        let entities = self.stored.clone().add_entities([entity], None);
        let request = Request::new(
            placeholder,
            action.clone(),
            self.slot_uid(resource),
            Context::empty(),
            None,
        );
        match (request, entities) {
            (Ok(request), Ok(entities)) => cell.class.ask(&request, &entities),
            (Err(_), _) | (_, Err(_)) => Satisfied::undecidable(),
        }
    }

    /// Whether a policy that is not class-only could apply to this action and resource.
    pub fn further(&self, action: ActionIdx, resource: ResourceSlot) -> bool {
        self.cell(action, resource)
            .is_none_or(|cell| !cell.further.is_empty())
    }

    /// What the policies that are not class-only say of this mandate, which has to be in force. `find` tells what is in
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
