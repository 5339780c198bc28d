//! Cedar: policies checked and compiled, grants turned into Cedar entities and links, and questions put to Cedar.
//!
//! The only place that knows `cedar_policy`. It keeps no grants and no clock: what a question needs is handed in.

#![allow(unused, clippy::all, clippy::pedantic, clippy::unimplemented)] // skeleton: signatures first

use crate::model::caller::{Act, Caller, Target};
use crate::model::id::*;
use crate::model::mandate::{Mandate, UserFacts};
use crate::model::policy::{Finding, PolicyFolder};
use crate::model::question::{Asked, Obligations, Question};
use crate::model::system::{RightsOffered, SingleRight};
use crate::model::time::Timestamp;

/// A policy or single-right template, by its place in the compiled folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyIdx(pub(crate) u32);
/// An action that applies to mandates and resources, by its place in [`Compiled::actions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionIdx(pub(crate) u32);
impl ActionIdx {
    /// The place in [`Compiled::actions`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}
/// A resource as far as class-only policies can tell resources apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceSlot {
    /// One with an entity, by its place in [`Compiled::resources`].
    Known(u32),
    /// Any other: they have no entity, and no policy names them.
    Other,
}
/// What a policy does when it is satisfied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Permits.
    Permit,
    /// Forbids.
    Forbid,
}
/// A policy as people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyInfo {
    /// Its `@id`, or `<file>#<number>`.
    pub id: Box<str>,
    /// What it does.
    pub effect: Effect,
    /// What its permit obliges to.
    pub obligations: Obligations,
    /// The file, by its path in the folder.
    pub file: Box<str>,
    /// The line that it begins at, from 1.
    pub line: usize,
    /// Its text.
    pub text: Box<str>,
}
/// What Cedar found for one question among some of the policies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Satisfied {
    /// Permits that are satisfied; sorted.
    pub permits: Box<[PolicyIdx]>,
    /// Forbids that are satisfied; sorted.
    pub forbids: Box<[PolicyIdx]>,
    /// Policies that could not be evaluated, permits and forbids alike; sorted.
    pub erring: Box<[PolicyIdx]>,
    /// Whether a forbid is among those that erred.
    pub forbid_erred: bool,
}
impl Satisfied {
    /// Whether something denies whatever is permitted: a satisfied forbid, or one that erred.
    pub fn denies(&self) -> bool {
        self.forbid_erred || !self.forbids.is_empty()
    }
    /// Both sides' findings.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        unimplemented!()
    }
}
/// A compiled grant, as policies and entities can name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// A mandate.
    Mandate(SystemUserId, OrgNo),
    /// A system user.
    SystemUser(SystemUserId),
    /// A system.
    System(SystemId),
}
/// What is in force under an [`Identity`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A mandate: not removed, its system user and system not deleted; its window does not matter.
    Mandate(Mandate),
    /// A system user that is not deleted, nor its system.
    SystemUser(UserFacts),
    /// A system that is not deleted.
    System(SystemId),
}
/// A question's context, checked against the schema.
#[derive(Debug, Clone)]
pub struct CheckedContext {
    asked: Asked,
}
impl CheckedContext {
    /// What was asked, without what the schema lacks.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }
}
/// Why a context cannot be asked about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// The caller sent a clock.
    #[error("context member `now` cannot be sent: the clock is the daemon's")]
    Now,
    /// A member of the schema has another type.
    #[error("context member `{member}` is {is}; it has to be {wanted}")]
    WrongType {
        /// The member.
        member: String,
        /// What it is.
        is: String,
        /// What the schema wants.
        wanted: String,
    },
}
impl ContextError {
    /// The member that is wrong, to point at.
    pub fn member(&self) -> &str {
        unimplemented!()
    }
}
/// The state that an export is made of; what is deleted or removed is not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportWorld {
    /// System users.
    pub users: Vec<UserFacts>,
    /// Systems.
    pub systems: Vec<SystemId>,
    /// Mandates.
    pub mandates: Vec<Mandate>,
}
/// An export to plain Cedar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// `policies.cedar`.
    pub policies: String,
    /// `entities.json`.
    pub entities: String,
    /// `schema.cedarschema`.
    pub schema: String,
}
/// A policy folder, checked and compiled.
#[derive(Debug)]
pub struct Compiled {}

impl Compiled {
    /// Checks and compiles a folder; all that is wrong is told at once.
    pub fn compile(folder: &PolicyFolder) -> Result<Self, Vec<Finding>> {
        unimplemented!()
    }
    /// What is odd in the folder, but not wrong.
    pub fn warnings(&self) -> &[Finding] {
        unimplemented!()
    }
    /// The actions that apply to mandates and resources, sorted.
    pub fn actions(&self) -> &[ActionName] {
        unimplemented!()
    }
    /// The action of a name.
    pub fn action(&self, name: &str) -> Option<ActionIdx> {
        unimplemented!()
    }
    /// The resources that have an entity, sorted.
    pub fn resources(&self) -> &[ResourceId] {
        unimplemented!()
    }
    /// The slot of a resource.
    pub fn resource_slot(&self, resource: &str) -> ResourceSlot {
        unimplemented!()
    }
    /// How many slots there are: one a resource that has an entity, and one for all others.
    pub fn resource_slots(&self) -> usize {
        unimplemented!()
    }
    /// The place of a slot, below [`Self::resource_slots`].
    pub fn slot_index(&self, slot: ResourceSlot) -> usize {
        unimplemented!()
    }
    /// The single rights that can be compiled.
    pub fn rights_offered(&self) -> RightsOffered {
        unimplemented!()
    }
    /// A policy or template.
    pub fn policy(&self, idx: PolicyIdx) -> &PolicyInfo {
        unimplemented!()
    }
    /// All policies and templates, in the order of their index; core policies among them.
    pub fn policies(&self) -> impl Iterator<Item = (PolicyIdx, &PolicyInfo)> {
        std::iter::empty()
    }
    /// What the class-only policies say of any mandate with exactly these packages.
    pub fn ask_class(
        &self,
        packages: &[PackageCode],
        action: ActionIdx,
        resource: ResourceSlot,
    ) -> Satisfied {
        unimplemented!()
    }
    /// Whether a policy that is not class-only could apply.
    pub fn further(&self, action: ActionIdx, resource: ResourceSlot) -> bool {
        unimplemented!()
    }
    /// What the other policies say of this mandate.
    pub fn ask_further(
        &self,
        mandate: &Mandate,
        action: ActionIdx,
        resource: &ResourceId,
        asked: &CheckedContext,
        now: Timestamp,
        find: &dyn Fn(&Identity) -> Option<Found>,
    ) -> Satisfied {
        unimplemented!()
    }
    /// The template by which a single right opens an action on its own resource.
    pub fn ask_right(&self, right: &SingleRight, action: ActionIdx) -> Option<PolicyIdx> {
        unimplemented!()
    }
    /// Checks the context members of a question as they came from outside.
    pub fn check_context(
        &self,
        action: Option<ActionIdx>,
        members: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<CheckedContext, ContextError> {
        unimplemented!()
    }
    /// Checks a context that a program made.
    pub fn check_asked(
        &self,
        action: Option<ActionIdx>,
        asked: &Asked,
    ) -> Result<CheckedContext, ContextError> {
        unimplemented!()
    }
    /// The packages that some permit names for this action and resource; sorted. Empty does not mean that nothing permits.
    pub fn permits_scoped(&self, action: ActionIdx, resource: ResourceSlot) -> Vec<PackageCode> {
        unimplemented!()
    }
    /// Whether any permit (or single-right template) could apply to this action and resource.
    pub fn is_opened(&self, action: ActionIdx, resource: ResourceSlot) -> bool {
        unimplemented!()
    }
    /// The permits whose scope (principal, action, resource) matches: their conditions may still not be met.
    pub fn permits_in_scope(
        &self,
        mandate: &Mandate,
        action: ActionIdx,
        resource: &ResourceId,
    ) -> Vec<PolicyIdx> {
        unimplemented!()
    }
    /// Whether a caller may do this: `policies/admin.cedar` asked by Cedar; a forbid that errs denies.
    pub fn may(&self, caller: &Caller, act: Act, target: &Target) -> bool {
        unimplemented!()
    }
    /// The grants that policies and stored entities name: an export of a slice has to contain those that are in force.
    pub fn mentioned(&self) -> &[Identity] {
        unimplemented!()
    }
    /// This folder and these grants as plain Cedar.
    pub fn export(&self, world: &ExportWorld) -> Export {
        unimplemented!()
    }
    /// A question as `cedar authorize --request-json` takes it.
    pub fn request_json(&self, question: &Question, now: Timestamp) -> serde_json::Value {
        unimplemented!()
    }
}
