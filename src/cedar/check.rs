//! From the texts of a policy folder to what is in force, by way of all that has to hold.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{Entities, EntityUid, Schema, Validator};
use once_cell::sync::OnceCell;

use super::admin::Admin;
use super::answer::{Identity, PolicyInfo};
use super::compile::{Compiled, idx, in_force};
use super::files::Files;
use super::lint;
use super::literals;
use super::policy::{self, Body, Written};
use super::schema;
use super::shipped;
use super::slice;
use super::templates::{self, RightTemplate};
use super::validate;
use crate::model::catalogue::Catalogue;
use crate::model::finding::{Finding, FindingCode};
use crate::model::id::ActionName;
use crate::model::policy::{PolicyFile, PolicyFolder};

/// A folder, checked and compiled; or all that is wrong with it, as far as it can be known.
pub(super) fn folder(folder: &PolicyFolder) -> Result<Compiled, Vec<Finding>> {
    let mut told = Told::default();
    compile(folder, &mut told).ok_or(told.wrong)
}

/// All that is wrong with a folder, or odd about it, in the order of files and lines.
pub(super) fn findings(folder: &PolicyFolder) -> Vec<Finding> {
    let mut told = Told::default();
    let compiled = compile(folder, &mut told);
    let mut all = told.wrong;
    match compiled {
        // What only a whole folder can tell is told of a folder that holds.
        Some(compiled) => all.extend(lint::findings(&compiled, folder)),
        // A policy that names an action that is not there never applies either; that is told of once.
        None => all.extend(
            told.odd
                .into_iter()
                .filter(|odd| odd.code != FindingCode::NeverApplies),
        ),
    }
    all.sort_by(|a, b| (&a.file, a.at, a.code).cmp(&(&b.file, b.at, b.code)));
    all.dedup_by(|a, b| {
        a == b
            || (a.code == FindingCode::NeverApplies
                && (&a.file, a.at) == (&b.file, b.at)
                && b.code == a.code)
    });
    all
}

fn compile(folder: &PolicyFolder, told: &mut Told) -> Option<Compiled> {
    let files = told.keep(Files::of(folder))?;
    let catalogue = told.keep(shipped::catalogue(files.catalogue));
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
        .and_then(|schema| told.keep(slice::stored(files.entities, schema, files.is_plain)));
    let admin = admin.map(|(admin, odd)| {
        told.odd.extend(odd);
        admin
    });
    let checked = Checked {
        schema: schema?,
        stored: stored?,
        core,
        rights,
        about_resources,
        admin: admin?,
    };
    checked.compiled(&files, &catalogue?, told)
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
        told: &mut Told,
    ) -> Option<Compiled> {
        let mut actions = schema::actions(&self.schema);
        if files.is_plain {
            // Whatever its types are called, none of them is a mandate.
            actions.clear();
        } else {
            told.wrong.extend(schema::check(
                files.schema,
                &self.schema,
                catalogue,
                &actions,
            ));
            told.wrong.extend(shipped::core(files.core, &self.core));
        }
        let (actions, action_uids): (Vec<_>, Vec<_>) = actions.into_iter().unzip();
        let members = schema::members(&files.schema.text, &actions);
        told.wrong
            .extend(schema::check_level(files.schema, &actions, &members));
        told.wrong.extend(self.check_ids(files));
        told.wrong
            .extend(self.check_policies(catalogue, files.is_plain));
        self.validate(files, told);
        let templates = told.keep(self.templates(files.templates, &actions, &action_uids));
        let templates = templates.filter(|_| told.wrong.is_empty())?;
        let mut mentioned = self.named_by_policies();
        mentioned.extend(literals::named_by_entities(&self.stored));
        let resources = if files.is_plain {
            Vec::new()
        } else {
            slice::resources(&self.stored)
        };
        let cells = actions.len() * (resources.len() + 1);
        Some(Compiled {
            schema: self.schema,
            schema_text: files.schema.text.clone(),
            entities_text: files.entities.text.clone(),
            stored: self.stored,
            policies: in_force(&members, self.core, self.rights, self.about_resources),
            templates,
            actions,
            action_uids,
            resources,
            cells: std::iter::repeat_with(OnceCell::new).take(cells).collect(),
            members,
            mentioned: mentioned.into_iter().collect(),
            admin: self.admin,
            warnings: std::mem::take(&mut told.odd),
            is_plain: files.is_plain,
            shapes: OnceCell::new(),
            whole: OnceCell::new(),
            stored_ids: OnceCell::new(),
        })
    }

    /// The single-right templates, in their order; their indices follow the core policies'.
    fn templates(
        &self,
        file: &PolicyFile,
        actions: &[ActionName],
        action_uids: &[EntityUid],
    ) -> Result<Vec<RightTemplate>, Vec<Finding>> {
        let mut rights: Vec<RightTemplate> = Vec::new();
        let mut wrong = Vec::new();
        for (place, written) in self.rights.iter().enumerate() {
            match templates::check(file, written, actions) {
                Err(finding) => wrong.push(finding),
                Ok((_, set)) if rights.iter().any(|right| right.actions == set) => {
                    wrong.push(written.finding(
                        file,
                        FindingCode::DuplicateTemplate,
                        format!(
                            "`{}` has the same actions as a template before it",
                            written.info.id
                        ),
                        "keep one template for each action set".to_owned(),
                    ));
                }
                Ok((template, set)) => rights.push(RightTemplate {
                    idx: idx(self.core.len() + place),
                    opens: templates::opens(template, action_uids, &self.stored),
                    template: template.clone(),
                    actions: set,
                }),
            }
        }
        if wrong.is_empty() {
            Ok(rights)
        } else {
            Err(wrong)
        }
    }

    /// The grants that policies about resources name. The core policies and the templates name none.
    fn named_by_policies(&self) -> BTreeSet<Identity> {
        let written = self.about_resources.iter().flat_map(|(_, written)| written);
        literals::named_by_policies(written.filter_map(|written| match &written.body {
            Body::Static(body) => Some(body),
            Body::Template(_) => None,
        }))
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
                        FindingCode::DuplicateId,
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
                        FindingCode::ReservedId,
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
    fn check_policies(&self, catalogue: &Catalogue, is_plain: bool) -> Vec<Finding> {
        let resources = slice::resources(&self.stored);
        let mut wrong = Vec::new();
        for (file, written) in &self.about_resources {
            for policy in written {
                match &policy.body {
                    // Of its own types the schema says all.
                    Body::Static(_) if is_plain => {}
                    Body::Static(body) => {
                        wrong.extend(literals::check(file, policy, body, catalogue, Some(&resources)));
                    }
                    Body::Template(_) => wrong.push(policy.finding(
                        file,
                        FindingCode::Template,
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
            let (wrong, odd) = validate::policies(file, written, &validator);
            told.wrong.extend(wrong);
            told.odd.extend(odd);
            told.odd
                .extend(validate::unknown_annotations(file, written));
        }
    }
}
