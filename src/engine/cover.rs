//! What a question meets of the policies, for tests and explanations: the same mandate and grants that a decision reads, put to Cedar policy by
//! policy.

use crate::cedar::{CoverQuestion, Coverage, Identity};
use crate::model::question::Question;
use crate::model::time::Timestamp;

use super::Snapshot;
use super::state::State;

impl Snapshot {
    /// Adds what a question meets. Slow, and off the path of decisions.
    pub fn cover(&self, question: &Question, now: Timestamp, into: &mut Coverage) {
        let policies = &self.state.generation.policies;
        self.state
            .reached(question, now, |question| policies.cover(question, into));
    }
}

impl State {
    /// Hands on a question with what it reaches of the grants: the same mandate that a decision reads, whatever its window.
    /// Nothing if the question cannot be put.
    pub(super) fn reached<T>(
        &self,
        question: &Question,
        now: Timestamp,
        ask: impl FnOnce(&CoverQuestion<'_>) -> T,
    ) -> Option<T> {
        let policies = &self.generation.policies;
        let (action, _) = self.placed(question)?;
        let asked = policies.check_asked(Some(action), &question.asked).ok()?;
        let live = self.live(question.system_user);
        let held = live.and_then(|user| Self::held(user, question.client));
        let mandate = held.map(|held| self.mandate(&held, question.client));
        let find = |identity: &Identity| self.find(identity);
        Some(ask(&CoverQuestion {
            principal: (question.system_user, question.client),
            mandate: mandate.as_ref(),
            action,
            resource: &question.resource,
            asked: &asked,
            now,
            find: &find,
        }))
    }
}
