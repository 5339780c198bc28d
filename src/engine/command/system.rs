//! Systems: registered, changed and deleted by their vendor.

use std::sync::Arc;

use crate::model::caller::{Act, Caller, Target};
use crate::model::event::Event;
use crate::model::id::SystemId;
use crate::model::system::{System, SystemDraft, nearest};

use super::super::error::{NoSystem, NotEntitled, SystemError};
use super::super::state::{State, SystemRecord};
use super::super::{Call, Engine, Written};

impl Engine {
    /// Registers a system; answers whether it is new. The same again is not an error.
    pub fn register_system(
        &self,
        call: &Call,
        draft: SystemDraft,
    ) -> Result<Written<bool>, SystemError> {
        let by = call.by.clone();
        self.write(call, move |state| {
            state.authorise(&by, Act::ManageSystem, &Target::System(draft.id.clone()))?;
            let system = checked(state, draft)?;
            match state.system(&system.id) {
                Some(record) if record.deleted.is_some() => Err(SystemError::IdUsed(system.id)),
                Some(record) if record.system == system => Ok((None, false)),
                Some(_) => Err(SystemError::Registered(system.id)),
                None => Ok((Some(Event::SystemPut(system)), true)),
            }
        })
    }

    /// Changes a system. What its system users hold already stays as it is.
    pub fn change_system(
        &self,
        call: &Call,
        draft: SystemDraft,
    ) -> Result<Written<()>, SystemError> {
        let by = call.by.clone();
        self.write(call, move |state| {
            let record = Arc::clone(state.live_system(&by, Act::ManageSystem, &draft.id)??);
            let system = checked(state, draft)?;
            if record.system == system {
                return Ok((None, ()));
            }
            Ok((Some(Event::SystemPut(system)), ()))
        })
    }

    /// Deletes a system: its system users may do nothing from the next decision on. Its id is not used again.
    pub fn delete_system(&self, call: &Call, id: SystemId) -> Result<Written<()>, SystemError> {
        let by = call.by.clone();
        self.write(call, move |state| {
            state.live_system(&by, Act::ManageSystem, &id)??;
            Ok((Some(Event::SystemDeleted { id }), ()))
        })
    }
}

fn checked(state: &State, draft: SystemDraft) -> Result<System, SystemError> {
    Ok(draft.check(
        &state.catalogue,
        &state.generation.policies.rights_offered(),
    )?)
}

impl State {
    /// A registered system that was not deleted, for a caller who is entitled to this.
    pub(crate) fn live_system(
        &self,
        by: &Caller,
        act: Act,
        id: &SystemId,
    ) -> Result<Result<&Arc<SystemRecord>, NoSystem>, NotEntitled> {
        self.authorise(by, act, &Target::System(id.clone()))?;
        Ok(match self.system(id) {
            Some(record) if record.deleted.is_none() => Ok(record),
            Some(_) => Err(NoSystem::Deleted(id.clone())),
            None => Err(self.no_system(id)),
        })
    }

    /// That there is no such system; with the vendor's system most like it.
    pub(crate) fn no_system(&self, given: &SystemId) -> NoSystem {
        let of_vendor = self
            .system_places
            .keys()
            .filter(|id| id.vendor() == given.vendor());
        let near = nearest(given.as_str(), of_vendor.map(SystemId::as_str));
        match near.and_then(|near| near.parse().ok()) {
            Some(nearest) => NoSystem::UnknownButNear {
                given: given.clone(),
                nearest,
            },
            None => NoSystem::Unknown(given.clone()),
        }
    }
}
