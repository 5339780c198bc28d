//! System-user requests: what a vendor asks a firm for, and what becomes of it.

use serde::{Deserialize, Serialize};

use super::catalogue::{Catalogue, PackageList};
use super::id::{ActorId, ExternalRef, OrgNo, PackageCode, RequestId, SystemId};
use super::package_set::PackageSet;
use super::system::{RedirectUrl, SingleRight, System};
use super::time::Timestamp;

/// How long a request stays new unless the configuration says otherwise, in days.
pub const DAYS_TO_EXPIRY: i64 = 180;

/// For whom a system user acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserKind {
    /// For the clients that are added to it.
    Agent,
    /// For its owner.
    Standard,
}

impl UserKind {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Standard => "standard",
        }
    }
}

/// What identifies a request to its vendor: firm, external reference, system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestKey {
    /// Who is asked.
    pub firm: OrgNo,
    /// The vendor's reference; the firm's number unless the vendor gave one.
    pub external_ref: ExternalRef,
    /// For which system.
    pub system: SystemId,
}

/// How a request was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It made a system user.
    Approved,
    /// The firm said no.
    Rejected,
    /// The vendor took it back.
    Withdrawn,
}

/// Where a request stands at some instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It waits for the firm.
    New,
    /// It made a system user.
    Approved,
    /// The firm said no.
    Rejected,
    /// The vendor took it back.
    Withdrawn,
    /// Nobody decided it in time.
    Expired,
}

impl Status {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who decided, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// How.
    pub outcome: Outcome,
    /// By whom.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
}

/// A vendor's request to a firm for a system user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its id, and that of the system user that approval makes.
    pub id: RequestId,
    /// What identifies it to its vendor.
    pub key: RequestKey,
    /// For whom the system user would act.
    pub kind: UserKind,
    /// Package codes, sorted, each once.
    pub packages: Vec<PackageCode>,
    /// Single rights.
    pub rights: Vec<SingleRight>,
    /// Where to send the person after approval: the one asked for, else the system's first.
    pub redirect_url: Option<RedirectUrl>,
    /// What the firm's people see in their lists.
    pub title: Option<Box<str>>,
    /// When it was made.
    pub created: Timestamp,
    /// When it expires if nobody decides it.
    pub expires: Timestamp,
    /// Whether it was passed on to an access manager.
    pub escalated: bool,
    /// How it was decided, if it was.
    pub decided: Option<Decided>,
}

/// Why a request was not decided. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecideRequestError {
    /// It is not new any more.
    #[error("request `{id}` is {status}; only a new one can be {wanted}")]
    NotNew {
        /// The request.
        id: RequestId,
        /// Where it stands.
        status: Status,
        /// What was wanted of it: `approved`, `rejected`, `withdrawn` or `escalated`.
        wanted: &'static str,
    },
    /// Its system was deleted.
    #[error("system `{0}` was deleted; its requests cannot be approved")]
    SystemDeleted(SystemId),
    /// Its system dropped something that it asks for.
    #[error(
        "access packages {packages} are no longer registered for system `{system}`; ask the vendor for a new request"
    )]
    NoLongerInSystem {
        /// The packages.
        packages: PackageList,
        /// The system.
        system: SystemId,
    },
    /// Its system dropped a single right that it asks for.
    #[error(
        "single right {right} is no longer registered for system `{system}`; ask the vendor for a new request"
    )]
    RightNoLongerInSystem {
        /// The right.
        right: SingleRight,
        /// The system.
        system: SystemId,
    },
}

impl Request {
    /// Where it stands at this instant. Expiry is computed: nothing has to run for it.
    pub fn status_at(&self, now: Timestamp) -> Status {
        match &self.decided {
            Some(Decided {
                outcome: Outcome::Approved,
                ..
            }) => Status::Approved,
            Some(Decided {
                outcome: Outcome::Rejected,
                ..
            }) => Status::Rejected,
            Some(Decided {
                outcome: Outcome::Withdrawn,
                ..
            }) => Status::Withdrawn,
            None if now >= self.expires => Status::Expired,
            None => Status::New,
        }
    }

    /// Whether another request asks for exactly the same.
    pub fn asks_the_same_as(&self, other: &Self) -> bool {
        self.key == other.key
            && self.kind == other.kind
            && self.packages == other.packages
            && self.rights == other.rights
            && self.redirect_url == other.redirect_url
            && self.title == other.title
    }

    /// That the request can still be decided or passed on. `wanted` is for the error.
    pub fn check_new(
        &self,
        now: Timestamp,
        wanted: &'static str,
    ) -> Result<(), DecideRequestError> {
        match self.status_at(now) {
            Status::New => Ok(()),
            status
            @ (Status::Approved | Status::Rejected | Status::Withdrawn | Status::Expired) => {
                Err(DecideRequestError::NotNew {
                    id: self.id,
                    status,
                    wanted,
                })
            }
        }
    }

    /// That the request can be approved: new, and all that it asks for is still in its system. For all or none.
    pub fn check_approval(
        &self,
        system: &System,
        system_deleted: bool,
        now: Timestamp,
    ) -> Result<(), DecideRequestError> {
        self.check_new(now, "approved")?;
        if system_deleted {
            return Err(DecideRequestError::SystemDeleted(system.id.clone()));
        }
        let dropped: Vec<_> = self
            .packages
            .iter()
            .filter(|code| !system.packages.contains(code))
            .cloned()
            .collect();
        if !dropped.is_empty() {
            return Err(DecideRequestError::NoLongerInSystem {
                packages: PackageList(dropped),
                system: system.id.clone(),
            });
        }
        match self.rights.iter().find(|right| {
            !system
                .rights
                .iter()
                .any(|registered| registered.covers(right))
        }) {
            None => Ok(()),
            Some(right) => Err(DecideRequestError::RightNoLongerInSystem {
                right: right.clone(),
                system: system.id.clone(),
            }),
        }
    }

    /// What a reader should be warned of: packages that no single relation can cover together.
    pub fn warnings(&self, catalogue: &Catalogue) -> Vec<String> {
        if self.kind == UserKind::Standard {
            return Vec::new();
        }
        let set: PackageSet = self
            .packages
            .iter()
            .filter_map(|code| catalogue.find_stored(code))
            .collect();
        let missing = catalogue.never_covered_together(&set);
        if missing.is_empty() {
            return Vec::new();
        }
        let missing = catalogue.codes(&missing);
        vec![format!(
            "no single relation covers all of these access packages; beside the others, {missing} need a relation of their own"
        )]
    }
}
