//! What policies and stored entities name: that it exists, and which grants are among it.

use std::collections::BTreeSet;

use cedar_policy::{Entities, Entity, EntityUid, EvalResult, Policy};

use super::answer::Identity;
use super::entity::Names;
use super::located::line_and_column;
use super::policy::Written;
use crate::model::catalogue::Catalogue;
use crate::model::finding::{Finding, FindingCode};
use crate::model::id::ResourceId;
use crate::model::policy::PolicyFile;
use crate::model::system::nearest;

/// That the packages that a policy names are in the catalogue, and its resources in the stored entities.
pub(super) fn check(
    file: &PolicyFile,
    written: &Written,
    policy: &Policy,
    catalogue: &Catalogue,
    resources: Option<&[ResourceId]>,
) -> Vec<Finding> {
    let literals: BTreeSet<EntityUid> = policy.entity_literals().into_iter().collect();
    let found = literals.iter().filter_map(|literal| {
        let id: &str = literal.id().as_ref();
        let of = literal.type_name();
        let (code, message, help) = if *of == Names::get().package {
            let unknown = unknown_package(catalogue, id)?;
            (
                FindingCode::UnknownPackage,
                unknown,
                "write the package's bare code as `catalogue.json` has it".to_owned(),
            )
        } else if *of == Names::get().resource {
            let known = resources?;
            if known.iter().any(|resource| resource.as_str() == id) {
                return None;
            }
            let meant = nearest(id, known.iter().map(ResourceId::as_str))
                .map(|nearest| format!("; did you mean `{nearest}`?"));
            (
                FindingCode::UnknownResource,
                format!(
                    "resource `{id}` has no entity in `entities.json`{}",
                    meant.unwrap_or_default()
                ),
                format!("correct the id, or add an entity of type `Resource` with id `{id}`"),
            )
        } else {
            return None;
        };
        let offset = written.info.text.find(&format!("\"{id}\"")).unwrap_or(0);
        let offset = name_begin(&written.info.text, &of.to_string(), offset);
        Some(Finding {
            file: file.path.clone(),
            at: Some(line_and_column(&file.text, written.offset + offset)),
            code,
            message,
            help,
        })
    });
    found.collect()
}

/// That a code is not in the catalogue. A URN is not a code here: Cedar compares ids to the letter.
fn unknown_package(catalogue: &Catalogue, id: &str) -> Option<String> {
    match catalogue.find(id) {
        Ok(found) if catalogue.code(found).as_str() == id => None,
        Ok(found) => Some(format!(
            "access package `{id}` is written as a URN; its code is `{}`",
            catalogue.code(found)
        )),
        Err(unknown) => Some(unknown.to_string()),
    }
}

/// Where a literal begins whose quoted id is at `offset`: with its type, if that stands right before it.
fn name_begin(text: &str, of: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or_default();
    let typed = before
        .strip_suffix("::")
        .and_then(|before| before.strip_suffix(of));
    typed.map_or(offset, str::len)
}

/// The grants that policies name.
pub(super) fn named_by_policies<'a>(
    policies: impl Iterator<Item = &'a Policy>,
) -> BTreeSet<Identity> {
    policies
        .flat_map(Policy::entity_literals)
        .filter_map(|literal| Identity::of(&literal))
        .collect()
}

/// The grants that stored entities name in attributes and tags. None is beneath a grant.
pub(super) fn named_by_entities(stored: &Entities) -> BTreeSet<Identity> {
    let mut named = BTreeSet::new();
    stored
        .iter()
        .for_each(|entity| named_by_entity(entity, &mut named));
    named
}

/// The grants that an entity names in attributes and tags.
pub(super) fn named_by_entity(entity: &Entity, named: &mut BTreeSet<Identity>) {
    let values = entity.attrs().chain(entity.tags());
    values
        .filter_map(|(_, value)| value.ok())
        .for_each(|value| named_by_value(&value, named));
}

/// The grants that a value names, however deep.
pub(super) fn named_by_value(value: &EvalResult, named: &mut BTreeSet<Identity>) {
    match value {
        EvalResult::EntityUid(uid) => named.extend(Identity::of(uid)),
        EvalResult::Set(set) => set.iter().for_each(|one| named_by_value(one, named)),
        EvalResult::Record(record) => record
            .iter()
            .for_each(|(_, one)| named_by_value(one, named)),
        EvalResult::Bool(_)
        | EvalResult::Long(_)
        | EvalResult::String(_)
        | EvalResult::ExtensionValue(_) => {}
    }
}
