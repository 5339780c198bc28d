//! The clients of a system user, and those that can be added.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::caller::{Act, Actor, Caller};
use crate::model::id::{OrgNo, Revision, SystemUserId};
use crate::model::request::UserKind;
use crate::model::time::Timestamp;

use super::super::Snapshot;
use super::super::command::client::ClientOutcome;
use super::super::error::ViewError;
use super::super::list::{Page, PageRequest};
use super::super::state::{Delegation, SystemUser, of_relation_place};
use super::{AvailableClient, ClientView};

/// Who made a revision, and when. Thousands of clients may come from one event: it is read once a page.
type Adders = HashMap<Revision, (Timestamp, Actor)>;

impl Snapshot {
    /// One client of an agent system user.
    pub fn client(
        &self,
        by: &Caller,
        user: SystemUserId,
        client: OrgNo,
    ) -> Result<ClientView, ViewError> {
        let user = self.agent(by, user)?;
        let held = user.delegation(client).ok_or(ViewError::NotAdded {
            client,
            user: user.id,
        })?;
        self.client_view(&user, client, held, &mut Adders::default())
    }

    /// The clients of an agent system user, by number.
    pub fn clients(
        &self,
        by: &Caller,
        user: SystemUserId,
        page: &PageRequest,
    ) -> Result<Page<ClientView>, ViewError> {
        let user = self.agent(by, user)?;
        let first = after_number(page)?;
        let mut adders = Adders::default();
        let page = page.take(
            user.clients.from(first),
            |entry| entry.key.to_string(),
            |entry| {
                let client = OrgNo::from_u32(entry.key).ok()?;
                Some(self.client_view(&user, client, user.delegation_of(*entry), &mut adders))
            },
        );
        let items = page.items.into_iter().collect::<Result<_, _>>()?;
        Ok(Page {
            items,
            next: page.next,
        })
    }

    /// The clients that can be added, by number. Adding any of them succeeds at this revision.
    ///
    /// Costs a look at each client of the firm until the page is full.
    pub fn available_clients(
        &self,
        by: &Caller,
        user: SystemUserId,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Page<AvailableClient>, ViewError> {
        let user = self.agent(by, user)?;
        let first = after_number(page)?;
        let is_over = user.deleted.is_some() || self.state.system_is_deleted(&user);
        let may_add = self
            .state
            .may(by, Act::AddClient, &self.state.target_of_user(&user));
        let firm = self
            .state
            .firms
            .get(&user.owner)
            .filter(|_| !is_over && may_add);
        let clients = firm
            .into_iter()
            .flat_map(|firm| firm.relations.from(first.saturating_mul(4)));
        let mut clients = clients
            .map(|entry| of_relation_place(entry.key).0)
            .peekable();
        let mut itself = Some(user.owner.as_u32()).filter(|number| !is_over && *number >= first);
        let mut before = None;
        let candidates = std::iter::from_fn(move || {
            loop {
                let next = match (clients.peek().copied(), itself) {
                    (Some(client), Some(own)) if own <= client => itself.take(),
                    (Some(_), _) => clients.next(),
                    (None, _) => itself.take(),
                }?;
                if before != Some(next) {
                    before = Some(next);
                    return Some(next);
                }
            }
        });
        Ok(page.take(candidates, u32::to_string, |number| {
            let client = OrgNo::from_u32(*number).ok()?;
            let can_be_added =
                self.state.plan_add(by, &user, client, None, now) == ClientOutcome::Added;
            can_be_added.then(|| AvailableClient {
                client,
                party: self.known(client),
                roles: self.roles(client, user.owner),
                is_self: client == user.owner,
            })
        }))
    }

    fn agent(&self, by: &Caller, id: SystemUserId) -> Result<Arc<SystemUser>, ViewError> {
        let user = self.state.live_user(by, Act::ListClients, id)??;
        match user.kind {
            UserKind::Agent => Ok(Arc::clone(user)),
            UserKind::Standard => Err(ViewError::NotAgent(id)),
        }
    }

    fn client_view(
        &self,
        user: &SystemUser,
        client: OrgNo,
        held: Delegation,
        adders: &mut Adders,
    ) -> Result<ClientView, ViewError> {
        let (added, added_by) = if let Some(known) = adders.get(&held.added) {
            known.clone()
        } else {
            let recorded = self.store.event(held.added)?;
            let stamp = recorded.map(|recorded| (recorded.at, recorded.by));
            let stamp = stamp.unwrap_or((user.approved.at, user.approved.by.clone()));
            adders.insert(held.added, stamp.clone());
            stamp
        };
        let holds = self.state.sets.set(held.set);
        Ok(ClientView {
            client,
            party: self.known(client),
            added,
            added_by,
            revision: held.added,
            window: held.window,
            packages: self.state.catalogue.codes(&holds).0,
            lost: self.state.catalogue.codes(&user.packages.minus(&holds)).0,
            roles: self.roles(client, user.owner),
            is_self: client == user.owner,
        })
    }
}

fn after_number(page: &PageRequest) -> Result<u32, ViewError> {
    Ok(page.after::<OrgNo>()?.map_or(0, |after| after.as_u32() + 1))
}
