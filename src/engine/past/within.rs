//! Events, cut down to what a question can see.

use crate::model::delegation::Loss;
use crate::model::event::{Event, ImportedFacts};
use crate::model::id::OrgNo;
use crate::model::org_list::OrgList;
use crate::model::party::Party;

use super::gather::Scope;

/// Takes out of an event what the scope does not hold: others' clients, relations, parties and losses.
pub(super) fn within(event: &mut Event, scope: &Scope) {
    match event {
        Event::PartyPut { lost, .. }
        | Event::RelationPut { lost, .. }
        | Event::RelationEnded { lost, .. } => losses(lost, scope),
        Event::ClientsChanged {
            added,
            added_within,
            removed,
            ..
        } => {
            clients(added, scope);
            added_within.retain(|(client, _)| scope.clients.contains(client));
            clients(removed, scope);
        }
        Event::Imported { facts } => facts.retain_mut(|fact| imported(fact, scope)),
        Event::PoliciesInForce { .. }
        | Event::PoliciesProposed { .. }
        | Event::SystemPut(_)
        | Event::SystemDeleted { .. }
        | Event::RequestCreated(_)
        | Event::RequestWithdrawn { .. }
        | Event::RequestRejected { .. }
        | Event::RequestEscalated { .. }
        | Event::RequestApproved { .. }
        | Event::SystemUserDeleted { .. } => {}
    }
}

/// Whether anything is left of imported facts.
fn imported(fact: &mut ImportedFacts, scope: &Scope) -> bool {
    match fact {
        ImportedFacts::Parties { parties, lost } => {
            parties.retain(|party: &Party| scope.clients.contains(&party.org));
            losses(lost, scope);
            !parties.is_empty() || !lost.is_empty()
        }
        ImportedFacts::Relations {
            firm,
            clients: of,
            lost,
            ..
        }
        | ImportedFacts::EndedRelations {
            firm,
            clients: of,
            lost,
            ..
        } => {
            clients(of, scope);
            losses(lost, scope);
            scope.firms.contains(firm) && !of.is_empty()
        }
        ImportedFacts::Delegations {
            system_user,
            clients: of,
            ..
        } => {
            clients(of, scope);
            scope.users.contains(system_user) && !of.is_empty()
        }
    }
}

fn losses(lost: &mut Vec<Loss>, scope: &Scope) {
    lost.retain(|loss| {
        scope.users.contains(&loss.system_user) && scope.clients.contains(&loss.client)
    });
}

fn clients(list: &mut OrgList, scope: &Scope) {
    let seen: Vec<OrgNo> = scope
        .clients
        .iter()
        .copied()
        .filter(|client| list.contains(*client))
        .collect();
    *list = OrgList::new(seen);
}
