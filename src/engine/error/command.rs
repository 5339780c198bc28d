//! Why commands were refused.

use crate::model::catalogue::{PackageList, UnknownPackage};
use crate::model::id::{OrgNo, PackageCode, RequestId, SystemId, SystemUserId};
use crate::model::relation::{RelationKey, Role};
use crate::model::request::DecideRequestError;
use crate::model::request_draft::RequestDraftError;
use crate::model::system::SystemDraftError;
use crate::model::time::Timestamp;

use super::{NoSystem, NoSystemUser, NotEntitled, Unavailable};

/// Why a party was not written.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PartyError {
    /// The caller may not.
    #[error(transparent)]
    NotEntitled(#[from] NotEntitled),
    /// No changes are taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a system was not registered, changed or deleted.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SystemError {
    /// The caller may not.
    #[error(transparent)]
    NotEntitled(#[from] NotEntitled),
    /// No changes are taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// It asks for what nobody can have.
    #[error(transparent)]
    Draft(#[from] SystemDraftError),
    /// There is no such system.
    #[error(transparent)]
    NoSystem(#[from] NoSystem),
    /// It is registered already, with other contents.
    #[error("system `{0}` is registered already, with other contents; change it with PUT")]
    Registered(SystemId),
    /// Its id was used and deleted. Ids are not used again.
    #[error(
        "system id `{0}` belonged to a deleted system and is not used again; choose another name"
    )]
    IdUsed(SystemId),
}

/// Why a request was not made.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CreateRequestError {
    /// The caller may not.
    #[error(transparent)]
    NotEntitled(#[from] NotEntitled),
    /// No changes are taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// There is no such system.
    #[error(transparent)]
    NoSystem(#[from] NoSystem),
    /// It asks for what the system may not ask for, or nobody can have.
    #[error(transparent)]
    Draft(#[from] RequestDraftError),
    /// The same key waits already, with other contents.
    #[error(
        "request `{id}` with the same firm, reference and system is new and asks for something else; withdraw it first, or send another `externalRef`"
    )]
    OtherIsNew {
        /// The one that waits.
        id: RequestId,
    },
    /// The same key has made a system user that lives.
    #[error(
        "system user `{id}` lives from a request with the same firm, reference and system; delete it first, or send another `externalRef`"
    )]
    SystemUserLives {
        /// The system user.
        id: SystemUserId,
    },
    /// The id is taken.
    #[error("request id `{0}` is taken")]
    IdTaken(RequestId),
}

/// Why a request was not approved, rejected, withdrawn or passed on.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DecideError {
    /// The caller may not.
    #[error(transparent)]
    NotEntitled(#[from] NotEntitled),
    /// No changes are taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// There is no such request.
    #[error("request `{0}` does not exist")]
    NoRequest(RequestId),
    /// It cannot be decided so.
    #[error(transparent)]
    Refused(#[from] DecideRequestError),
}

/// Why a system user was not deleted.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DeleteSystemUserError {
    /// The caller may not.
    #[error(transparent)]
    NotEntitled(#[from] NotEntitled),
    /// No changes are taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// There is no such system user.
    #[error(transparent)]
    NoSystemUser(#[from] NoSystemUser),
}

/// Why one client was not added, beside others that may have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientRefused {
    /// Its relations do not cover every package.
    #[error("client `{client}` has not given `{firm}` the access packages {missing}")]
    NotCovered {
        /// The client.
        client: OrgNo,
        /// The firm.
        firm: OrgNo,
        /// What is missing.
        missing: PackageList,
    },
    /// The firm itself, for packages that an organisation cannot give directly.
    #[error(
        "`{firm}` cannot be added to its own system user: access packages {missing} are not assignable"
    )]
    NotAssignable {
        /// The firm.
        firm: OrgNo,
        /// What it cannot give.
        missing: PackageList,
    },
    /// The firm itself, by somebody who is no access manager.
    #[error(transparent)]
    NotEntitled(#[from] NotEntitled),
}

impl ClientRefused {
    /// A stable name for this kind of refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotCovered { .. } => "client-not-covered",
            Self::NotAssignable { .. } => "package-not-assignable",
            Self::NotEntitled(_) => "not-entitled",
        }
    }

    /// The packages that are missing.
    pub fn missing(&self) -> &[PackageCode] {
        match self {
            Self::NotCovered { missing, .. } | Self::NotAssignable { missing, .. } => &missing.0,
            Self::NotEntitled(_) => &[],
        }
    }
}

/// Why clients were not added or removed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The caller may not.
    #[error(transparent)]
    NotEntitled(#[from] NotEntitled),
    /// No changes are taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// There is no such system user.
    #[error(transparent)]
    NoSystemUser(#[from] NoSystemUser),
    /// It acts for its owner, and for nobody else.
    #[error("system user `{0}` is a standard one: it acts for its owner and has no clients")]
    NotAgent(SystemUserId),
    /// Its system was deleted.
    #[error("the system of system user `{user}`, `{system}`, was deleted; no client can be added")]
    SystemDeleted {
        /// The system user.
        user: SystemUserId,
        /// Its system.
        system: SystemId,
    },
    /// The client cannot be added.
    #[error(transparent)]
    Refused(#[from] ClientRefused),
    /// The window is over before it is written.
    #[error("`until` is `{until}`, which is over already (now: `{now}`)")]
    WindowOver {
        /// The end.
        until: Timestamp,
        /// The instant of the command.
        now: Timestamp,
    },
    /// A client is to be added and removed in one call.
    #[error("client `{0}` is both in `add` and in `remove`")]
    AddedAndRemoved(OrgNo),
}

/// Why a relation was not written or ended.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RelationError {
    /// The caller may not.
    #[error(transparent)]
    NotEntitled(#[from] NotEntitled),
    /// No changes are taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A package that nobody knows.
    #[error(transparent)]
    UnknownPackage(#[from] UnknownPackage),
    /// Packages that a client cannot give directly.
    #[error("access packages {0} are not assignable: a client cannot give them to a right holder")]
    NotAssignable(PackageList),
    /// A right holder of nothing.
    #[error(
        "a right holder's relation needs at least one access package; to take all away, end the relation"
    )]
    NoPackage,
    /// Packages on a role whose packages follow from the role.
    #[error(
        "what a relation as `{0}` gives follows from the role; only `rettighetshaver` takes `packages`"
    )]
    PackagesOfRole(Role),
    /// From a party to itself.
    #[error("`{0}` cannot have a relation to itself")]
    ToItself(OrgNo),
    /// There is none to end.
    #[error("there is no relation {} of `{}` to `{}`", .0.role, .0.client, .0.firm)]
    NoRelation(RelationKey),
}
