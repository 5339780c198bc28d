//! How many there are, by bounded work.

use crate::model::id::{OrgNo, SystemUserId};
use crate::model::request::UserKind;
use crate::model::time::Timestamp;

use super::super::Snapshot;
use super::super::state::State;
use super::sieve::Sieve;
use super::{MOST_LOOKED_AT, Sought};

/// How many a search finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How many: all of them if the count is exact, else how many there are at least.
    pub count: usize,
    /// Whether it is all of them. A count that would have to look at more than [`MOST_LOOKED_AT`] candidates stops there.
    pub is_exact: bool,
    /// How many candidates were looked at: what the count cost.
    pub looked_at: usize,
}

impl Count {
    /// Known without looking at anything.
    pub(super) fn known(count: usize) -> Self {
        Self {
            count,
            is_exact: true,
            looked_at: 0,
        }
    }

    /// Goes on counting, candidate by candidate, as far as the bound.
    fn and<C>(
        mut self,
        candidates: impl Iterator<Item = C>,
        is_wanted: impl Fn(&C) -> bool,
    ) -> Self {
        for candidate in candidates {
            if self.looked_at == MOST_LOOKED_AT {
                self.is_exact = false;
                return self;
            }
            self.looked_at += 1;
            self.count += usize::from(is_wanted(&candidate));
        }
        self
    }
}

impl Snapshot {
    /// How many clients [`Self::search_clients`] finds on all its pages together.
    ///
    /// Where no policy looks further than packages and context, only clients with an exception (a window, lost packages)
    /// are looked at: the others are as many as the column is long. Else each client is asked about, and a system user of
    /// more than [`MOST_LOOKED_AT`] clients gets a count that says it is not exact.
    pub fn count_clients(
        &self,
        user: SystemUserId,
        sought: Option<&Sought>,
        now: Timestamp,
    ) -> Count {
        self.state.count_clients_of(user, sought, now)
    }

    /// How many system users [`Self::search_system_users`] finds on all its pages together; exact if the client's firms
    /// have no more than [`MOST_LOOKED_AT`].
    pub fn count_system_users(
        &self,
        client: OrgNo,
        sought: Option<&Sought>,
        now: Timestamp,
    ) -> Count {
        self.state.count_users_reaching(client, sought, now)
    }
}

impl State {
    pub(super) fn count_users_reaching(
        &self,
        client: OrgNo,
        sought: Option<&Sought>,
        now: Timestamp,
    ) -> Count {
        let candidates = self.may_reach(client, None);
        Count::known(0).and(candidates, |user| self.reaches(user, client, sought, now))
    }

    pub(super) fn count_clients_of(
        &self,
        id: SystemUserId,
        sought: Option<&Sought>,
        now: Timestamp,
    ) -> Count {
        let Some(user) = self.live(id) else {
            return Count::known(0);
        };
        if user.kind == UserKind::Standard {
            let own = [user.owner].into_iter();
            return Count::known(0).and(own, |own| self.reaches(user, *own, sought, now));
        }
        let sieve = Sieve::of(self, user, sought, now);
        let number = |number| OrgNo::from_u32(number).ok();
        let Some(are_let_through) = sieve.plain() else {
            let clients = sieve.candidates(0).filter_map(number);
            return Count::known(0).and(clients, |client| sieve.lets_through(*client));
        };
        // INVARIANT of a system user: each exception is of a client in its column.
        let plain = user.clients.len().saturating_sub(user.exceptions.len());
        let known = Count::known(if are_let_through { plain } else { 0 });
        known.and(user.exceptions.iter(), |(client, exception)| {
            number(**client).is_some_and(|client| sieve.lets_exception_through(client, exception))
        })
    }
}
