//! What only a whole folder can tell: policies that never apply, permits without effect, packages that open nothing.

use std::collections::BTreeSet;

use cedar_policy::Policy;

use super::answer::{Effect, PolicyInfo};
use super::compile::{Compiled, InForce, Kind};
use super::dead;
use super::located::line_and_column;
use super::scope;
use super::shadow::Reach;
use crate::model::catalogue::Catalogue;
use crate::model::finding::{Finding, FindingCode};
use crate::model::policy::PolicyFolder;

/// What is odd in a folder that holds.
pub(super) fn findings(compiled: &Compiled, folder: &PolicyFolder) -> Vec<Finding> {
    let mut found = compiled.warnings().to_vec();
    let places: BTreeSet<_> = found
        .iter()
        .filter(|finding| finding.code == FindingCode::NeverApplies)
        .map(|finding| (finding.file.clone(), finding.at))
        .collect();
    let lint = Lint { compiled, folder };
    let about_resources: Vec<_> = compiled.policies.iter().filter_map(own).collect();
    // What Cedar's validator has told of is not told of twice.
    let (dead, alive): (Vec<_>, Vec<_>) =
        about_resources.into_iter().partition(|(policy, body)| {
            dead::never_applies(compiled, body) || {
                let at = lint.place(policy);
                places.contains(&(policy.info.file.clone(), Some(at)))
            }
        });
    for (policy, _) in &dead {
        let finding = lint.about(
            policy,
            FindingCode::NeverApplies,
            "can never apply: no action on any resource satisfies it, whoever asks".to_owned(),
            "take the policy out, or mend the condition or scope that is false for every resource"
                .to_owned(),
        );
        if !places.contains(&(finding.file.clone(), finding.at)) {
            found.push(finding);
        }
    }
    found.extend(lint.shadowed(&alive));
    found.extend(lint.open_nothing(&alive));
    found
}

/// A policy about resources. Core policies and templates are the program's own.
fn own(policy: &InForce) -> Option<(&InForce, &Policy)> {
    match &policy.kind {
        Kind::Class(body) | Kind::Context(body, _) | Kind::Further(body) => Some((policy, body)),
        Kind::Core(_) | Kind::Template => None,
    }
}

struct Lint<'a> {
    compiled: &'a Compiled,
    folder: &'a PolicyFolder,
}

impl Lint<'_> {
    fn place(&self, policy: &InForce) -> (usize, usize) {
        let text = self.folder.text(&policy.info.file).unwrap_or_default();
        line_and_column(text, policy.offset)
    }

    fn about(&self, policy: &InForce, code: FindingCode, said: String, help: String) -> Finding {
        Finding {
            file: policy.info.file.clone(),
            at: Some(self.place(policy)),
            code,
            message: format!("policy `{}` {said}", policy.info.id),
            help,
        }
    }

    fn shadowed(&self, policies: &[(&InForce, &Policy)]) -> Vec<Finding> {
        let reaches: Vec<_> = policies
            .iter()
            .map(|(policy, body)| Reach::of(self.compiled, &policy.info, body))
            .collect();
        let shadow = |nth: usize, permit: &Reach<'_>| -> Option<&PolicyInfo> {
            let others = reaches
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != nth);
            let stored = &self.compiled.stored;
            let mut shadows =
                others.filter(|(other, reach)| reach.shadows(permit, *other < nth, stored));
            shadows.next().map(|(_, reach)| reach.info)
        };
        let permits = reaches.iter().enumerate();
        let permits = permits.filter(|(_, reach)| reach.info.effect == Effect::Permit);
        permits
            .filter_map(|(nth, permit)| {
                let by = shadow(nth, permit)?;
                let (policy, _) = policies.get(nth)?;
                let (said, help) = match by.effect {
                    Effect::Permit => (
                        format!(
                            "permits nothing that `{}` does not permit ({}:{})",
                            by.id, by.file, by.line
                        ),
                        "take one of the two out, or narrow the wider one",
                    ),
                    Effect::Forbid => (
                        format!(
                            "permits nothing: `{}` forbids all of it ({}:{})",
                            by.id, by.file, by.line
                        ),
                        "take the permit out, or narrow the forbid",
                    ),
                };
                Some(self.about(policy, FindingCode::Shadowed, said, help.to_owned()))
            })
            .collect()
    }

    /// Permits for a package that nobody can hold.
    fn open_nothing(&self, policies: &[(&InForce, &Policy)]) -> Vec<Finding> {
        let text = self
            .folder
            .text(PolicyFolder::CATALOGUE)
            .unwrap_or_default();
        let Ok(catalogue) = Catalogue::parse(text, None) else {
            return Vec::new();
        };
        let permits = policies
            .iter()
            .filter(|(policy, _)| policy.info.effect == Effect::Permit);
        permits
            .filter_map(|(policy, body)| {
                let package = scope::package_in_scope(body)?;
                let code: &str = package.id().as_ref();
                let id = catalogue.find(code).ok()?;
                let alone = std::iter::once(id).collect();
                let by_a_relation = catalogue.delegable().contains(id)
                    && catalogue.never_covered_together(&alone).is_empty();
                if by_a_relation || catalogue.assignable().contains(id) {
                    return None;
                }
                let said = format!(
                    "opens nothing: no system user can hold access package `{code}`, which no relation gives and no organisation may assign"
                );
                let help = "name a package that can be held, or correct `catalogue.json` if Altinn has changed it";
                Some(self.about(policy, FindingCode::OpensNothing, said, help.to_owned()))
            })
            .collect()
    }
}
