//! What delegations lose when a client's relations to a firm put less in its hands.

use crate::model::delegation::Loss;
use crate::model::id::OrgNo;
use crate::model::package_set::PackageSet;
use crate::model::party::Party;
use crate::model::relation::RelationKey;

use super::super::state::State;

/// What the delegations of one client through one firm lose, now that its relations cover only this.
///
/// Costs a search in each of the firm's system users.
pub(crate) fn losses(state: &State, client: OrgNo, firm: OrgNo, covered: &PackageSet) -> Vec<Loss> {
    let mut losses = Vec::new();
    // The firm's own mandate hangs on no relation.
    if client == firm {
        return losses;
    }
    for user in state.users_of(firm).filter(|user| user.deleted.is_none()) {
        let Some(delegation) = user.delegation(client) else {
            continue;
        };
        let held = state.sets.set(delegation.set);
        let lost = held.minus(covered);
        if !lost.is_empty() {
            let packages = state.catalogue.codes(&lost).0;
            losses.push(Loss {
                system_user: user.id,
                client,
                packages,
                ended: covered.covers_none_of(&held),
            });
        }
    }
    losses
}

/// What delegations lose when one relation ends, or a right holder keeps only some packages.
pub(crate) fn losses_by_relation(
    state: &State,
    key: &RelationKey,
    left: Option<PackageSet>,
) -> Vec<Loss> {
    let form = state.form(key.client);
    let covered = state.coverage_with(key.client, key.firm, form, Some((key.role, left)));
    losses(state, key.client, key.firm, &covered)
}

/// What delegations lose when a party gets another legal form: what a business manager holds follows from it.
///
/// Costs a search in each of its firms, if the form changes.
pub(crate) fn losses_by_form(state: &State, party: &Party) -> Vec<Loss> {
    if state.form(party.org) == Some(party.form) {
        return Vec::new();
    }
    let firms = state.firms_of(party.org);
    let of_firm = |firm: OrgNo| {
        let covered = state.coverage_with(party.org, firm, Some(party.form), None);
        losses(state, party.org, firm, &covered)
    };
    firms.flat_map(of_firm).collect()
}
