//! Reverse questions from the same columns: whom may this system user act for, who reaches this client, what is open.
//!
//! Each answer is what asking one by one would give, in a fixed order. A page does bounded work: where little of what is
//! looked at is permitted, it ends early with a token, and may be short or empty without being the last.

mod count;
mod sieve;

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Bound;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::model::id::{ActionName, IdError, OrgNo, ResourceId, SystemId, SystemUserId};
use crate::model::question::{Asked, Question};
use crate::model::request::UserKind;
use crate::model::time::{Timestamp, Within};

use super::Snapshot;
use super::decide::ContextError;
use super::error::ViewError;
use super::list::{MOST_ITEMS, PageRequest, USUAL_ITEMS};
use super::state::{State, SystemUser};
use sieve::Sieve;

pub use count::Count;

/// The most candidates that one page or count looks at.
pub const MOST_LOOKED_AT: usize = 20_000;

/// What a searched mandate must allow: an action on a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    /// To do what.
    pub action: ActionName,
    /// On what.
    pub resource: ResourceId,
    /// With which context.
    pub asked: Asked,
}

/// One page of what a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// What was found, in the search's order.
    pub items: Vec<T>,
    /// The token of the next page; empty at the end.
    pub next: String,
    /// How many candidates were looked at: what the page cost.
    pub looked_at: usize,
}

/// A system user that reaches a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaching {
    /// Which.
    pub system_user: SystemUserId,
    /// For whom it acts.
    pub kind: UserKind,
    /// Whose it is.
    pub owner: OrgNo,
    /// Of which system.
    pub system: SystemId,
}

impl<T> Found<T> {
    /// Nothing at all.
    pub fn nothing() -> Self {
        Self {
            items: Vec::new(),
            next: String::new(),
            looked_at: 0,
        }
    }

    pub(super) fn map<U>(self, make: impl FnMut(T) -> U) -> Found<U> {
        Found {
            items: self.items.into_iter().map(make).collect(),
            next: self.next,
            looked_at: self.looked_at,
        }
    }
}

impl Snapshot {
    /// The clients that a system user may act for, by number: all of its mandates in force, or those that allow what is
    /// sought. For a standard system user that is its owner.
    ///
    /// Costs a step in the column for each client on the page, where no policy looks further than packages and context:
    /// then the answer is known once for all clients that have no exception of their own. Else every client that is looked
    /// at is asked about, up to [`MOST_LOOKED_AT`].
    pub fn search_clients(
        &self,
        user: SystemUserId,
        sought: Option<&Sought>,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Found<OrgNo>, ViewError> {
        self.state.clients_of(user, sought, page, now)
    }

    /// The system users that reach a client, over all firms, by firm and id: agents that it is added to, and standard
    /// ones that it owns.
    ///
    /// Costs a search in each system user of the firms that the client has a relation to, up to [`MOST_LOOKED_AT`].
    pub fn search_system_users(
        &self,
        client: OrgNo,
        sought: Option<&Sought>,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Found<Reaching>, ViewError> {
        self.state.users_reaching(client, sought, page, now)
    }

    /// Whether there is or was a system user of this id.
    pub fn knows(&self, user: SystemUserId) -> bool {
        self.state.user(user).is_some()
    }

    /// Whether there is a resource of this id.
    pub fn knows_resource(&self, resource: &ResourceId) -> bool {
        let resources = self.state.generation.policies.resources();
        resources.binary_search(resource).is_ok()
    }

    /// The actions that a system user may do on a resource for a client, sorted.
    ///
    /// The context is read as each action has it; a member of the wrong type is an error that names it.
    pub fn search_actions(
        &self,
        user: SystemUserId,
        client: OrgNo,
        resource: &ResourceId,
        context: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Vec<ActionName>, ContextError> {
        let mut open = Vec::new();
        for action in self.state.generation.policies.actions() {
            let question = Question {
                system_user: user,
                action: action.clone(),
                resource: resource.clone(),
                client,
                asked: self.context(action, context)?,
            };
            if self.state.decide(&question, now).permit {
                open.push(action.clone());
            }
        }
        Ok(open)
    }
}

impl State {
    /// The firms that a client has a relation to.
    pub(crate) fn firms_of(&self, client: OrgNo) -> impl Iterator<Item = OrgNo> + '_ {
        self.firms_of_client.firms_of(client)
    }

    fn clients_of(
        &self,
        id: SystemUserId,
        sought: Option<&Sought>,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Found<OrgNo>, ViewError> {
        let first = page.after::<OrgNo>()?.map_or(0, |after| after.as_u32() + 1);
        let Some(user) = self.live(id) else {
            return Ok(Found::nothing());
        };
        let number = |number| OrgNo::from_u32(number).ok();
        Ok(match user.kind {
            UserKind::Agent => {
                let sieve = Sieve::of(self, user, sought, now);
                let clients = sieve.candidates(first).filter_map(number);
                take_bounded(page, MOST_LOOKED_AT, clients, OrgNo::to_string, |client| {
                    sieve.lets_through(*client)
                })
            }
            UserKind::Standard => {
                let own = Some(user.owner).filter(|own| own.as_u32() >= first);
                take_bounded(
                    page,
                    MOST_LOOKED_AT,
                    own.into_iter(),
                    OrgNo::to_string,
                    |client| self.reaches(user, *client, sought, now),
                )
            }
        })
    }

    fn users_reaching(
        &self,
        client: OrgNo,
        sought: Option<&Sought>,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Found<Reaching>, ViewError> {
        let candidates = self.may_reach(client, page.after()?);
        let place = |user: &&SystemUser| Place::of(user).to_string();
        let found = take_bounded(page, MOST_LOOKED_AT, candidates, place, |user| {
            self.reaches(user, client, sought, now)
        });
        Ok(found.map(|user| self.reaching(user)))
    }

    /// The system users of every firm that a client has a relation to, and its own, by firm and id, after a place.
    fn may_reach(&self, client: OrgNo, after: Option<Place>) -> impl Iterator<Item = &SystemUser> {
        let mut firms: Vec<OrgNo> = self.firms_of(client).chain([client]).collect();
        firms.sort_unstable();
        firms.dedup();
        firms.retain(|firm| after.is_none_or(|after| *firm >= after.firm));
        let places = firms.into_iter().flat_map(move |firm| {
            let first = match after.filter(|after| after.firm == firm) {
                Some(after) => Bound::Excluded((firm, after.user)),
                None => Bound::Included((firm, SystemUserId(uuid::Uuid::nil()))),
            };
            let of_firm = self.users_of_firm.range((first, Bound::Unbounded));
            of_firm.take_while(move |(owner, _)| *owner == firm)
        });
        places.filter_map(|(_, id)| self.user(*id).map(|user| &**user))
    }

    /// Whether a system user is live and holds a mandate for a client now, one that allows what is sought.
    fn reaches(
        &self,
        user: &SystemUser,
        client: OrgNo,
        sought: Option<&Sought>,
        now: Timestamp,
    ) -> bool {
        let Some(sought) = sought else {
            let held = self.live(user.id).and_then(|user| Self::held(user, client));
            return held.is_some_and(|held| held.at(now) == Within::Now);
        };
        self.decide(&sought.question(user.id, client), now).permit
    }

    fn reaching(&self, user: &SystemUser) -> Reaching {
        let facts = self.user_facts(user);
        Reaching {
            system_user: facts.id,
            kind: facts.kind,
            owner: facts.owner,
            system: facts.system,
        }
    }
}

impl Sought {
    fn question(&self, system_user: SystemUserId, client: OrgNo) -> Question {
        Question {
            system_user,
            action: self.action.clone(),
            resource: self.resource.clone(),
            client,
            asked: self.asked.clone(),
        }
    }
}

/// Where a system user stands among all: by firm, then by id. Holds what the order needs, so that a token means the same
/// whatever has happened to its system user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    firm: OrgNo,
    user: SystemUserId,
}

impl Place {
    fn of(user: &SystemUser) -> Self {
        Self {
            firm: user.owner,
            user: user.id,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.firm, self.user)
    }
}

impl FromStr for Place {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (firm, user) = text.split_once('/').unwrap_or((text, ""));
        Ok(Self {
            firm: firm.parse()?,
            user: user.parse()?,
        })
    }
}

/// A page of the candidates that are wanted; ends when it is full, or when enough were looked at.
pub(super) fn take_bounded<C>(
    page: &PageRequest,
    most: usize,
    candidates: impl Iterator<Item = C>,
    key: impl Fn(&C) -> String,
    is_wanted: impl Fn(&C) -> bool,
) -> Found<C> {
    let limit = page.limit.unwrap_or(USUAL_ITEMS).clamp(1, MOST_ITEMS);
    let mut found = Found::nothing();
    // How far was looked, so that the next page does not look again.
    let mut last = None;
    for candidate in candidates {
        if found.looked_at == most {
            found.next = last.unwrap_or_default();
            return found;
        }
        found.looked_at += 1;
        let wanted = is_wanted(&candidate);
        if wanted && found.items.len() == limit {
            found.next = last.unwrap_or_default();
            return found;
        }
        last = Some(key(&candidate));
        if wanted {
            found.items.push(candidate);
        }
    }
    found
}
