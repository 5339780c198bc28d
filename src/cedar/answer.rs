//! What is said of policies and questions outside this module: indices, findings, identities.

use crate::model::id::{OrgNo, SystemId, SystemUserId};
use crate::model::mandate::{Mandate, UserFacts};
use crate::model::question::Obligations;

/// A policy or single-right template, by its place in the compiled folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyIdx(pub(super) u32);

/// An action that applies to mandates and resources, by its place in [`super::Compiled::actions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionIdx(pub(super) u32);

impl ActionIdx {
    /// The place in [`super::Compiled::actions`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A resource as far as class-only policies can tell resources apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceSlot {
    /// One with an entity, by its place in [`super::Compiled::resources`].
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

/// How often Cedar is asked about a policy, which is what it costs a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AskedAs {
    /// Never: a core policy is answered from the grants themselves, a single right by the template's actions.
    Known,
    /// Once for all mandates with the same packages.
    OnceAClass,
    /// Once for all mandates with the same packages, in each context.
    OnceAContext,
    /// For each mandate and question.
    ForEachMandate,
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
///
/// A question is permitted iff, over all policies, a permit is satisfied and nothing [`Self::denies`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Satisfied {
    /// Permits that are satisfied; sorted.
    pub permits: Box<[PolicyIdx]>,
    /// Forbids that are satisfied; sorted.
    pub forbids: Box<[PolicyIdx]>,
    /// Policies that could not be evaluated, permits and forbids alike; sorted.
    pub erring: Box<[PolicyIdx]>,
    /// Whether a forbid is among those that erred, or nothing could be evaluated at all.
    pub forbid_erred: bool,
}

impl Satisfied {
    /// Whether something denies whatever is permitted: a satisfied forbid, or one that erred.
    pub fn denies(&self) -> bool {
        self.forbid_erred || !self.forbids.is_empty()
    }

    /// Both sides' findings, each policy once.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            permits: both(&self.permits, &other.permits),
            forbids: both(&self.forbids, &other.forbids),
            erring: both(&self.erring, &other.erring),
            forbid_erred: self.forbid_erred || other.forbid_erred,
        }
    }

    /// That Cedar could not be asked, which denies.
    pub(super) fn undecidable() -> Self {
        Self {
            forbid_erred: true,
            ..Self::default()
        }
    }
}

fn both(one: &[PolicyIdx], other: &[PolicyIdx]) -> Box<[PolicyIdx]> {
    let mut all = [one, other].concat();
    all.sort_unstable();
    all.dedup();
    all.into()
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

/// What is in force under an [`Identity`]: what an export of the whole has an entity for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A mandate: neither it, its system user nor its system is removed or deleted. Its window does not matter.
    Mandate(Mandate),
    /// A system user that is not deleted, nor its system.
    SystemUser(UserFacts),
    /// A system that is not deleted.
    System(SystemId),
}
