//! What questions in Cedar's own form meet of the policies: for tests and explanations.

use super::super::answer::{Found, Identity};
use super::super::compile::Compiled;
use super::super::coverage::{Coverage, Put};
use super::question::PlainQuestion;
use crate::model::policy::PolicyFolder;
use crate::model::quote::Quote;
use crate::model::time::Timestamp;

impl Compiled {
    /// Adds what a question meets. A question that cannot be put to Cedar meets nothing.
    pub fn cover_plain(
        &self,
        question: &PlainQuestion,
        now: Timestamp,
        find: &dyn Fn(&Identity) -> Option<Found>,
        into: &mut Coverage,
    ) {
        self.put_plain(question, now, find, |asked| self.cover_with(asked, into));
    }

    /// Policies by their ids, as they are written, with the conditions that a question meets of them.
    pub fn quotes_plain(
        &self,
        ids: &[Box<str>],
        folder: &PolicyFolder,
        question: &PlainQuestion,
        now: Timestamp,
        find: &dyn Fn(&Identity) -> Option<Found>,
    ) -> Vec<Quote> {
        let put = self.put_plain(question, now, find, |asked| {
            self.quotes_by_id(ids, folder, Some(asked))
        });
        put.unwrap_or_else(|| self.quotes_by_id(ids, folder, None))
    }

    /// Puts a question to Cedar; nothing if it cannot be put.
    fn put_plain<T>(
        &self,
        question: &PlainQuestion,
        now: Timestamp,
        find: &dyn Fn(&Identity) -> Option<Found>,
        ask: impl FnOnce(&Put<'_>) -> T,
    ) -> Option<T> {
        let ready = self.ready(question, now, find).ok()?.ok()?;
        let request = self.request(&ready.named, &ready).ok()?;
        let principal = &ready.named.principal;
        let parents = ready.seen.ancestors(principal).into_iter().flatten();
        Some(ask(&Put {
            compiled: self,
            request: &request,
            entities: &ready.seen,
            principal,
            parents: parents.cloned().collect(),
            action: &ready.named.action,
            resource: &ready.named.resource,
        }))
    }
}
