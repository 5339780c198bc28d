//! A policy folder, checked and compiled.

use std::collections::{BTreeMap, HashMap};

use cedar_policy::{Entities, EntityUid, Policy, PolicyId, Schema, Validator};
use once_cell::sync::OnceCell;

use super::admin::Admin;
use super::answer::{ActionIdx, Identity, PolicyIdx, PolicyInfo, ResourceSlot};
use super::ask::Cell;
use super::classify::is_class_only;
use super::entity::{Names, uid};
use super::files::Files;
use super::literals;
use super::located::{about_file, line_and_column};
use super::policy::{self, Body, Written};
use super::schema::{self, MemberType};
use super::slice;
use super::templates::{self, RightTemplate};
use crate::model::catalogue::Catalogue;
use crate::model::id::{ActionName, ResourceId};
use crate::model::policy::{Finding, PolicyFile, PolicyFolder};
use crate::model::system::RightsOffered;

/// The core policies, as they have to be.
const CORE: &str = include_str!("../../policies/core.cedar");

/// How a policy is asked.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Answered by the engine, from its columns.
    Core,
    /// The same for all mandates with the same packages.
    Class(Policy),
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
    actions: Vec<ActionName>,
    pub(super) action_uids: Vec<EntityUid>,
    // INVARIANT: sorted.
    resources: Vec<ResourceId>,
    /// One for each action and resource slot; filled when it is first asked.
    cells: Vec<OnceCell<Cell>>,
    /// What context members each action has, besides `now`.
    pub(super) members: Vec<BTreeMap<String, MemberType>>,
    mentioned: Vec<Identity>,
    pub(super) admin: Admin,
    warnings: Vec<Finding>,
}

impl Compiled {
    /// Checks and compiles a folder: parsing and strict validation of every file, and what else has to hold. All that is
    /// wrong is told at once, as far as it can be known.
    pub fn compile(folder: &PolicyFolder) -> Result<Self, Vec<Finding>> {
        let files = Files::of(folder)?;
        let mut told = Told::default();
        let catalogue = told.keep(read_catalogue(files.catalogue));
        let core = told.keep(policy::read(files.core)).unwrap_or_default();
        let rights = told.keep(policy::read(files.templates)).unwrap_or_default();
        let mut about_resources = Vec::new();
        for file in &files.resources {
            about_resources.push((*file, told.keep(policy::read(file)).unwrap_or_default()));
        }
        let schema = told.keep(schema::parse(files.schema)).map(|(schema, odd)| {
            told.odd.extend(odd);
            schema
        });
        let admin = catalogue.as_ref().and_then(|catalogue| {
            told.keep(Admin::compile(files.admin, files.admin_schema, catalogue))
        });
        let stored = schema
            .as_ref()
            .and_then(|schema| told.keep(slice::stored(files.entities, schema)));
        let (Some(catalogue), Some(schema), Some((admin, odd)), Some(stored)) =
            (catalogue, schema, admin, stored)
        else {
            return Err(told.wrong);
        };
        told.odd.extend(odd);
        let checked = Checked {
            schema,
            stored,
            core,
            rights,
            about_resources,
            admin,
        };
        checked.compiled(&files, &catalogue, told)
    }

    /// What is odd in the folder, but not wrong.
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

/// What was found so far.
#[derive(Default)]
struct Told {
    wrong: Vec<Finding>,
    odd: Vec<Finding>,
}

impl Told {
    fn keep<T>(&mut self, result: Result<T, Vec<Finding>>) -> Option<T> {
        result.map_err(|wrong| self.wrong.extend(wrong)).ok()
    }
}

/// A folder whose every file was read.
struct Checked<'a> {
    schema: Schema,
    stored: Entities,
    core: Vec<Written>,
    rights: Vec<Written>,
    about_resources: Vec<(&'a PolicyFile, Vec<Written>)>,
    admin: Admin,
}

impl Checked<'_> {
    fn compiled(
        self,
        files: &Files<'_>,
        catalogue: &Catalogue,
        mut told: Told,
    ) -> Result<Compiled, Vec<Finding>> {
        let actions = schema::actions(&self.schema);
        told.wrong
            .extend(schema::check(&self.schema, catalogue, &actions));
        let (actions, action_uids): (Vec<_>, Vec<_>) = actions.into_iter().unzip();
        let members = schema::members(&files.schema.text, &actions);
        told.wrong.extend(schema::check_level(&actions, &members));
        told.wrong.extend(check_core(files.core, &self.core));
        told.wrong.extend(self.check_ids(files));
        told.wrong.extend(self.check_policies(catalogue));
        self.validate(files, &mut told);

        let mut policies: Vec<_> = self
            .core
            .into_iter()
            .map(|written| in_force(written, |_| Kind::Core))
            .collect();
        let mut rights: Vec<RightTemplate> = Vec::new();
        for written in self.rights {
            match templates::check(files.templates, &written, &actions) {
                Err(finding) => told.wrong.push(finding),
                Ok(set) if rights.iter().any(|right| right.actions == set) => {
                    told.wrong.push(written.finding(
                        files.templates,
                        "duplicate-template",
                        format!(
                            "`{}` has the same actions as a template before it",
                            written.info.id
                        ),
                        "keep one template for each action set".to_owned(),
                    ));
                }
                Ok(set) => {
                    let Body::Template(template) = &written.body else {
                        continue;
                    };
                    rights.push(RightTemplate {
                        idx: next(&policies),
                        opens: templates::opens(template, &action_uids, &self.stored),
                        template: template.clone(),
                        actions: set,
                    });
                    policies.push(in_force(written, |_| Kind::Template));
                }
            }
        }
        for written in self
            .about_resources
            .into_iter()
            .flat_map(|(_, written)| written)
        {
            let idx = next(&policies);
            policies.push(in_force(written, |body| kind(body, idx)));
        }
        if !told.wrong.is_empty() {
            return Err(told.wrong);
        }
        let bodies = policies.iter().filter_map(|policy| match &policy.kind {
            Kind::Further(body) | Kind::Class(body) => Some(body),
            Kind::Core | Kind::Template => None,
        });
        let mut mentioned = literals::named_by_policies(bodies);
        mentioned.extend(literals::named_by_entities(&self.stored));
        let resources = slice::resources(&self.stored);
        let cells = actions.len() * (resources.len() + 1);
        Ok(Compiled {
            schema: self.schema,
            schema_text: files.schema.text.clone(),
            entities_text: files.entities.text.clone(),
            stored: self.stored,
            policies,
            templates: rights,
            actions,
            action_uids,
            resources,
            cells: std::iter::repeat_with(OnceCell::new).take(cells).collect(),
            members,
            mentioned: mentioned.into_iter().collect(),
            admin: self.admin,
            warnings: told.odd,
        })
    }

    /// That no id stands twice, and only the program's own files use the names that it keeps for itself.
    fn check_ids(&self, files: &Files<'_>) -> Vec<Finding> {
        let mut wrong = Vec::new();
        let mut first: HashMap<&str, &PolicyInfo> = HashMap::new();
        let own = [(files.core, &self.core), (files.templates, &self.rights)];
        let others = self
            .about_resources
            .iter()
            .map(|(file, written)| (*file, written));
        for (file, written) in own.into_iter().chain(others) {
            for policy in written {
                if let Some(before) = first.get(&*policy.info.id) {
                    wrong.push(policy.finding(
                        file,
                        "duplicate-id",
                        format!(
                            "the id `{}` stands twice: also at {}:{}",
                            policy.info.id, before.file, before.line
                        ),
                        "give each policy an `@id` of its own".to_owned(),
                    ));
                } else {
                    first.insert(&policy.info.id, &policy.info);
                }
                if file.path.starts_with(PolicyFolder::RESOURCES)
                    && policy.info.id.starts_with("core/")
                {
                    wrong.push(policy.finding(
                        file,
                        "reserved-id",
                        format!(
                            "the id `{}` begins with `core/`, which is the program's own",
                            policy.info.id
                        ),
                        "name the policy after its resource: `@id(\"my-service/read\")`".to_owned(),
                    ));
                }
            }
        }
        wrong
    }

    /// That policies about resources have no slots, and name what exists.
    fn check_policies(&self, catalogue: &Catalogue) -> Vec<Finding> {
        let resources = slice::resources(&self.stored);
        let mut wrong = Vec::new();
        for (file, written) in &self.about_resources {
            for policy in written {
                match &policy.body {
                    Body::Static(body) => {
                        wrong.extend(literals::check(file, policy, body, catalogue, Some(&resources)));
                    }
                    Body::Template(_) => wrong.push(policy.finding(
                        file,
                        "template",
                        "a template stands among the policies about resources".to_owned(),
                        "single-right templates belong in `templates.cedar`; name principal and resource here".to_owned(),
                    )),
                }
            }
        }
        wrong
    }

    fn validate(&self, files: &Files<'_>, told: &mut Told) {
        let validator = Validator::new(self.schema.clone());
        let own = [(files.core, &self.core), (files.templates, &self.rights)];
        let others = self
            .about_resources
            .iter()
            .map(|(file, written)| (*file, written));
        for (file, written) in own.into_iter().chain(others) {
            let (wrong, odd) = policy::validate(file, written, &validator);
            told.wrong.extend(wrong);
            told.odd.extend(odd);
        }
    }
}

fn next(policies: &[InForce]) -> PolicyIdx {
    // A folder has at most 64 MiB, and a policy more than 16 bytes.
    PolicyIdx(u32::try_from(policies.len()).unwrap_or(u32::MAX))
}

fn in_force(written: Written, kind: impl FnOnce(Body) -> Kind) -> InForce {
    InForce {
        kind: kind(written.body),
        info: written.info,
        has_id: written.has_id,
    }
}

/// How a policy about resources is asked. Its Cedar id becomes its index, which is what Cedar's findings name.
fn kind(body: Body, idx: PolicyIdx) -> Kind {
    let Body::Static(policy) = body else {
        // Found to be wrong elsewhere: such a folder does not compile.
        return Kind::Template;
    };
    let policy = policy.new_id(PolicyId::new(idx.0.to_string()));
    if is_class_only(&policy) {
        Kind::Class(policy)
    } else {
        Kind::Further(policy)
    }
}

fn read_catalogue(file: &PolicyFile) -> Result<Catalogue, Vec<Finding>> {
    Catalogue::parse(&file.text, None).map_err(|refused| {
        let mut finding = about_file(
            &file.path,
            "catalogue",
            refused.to_string(),
            "correct the file, or take it as the program ships it",
        );
        if let crate::model::catalogue::CatalogueError::Shape(json) = &refused {
            finding.at = Some((json.line(), json.column().max(1)));
        }
        vec![finding]
    })
}

/// That the core policies say what they have to, each in its place. Comments and layout are free.
fn check_core(file: &PolicyFile, written: &[Written]) -> Vec<Finding> {
    let shipped = policy::read(&PolicyFile {
        path: file.path.clone(),
        text: CORE.into(),
    });
    let say = |written: &[Written]| -> Vec<_> {
        written
            .iter()
            .map(|policy| (policy.info.id.clone(), policy.body.as_json()))
            .collect()
    };
    let shipped = shipped.map(|shipped| say(&shipped));
    if shipped.is_ok_and(|shipped| shipped == say(written)) {
        return Vec::new();
    }
    let changed = written
        .first()
        .map(|first| line_and_column(&file.text, first.offset));
    vec![Finding {
        file: file.path.clone(),
        at: changed,
        code: "core-changed",
        message: "the core policies are not as they are compiled into the program".to_owned(),
        help: "put the file back as the program ships it; policies of your own go beneath `resources/`".to_owned(),
    }]
}
