//! Deciding: one question, one state, one answer. It cannot fail, block or write.

use std::sync::Arc;

use arc_swap::Guard;

use crate::cedar::{ActionIdx, Identity, PolicyIdx, ResourceSlot, Satisfied};
use crate::model::id::{ActionName, OrgNo, SystemUserId};
use crate::model::question::{Asked, Decision, Obligations, Question};
use crate::model::system::SingleRight;
use crate::model::time::Timestamp;

use super::Snapshot;
use super::generation::{Class, Settled};
use super::memo::{Kept, Memo};
use super::sets::SetId;
use super::standing::{InForce, Standing};
use super::state::{State, SystemUser};

pub use crate::cedar::ContextError;

/// What all policies together came to, for a mandate in force.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) satisfied: Satisfied,
    /// The templates of single rights that open the action.
    pub(crate) rights: Vec<PolicyIdx>,
    pub(crate) permit: bool,
    pub(crate) obligations: Obligations,
}

impl Snapshot {
    /// The context of a question, from members as they came from outside.
    ///
    /// Members that the schema lacks are dropped; a known one of the wrong type is an error that names it, and so is
    /// `now`, since the clock is the daemon's.
    pub fn context(
        &self,
        action: &ActionName,
        members: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Asked, ContextError> {
        let policies = &self.state.generation.policies;
        let checked = policies.check_context(policies.action(action.as_str()), members)?;
        Ok(checked.asked().clone())
    }

    /// The answer. Denies by default: what cannot be decided is denied.
    ///
    /// Costs a few searches; where a policy looks further than packages, an evaluation by Cedar too.
    pub fn decide(&self, question: &Question, now: Timestamp) -> Decision {
        self.state.decide(question, now)
    }
}

impl State {
    #[inline]
    pub(crate) fn decide(&self, question: &Question, now: Timestamp) -> Decision {
        let (user, client) = (question.system_user, question.client);
        match self.settled(user, client, self.placed(question)) {
            Some(decision) => decision,
            None => self.weighed(question, now),
        }
    }

    /// The answer, link by link and policy by policy.
    #[inline(never)]
    pub(super) fn weighed(&self, question: &Question, now: Timestamp) -> Decision {
        let denied = Decision {
            permit: false,
            obligations: Obligations::NONE,
            revision: self.revision,
        };
        let Standing::InForce(in_force) = self.standing(question.system_user, question.client, now)
        else {
            return denied;
        };
        let Some((action, slot)) = self.placed(question) else {
            return denied;
        };
        let Some(class) = self.generation.class(self, in_force.set(), action, slot) else {
            return denied;
        };
        if class.verdict.denies {
            return denied;
        }
        if class.further {
            let judged = self.judge(
                &in_force,
                class,
                question,
                &question.asked,
                (action, slot),
                now,
            );
            return Decision {
                permit: judged.permit,
                obligations: judged.obligations,
                ..denied
            };
        }
        let mut permit = class.verdict.permits;
        let mut obligations = class.verdict.obligations;
        for right in self.rights(in_force.user, question, action) {
            permit = true;
            obligations = obligations.and(self.obligations_of(right));
        }
        if let Some(memo) = &class.by_context {
            let place = (in_force.set(), action, slot);
            let kept = self.in_context(memo, place, &question.asked, now);
            let Some(kept) = kept.as_ref().filter(|kept| !kept.verdict.denies) else {
                return denied;
            };
            permit |= kept.verdict.permits;
            obligations = obligations.and(kept.verdict.obligations);
        }
        if !permit {
            return denied;
        }
        Decision {
            permit,
            obligations,
            ..denied
        }
    }

    /// The answer where the class settles it and nothing is particular about any client of the system user.
    ///
    /// Then only the client's place in the column is left to look up, and nothing here branches on whether it is there:
    /// a processor that guesses wrong on every other question loses more than all the rest costs.
    #[inline]
    pub(super) fn settled(
        &self,
        system_user: SystemUserId,
        client: OrgNo,
        placed: Option<(ActionIdx, ResourceSlot)>,
    ) -> Option<Decision> {
        let user = self.users.agent(system_user)?;
        let is_plain =
            user.exceptions.is_empty() && user.rights.is_empty() && user.deleted.is_none();
        if !is_plain || self.system_is_deleted(user) {
            return None;
        }
        let (action, slot) = placed?;
        let class = self.generation.class(self, user.set, action, slot)?;
        let Settled {
            permit,
            obligations,
        } = class.settled?;
        let permit = permit & user.clients.has(client.as_u32());
        Some(Decision {
            permit,
            obligations: obligations.if_so(permit),
            revision: self.revision,
        })
    }

    /// What the policies say that look at packages and context.
    pub(super) fn in_context(
        &self,
        memo: &Memo,
        (set, action, slot): (SetId, ActionIdx, ResourceSlot),
        asked: &Asked,
        now: Timestamp,
    ) -> Guard<Option<Arc<Kept>>> {
        memo.verdict(asked, now, || {
            let generation = &self.generation;
            let packages = self.codes(set);
            let policies = &generation.policies;
            generation.verdict(policies.ask_context(&packages, action, slot, asked, now))
        })
    }

    /// The action and resource of a question, if the action exists.
    pub(crate) fn placed(&self, question: &Question) -> Option<(ActionIdx, ResourceSlot)> {
        let (action, resource) = (question.action.as_str(), question.resource.as_str());
        self.generation.placed(action, resource)
    }

    /// What the policies come to, with every policy that was satisfied or erred.
    pub(crate) fn judge(
        &self,
        in_force: &InForce<'_>,
        class: &Class,
        question: &Question,
        asked: &Asked,
        (action, slot): (ActionIdx, ResourceSlot),
        now: Timestamp,
    ) -> Judged {
        let policies = &self.generation.policies;
        let rights: Vec<_> = self.rights(in_force.user, question, action).collect();
        let mut satisfied = class.verdict.satisfied.clone();
        if let Some(memo) = &class.by_context {
            let kept = self.in_context(memo, (in_force.set(), action, slot), asked, now);
            if let Some(kept) = &*kept {
                satisfied = satisfied.and(&kept.verdict.satisfied);
            }
        }
        let mut understood = true;
        if class.further {
            match policies.check_asked(Some(action), asked) {
                Ok(context) => {
                    let mandate = self.mandate(in_force, question.client);
                    let find = |identity: &Identity| self.find(identity);
                    let further = policies.ask_further(
                        &mandate,
                        action,
                        &question.resource,
                        &context,
                        now,
                        &find,
                    );
                    satisfied = satisfied.and(&further);
                }
                // Only a program that made its own context comes here; what is not understood is denied.
                Err(_) => understood = false,
            }
        }
        let permits = !satisfied.permits.is_empty() || !rights.is_empty();
        let permit = understood && permits && !satisfied.denies();
        let obligations = if permit {
            let of_permits = self.generation.obligations(&satisfied);
            let of_rights = rights.iter().map(|right| self.obligations_of(*right));
            of_rights.fold(of_permits, Obligations::and)
        } else {
            Obligations::NONE
        };
        Judged {
            satisfied,
            rights,
            permit,
            obligations,
        }
    }

    fn obligations_of(&self, right: PolicyIdx) -> Obligations {
        self.generation.policies.policy(right).obligations
    }

    /// The templates that open the action by single rights on the resource: one for each action set that holds it. Only
    /// standard system users have any.
    pub(super) fn rights<'a>(
        &'a self,
        user: &'a SystemUser,
        question: &'a Question,
        action: ActionIdx,
    ) -> impl Iterator<Item = PolicyIdx> + 'a {
        let rights: &[SingleRight] = &user.rights;
        let first = rights.partition_point(|right| right.resource < question.resource);
        let on_resource = rights
            .iter()
            .skip(first)
            .take_while(|right| right.resource == question.resource);
        on_resource.filter_map(move |right| self.generation.policies.ask_right(right, action))
    }
}
