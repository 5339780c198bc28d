//! Why a command or a read was refused: one enum an operation. Nothing was written in any of these cases.

mod command;
mod entitled;

use crate::model::finding::Finding;
use crate::model::id::{OrgNo, RequestId, Revision, SystemId, SystemUserId};
use crate::model::relation::RelationKey;
use crate::store::{OpenError, ReadError};

pub use command::{
    ClientError, ClientRefused, CreateRequestError, DecideError, DeleteSystemUserError, PartyError,
    RelationError, SystemError,
};
pub use entitled::NotEntitled;

/// The store takes no changes now. Decisions go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// A write failed; what was acknowledged before is safe.
    #[error(
        "the store takes no more changes: {0}; decisions go on; mend the disk and start the daemon again"
    )]
    StoreFailed(String),
    /// The daemon is stopping.
    #[error("the daemon is stopping; try again when it is back")]
    Stopping,
}

/// A system user that a command or a list was for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoSystemUser {
    /// There never was one.
    #[error("system user `{0}` does not exist")]
    Unknown(SystemUserId),
    /// It was deleted.
    #[error("system user `{0}` was deleted")]
    Deleted(SystemUserId),
}

/// A system that a command or a list was for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoSystem {
    /// There is none, and the caller has none with a name like it.
    #[error("system `{0}` is not registered")]
    Unknown(SystemId),
    /// There is none, but one of a name like it.
    #[error("system `{given}` is not registered; did you mean `{nearest}`?")]
    UnknownButNear {
        /// What was given.
        given: SystemId,
        /// The vendor's system most like it.
        nearest: SystemId,
    },
    /// It was deleted.
    #[error("system `{0}` was deleted")]
    Deleted(SystemId),
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// The caller may not.
    #[error(transparent)]
    NotEntitled(#[from] NotEntitled),
    /// There is no such party.
    #[error("party `{0}` is not known")]
    NoParty(OrgNo),
    /// There is no such system.
    #[error(transparent)]
    NoSystem(#[from] NoSystem),
    /// There is no such request.
    #[error("request `{0}` does not exist")]
    NoRequest(RequestId),
    /// There is no such system user.
    #[error(transparent)]
    NoSystemUser(#[from] NoSystemUser),
    /// It acts for its owner, and for nobody else.
    #[error("system user `{0}` is a standard one: it acts for its owner and has no clients")]
    NotAgent(SystemUserId),
    /// The client is not added.
    #[error("client `{client}` is not added to system user `{user}`")]
    NotAdded {
        /// The client.
        client: OrgNo,
        /// The system user.
        user: SystemUserId,
    },
    /// There is no such relation.
    #[error("there is no relation {} of `{}` to `{}`", .0.role, .0.client, .0.firm)]
    NoRelation(RelationKey),
    /// The page token is not one of ours.
    #[error("`page` is `{0}`, which is not a token that a list has answered")]
    PageToken(String),
    /// A revision that has not been.
    #[error("revision {asked} has not been; the newest is {newest}")]
    Future {
        /// What was asked for.
        asked: Revision,
        /// What there is.
        newest: Revision,
    },
    /// The store could not be read.
    #[error("the store could not be read: {0}")]
    Store(#[from] ReadError),
}

/// Why policies were not put in force. Those before them stay.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PutPoliciesError {
    /// The policies are broken.
    #[error("the policies are broken: {} finding{}, the first: {}", .0.len(), if .0.len() == 1 { "" } else { "s" }, first(.0))]
    Policies(Vec<Finding>),
    /// No changes are taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why the engine did not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenEngineError {
    /// The store did not open.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The store opened, but something in it could not be read.
    #[error("the store cannot be read: {0}; restore it from its newest snapshot")]
    Read(#[from] ReadError),
    /// A page or event has a shape that this version does not know.
    #[error("the store has a page that cannot be read: {0}; restore it from its newest snapshot")]
    Page(String),
    /// The policies are broken.
    #[error("the policies are broken: {} finding{}, the first: {}", .0.len(), if .0.len() == 1 { "" } else { "s" }, first(.0))]
    Policies(Vec<Finding>),
    /// No policies were ever in force here.
    #[error(
        "the store has no policies that were in force before; start with a policy folder that is whole"
    )]
    NoPolicies,
    /// The policies are right, but whoever opened the engine does not want them.
    #[error("{0}")]
    Refused(String),
    /// Writing the first event failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

fn first(findings: &[Finding]) -> String {
    findings
        .first()
        .map(|finding| format!("{finding}; {}", finding.help))
        .unwrap_or_default()
}
