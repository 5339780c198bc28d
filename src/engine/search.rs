//! Reverse questions from the same columns: whom may this system user act for, who reaches this client, what is open.
//!
//! Each answer is what asking one by one would give, in a fixed order. A page does bounded work: where little of what is
//! looked at is permitted, it ends early with a token, and may be short or empty without being the last.

use crate::model::id::{ActionName, OrgNo, ResourceId, SystemUserId};
use crate::model::question::{Asked, Question};
use crate::model::request::UserKind;
use crate::model::time::{Timestamp, Within};

use super::Snapshot;
use super::error::ViewError;
use super::list::{MOST_ITEMS, Page, PageRequest, USUAL_ITEMS};
use super::state::{State, SystemUser};

/// The most candidates that one page looks at.
const MOST_LOOKED_AT: usize = 20_000;

/// What a searched mandate must allow: nothing in particular, or an action on a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    /// To do what.
    pub action: ActionName,
    /// On what.
    pub resource: ResourceId,
    /// With which context.
    pub asked: Asked,
}

impl Snapshot {
    /// The clients that a system user may act for, by number: all of its mandates in force, or those that allow what is
    /// sought. For a standard system user that is its owner.
    ///
    /// Costs a step in the column for each client looked at; where no policy looks further than packages, the answer of
    /// a whole system user without exceptions is known from one class.
    pub fn search_clients(
        &self,
        user: SystemUserId,
        sought: Option<&Sought>,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Page<OrgNo>, ViewError> {
        let first = page.after::<OrgNo>()?.map_or(0, |after| after.as_u32() + 1);
        let nothing = || Page {
            items: Vec::new(),
            next: String::new(),
        };
        let Some(user) = self.state.live(user) else {
            return Ok(nothing());
        };
        if sought.is_some_and(|sought| self.state.allows_nobody(user, sought)) {
            return Ok(nothing());
        }
        let candidates: Box<dyn Iterator<Item = u32> + '_> = match user.kind {
            UserKind::Agent => Box::new(user.clients.from(first).map(|entry| entry.key)),
            UserKind::Standard => Box::new(
                Some(user.owner.as_u32())
                    .into_iter()
                    .filter(|own| *own >= first),
            ),
        };
        let candidates = candidates.filter_map(|number| OrgNo::from_u32(number).ok());
        Ok(take_bounded(page, candidates, OrgNo::to_string, |client| {
            self.state.reaches(user, *client, sought, now)
        }))
    }

    /// The system users that reach a client, over all firms, by firm and id: agents that it is added to, and standard
    /// ones that it owns.
    ///
    /// Costs a search in each system user of the firms that the client has a relation to.
    pub fn search_system_users(
        &self,
        client: OrgNo,
        sought: Option<&Sought>,
        page: &PageRequest,
        now: Timestamp,
    ) -> Result<Page<SystemUserId>, ViewError> {
        let after: Option<SystemUserId> = page.after()?;
        let after = after
            .and_then(|id| self.state.user(id))
            .map(|user| (user.owner, user.id));
        let mut firms: Vec<OrgNo> = self.state.firms_of(client).chain([client]).collect();
        firms.sort_unstable();
        firms.dedup();
        let candidates = firms.into_iter().flat_map(|firm| self.state.users_of(firm));
        let candidates =
            candidates.filter(|user| after.is_none_or(|after| (user.owner, user.id) > after));
        let users = take_bounded(
            page,
            candidates,
            |user| user.id.to_string(),
            |user| {
                self.state
                    .live(user.id)
                    .is_some_and(|user| self.state.reaches(user, client, sought, now))
            },
        );
        Ok(Page {
            items: users.items.into_iter().map(|user| user.id).collect(),
            next: users.next,
        })
    }

    /// The actions that a system user may do on a resource for a client, sorted.
    pub fn search_actions(
        &self,
        user: SystemUserId,
        client: OrgNo,
        resource: &ResourceId,
        asked: &Asked,
        now: Timestamp,
    ) -> Vec<ActionName> {
        let actions = self.state.generation.policies.actions().iter();
        let allowed = actions.filter(|action| {
            let question = Question {
                system_user: user,
                action: (*action).clone(),
                resource: resource.clone(),
                client,
                asked: asked.clone(),
            };
            self.state.decide(&question, now).permit
        });
        allowed.cloned().collect()
    }
}

impl State {
    /// The firms that a client has a relation to.
    pub(crate) fn firms_of(&self, client: OrgNo) -> impl Iterator<Item = OrgNo> + '_ {
        self.firms_of_client.firms_of(client)
    }

    /// Whether a live system user holds a mandate for a client now, one that allows what is sought.
    fn reaches(
        &self,
        user: &SystemUser,
        client: OrgNo,
        sought: Option<&Sought>,
        now: Timestamp,
    ) -> bool {
        let Some(sought) = sought else {
            return Self::held(user, client).is_some_and(|held| held.at(now) == Within::Now);
        };
        let question = Question {
            system_user: user.id,
            action: sought.action.clone(),
            resource: sought.resource.clone(),
            client,
            asked: sought.asked.clone(),
        };
        self.decide(&question, now).permit
    }

    /// Whether the class of a system user without exceptions says at once that nobody can be permitted.
    fn allows_nobody(&self, user: &SystemUser, sought: &Sought) -> bool {
        if !user.exceptions.is_empty() || !user.rights.is_empty() {
            return false;
        }
        let policies = &self.generation.policies;
        let Some(action) = policies.action(sought.action.as_str()) else {
            return true;
        };
        let slot = policies.resource_slot(sought.resource.as_str());
        let class = self.generation.class(self, user.set, action, slot);
        class.is_none_or(|class| {
            let may_permit = class.verdict.permits || class.by_context.is_some() || class.further;
            class.verdict.denies || !may_permit
        })
    }
}

/// A page of the candidates that are wanted; ends when it is full, or when enough were looked at.
fn take_bounded<C>(
    page: &PageRequest,
    candidates: impl Iterator<Item = C>,
    key: impl Fn(&C) -> String,
    is_wanted: impl Fn(&C) -> bool,
) -> Page<C> {
    let limit = page.limit.unwrap_or(USUAL_ITEMS).clamp(1, MOST_ITEMS);
    let mut items = Vec::new();
    let mut last = String::new();
    for (looked_at, candidate) in candidates.enumerate() {
        if looked_at == MOST_LOOKED_AT {
            return Page { items, next: last };
        }
        let wanted = is_wanted(&candidate);
        if wanted && items.len() == limit {
            return Page { items, next: last };
        }
        // The token says how far was looked, so that the next page does not look again.
        last = key(&candidate);
        if wanted {
            items.push(candidate);
        }
    }
    Page {
        items,
        next: String::new(),
    }
}
