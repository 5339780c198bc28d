//! Why policies were not published or not found, as problems.

use hyper::StatusCode;

use crate::engine::{NoVersion, PublishError};

use super::error::{bad, not_found};
use super::problem::Problem;

impl From<NoVersion> for Problem {
    fn from(error: NoVersion) -> Self {
        match error {
            NoVersion::Malformed(_) => bad("invalid-field", &error),
            NoVersion::Several(_) => bad("several-versions", &error),
            NoVersion::Unknown(_) | NoVersion::NoRevision(_) => {
                not_found("no-such-version", &error)
            }
            NoVersion::View(error) => error.into(),
        }
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        let said = error.to_string();
        let failed = |code, in_force: &str| {
            let problem = Self::new(StatusCode::PRECONDITION_FAILED, code, said.clone());
            problem.header("etag", format!("\"{in_force}\""))
        };
        match error {
            PublishError::Changed { in_force, .. } => failed("policies-changed", &in_force),
            PublishError::Overtaken { in_force, .. } => failed("proposal-overtaken", &in_force),
            PublishError::Policies(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "policies-refused", said)
            }
            PublishError::NoProposal(_) => not_found("no-such-proposal", &error),
            PublishError::SamePerson { .. } => {
                Self::new(StatusCode::FORBIDDEN, "own-proposal", said)
            }
            PublishError::NotEntitled(error) => error.into(),
            PublishError::Unavailable(error) => error.into(),
            PublishError::Store(error) => error.into(),
        }
    }
}
