//! Writing pages.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::model::id::OrgNo;
use crate::model::party::Party;
use crate::store::{Checkpoint, PageKey, Store, WriteError, encode};

use super::super::packed::PackedColumn;
use super::super::sets::SetId;
use super::super::state::{Firm, RequestRecord, State, SystemRecord, SystemUser};
use super::{
    ExceptionPage, FIRMS, FirmPage, PARTIES, PARTIES_A_PAGE, POLICIES, REQUESTS, RequestPage,
    SINGLE, SYSTEMS, SystemPage, USERS, UserPage,
};

/// Writes down what changed between two states. When it returns, a start begins at the newer one.
pub(crate) fn write_down(store: &Store, state: &State, before: &State) -> Result<(), WriteError> {
    let mut checkpoint = store.begin_checkpoint(state.revision)?;
    let since = before.revision;
    if state.policies_in_force != before.policies_in_force {
        put(&mut checkpoint, SINGLE, POLICIES, &state.policies_in_force)?;
    }
    for (place, record) in state
        .systems
        .iter()
        .enumerate()
        .filter(|(_, record)| record.changed > since)
    {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let SystemRecord {
            system,
            registered,
            deleted,
            changed,
        } = SystemRecord::clone(record);
        let page = SystemPage {
            place,
            system,
            registered,
            deleted,
            changed,
        };
        put(&mut checkpoint, SYSTEMS, &place.to_be_bytes(), &page)?;
    }
    for (id, record) in state
        .requests
        .iter()
        .filter(|(_, record)| record.changed > since)
    {
        let RequestRecord {
            request,
            made,
            changed,
        } = RequestRecord::clone(record);
        put(
            &mut checkpoint,
            REQUESTS,
            id.0.as_bytes(),
            &RequestPage {
                request,
                made,
                changed,
            },
        )?;
    }
    for user in state.users.values().filter(|user| user.changed > since) {
        put(
            &mut checkpoint,
            USERS,
            user.id.0.as_bytes(),
            &user_page(state, user),
        )?;
    }
    for (org, firm) in state.firms.iter().filter(|(_, firm)| firm.changed > since) {
        put(
            &mut checkpoint,
            FIRMS,
            &org.as_u32().to_be_bytes(),
            &firm_page(state, firm),
        )?;
    }
    for page in changed_parties(state, before) {
        let parties: Vec<&Party> = parties_of(state, page).collect();
        put(&mut checkpoint, PARTIES, &page.to_be_bytes(), &parties)?;
    }
    checkpoint.finish()
}

fn put(
    checkpoint: &mut Checkpoint<'_>,
    table: u8,
    object: &[u8],
    page: &impl Serialize,
) -> Result<(), WriteError> {
    checkpoint.put(
        &PageKey {
            table,
            object: object.to_vec(),
        },
        &encode(page),
    )
}

fn changed_parties(state: &State, before: &State) -> BTreeSet<u32> {
    use imbl::ordmap::DiffItem;
    let changed = before.parties.diff(&state.parties).map(|item| match item {
        DiffItem::Add(org, _)
        | DiffItem::Remove(org, _)
        | DiffItem::Update { new: (org, _), .. } => *org,
    });
    changed
        .map(|org: OrgNo| org.as_u32() / PARTIES_A_PAGE)
        .collect()
}

fn parties_of(state: &State, page: u32) -> impl Iterator<Item = &Party> {
    let numbers = page * PARTIES_A_PAGE..(page + 1) * PARTIES_A_PAGE;
    numbers
        .filter_map(|number| OrgNo::from_u32(number).ok())
        .filter_map(|org| state.parties.get(&org).map(|party| &**party))
}

fn user_page(state: &State, user: &SystemUser) -> UserPage {
    let exceptions = user
        .exceptions
        .iter()
        .map(|(client, exception)| ExceptionPage {
            client: *client,
            window: exception.window,
            packages: state.codes(exception.set),
        });
    UserPage {
        id: user.id,
        kind: user.kind,
        owner: user.owner,
        system: user.system,
        packages: state.catalogue.codes(&user.packages).0,
        rights: user.rights.to_vec(),
        approved: user.approved.clone(),
        deleted: user.deleted.as_deref().cloned(),
        clients: PackedColumn::pack(&user.clients, |()| 0),
        exceptions: exceptions.collect(),
        changed: user.changed,
    }
}

fn firm_page(state: &State, firm: &Firm) -> FirmPage {
    let used: BTreeSet<SetId> = firm.relations.iter().map(|entry| entry.value).collect();
    let used: Vec<SetId> = used.into_iter().collect();
    let place = |set: SetId| {
        used.binary_search(&set)
            .ok()
            .and_then(|place| u32::try_from(place).ok())
            .unwrap_or(0)
    };
    FirmPage {
        sets: used.iter().map(|set| state.codes(*set)).collect(),
        relations: PackedColumn::pack(&firm.relations, place),
        changed: firm.changed,
    }
}
