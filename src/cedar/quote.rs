//! Quoting policies that decided, with what each of their conditions came to: for people, off the path of decisions.

use std::collections::BTreeMap;

use cedar_policy::Policy;

use super::answer::PolicyIdx;
use super::compile::{Compiled, Kind};
use super::coverage::{CoverQuestion, Put};
use super::located::{line_and_column, on_one_line};
use super::walk::{Walk, conditions, walk};
use crate::model::policy::PolicyFolder;
use crate::model::quote::{Quote, QuotedCondition};

impl Compiled {
    /// Whether a policy has conditions beside its scope, for which a question has to be put to Cedar to quote it whole.
    pub fn has_conditions(&self, policy: PolicyIdx) -> bool {
        self.body(policy)
            .is_some_and(Policy::has_non_scope_constraint)
    }

    /// A policy as Cedar has it, unless it is a template.
    fn body(&self, place: PolicyIdx) -> Option<&Policy> {
        match &self.policies.get(place.0 as usize)?.kind {
            Kind::Core(body) | Kind::Class(body) | Kind::Context(body, _) | Kind::Further(body) => {
                Some(body)
            }
            Kind::Template => None,
        }
    }

    /// Policies as they are written, from the folder that was compiled; with the conditions that a question meets of them,
    /// if one is given.
    pub fn quotes(
        &self,
        policies: &[PolicyIdx],
        folder: &PolicyFolder,
        question: Option<&CoverQuestion<'_>>,
    ) -> Vec<Quote> {
        let with = |asked: Option<&Put<'_>>| {
            let quote = |policy: &PolicyIdx| self.quote(*policy, folder, asked);
            policies.iter().map(quote).collect()
        };
        let put = question.and_then(|question| self.put(question, |asked| with(Some(asked))));
        put.unwrap_or_else(|| with(None))
    }

    /// As [`Self::quotes`], by their ids.
    pub(super) fn quotes_by_id(
        &self,
        ids: &[Box<str>],
        folder: &PolicyFolder,
        asked: Option<&Put<'_>>,
    ) -> Vec<Quote> {
        let places = (0..).map(PolicyIdx).zip(&self.policies);
        let place_of = |id: &str| {
            let mut places = places.clone();
            Some(places.find(|(_, policy)| *policy.info.id == *id)?.0)
        };
        let found = ids.iter().filter_map(|id| place_of(id));
        found
            .map(|place| self.quote(place, folder, asked))
            .collect()
    }

    fn quote(&self, place: PolicyIdx, folder: &PolicyFolder, asked: Option<&Put<'_>>) -> Quote {
        let info = self.policy(place);
        let text = folder.text(&info.file).unwrap_or_default();
        let body = self.body(place).zip(asked);
        let conditions = body.map(|(body, asked)| quoted(body, asked, text));
        Quote {
            policy: info.id.clone(),
            file: info.file.clone(),
            line: info.line,
            text: info.text.clone(),
            conditions: conditions.unwrap_or_default(),
        }
    }
}

/// The conditions that a question meets of a policy, and what each came to.
fn quoted(body: &Policy, asked: &Put<'_>, text: &str) -> Vec<QuotedCondition> {
    let mut seen = BTreeMap::new();
    walk(
        body,
        &mut Walk {
            request: asked.request,
            entities: asked.entities,
            seen: &mut seen,
        },
    );
    let met = conditions(body).into_iter().filter_map(|span| {
        let seen = seen.get(&span)?;
        let (line, column) = line_and_column(text, span.0);
        Some(QuotedCondition {
            line,
            column,
            text: on_one_line(text.get(span.0..span.1).unwrap_or_default()),
            holds: seen.yes > 0,
        })
    });
    met.collect()
}
