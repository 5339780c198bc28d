//! Which clients of one agent system user a search lets through, known for most of them before any is looked at.

use crate::model::id::OrgNo;
use crate::model::time::{Timestamp, Within};

use super::super::sets::SetId;
use super::super::state::{Exception, State, SystemUser};
use super::Sought;

/// What asking about each client would say.
pub(super) struct Sieve<'a> {
    state: &'a State,
    user: &'a SystemUser,
    sought: Option<&'a Sought>,
    now: Timestamp,
    /// What is said of every client without an exception; nothing if each has to be asked about.
    plain: Option<bool>,
}

impl<'a> Sieve<'a> {
    pub(super) fn of(
        state: &'a State,
        user: &'a SystemUser,
        sought: Option<&'a Sought>,
        now: Timestamp,
    ) -> Self {
        let mut sieve = Self {
            state,
            user,
            sought,
            now,
            plain: None,
        };
        sieve.plain = sieve.of_set(user.set);
        sieve
    }

    /// What is said of every client without an exception, if it is known without asking.
    pub(super) fn plain(&self) -> Option<bool> {
        self.plain
    }

    /// The clients from a number on that might be let through, ascending. Where all without an exception are stopped, only
    /// the exceptions are left.
    pub(super) fn candidates(&self, first: u32) -> Box<dyn Iterator<Item = u32> + 'a> {
        if self.plain == Some(false) {
            let exceptions = self.user.exceptions.range(first..);
            return Box::new(exceptions.map(|(client, _)| *client));
        }
        Box::new(self.user.clients.from(first).map(|entry| entry.key))
    }

    /// Whether asking about a client of the system user says yes.
    pub(super) fn lets_through(&self, client: OrgNo) -> bool {
        let exceptions = &self.user.exceptions;
        let exception = if exceptions.is_empty() {
            None
        } else {
            exceptions.get(&client.as_u32())
        };
        match exception {
            None => self.plain.unwrap_or_else(|| self.asked(client)),
            Some(exception) => self.lets_exception_through(client, exception),
        }
    }

    pub(super) fn lets_exception_through(&self, client: OrgNo, exception: &Exception) -> bool {
        exception.window.at(self.now) == Within::Now
            && self
                .of_set(exception.set)
                .unwrap_or_else(|| self.asked(client))
    }

    fn asked(&self, client: OrgNo) -> bool {
        self.state.reaches(self.user, client, self.sought, self.now)
    }

    /// What is said of every mandate in force with these packages; nothing if a policy looks further.
    fn of_set(&self, set: SetId) -> Option<bool> {
        let Some(sought) = self.sought else {
            return Some(true);
        };
        let generation = &self.state.generation;
        let Some(action) = generation.policies.action(sought.action.as_str()) else {
            return Some(false);
        };
        let slot = generation.policies.resource_slot(sought.resource.as_str());
        let Some(class) = generation.class(self.state, set, action, slot) else {
            return Some(false);
        };
        if class.verdict.denies {
            return Some(false);
        }
        if class.further {
            return None;
        }
        let mut permits = class.verdict.permits;
        if let Some(memo) = &class.by_context {
            let place = (set, action, slot);
            let kept = self.state.in_context(memo, place, &sought.asked, self.now);
            let Some(kept) = kept.as_ref().filter(|kept| !kept.verdict.denies) else {
                return Some(false);
            };
            permits |= kept.verdict.permits;
        }
        // An agent holds no single right, so there is nothing else that could permit.
        Some(permits)
    }
}
