//! Relations: written by an operator, ended by an operator or the client; what they carried goes with them.

use crate::model::caller::{Act, Target};
use crate::model::delegation::Loss;
use crate::model::event::Event;
use crate::model::package_set::PackageSet;
use crate::model::relation::{RelationKey, Role};

use super::super::error::RelationError;
use super::super::state::State;
use super::super::{Call, Engine, Written};
use super::loss::losses_by_relation;

/// What writing or ending a relation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationWritten {
    /// What delegations lost by it, for good.
    pub lost: Vec<Loss>,
}

impl Engine {
    /// Writes a relation. A right holder's packages are codes or URNs; the other roles take none.
    ///
    /// A right holder's relation that narrows takes away for good, as one that ends.
    pub fn put_relation(
        &self,
        call: &Call,
        key: RelationKey,
        packages: Vec<String>,
    ) -> Result<Written<RelationWritten>, RelationError> {
        let by = call.by.clone();
        self.write(call, move |state| {
            state.authorise(&by, Act::PutRelation, &target_of_relation(&key))?;
            let assigned = state.checked_relation(&key, &packages)?;
            let unchanged = state
                .relation(&key)
                .is_some_and(|held| state.sets.set(held.value) == assigned);
            if unchanged {
                return Ok((None, RelationWritten { lost: Vec::new() }));
            }
            let lost = losses_by_relation(state, &key, Some(assigned));
            let assigned = state.catalogue.codes(&assigned).0;
            Ok((
                Some(Event::RelationPut {
                    key,
                    assigned,
                    lost: lost.clone(),
                }),
                RelationWritten { lost },
            ))
        })
    }

    /// Ends a relation: what only it carried is taken away at once, and nothing brings it back.
    pub fn end_relation(
        &self,
        call: &Call,
        key: RelationKey,
    ) -> Result<Written<RelationWritten>, RelationError> {
        let by = call.by.clone();
        self.write(call, move |state| {
            state.authorise(&by, Act::EndRelation, &target_of_relation(&key))?;
            state.relation(&key).ok_or(RelationError::NoRelation(key))?;
            let lost = losses_by_relation(state, &key, None);
            Ok((
                Some(Event::RelationEnded {
                    key,
                    lost: lost.clone(),
                }),
                RelationWritten { lost },
            ))
        })
    }
}

/// A relation as `policies/admin.cedar` sees it.
pub(crate) fn target_of_relation(key: &RelationKey) -> Target {
    Target::Relation {
        client: key.client,
        firm: key.firm,
        role: key.role,
    }
}

impl State {
    /// What a relation as it was sent assigns, if it can be.
    pub(crate) fn checked_relation(
        &self,
        key: &RelationKey,
        packages: &[String],
    ) -> Result<PackageSet, RelationError> {
        if key.client == key.firm {
            return Err(RelationError::ToItself(key.client));
        }
        let mut assigned = PackageSet::EMPTY;
        for package in packages {
            assigned.insert(self.catalogue.find(package)?);
        }
        match key.role {
            Role::RightHolder if assigned.is_empty() => return Err(RelationError::NoPackage),
            Role::RightHolder => {}
            role @ (Role::Accountant | Role::Auditor | Role::BusinessManager) => {
                if !assigned.is_empty() {
                    return Err(RelationError::PackagesOfRole(role));
                }
            }
        }
        let refused = assigned.minus(self.catalogue.assignable());
        if refused.is_empty() {
            Ok(assigned)
        } else {
            Err(RelationError::NotAssignable(self.catalogue.codes(&refused)))
        }
    }
}
