//! What callers may see: parties, systems, requests, system users, clients, relations, and what changed.

mod client;
mod shape;

use std::ops::Bound;

use crate::model::caller::{Act, Caller, CallerKind, Target};
use crate::model::event::Recorded;
use crate::model::id::{OrgNo, RequestId, Revision, SystemId, SystemUserId};
use crate::model::party::Party;
use crate::model::relation::{RelationKey, Role};

use super::Snapshot;
use super::authorise::target_of_request;
use super::command::relation::target_of_relation;
use super::error::{NoSystemUser, ViewError};
use super::list::{Page, PageRequest};
use super::state::{RequestRecord, SystemUser};

pub use shape::{
    AvailableClient, ClientView, RelationView, RequestView, SystemUserView, SystemView,
};

impl Snapshot {
    /// A party's name and form.
    pub fn party(&self, by: &Caller, org: OrgNo) -> Result<Party, ViewError> {
        self.state
            .authorise(by, Act::ReadParty, &Target::Party(org))?;
        self.state
            .parties
            .get(&org)
            .map(|party| Party::clone(party))
            .ok_or(ViewError::NoParty(org))
    }

    /// A system.
    pub fn system(&self, by: &Caller, id: &SystemId) -> Result<SystemView, ViewError> {
        self.state
            .authorise(by, Act::ReadSystem, &Target::System(id.clone()))?;
        match self.state.system(id) {
            Some(record) => Ok(SystemView::of(record)),
            None => Err(self.state.no_system(id).into()),
        }
    }

    /// The systems that the caller may see, by id; deleted ones too.
    pub fn systems(&self, by: &Caller, page: &PageRequest) -> Result<Page<SystemView>, ViewError> {
        let after: Option<SystemId> = page.after()?;
        let of_vendor = match &by.kind {
            CallerKind::Vendor { party } => Some(*party),
            CallerKind::ResourceApi { .. } | CallerKind::Person { .. } | CallerKind::Operator => {
                None
            }
        };
        // A system's id begins with its vendor's number, so a vendor's systems stand together.
        let prefix = of_vendor
            .map(|vendor| format!("{vendor}_"))
            .unwrap_or_default();
        let from = after
            .as_ref()
            .map_or(prefix.as_str(), |after| after.as_str().max(&prefix));
        let entries = self
            .state
            .system_places
            .range::<_, str>((Bound::Included(from), Bound::Unbounded));
        let entries = entries.filter(|(id, _)| after.as_ref() != Some(*id));
        let entries =
            entries.take_while(|(id, _)| of_vendor.is_none_or(|vendor| id.vendor() == vendor));
        let places = entries.filter_map(|(_, place)| self.state.system_at(*place));
        Ok(page.take(
            places,
            |record| record.system.id.to_string(),
            |record| {
                let target = Target::System(record.system.id.clone());
                self.state
                    .may(by, Act::ReadSystem, &target)
                    .then(|| SystemView::of(record))
            },
        ))
    }

    /// A request.
    pub fn request(&self, by: &Caller, id: RequestId) -> Result<RequestView, ViewError> {
        let record = self
            .state
            .requests
            .get(&id)
            .ok_or(ViewError::NoRequest(id))?;
        self.state
            .authorise(by, Act::ReadRequest, &target_of_request(record))?;
        self.request_view(record).ok_or(ViewError::NoRequest(id))
    }

    /// The requests that the caller may see, by id.
    pub fn requests(
        &self,
        by: &Caller,
        page: &PageRequest,
    ) -> Result<Page<RequestView>, ViewError> {
        let after: Option<RequestId> = page.after()?;
        let first = after.unwrap_or(RequestId(uuid::Uuid::nil()));
        let ids: Box<dyn Iterator<Item = RequestId> + '_> = match &by.kind {
            CallerKind::Vendor { party } => {
                let party = *party;
                Box::new(
                    self.state
                        .requests_of_vendor
                        .range((party, first)..)
                        .take_while(move |(vendor, _)| *vendor == party)
                        .map(|(_, id)| *id),
                )
            }
            CallerKind::Person { party, .. } => {
                let party = *party;
                Box::new(
                    self.state
                        .requests_of_firm
                        .range((party, first)..)
                        .take_while(move |(firm, _)| *firm == party)
                        .map(|(_, id)| *id),
                )
            }
            CallerKind::Operator | CallerKind::ResourceApi { .. } => {
                Box::new(self.state.requests.range(first..).map(|(id, _)| *id))
            }
        };
        let ids = ids.filter(|id| after.is_none_or(|after| *id > after));
        let records = ids.filter_map(|id| self.state.requests.get(&id));
        Ok(page.take(
            records,
            |record| record.request.id.to_string(),
            |record| {
                self.state
                    .may(by, Act::ReadRequest, &target_of_request(record))
                    .then(|| self.request_view(record))
                    .flatten()
            },
        ))
    }

    /// A system user; a deleted one too.
    pub fn system_user(&self, by: &Caller, id: SystemUserId) -> Result<SystemUserView, ViewError> {
        let user = self.state.user(id).ok_or(NoSystemUser::Unknown(id))?;
        self.state
            .authorise(by, Act::ReadSystemUser, &self.state.target_of_user(user))?;
        Ok(self.user_view(user))
    }

    /// The system users that the caller may see, by id, without the deleted ones.
    pub fn system_users(
        &self,
        by: &Caller,
        page: &PageRequest,
    ) -> Result<Page<SystemUserView>, ViewError> {
        let after: Option<SystemUserId> = page.after()?;
        let first = after.unwrap_or(SystemUserId(uuid::Uuid::nil()));
        let index = match &by.kind {
            CallerKind::Vendor { party } => Some((&self.state.users_of_vendor, *party)),
            CallerKind::Person { party, .. } => Some((&self.state.users_of_firm, *party)),
            CallerKind::Operator | CallerKind::ResourceApi { .. } => None,
        };
        let ids: Box<dyn Iterator<Item = SystemUserId> + '_> = match index {
            Some((index, party)) => Box::new(
                index
                    .range((party, first)..)
                    .take_while(move |(of, _)| *of == party)
                    .map(|(_, id)| *id),
            ),
            // A system user has the id of its request.
            None => Box::new(
                self.state
                    .requests
                    .range(RequestId::from(first)..)
                    .map(|(id, _)| SystemUserId::from(*id)),
            ),
        };
        let ids = ids.filter(|id| after.is_none_or(|after| *id > after));
        let users = ids
            .filter_map(|id| self.state.user(id))
            .filter(|user| user.deleted.is_none());
        Ok(page.take(
            users,
            |user| user.id.to_string(),
            |user| {
                let target = self.state.target_of_user(user);
                self.state
                    .may(by, Act::ReadSystemUser, &target)
                    .then(|| self.user_view(user))
            },
        ))
    }

    /// A relation.
    pub fn relation(&self, by: &Caller, key: RelationKey) -> Result<RelationView, ViewError> {
        self.state
            .authorise(by, Act::ReadRelation, &target_of_relation(&key))?;
        let held = self
            .state
            .relation(&key)
            .ok_or(ViewError::NoRelation(key))?;
        let assigned = self.state.sets.set(held.value);
        let gives = self
            .state
            .catalogue
            .gives(key.role, self.state.form(key.client), &assigned);
        Ok(RelationView {
            key,
            packages: self.state.catalogue.codes(&gives).0,
            revision: held.added,
        })
    }

    /// What changed after a revision, oldest first, up to this snapshot. Reads the store.
    pub fn changes(
        &self,
        by: &Caller,
        after: Revision,
        limit: Option<usize>,
    ) -> Result<Vec<Recorded>, ViewError> {
        self.state.authorise(by, Act::ReadJournal, &Target::Store)?;
        let newest = self.state.revision;
        if after > newest {
            return Err(ViewError::Future {
                asked: after,
                newest,
            });
        }
        let limit = limit
            .unwrap_or(super::list::USUAL_ITEMS)
            .clamp(1, super::list::MOST_ITEMS);
        let events = self.store.events_after(after).take(limit);
        let events = events.filter(|event| {
            event
                .as_ref()
                .map_or(true, |event| event.revision <= newest)
        });
        Ok(events.collect::<Result<_, _>>()?)
    }

    fn known(&self, org: OrgNo) -> Option<Party> {
        self.state
            .parties
            .get(&org)
            .map(|party| Party::clone(party))
    }

    fn roles(&self, client: OrgNo, firm: OrgNo) -> Vec<Role> {
        self.state
            .relations_between(client, firm)
            .into_iter()
            .map(|(role, _)| role)
            .collect()
    }

    fn request_view(&self, record: &RequestRecord) -> Option<RequestView> {
        let system = self
            .state
            .system(&record.request.key.system)?
            .system
            .clone();
        let vendor = self.known(system.vendor());
        let warnings = record.request.warnings(&self.state.catalogue);
        Some(RequestView {
            request: record.request.clone(),
            system,
            vendor,
            warnings,
        })
    }

    fn user_view(&self, user: &SystemUser) -> SystemUserView {
        let request = self
            .state
            .requests
            .get(&RequestId::from(user.id))
            .map(|record| &record.request);
        let system = self.state.system_at(user.system);
        SystemUserView {
            id: user.id,
            kind: user.kind,
            owner: user.owner,
            system: match system {
                Some(record) => record.system.id.clone(),
                None => unreachable!("a system user is made from a request of a registered system"),
            },
            packages: self.state.catalogue.codes(&user.packages).0,
            rights: user.rights.to_vec(),
            title: request.and_then(|request| request.title.clone()),
            external_ref: request.map(|request| request.key.external_ref.as_str().into()),
            approved_by: user.approved.by.clone(),
            approved: user.approved.at,
            deleted: user.deleted.as_ref().map(|stamp| stamp.at),
            system_deleted: self.state.system_is_deleted(user),
            clients: user.clients.len(),
        }
    }
}
