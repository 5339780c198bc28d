//! The chain of authority behind an answer: who made each link, when, at which revision.

use crate::model::delegation::{Held, coverage};
use crate::model::id::Revision;
use crate::model::package_set::PackageSet;
use crate::model::question::{Link, LinkKind, Question};
use crate::model::reason::Code;
use crate::model::relation::Role;
use crate::model::request::UserKind;
use crate::store::ReadError;

use super::Snapshot;
use super::standing::Standing;
use super::state::{State, SystemUser};

impl Snapshot {
    /// The links that hold: all on a permit, else those before the one that is missing.
    pub(super) fn chain(
        &self,
        question: &Question,
        standing: &Standing<'_>,
        code: Code,
    ) -> Result<Vec<Link>, ReadError> {
        let (user, in_force) = match standing {
            Standing::NoUser | Standing::UserDeleted(_) | Standing::SystemDeleted(_) => {
                return Ok(Vec::new());
            }
            Standing::NoMandate(user) | Standing::NotYet(user, _) | Standing::Over(user, _) => {
                (*user, None)
            }
            Standing::InForce(in_force) => (in_force.user, Some(in_force)),
        };
        let unopened = matches!(code, Code::UnknownResource | Code::ActionNotOpened);
        if unopened || code == Code::RelationEnded {
            return Ok(Vec::new());
        }
        let mut chain = Vec::new();
        if user.kind == UserKind::Agent && user.owner == question.client {
            if let Some(in_force) = in_force {
                chain.extend(self.link(LinkKind::Itself, in_force.added(), None)?);
            }
        } else if user.kind == UserKind::Agent
            && let Some((role, revision)) = self.state.carrier(user, question)
        {
            chain.extend(self.link(LinkKind::Relation, revision, Some(role))?);
        }
        let approved = &user.approved;
        let approval = |link| Link {
            link,
            by: approved.by.id.as_str().into(),
            at: approved.at,
            revision: approved.revision,
            role: None,
        };
        chain.push(approval(LinkKind::Approval));
        if let Some(in_force) = in_force {
            match user.kind {
                UserKind::Agent => {
                    chain.extend(self.link(LinkKind::Delegation, in_force.added(), None)?);
                }
                UserKind::Standard => {
                    let opened_by_right = self.state.placed(question).is_some_and(|(action, _)| {
                        self.state.rights(user, question, action).next().is_some()
                    });
                    if code == Code::Permit && opened_by_right {
                        chain.push(approval(LinkKind::SingleRight));
                    }
                }
            }
        }
        Ok(chain)
    }

    fn link(
        &self,
        link: LinkKind,
        revision: Revision,
        role: Option<Role>,
    ) -> Result<Option<Link>, ReadError> {
        let recorded = self.store.event(revision)?;
        Ok(recorded.map(|recorded| Link {
            link,
            by: recorded.by.id.as_str().into(),
            at: recorded.at,
            revision,
            role,
        }))
    }
}

impl State {
    /// The relation that carries a client's mandate: one that gives a package that opens the resource, else any that gives one.
    fn carrier(&self, user: &SystemUser, question: &Question) -> Option<(Role, Revision)> {
        let form = self.form(question.client);
        let gives = |role, assigned| {
            coverage([Held { role, assigned }], form, &self.catalogue).intersection(&user.packages)
        };
        let relations = self.relations_between(question.client, user.owner);
        let carrying = relations
            .into_iter()
            .map(|(role, entry)| (role, entry.added, gives(role, self.sets.set(entry.value))));
        let carrying: Vec<_> = carrying.filter(|(_, _, given)| !given.is_empty()).collect();
        let opening = self
            .placed(question)
            .map(|(action, slot)| self.generation.policies.permits_scoped(action, slot));
        let opening: PackageSet = opening
            .unwrap_or_default()
            .iter()
            .filter_map(|code| self.catalogue.find_stored(code))
            .collect();
        let best = carrying
            .iter()
            .find(|(_, _, given)| !given.intersection(&opening).is_empty());
        best.or(carrying.first())
            .map(|(role, added, _)| (*role, *added))
    }
}
