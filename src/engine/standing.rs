//! The chain of authority: which mandates are in force, and how far it holds where one is not.

use crate::cedar::{Found, Identity};
use crate::model::id::{OrgNo, Revision, SystemUserId};
use crate::model::mandate::{Mandate, UserFacts};
use crate::model::request::UserKind;
use crate::model::time::{Timestamp, Window, Within};

use super::sets::SetId;
use super::state::{Exception, State, SystemUser};

/// How far the chain of authority holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Standing<'a> {
    NoUser,
    UserDeleted(&'a SystemUser),
    SystemDeleted(&'a SystemUser),
    /// The client is not added to it; or it is a standard one, and not the client's.
    NoMandate(&'a SystemUser),
    NotYet(&'a SystemUser, Timestamp),
    Over(&'a SystemUser, Timestamp),
    InForce(InForce<'a>),
}

/// A mandate that is in force now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InForce<'a> {
    pub(crate) user: &'a SystemUser,
    pub(crate) party: OrgNo,
    /// What is particular about the client, if anything is.
    exception: Option<&'a Exception>,
}

impl InForce<'_> {
    /// The packages that it holds.
    #[inline]
    pub(crate) fn set(&self) -> SetId {
        self.exception
            .map_or(self.user.set, |exception| exception.set)
    }

    /// When it holds.
    pub(crate) fn window(&self) -> Window {
        let window = self.exception.map(|exception| exception.window);
        window.unwrap_or(Window::ALWAYS)
    }

    /// Whether it holds at an instant.
    #[inline]
    pub(crate) fn at(&self, now: Timestamp) -> Within {
        let window = self.exception.map(|exception| &exception.window);
        window.map_or(Within::Now, |window| window.at(now))
    }

    /// The revision that the client was added at; of a standard system user, its approval.
    pub(crate) fn added(&self) -> Revision {
        let entry = self.user.clients.get(self.party.as_u32());
        entry.map_or(self.user.approved.revision, |entry| entry.added)
    }
}

impl State {
    /// How far the chain of authority holds for a system user and a party.
    #[inline]
    pub(crate) fn standing(
        &self,
        user: SystemUserId,
        party: OrgNo,
        now: Timestamp,
    ) -> Standing<'_> {
        let Some(user) = self.user(user) else {
            return Standing::NoUser;
        };
        if user.deleted.is_some() {
            return Standing::UserDeleted(user);
        }
        if self.system_is_deleted(user) {
            return Standing::SystemDeleted(user);
        }
        let Some(held) = Self::held(user, party) else {
            return Standing::NoMandate(user);
        };
        match held.at(now) {
            Within::Now => Standing::InForce(held),
            Within::NotYet => Standing::NotYet(user, held.window().from().unwrap_or(now)),
            Within::Over => Standing::Over(user, held.window().until().unwrap_or(now)),
        }
    }

    /// What a live system user holds for a party, whatever the window.
    #[inline]
    pub(crate) fn held(user: &SystemUser, party: OrgNo) -> Option<InForce<'_>> {
        let exception = match user.kind {
            UserKind::Agent => {
                let client = party.as_u32();
                user.clients.has(client).then(|| user.exception(client))
            }
            UserKind::Standard => (user.owner == party).then_some(None),
        };
        exception.map(|exception| InForce {
            user,
            party,
            exception,
        })
    }

    /// The mandate as a value that Cedar's entities are made of.
    pub(crate) fn mandate(&self, held: &InForce<'_>, party: OrgNo) -> Mandate {
        Mandate {
            user: self.user_facts(held.user),
            party,
            packages: self.codes(held.set()),
            window: held.window(),
            rights: held.user.rights.to_vec(),
        }
    }

    pub(crate) fn user_facts(&self, user: &SystemUser) -> UserFacts {
        let system = match self.system_at(user.system) {
            Some(record) => record.system.id.clone(),
            None => unreachable!("a system user is made from a request of a registered system"),
        };
        UserFacts {
            id: user.id,
            owner: user.owner,
            system,
            kind: user.kind,
        }
    }

    /// What is in force under an identity that a policy, an entity or a context names.
    pub(crate) fn find(&self, identity: &Identity) -> Option<Found> {
        match identity {
            Identity::System(id) => {
                let record = self.system(id)?;
                record.deleted.is_none().then(|| Found::System(id.clone()))
            }
            Identity::SystemUser(id) => self
                .live(*id)
                .map(|user| Found::SystemUser(self.user_facts(user))),
            Identity::Mandate(id, party) => {
                let held = Self::held(self.live(*id)?, *party)?;
                Some(Found::Mandate(self.mandate(&held, *party)))
            }
        }
    }

    /// A system user that is not deleted, nor its system.
    pub(crate) fn live(&self, id: SystemUserId) -> Option<&SystemUser> {
        let user = self.user(id)?;
        (user.deleted.is_none() && !self.system_is_deleted(user)).then_some(&**user)
    }
}
