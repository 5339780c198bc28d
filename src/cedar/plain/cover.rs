//! What questions in Cedar's own form meet of the policies: for tests alone.

use super::super::answer::{Found, Identity};
use super::super::compile::Compiled;
use super::super::coverage::{Coverage, Put};
use super::question::PlainQuestion;
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
        let Ok(Ok(ready)) = self.ready(question, now, find) else {
            return;
        };
        let Ok(request) = self.request(&ready.named, &ready) else {
            return;
        };
        let principal = &ready.named.principal;
        let parents = ready.seen.ancestors(principal).into_iter().flatten();
        let asked = Put {
            compiled: self,
            request: &request,
            entities: &ready.seen,
            principal,
            parents: parents.cloned().collect(),
            action: &ready.named.action,
            resource: &ready.named.resource,
        };
        self.cover_with(&asked, into);
    }
}
