//! Requests: made and withdrawn by a vendor, approved, rejected or passed on by a firm's people.

use std::sync::Arc;

use crate::model::caller::{Act, Caller};
use crate::model::event::Event;
use crate::model::id::RequestId;
use crate::model::request::{Request, Status};
use crate::model::request_draft::RequestDraft;
use crate::model::system::RedirectUrl;
use crate::model::time::Timestamp;

use super::super::authorise::target_of_request;
use super::super::error::{CreateRequestError, DecideError};
use super::super::state::{RequestRecord, State};
use super::super::{Call, Engine, Written};

/// What making a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestMade {
    /// The request: the new one, or the same that was there.
    pub request: Request,
    /// Whether it is new.
    pub is_new: bool,
    /// What the vendor should know: packages that no single relation covers together.
    pub warnings: Vec<String>,
}

impl Engine {
    /// Makes a request, under this id if it is new. The same again while it is new is the same request.
    pub fn create_request(
        &self,
        call: &Call,
        id: RequestId,
        draft: RequestDraft,
    ) -> Result<Written<RequestMade>, CreateRequestError> {
        let (by, now, days) = (call.by.clone(), call.now, self.settings.days_to_expiry);
        self.write(call, move |state| {
            let record = state.live_system(&by, Act::CreateRequest, &draft.system)??;
            let offered = state.generation.policies.rights_offered();
            let request = draft.check(id, &record.system, &state.catalogue, &offered, now, days)?;
            let warnings = request.warnings(&state.catalogue);
            if let Some(same) = state.same_while_new(&request, now)? {
                return Ok((
                    None,
                    RequestMade {
                        request: same,
                        is_new: false,
                        warnings,
                    },
                ));
            }
            if state.requests.contains_key(&id) {
                return Err(CreateRequestError::IdTaken(id));
            }
            let made = RequestMade {
                request: request.clone(),
                is_new: true,
                warnings,
            };
            Ok((Some(Event::RequestCreated(request)), made))
        })
    }

    /// Withdraws a new request: its vendor alone.
    pub fn withdraw_request(&self, call: &Call, id: RequestId) -> Result<Written<()>, DecideError> {
        let (by, now) = (call.by.clone(), call.now);
        self.write(call, move |state| {
            state
                .request_for(&by, Act::WithdrawRequest, id)?
                .request
                .check_new(now, "withdrawn")?;
            Ok((Some(Event::RequestWithdrawn { id }), ()))
        })
    }

    /// Approves a new request, whole: there is a system user of its id from now on. Answers where to send the person.
    pub fn approve_request(
        &self,
        call: &Call,
        id: RequestId,
    ) -> Result<Written<Option<RedirectUrl>>, DecideError> {
        let (by, now) = (call.by.clone(), call.now);
        self.write(call, move |state| {
            let record = state.request_for(&by, Act::ApproveRequest, id)?;
            let request = &record.request;
            let system = state
                .system(&request.key.system)
                .ok_or(DecideError::NoRequest(id))?;
            request.check_approval(&system.system, system.deleted.is_some(), now)?;
            Ok((
                Some(Event::RequestApproved { id }),
                request.redirect_url.clone(),
            ))
        })
    }

    /// Rejects a new request.
    pub fn reject_request(
        &self,
        call: &Call,
        id: RequestId,
    ) -> Result<Written<Option<RedirectUrl>>, DecideError> {
        let (by, now) = (call.by.clone(), call.now);
        self.write(call, move |state| {
            let record = state.request_for(&by, Act::RejectRequest, id)?;
            record.request.check_new(now, "rejected")?;
            Ok((
                Some(Event::RequestRejected { id }),
                record.request.redirect_url.clone(),
            ))
        })
    }

    /// Passes a new request on to an access manager: it stays new and is marked. Twice is once.
    pub fn escalate_request(&self, call: &Call, id: RequestId) -> Result<Written<()>, DecideError> {
        let (by, now) = (call.by.clone(), call.now);
        self.write(call, move |state| {
            let record = state.request_for(&by, Act::EscalateRequest, id)?;
            record.request.check_new(now, "escalated")?;
            let event = (!record.request.escalated).then_some(Event::RequestEscalated { id });
            Ok((event, ()))
        })
    }
}

impl State {
    /// A request, for a caller who is entitled to this.
    fn request_for(
        &self,
        by: &Caller,
        act: Act,
        id: RequestId,
    ) -> Result<Arc<RequestRecord>, DecideError> {
        let record = self.requests.get(&id).ok_or(DecideError::NoRequest(id))?;
        self.authorise(by, act, &target_of_request(record))?;
        Ok(Arc::clone(record))
    }

    /// The same request, if it is there and new; an error if the key is taken by another that waits or lives.
    fn same_while_new(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<Request>, CreateRequestError> {
        let earlier = self
            .request_keys
            .get(&request.key)
            .and_then(|id| self.requests.get(id));
        let Some(earlier) = earlier.map(|record| &record.request) else {
            return Ok(None);
        };
        match earlier.status_at(now) {
            Status::New if earlier.asks_the_same_as(request) => Ok(Some(earlier.clone())),
            Status::New => Err(CreateRequestError::OtherIsNew { id: earlier.id }),
            Status::Approved
                if self
                    .user(earlier.id.into())
                    .is_some_and(|user| user.deleted.is_none()) =>
            {
                Err(CreateRequestError::SystemUserLives {
                    id: earlier.id.into(),
                })
            }
            Status::Approved | Status::Rejected | Status::Withdrawn | Status::Expired => Ok(None),
        }
    }
}
