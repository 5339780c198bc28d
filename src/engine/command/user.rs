//! System users: made by approval, deleted by an access manager of their owner.

use std::sync::Arc;

use crate::model::caller::{Act, Caller};
use crate::model::event::Event;
use crate::model::id::SystemUserId;

use super::super::error::{DeleteSystemUserError, NoSystemUser, NotEntitled};
use super::super::state::{State, SystemUser};
use super::super::{Call, Engine, Written};

impl Engine {
    /// Deletes a system user: it may do nothing from the next decision on. Its key is free for a new request.
    pub fn delete_system_user(
        &self,
        call: &Call,
        id: SystemUserId,
    ) -> Result<Written<()>, DeleteSystemUserError> {
        let by = call.by.clone();
        self.write(call, move |state| {
            state.live_user(&by, Act::DeleteSystemUser, id)??;
            Ok((Some(Event::SystemUserDeleted { id }), ()))
        })
    }
}

impl State {
    /// A system user that was not deleted, for a caller who is entitled to this.
    pub(crate) fn live_user(
        &self,
        by: &Caller,
        act: Act,
        id: SystemUserId,
    ) -> Result<Result<&Arc<SystemUser>, NoSystemUser>, NotEntitled> {
        let Some(user) = self.user(id) else {
            return Ok(Err(NoSystemUser::Unknown(id)));
        };
        self.authorise(by, act, &self.target_of_user(user))?;
        Ok(if user.deleted.is_some() {
            Err(NoSystemUser::Deleted(id))
        } else {
            Ok(user)
        })
    }
}
