//! Explaining: the same question, with the first missing link, who can mend it, and the chain of authority.
//!
//! An explanation is made by the same steps as the decision, so the two never disagree. It reads the store for who did
//! what and when, and so belongs off the async threads.

use crate::cedar::{PolicyIdx, ResourceSlot};
use crate::model::id::OrgNo;
use crate::model::question::{Asked, Explained, Explanation, Question};
use crate::model::quote::Quote;
use crate::model::reason::{Code, Names};
use crate::model::request::UserKind;
use crate::model::time::Timestamp;
use crate::model::trace::TraceKind;
use crate::store::ReadError;

use super::Snapshot;
use super::decide::Judged;
use super::standing::{InForce, Standing};
use super::state::{State, SystemUser};

/// The level that `authentication-level-too-low` asks again at: the highest there is.
const HIGHEST_LEVEL: i64 = 4;

/// What an answer came to, before it is put in words.
struct Finding {
    code: Code,
    policies: Vec<PolicyIdx>,
    instant: Option<Timestamp>,
}

impl Finding {
    fn of(code: Code) -> Self {
        Self {
            code,
            policies: Vec::new(),
            instant: None,
        }
    }
}

impl Snapshot {
    /// The answer and why. Reads the store for the chain: call it off the async threads.
    pub fn explain(&self, question: &Question, now: Timestamp) -> Result<Explained, ReadError> {
        let decision = self.state.decide(question, now);
        let standing = self
            .state
            .standing(question.system_user, question.client, now);
        let finding = self.find_link(question, &standing, now)?;
        let names = self.state.names(question, &standing, &finding);
        let chain = self.chain(question, &standing, finding.code)?;
        let policy_id = |policy: &PolicyIdx| {
            self.state
                .generation
                .policies
                .policy(*policy)
                .id
                .to_string()
        };
        let explanation = Explanation {
            revision: self.state.revision,
            code: finding.code,
            reason: finding.code.said(&names),
            mend: finding.code.mend(&names),
            policies: finding.policies.iter().map(policy_id).collect(),
            quotes: self.state.quotes(question, &finding.policies, now),
            chain,
        };
        Ok(Explained {
            decision,
            explanation,
        })
    }

    fn find_link(
        &self,
        question: &Question,
        standing: &Standing<'_>,
        now: Timestamp,
    ) -> Result<Finding, ReadError> {
        let state = &self.state;
        let placed = state.placed(question);
        if let (Standing::InForce(in_force), Some((action, slot))) = (standing, placed)
            && let Some(class) = state.generation.class(state, in_force.set(), action, slot)
        {
            let judged = state.judge(
                in_force,
                class,
                question,
                &question.asked,
                (action, slot),
                now,
            );
            if judged.permit {
                let policies = judged
                    .satisfied
                    .permits
                    .iter()
                    .chain(&judged.rights)
                    .copied()
                    .collect();
                return Ok(Finding {
                    code: Code::Permit,
                    policies,
                    instant: None,
                });
            }
            // A single right opens the action too, whatever the policies about the resource open.
            if judged.rights.is_empty()
                && let Some(unopened) = unopened(state, question)
            {
                return Ok(Finding::of(unopened));
            }
            let at_highest = Asked {
                authentication_level: Some(HIGHEST_LEVEL),
                ..question.asked.clone()
            };
            let level_helps = state
                .judge(in_force, class, question, &at_highest, (action, slot), now)
                .permit;
            return Ok(state.refusal(question, in_force, &judged, level_helps));
        }
        if let Some(unopened) = unopened(state, question) {
            return Ok(Finding::of(unopened));
        }
        Ok(match *standing {
            Standing::NoUser => Finding::of(Code::UnknownSystemUser),
            Standing::UserDeleted(_) => Finding::of(Code::SystemUserDeleted),
            Standing::SystemDeleted(_) => Finding::of(Code::SystemDeleted),
            Standing::NoMandate(user)
                if user.kind == UserKind::Agent && user.owner == question.client =>
            {
                Finding::of(Code::ClientIsTheFirm)
            }
            Standing::NoMandate(user) => Finding::of(self.why_not_added(user, question.client)?),
            Standing::NotYet(_, from) => Finding {
                instant: Some(from),
                ..Finding::of(Code::DelegationNotYet)
            },
            Standing::Over(_, until) => Finding {
                instant: Some(until),
                ..Finding::of(Code::DelegationOver)
            },
            // No package set has so high a number that its classes cannot be kept.
            Standing::InForce(_) => Finding::of(Code::PolicyError),
        })
    }

    /// Whether a client that is not there was taken away by the end of a relation.
    fn why_not_added(&self, user: &SystemUser, client: OrgNo) -> Result<Code, ReadError> {
        let newest = self
            .store
            .delegation_history(user.id, client, self.state.revision)
            .next()
            .transpose()?;
        Ok(match newest {
            Some((_, TraceKind::Ended)) => Code::RelationEnded,
            Some((_, TraceKind::Added | TraceKind::Removed | TraceKind::Narrowed)) | None => {
                Code::ClientNotAdded
            }
        })
    }
}

/// Whether no policy knows the resource, or none opens the action on it.
fn unopened(state: &State, question: &Question) -> Option<Code> {
    let policies = &state.generation.policies;
    if policies.resource_slot(question.resource.as_str()) == ResourceSlot::Other {
        return Some(Code::UnknownResource);
    }
    let opened = state
        .placed(question)
        .is_some_and(|(action, slot)| policies.is_opened(action, slot));
    (!opened).then_some(Code::ActionNotOpened)
}

impl State {
    /// Policies in force, quoted; with the conditions that a question meets of them.
    fn quotes(&self, question: &Question, decided: &[PolicyIdx], now: Timestamp) -> Vec<Quote> {
        let generation = &self.generation;
        let (policies, folder) = (&generation.policies, &generation.folder);
        // Cedar is asked only if there is something to ask.
        let has_conditions = |policy: &PolicyIdx| policies.has_conditions(*policy);
        let put = decided.iter().any(has_conditions).then(|| {
            self.reached(question, now, |asked| {
                policies.quotes(decided, folder, Some(asked))
            })
        });
        put.flatten()
            .unwrap_or_else(|| policies.quotes(decided, folder, None))
    }

    /// Why the policies do not permit a mandate that is in force.
    fn refusal(
        &self,
        question: &Question,
        in_force: &InForce<'_>,
        judged: &Judged,
        level_helps: bool,
    ) -> Finding {
        let policies = &self.generation.policies;
        let satisfied = &judged.satisfied;
        let permitted = !satisfied.permits.is_empty() || !judged.rights.is_empty();
        if permitted {
            let (code, culprits) = if level_helps {
                (Code::AuthenticationLevelTooLow, &satisfied.forbids)
            } else if satisfied.forbids.is_empty() {
                (Code::PolicyError, &satisfied.erring)
            } else {
                (Code::ForbiddenByPolicy, &satisfied.forbids)
            };
            return Finding {
                policies: culprits.to_vec(),
                ..Finding::of(code)
            };
        }
        let Some((action, slot)) = self.placed(question) else {
            return Finding::of(Code::ActionNotOpened);
        };
        let mandate = self.mandate(in_force, question.client);
        let in_scope = policies.permits_in_scope(&mandate, action, slot);
        if level_helps {
            return Finding {
                policies: in_scope,
                ..Finding::of(Code::AuthenticationLevelTooLow)
            };
        }
        if in_scope.is_empty() {
            let lost = in_force.user.packages.minus(&self.sets.set(in_force.set()));
            let opening = policies.permits_scoped(action, slot);
            let lost_it = opening
                .iter()
                .filter_map(|code| self.catalogue.find_stored(code))
                .any(|id| lost.contains(id));
            return Finding::of(if lost_it {
                Code::RelationEnded
            } else {
                Code::PackageNotHeld
            });
        }
        let erring: Vec<_> = satisfied
            .erring
            .iter()
            .copied()
            .filter(|policy| in_scope.contains(policy))
            .collect();
        if erring.is_empty() {
            Finding {
                policies: in_scope,
                ..Finding::of(Code::ForbiddenByPolicy)
            }
        } else {
            Finding {
                policies: erring,
                ..Finding::of(Code::PolicyError)
            }
        }
    }

    fn names(&self, question: &Question, standing: &Standing<'_>, finding: &Finding) -> Names {
        let user = match standing {
            Standing::NoUser => None,
            Standing::UserDeleted(user)
            | Standing::SystemDeleted(user)
            | Standing::NoMandate(user)
            | Standing::NotYet(user, _)
            | Standing::Over(user, _) => Some(*user),
            Standing::InForce(in_force) => Some(in_force.user),
        };
        let opening = self
            .placed(question)
            .map(|(action, slot)| self.generation.policies.permits_scoped(action, slot));
        Names {
            system_user: question.system_user.to_string(),
            client: question.client.to_string(),
            firm: user.map(|user| user.owner.to_string()).unwrap_or_default(),
            is_standard: user.is_some_and(|user| user.kind == UserKind::Standard),
            resource: question.resource.to_string(),
            action: question.action.to_string(),
            opening: crate::model::catalogue::PackageList(opening.unwrap_or_default()).to_string(),
            instant: finding
                .instant
                .map(|instant| instant.to_string())
                .unwrap_or_default(),
        }
    }
}
