//! Deciding: one question, one state, one answer. It cannot fail, block or write.

use std::sync::Arc;

use arc_swap::Guard;

use crate::cedar::{ActionIdx, Found, Identity, PolicyIdx, ResourceSlot, Satisfied};
use crate::model::id::{ActionName, OrgNo, Revision, SystemUserId};
use crate::model::mandate::{Mandate, UserFacts};
use crate::model::question::{Asked, Decision, Obligations, Question};
use crate::model::request::UserKind;
use crate::model::system::SingleRight;
use crate::model::time::{Timestamp, Window, Within};

use super::Snapshot;
use super::generation::Class;
use super::memo::{Kept, Memo};
use super::sets::SetId;
use super::state::{State, SystemUser};

pub use crate::cedar::ContextError;

/// How far the chain of authority holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Standing<'a> {
    NoUser,
    UserDeleted(&'a SystemUser),
    SystemDeleted(&'a SystemUser),
    /// The client is not added to it; or it is a standard one, and not the client's.
    NoMandate(&'a SystemUser),
    NotYet(&'a SystemUser, Timestamp),
    Over(&'a SystemUser, Timestamp),
    InForce(InForce<'a>),
}

/// A mandate that is in force now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InForce<'a> {
    pub(crate) user: &'a SystemUser,
    pub(crate) set: SetId,
    pub(crate) window: Window,
    /// The revision that the client was added at; of a standard system user, its approval.
    pub(crate) added: Revision,
}

/// What all policies together came to, for a mandate in force.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) satisfied: Satisfied,
    /// The template of a single right that opens the action.
    pub(crate) right: Option<PolicyIdx>,
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
    pub(crate) fn decide(&self, question: &Question, now: Timestamp) -> Decision {
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
        let Some(class) = self.generation.class(self, in_force.set, action, slot) else {
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
        let right = self.right(in_force.user, question, action);
        let mut permit = class.verdict.permits || right.is_some();
        let mut obligations = class.verdict.obligations.and(self.obligations_of(right));
        if let Some(memo) = &class.by_context {
            let place = (in_force.set, action, slot);
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
        let policies = &self.generation.policies;
        Some((
            policies.action(question.action.as_str())?,
            policies.resource_slot(question.resource.as_str()),
        ))
    }

    /// How far the chain of authority holds for a system user and a party.
    pub(crate) fn standing(
        &self,
        user: SystemUserId,
        party: OrgNo,
        now: Timestamp,
    ) -> Standing<'_> {
        let Some(user) = self.user(user) else {
            return Standing::NoUser;
        };
        if user.deleted.is_some() {
            return Standing::UserDeleted(user);
        }
        if self.system_is_deleted(user) {
            return Standing::SystemDeleted(user);
        }
        let Some(held) = Self::held(user, party) else {
            return Standing::NoMandate(user);
        };
        match held.window.at(now) {
            Within::Now => Standing::InForce(held),
            Within::NotYet => Standing::NotYet(user, held.window.from().unwrap_or(now)),
            Within::Over => Standing::Over(user, held.window.until().unwrap_or(now)),
        }
    }

    /// What a live system user holds for a party, whatever the window.
    pub(crate) fn held(user: &SystemUser, party: OrgNo) -> Option<InForce<'_>> {
        match user.kind {
            UserKind::Agent => {
                let held = user.delegation(party)?;
                Some(InForce {
                    user,
                    set: held.set,
                    window: held.window,
                    added: held.added,
                })
            }
            UserKind::Standard => (user.owner == party).then_some(InForce {
                user,
                set: user.set,
                window: Window::ALWAYS,
                added: user.approved.revision,
            }),
        }
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
        let right = self.right(in_force.user, question, action);
        let mut satisfied = class.verdict.satisfied.clone();
        if let Some(memo) = &class.by_context {
            let kept = self.in_context(memo, (in_force.set, action, slot), asked, now);
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
        let permits = !satisfied.permits.is_empty() || right.is_some();
        let permit = understood && permits && !satisfied.denies();
        let obligations = if permit {
            let of_permits = self.generation.obligations(&satisfied);
            of_permits.and(self.obligations_of(right))
        } else {
            Obligations::NONE
        };
        Judged {
            satisfied,
            right,
            permit,
            obligations,
        }
    }

    fn obligations_of(&self, right: Option<PolicyIdx>) -> Obligations {
        right.map_or(Obligations::NONE, |policy| {
            self.generation.policies.policy(policy).obligations
        })
    }

    /// The template that opens the action by a single right on the resource. Only standard system users hold any.
    pub(super) fn right(
        &self,
        user: &SystemUser,
        question: &Question,
        action: ActionIdx,
    ) -> Option<PolicyIdx> {
        let rights: &[SingleRight] = &user.rights;
        let first = rights.partition_point(|right| right.resource < question.resource);
        let mut on_resource = rights
            .get(first..)?
            .iter()
            .take_while(|right| right.resource == question.resource);
        on_resource.find_map(|right| self.generation.policies.ask_right(right, action))
    }

    /// The mandate as a value that Cedar's entities are made of.
    pub(crate) fn mandate(&self, held: &InForce<'_>, party: OrgNo) -> Mandate {
        Mandate {
            user: self.user_facts(held.user),
            party,
            packages: self.codes(held.set),
            window: held.window,
            rights: held.user.rights.to_vec(),
        }
    }

    pub(crate) fn user_facts(&self, user: &SystemUser) -> UserFacts {
        let system = match self.system_at(user.system) {
            Some(record) => record.system.id.clone(),
            None => unreachable!("a system user is made from a request of a registered system"),
        };
        UserFacts {
            id: user.id,
            owner: user.owner,
            system,
            kind: user.kind,
        }
    }

    /// What is in force under an identity that a policy, an entity or a context names.
    pub(crate) fn find(&self, identity: &Identity) -> Option<Found> {
        match identity {
            Identity::System(id) => {
                let record = self.system(id)?;
                record.deleted.is_none().then(|| Found::System(id.clone()))
            }
            Identity::SystemUser(id) => self
                .live(*id)
                .map(|user| Found::SystemUser(self.user_facts(user))),
            Identity::Mandate(id, party) => {
                let held = Self::held(self.live(*id)?, *party)?;
                Some(Found::Mandate(self.mandate(&held, *party)))
            }
        }
    }

    /// A system user that is not deleted, nor its system.
    pub(crate) fn live(&self, id: SystemUserId) -> Option<&SystemUser> {
        let user = self.user(id)?;
        (user.deleted.is_none() && !self.system_is_deleted(user)).then_some(&**user)
    }
}
