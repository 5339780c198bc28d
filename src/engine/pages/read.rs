//! Reading pages back.

use std::sync::Arc;

use serde::Deserialize;

use crate::model::id::{OrgNo, RequestId};
use crate::model::party::Party;
use crate::store::{Store, decode};

use super::super::error::OpenEngineError;
use super::super::pairs::Pairs;
use super::super::state::{
    Exception, Firm, RequestRecord, State, SystemRecord, SystemUser, of_relation_place,
};
use super::{
    FIRMS, FirmPage, PARTIES, POLICIES, REQUESTS, RequestPage, SINGLE, SYSTEMS, SystemPage, USERS,
    UserPage,
};

/// The state that the pages hold, on top of an empty one.
pub(crate) fn read_back(store: &Store, mut state: State) -> Result<State, OpenEngineError> {
    for page in store.pages(SINGLE) {
        let page = page?;
        if page.object == POLICIES {
            state.policies_in_force = decode(&page.body).map_err(OpenEngineError::Page)?;
        }
    }
    let mut systems: Vec<SystemPage> = read_all(store, SYSTEMS)?;
    systems.sort_by_key(|page| page.place);
    for SystemPage {
        place: _,
        system,
        registered,
        deleted,
        changed,
    } in systems
    {
        state.push_system(SystemRecord {
            system,
            registered,
            deleted,
            changed,
        });
    }
    let mut requests: Vec<RequestPage> = read_all(store, REQUESTS)?;
    // The newest request of a key is the one that counts.
    requests.sort_by_key(|page| page.made.revision);
    for RequestPage {
        request,
        made,
        changed,
    } in requests
    {
        let (id, firm, vendor): (RequestId, _, _) =
            (request.id, request.key.firm, request.key.system.vendor());
        state.request_keys.insert(request.key.clone(), id);
        state.requests_of_firm.insert((firm, id));
        state.requests_of_vendor.insert((vendor, id));
        state.requests.insert(
            id,
            Arc::new(RequestRecord {
                request,
                made,
                changed,
            }),
        );
    }
    for page in store.pages(USERS) {
        let user = user_of(
            &mut state,
            decode(&page?.body).map_err(OpenEngineError::Page)?,
        )?;
        state.insert_user(user);
    }
    let mut firms_of_client = Vec::new();
    for page in store.pages(FIRMS) {
        let page = page?;
        let org = u32_of(&page.object).and_then(|number| OrgNo::from_u32(number).ok());
        let org = org.ok_or_else(|| {
            OpenEngineError::Page("a firm's page has no organisation number".to_owned())
        })?;
        let firm = firm_of(
            &mut state,
            &decode(&page.body).map_err(OpenEngineError::Page)?,
        )?;
        let clients = firm
            .relations
            .iter()
            .filter_map(|entry| OrgNo::from_u32(of_relation_place(entry.key).0).ok());
        firms_of_client.extend(clients.map(|client| (client, org)));
        state.firms.insert(org, Arc::new(firm));
    }
    state.firms_of_client = Pairs::of(firms_of_client.into_iter());
    for parties in read_all::<Vec<Party>>(store, PARTIES)? {
        state.parties.extend(
            parties
                .into_iter()
                .map(|party| (party.org, Arc::new(party))),
        );
    }
    state.revision = store.checkpoint_revision();
    Ok(state)
}

fn user_of(state: &mut State, page: UserPage) -> Result<SystemUser, OpenEngineError> {
    let packages = state.set_of(&page.packages);
    let mut exceptions = imbl::OrdMap::new();
    for exception in page.exceptions {
        let set = state.set_of(&exception.packages);
        let set = state.sets.intern(set);
        exceptions.insert(
            exception.client,
            Exception {
                window: exception.window,
                set,
            },
        );
    }
    Ok(SystemUser {
        id: page.id,
        kind: page.kind,
        owner: page.owner,
        system: page.system,
        packages,
        set: state.sets.intern(packages),
        rights: page.rights.into(),
        approved: page.approved,
        deleted: page.deleted.map(Box::new),
        clients: page
            .clients
            .unpack(|_| Some(()))
            .ok_or_else(|| short("clients"))?,
        exceptions,
        changed: page.changed,
    })
}

fn firm_of(state: &mut State, page: &FirmPage) -> Result<Firm, OpenEngineError> {
    let mut sets = Vec::with_capacity(page.sets.len());
    for codes in &page.sets {
        let set = state.set_of(codes);
        sets.push(state.sets.intern(set));
    }
    let relations = page
        .relations
        .unpack(|place| sets.get(place as usize).copied());
    Ok(Firm {
        relations: relations.ok_or_else(|| short("relations"))?,
        changed: page.changed,
    })
}

fn read_all<T: for<'de> Deserialize<'de>>(
    store: &Store,
    table: u8,
) -> Result<Vec<T>, OpenEngineError> {
    store
        .pages(table)
        .map(|page| decode(&page?.body).map_err(OpenEngineError::Page))
        .collect()
}

fn short(what: &str) -> OpenEngineError {
    OpenEngineError::Page(format!("a column of {what} is cut short"))
}

fn u32_of(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}
