//! What a question meets of the policies, for tests: the same mandate and grants that a decision reads, put to Cedar policy by
//! policy.

use crate::cedar::{CoverQuestion, Coverage, CoveredPolicy, Identity};
use crate::model::question::Question;
use crate::model::time::Timestamp;

use super::Snapshot;
use super::state::State;

impl Snapshot {
    /// Adds what a question meets. Slow, and off the path of decisions.
    pub fn cover(&self, question: &Question, now: Timestamp, into: &mut Coverage) {
        let state = &self.state;
        let policies = &state.generation.policies;
        let Some((action, _)) = state.placed(question) else {
            return;
        };
        let Ok(asked) = policies.check_asked(Some(action), &question.asked) else {
            return;
        };
        let live = state.live(question.system_user);
        let held = live.and_then(|user| State::held(user, question.client));
        let mandate = held.map(|held| state.mandate(&held, question.client));
        let find = |identity: &Identity| state.find(identity);
        let question = CoverQuestion {
            principal: (question.system_user, question.client),
            mandate: mandate.as_ref(),
            action,
            resource: &question.resource,
            asked: &asked,
            now,
            find: &find,
        };
        policies.cover(&question, into);
    }

    /// Every policy in force, with what was met of it.
    pub fn covered(&self, coverage: &Coverage) -> Vec<CoveredPolicy> {
        let generation = &self.state.generation;
        generation.policies.covered(coverage, &generation.folder)
    }
}
