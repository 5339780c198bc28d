//! Who may do what: every command and every read asks `policies/admin.cedar`, through the policies in force.

use crate::model::caller::{Act, Caller, Target};
use crate::model::id::ResourceId;

use super::Snapshot;
use super::error::NotEntitled;
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
        self.generation.policies.may(caller, act, target)
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

impl Snapshot {
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
