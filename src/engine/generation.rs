//! The policies in force, with every decision class that was asked of them.
//!
//! A class is (package set, action, resource): all mandates in it get the same answer from the policies that look at
//! nothing else. Each is asked of Cedar once and kept for as long as the policies are; changes of grants make none of
//! them stale, so there is nothing to invalidate.

use std::sync::Arc;

use crate::cedar::{ActionIdx, Compiled, ResourceSlot, Satisfied};
use crate::model::caller::{Act, Caller, Target};
use crate::model::catalogue::Catalogue;
use crate::model::id::{ActionName, ResourceId};
use crate::model::policy::PolicyFolder;
use crate::model::question::Obligations;

use super::entitled::Entitled;
use super::grow::Grow;
use super::memo::Memo;
use super::named::Asks;
use super::names::Names;
use super::sets::SetId;
use super::state::State;
use once_cell::sync::OnceCell;

/// What policies that were asked together came to.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) satisfied: Satisfied,
    /// A satisfied permit.
    pub(crate) permits: bool,
    /// A satisfied forbid, or one that erred: there is no permit beside it.
    pub(crate) denies: bool,
    pub(crate) obligations: Obligations,
}

/// What Cedar answered for one class, and which policies have to be asked too.
#[derive(Debug)]
pub(crate) struct Class {
    /// Of the policies that look at packages only.
    pub(crate) verdict: Verdict,
    /// If there are policies that look at packages and context.
    pub(crate) by_context: Option<Memo>,
    /// Whether there are policies that look further.
    pub(crate) further: bool,
    /// The answer for every mandate without single rights, where the packages alone settle it.
    pub(crate) settled: Option<Settled>,
}

/// What a class answers each of its mandates that is in force.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settled {
    pub(crate) permit: bool,
    /// None where it does not permit.
    pub(crate) obligations: Obligations,
}

/// The policies in force.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) policies: Arc<Compiled>,
    /// The folder's own. A state's has the codes too that only earlier ones had.
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) folder: PolicyFolder,
    pub(crate) hash: Box<str>,
    // Each decision looks both of its names up.
    actions: Names<ActionIdx>,
    slots: Names<ResourceSlot>,
    entitled: Entitled,
    /// By a caller's place among the callers.
    pub(super) asks: Grow<Asks>,
    // By package set; a row holds a cell for each action and resource slot.
    classes: Grow<Box<[OnceCell<Class>]>>,
}

impl Generation {
    /// The generation of a compiled folder.
    pub(crate) fn new(policies: Compiled, catalogue: Catalogue, folder: PolicyFolder) -> Self {
        let hash = folder.hash().into();
        Self::of(Arc::new(policies), Arc::new(catalogue), folder, hash)
    }

    /// The same policies with no class asked of them yet, for package sets that are numbered otherwise.
    pub(crate) fn anew(&self) -> Self {
        let (policies, catalogue) = (Arc::clone(&self.policies), Arc::clone(&self.catalogue));
        Self::of(policies, catalogue, self.folder.clone(), self.hash.clone())
    }

    fn of(
        policies: Arc<Compiled>,
        catalogue: Arc<Catalogue>,
        folder: PolicyFolder,
        hash: Box<str>,
    ) -> Self {
        let actions = policies.actions().iter().map(ActionName::as_str);
        let resources = policies.resources().iter().map(ResourceId::as_str);
        Self {
            actions: Names::of(actions.filter_map(|name| Some((name, policies.action(name)?)))),
            slots: Names::of(resources.map(|name| (name, policies.resource_slot(name)))),
            policies,
            catalogue,
            folder,
            hash,
            entitled: Entitled::default(),
            asks: Grow::default(),
            classes: Grow::default(),
        }
    }

    /// The action and resource of a question, if the action exists.
    #[inline]
    pub(crate) fn placed(&self, action: &str, resource: &str) -> Option<(ActionIdx, ResourceSlot)> {
        let action = self.actions.get(action)?;
        let slot = self.slots.get(resource);
        Some((action, slot.unwrap_or(ResourceSlot::Other)))
    }

    /// Whether a caller may do something, asked of Cedar if it was not asked lately.
    pub(crate) fn may(&self, caller: &Caller, act: Act, target: &Target) -> bool {
        let ask = || self.policies.may(caller, act, target);
        self.entitled.may(caller, act, target, ask)
    }

    /// The class of a question, asked of Cedar if nobody has asked it before.
    #[inline]
    pub(crate) fn class(
        &self,
        state: &State,
        set: SetId,
        action: ActionIdx,
        resource: ResourceSlot,
    ) -> Option<&Class> {
        let slots = self.policies.resource_slots();
        let row = self.classes.get_or_init(set.0, || {
            (0..self.policies.actions().len() * slots)
                .map(|_| OnceCell::new())
                .collect()
        })?;
        let cell = row.get(action.index() * slots + self.policies.slot_index(resource))?;
        Some(cell.get_or_init(|| self.ask_class(state, set, action, resource)))
    }

    fn ask_class(
        &self,
        state: &State,
        set: SetId,
        action: ActionIdx,
        resource: ResourceSlot,
    ) -> Class {
        let policies = &self.policies;
        let verdict = self.verdict(policies.ask_class(&state.codes(set), action, resource));
        let by_context = policies.context_seen(action, resource).map(Memo::of);
        let further = policies.further(action, resource);
        let permit = verdict.permits && !verdict.denies;
        let settled = Settled {
            permit,
            obligations: if permit {
                verdict.obligations
            } else {
                Obligations::NONE
            },
        };
        Class {
            settled: (by_context.is_none() && !further).then_some(settled),
            verdict,
            by_context,
            further,
        }
    }

    pub(crate) fn verdict(&self, satisfied: Satisfied) -> Verdict {
        Verdict {
            permits: !satisfied.permits.is_empty(),
            denies: satisfied.denies(),
            obligations: self.obligations(&satisfied),
            satisfied,
        }
    }

    /// The highest obligations among the satisfied permits.
    pub(crate) fn obligations(&self, satisfied: &Satisfied) -> Obligations {
        let of = satisfied
            .permits
            .iter()
            .map(|policy| self.policies.policy(*policy).obligations);
        of.fold(Obligations::NONE, Obligations::and)
    }
}
