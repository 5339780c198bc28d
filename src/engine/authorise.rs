//! Who may do what: every command and every read asks `policies/admin.cedar`, through the policies in force.

use crate::model::caller::{Act, Caller, CallerKind, Target};
use crate::model::id::{OrgNo, ResourceId, SystemUserId};

use super::Snapshot;
use super::error::{NoSystemUser, NotEntitled, ViewError};
use super::state::{RequestRecord, State, SystemUser};

impl State {
    /// That the caller is entitled to this.
    pub(crate) fn authorise(
        &self,
        caller: &Caller,
        act: Act,
        target: &Target,
    ) -> Result<(), NotEntitled> {
        if self.may(caller, act, target) {
            return Ok(());
        }
        let decides = matches!(act, Act::ApproveRequest | Act::RejectRequest);
        let may_escalate = decides && self.may(caller, Act::EscalateRequest, target);
        Err(NotEntitled::new(caller, act, target, may_escalate))
    }

    pub(crate) fn may(&self, caller: &Caller, act: Act, target: &Target) -> bool {
        self.generation.may(caller, act, target)
    }

    pub(crate) fn target_of_user(&self, user: &SystemUser) -> Target {
        let vendor = self
            .system_at(user.system)
            .map_or(user.owner, |record| record.system.vendor());
        Target::SystemUser {
            id: user.id,
            owner: user.owner,
            vendor,
        }
    }
}

/// A request as `policies/admin.cedar` sees it.
pub(crate) fn target_of_request(record: &RequestRecord) -> Target {
    let request = &record.request;
    Target::Request {
        id: request.id,
        firm: request.key.firm,
        vendor: request.key.system.vendor(),
    }
}

/// What a search names. Whoever may search about one of these may have the answer: it says nothing about anything else.
#[derive(Debug, Clone, Copy, Default)]
pub struct SearchAbout<'a> {
    /// The resource that an action is sought on.
    pub resource: Option<&'a ResourceId>,
    /// The system user that acts.
    pub system_user: Option<SystemUserId>,
    /// The client that is acted for.
    pub client: Option<OrgNo>,
}

impl Snapshot {
    /// That the caller may search about one of these. A system user that does not exist is told where nothing else is
    /// named that the caller could be entitled by.
    pub fn may_search(&self, caller: &Caller, about: SearchAbout<'_>) -> Result<(), ViewError> {
        let resource = about
            .resource
            .map(|resource| Target::Resource(resource.clone()));
        let user = about.system_user.map(|id| match self.state.user(id) {
            Some(user) => Ok(self.state.target_of_user(user)),
            None => Err(NoSystemUser::Unknown(id)),
        });
        let client = about.client.map(Target::Party);
        let known_user = user.as_ref().and_then(|user| user.as_ref().ok());
        let mut named: Vec<&Target> = [known_user, client.as_ref(), resource.as_ref()]
            .into_iter()
            .flatten()
            .collect();
        let may = |target: &&Target| self.state.may(caller, Act::Search, target);
        if named.iter().any(may) {
            return Ok(());
        }
        if matches!(caller.kind, CallerKind::ResourceApi { .. }) {
            named.reverse();
        }
        let refused = |target| Err(NotEntitled::new(caller, Act::Search, target, false).into());
        match (named.first(), user.as_ref().map(Result::as_ref)) {
            (Some(target), _) => refused(target),
            (None, Some(Err(unknown))) => Err(unknown.clone().into()),
            (None, _) => refused(&Target::Store),
        }
    }

    /// That the caller may ask about this resource.
    pub fn may_ask(&self, caller: &Caller, resource: &ResourceId) -> Result<(), NotEntitled> {
        self.state
            .authorise(caller, Act::Ask, &Target::Resource(resource.clone()))
    }

    /// That the caller may do something that concerns the whole store.
    pub fn may_on_store(&self, caller: &Caller, act: Act) -> Result<(), NotEntitled> {
        self.state.authorise(caller, act, &Target::Store)
    }
}
