//! Quoting policies that decided, with what each of their conditions came to: for people, off the path of decisions.

use std::collections::BTreeMap;

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
        let kind = self
            .policies
            .get(policy.0 as usize)
            .map(|found| &found.kind);
        match kind {
            Some(
                Kind::Core(body) | Kind::Class(body) | Kind::Context(body, _) | Kind::Further(body),
            ) => body.has_non_scope_constraint(),
            Some(Kind::Template) | None => false,
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
        let of = |id: &Box<str>| {
            let mut places = places.clone();
            let (place, _) = places.find(|(_, policy)| policy.info.id == *id)?;
            Some(self.quote(place, folder, asked))
        };
        ids.iter().filter_map(of).collect()
    }

    fn quote(&self, place: PolicyIdx, folder: &PolicyFolder, asked: Option<&Put<'_>>) -> Quote {
        let info = self.policy(place);
        let text = folder.text(&info.file).unwrap_or_default();
        let kind = self.policies.get(place.0 as usize).map(|found| &found.kind);
        let conditions = match (kind, asked) {
            (
                Some(
                    Kind::Core(body)
                    | Kind::Class(body)
                    | Kind::Context(body, _)
                    | Kind::Further(body),
                ),
                Some(asked),
            ) => quoted(body, asked, text),
            (Some(_), None) | (Some(Kind::Template), _) | (None, _) => Vec::new(),
        };
        Quote {
            policy: info.id.clone(),
            file: info.file.clone(),
            line: info.line,
            text: info.text.clone(),
            conditions,
        }
    }
}

/// The conditions that a question meets of a policy, and what each came to.
fn quoted(body: &cedar_policy::Policy, asked: &Put<'_>, text: &str) -> Vec<QuotedCondition> {
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
