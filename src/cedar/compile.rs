//! A policy folder, checked and compiled.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Entities, EntityUid, Policy, PolicyId, Schema};
use once_cell::sync::OnceCell;

use super::admin::Admin;
use super::answer::{ActionIdx, AskedAs, Identity, PolicyIdx, PolicyInfo, ResourceSlot};
use super::cell::Cell;
use super::check;
use super::classify::{Reach, reach};
use super::entity::{Names, uid};
use super::plain::{Shapes, StoredIds, Whole};
use super::policy::{Body, Written};
use super::schema::MemberType;
use super::templates::RightTemplate;
use crate::model::finding::Finding;
use crate::model::id::{ActionName, ResourceId};
use crate::model::policy::{PolicyFile, PolicyFolder};
use crate::model::system::RightsOffered;

/// How a policy is asked.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Answered by the engine, from its columns.
    Core(Policy),
    /// The same for all mandates with the same packages.
    Class(Policy),
    /// The same for all mandates with the same packages in contexts that have these members alike.
    Context(Policy, BTreeSet<String>),
    /// Asked for each mandate.
    Further(Policy),
    /// Linked for each single right.
    Template,
}

/// A policy in force.
#[derive(Debug, Clone)]
pub(super) struct InForce {
    pub(super) info: PolicyInfo,
    pub(super) kind: Kind,
    pub(super) has_id: bool,
    /// Where its text begins in its file.
    pub(super) offset: usize,
}

/// A policy folder, checked and compiled.
#[derive(Debug)]
pub struct Compiled {
    pub(super) schema: Schema,
    pub(super) schema_text: Box<str>,
    pub(super) entities_text: Box<str>,
    /// Stored entities and the schema's actions.
    pub(super) stored: Entities,
    /// Core policies, templates, then policies about resources, in the order of their files.
    pub(super) policies: Vec<InForce>,
    pub(super) templates: Vec<RightTemplate>,
    // INVARIANT: both sorted by name, and of the same length.
    pub(super) actions: Vec<ActionName>,
    pub(super) action_uids: Vec<EntityUid>,
    // INVARIANT: sorted.
    pub(super) resources: Vec<ResourceId>,
    /// One for each action and resource slot; filled when it is first asked.
    pub(super) cells: Vec<OnceCell<Cell>>,
    /// What context members each action has, besides `now`.
    pub(super) members: Vec<BTreeMap<String, MemberType>>,
    pub(super) mentioned: Vec<Identity>,
    pub(super) admin: Admin,
    pub(super) warnings: Vec<Finding>,
    /// Whether there are no delegations here: no mandates, only types of the administrators' own.
    pub(super) is_plain: bool,
    /// For questions in Cedar's own form; made when the first is asked.
    pub(super) shapes: OnceCell<Option<Shapes>>,
    pub(super) whole: OnceCell<Whole>,
    pub(super) stored_ids: OnceCell<StoredIds>,
}

impl Compiled {
    /// Checks and compiles a folder: parsing and strict validation of every file, and what else has to hold. All that is
    /// wrong is told at once, as far as it can be known.
    pub fn compile(folder: &PolicyFolder) -> Result<Self, Vec<Finding>> {
        check::folder(folder)
    }

    /// All that is wrong with a folder, or odd about it, in the order of files and lines. A folder of which nothing is an
    /// error can be put in force. Costs more than [`Self::compile`]: policies are compared with each other.
    pub fn findings(folder: &PolicyFolder) -> Vec<Finding> {
        check::findings(folder)
    }

    /// What is odd in the folder, but not wrong, as far as each policy tells by itself.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// The actions that apply to mandates and resources, sorted.
    pub fn actions(&self) -> &[ActionName] {
        &self.actions
    }

    /// The action of a name.
    pub fn action(&self, name: &str) -> Option<ActionIdx> {
        let place = self
            .actions
            .binary_search_by(|action| action.as_str().cmp(name));
        u32::try_from(place.ok()?).ok().map(ActionIdx)
    }

    /// The resources that have an entity, sorted.
    pub fn resources(&self) -> &[ResourceId] {
        &self.resources
    }

    /// The slot of a resource: its own if it has an entity, else the one of all others.
    pub fn resource_slot(&self, resource: &str) -> ResourceSlot {
        let place = self
            .resources
            .binary_search_by(|known| known.as_str().cmp(resource));
        let known = place.ok().and_then(|place| u32::try_from(place).ok());
        known.map_or(ResourceSlot::Other, ResourceSlot::Known)
    }

    /// How many slots there are: one a resource that has an entity, and one for all others.
    pub fn resource_slots(&self) -> usize {
        self.resources.len() + 1
    }

    /// The place of a slot, below [`Self::resource_slots`].
    pub fn slot_index(&self, slot: ResourceSlot) -> usize {
        match slot {
            ResourceSlot::Known(place) => place as usize,
            ResourceSlot::Other => self.resources.len(),
        }
    }

    /// The single rights that can be compiled: every resource that has an entity, and one action set a template.
    pub fn rights_offered(&self) -> RightsOffered {
        RightsOffered {
            resources: self.resources.clone(),
            action_sets: self
                .templates
                .iter()
                .map(|right| right.actions.clone())
                .collect(),
        }
    }

    /// A policy or template.
    #[expect(
        clippy::unreachable,
        reason = "only this module makes indices, of the policies that it keeps"
    )]
    pub fn policy(&self, idx: PolicyIdx) -> &PolicyInfo {
        match self.policies.get(idx.0 as usize) {
            Some(policy) => &policy.info,
            None => unreachable!("a policy's index is of the folder that it is looked up in"),
        }
    }

    /// How often Cedar is asked about a policy.
    pub fn asked_as(&self, idx: PolicyIdx) -> AskedAs {
        match self.policies.get(idx.0 as usize).map(|policy| &policy.kind) {
            Some(Kind::Class(_)) => AskedAs::OnceAClass,
            Some(Kind::Context(..)) => AskedAs::OnceAContext,
            Some(Kind::Further(_)) => AskedAs::ForEachMandate,
            Some(Kind::Core(_) | Kind::Template) | None => AskedAs::Known,
        }
    }

    /// All policies and templates in the order of their indices, the core policies among them.
    pub fn policies(&self) -> impl Iterator<Item = (PolicyIdx, &PolicyInfo)> {
        (0..)
            .map(PolicyIdx)
            .zip(self.policies.iter().map(|policy| &policy.info))
    }

    /// The grants that policies and stored entities name: to answer as the whole does, an export of a slice has to
    /// contain those of them that are in force.
    pub fn mentioned(&self) -> &[Identity] {
        &self.mentioned
    }

    /// A resource's uid; for the slot of all others, one that no resource can have.
    pub(super) fn slot_uid(&self, slot: ResourceSlot) -> EntityUid {
        let known = self
            .resources
            .get(self.slot_index(slot))
            .map(ResourceId::as_str);
        uid(&Names::get().resource, known.unwrap_or("any other"))
    }

    pub(super) fn action_uid(&self, action: ActionIdx) -> Option<&EntityUid> {
        self.action_uids.get(action.index())
    }

    pub(super) fn cell(&self, action: ActionIdx, slot: ResourceSlot) -> Option<&Cell> {
        let place = action.index() * self.resource_slots() + self.slot_index(slot);
        let uid = self.action_uid(action)?;
        let cell = self.cells.get(place)?;
        Some(cell.get_or_init(|| Cell::fill(self, uid, &self.slot_uid(slot))))
    }
}

pub(super) fn idx(place: usize) -> PolicyIdx {
    // A folder has at most 64 MiB, and a policy more than 16 bytes.
    PolicyIdx(u32::try_from(place).unwrap_or(u32::MAX))
}

/// All policies, each in the place that is its index. `members` are the context members of each action.
pub(super) fn in_force(
    members: &[BTreeMap<String, MemberType>],
    core: Vec<Written>,
    rights: Vec<Written>,
    about_resources: Vec<(&PolicyFile, Vec<Written>)>,
) -> Vec<InForce> {
    let core = core.into_iter().map(|written| {
        let kind = match &written.body {
            Body::Static(body) => Kind::Core(body.clone()),
            // The core policies are as they are compiled in, and none is a template.
            Body::Template(_) => Kind::Template,
        };
        (written, Some(kind))
    });
    let rights = rights
        .into_iter()
        .map(|written| (written, Some(Kind::Template)));
    let others = about_resources.into_iter().flat_map(|(_, written)| written);
    let others = others.map(|written| (written, None));
    // A member that no action has is never there.
    let is_plain = |member: &str| {
        let mut types = members.iter().filter_map(|of_action| of_action.get(member));
        types.all(|of| of.is_plain)
    };
    core.chain(rights)
        .chain(others)
        .enumerate()
        .map(|(place, (written, own))| InForce {
            kind: own.unwrap_or_else(|| kind(written.body, idx(place), &is_plain)),
            info: written.info,
            has_id: written.has_id,
            offset: written.offset,
        })
        .collect()
}

/// How a policy about resources is asked. Its Cedar id becomes its index, which is what Cedar's findings name.
fn kind(body: Body, idx: PolicyIdx, is_plain: &dyn Fn(&str) -> bool) -> Kind {
    let Body::Static(policy) = body else {
        // Found to be wrong before: such a folder does not compile.
        return Kind::Template;
    };
    let policy = policy.new_id(PolicyId::new(idx.0.to_string()));
    match reach(&policy, is_plain) {
        Reach::Packages => Kind::Class(policy),
        Reach::Context(members) => Kind::Context(policy, members),
        Reach::Further => Kind::Further(policy),
    }
}
