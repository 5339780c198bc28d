//! System-user requests: what a vendor asks a firm for, and what becomes of it.

use serde::{Deserialize, Serialize};

use super::catalogue::{Catalogue, PackageList, PackageSet, UnknownPackage};
use super::id::{ActorId, ExternalRef, OrgNo, PackageCode, RequestId, SystemId};
use super::system::{RedirectUrl, RightsOffered, SingleRight, System, SystemDraftError, merged};
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

/// A request as it came from the vendor.
#[derive(Debug, Clone)]
pub struct RequestDraft {
    /// For which system.
    pub system: SystemId,
    /// Who is asked.
    pub firm: OrgNo,
    /// For whom the system user would act.
    pub kind: UserKind,
    /// Package codes or URNs.
    pub packages: Vec<String>,
    /// Single rights; only a standard system user can hold them.
    pub rights: Vec<SingleRight>,
    /// The vendor's own reference.
    pub external_ref: Option<ExternalRef>,
    /// Where to send the person after approval; one of the system's registered addresses.
    pub redirect_url: Option<RedirectUrl>,
    /// What the firm's people see in their lists.
    pub title: Option<Box<str>>,
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

/// Why a request was not made. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestDraftError {
    /// An agent request without packages.
    #[error("an agent request needs at least one access package")]
    NoPackage,
    /// An agent request with single rights.
    #[error(
        "an agent request cannot hold a single right: {0}; ask for an access package that opens the resource"
    )]
    RightOnAgent(SingleRight),
    /// A standard request for nothing.
    #[error("a standard request needs at least one access package or single right")]
    AsksForNothing,
    /// A package that nobody knows.
    #[error(transparent)]
    UnknownPackage(#[from] UnknownPackage),
    /// Packages that an agent system user may not hold.
    #[error("access packages {0} are not delegable: an agent system user cannot hold them")]
    NotDelegable(PackageList),
    /// Packages that a standard system user may not hold.
    #[error("access packages {0} are not assignable: a standard system user cannot hold them")]
    NotAssignable(PackageList),
    /// Packages that the system is not registered for.
    #[error("access packages {packages} are not registered for system `{system}`")]
    NotInSystem {
        /// The packages.
        packages: PackageList,
        /// The system.
        system: SystemId,
    },
    /// A single right that the system is not registered for.
    #[error("single right {right} is not registered for system `{system}`")]
    RightNotInSystem {
        /// The right.
        right: SingleRight,
        /// The system.
        system: SystemId,
    },
    /// A single right that the policies in force do not know.
    #[error(transparent)]
    Right(#[from] SystemDraftError),
    /// A redirect address that the system did not register.
    #[error(
        "redirect URL `{given}` is not registered for system `{system}`; registered: {registered}"
    )]
    RedirectNotRegistered {
        /// What was asked for.
        given: RedirectUrl,
        /// The system.
        system: SystemId,
        /// What is registered, for the error.
        registered: String,
    },
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

impl RequestDraft {
    /// The request that this draft makes, if the system may ask for it and such a system user may hold it.
    pub fn check(
        self,
        id: RequestId,
        system: &System,
        catalogue: &Catalogue,
        offered: &RightsOffered,
        now: Timestamp,
        days_to_expiry: i64,
    ) -> Result<Request, RequestDraftError> {
        let mut set = PackageSet::EMPTY;
        for package in &self.packages {
            set.insert(catalogue.find(package)?);
        }
        match self.kind {
            UserKind::Agent => check_agent(&set, &self.rights, catalogue)?,
            UserKind::Standard => check_standard(&set, &self.rights, catalogue)?,
        }
        let packages = catalogue.codes(&set);
        let foreign: Vec<_> = packages
            .0
            .iter()
            .filter(|code| !system.packages.contains(code))
            .cloned()
            .collect();
        if !foreign.is_empty() {
            return Err(RequestDraftError::NotInSystem {
                packages: PackageList(foreign),
                system: system.id.clone(),
            });
        }
        let rights = merged(self.rights);
        for right in &rights {
            offered.check(right)?;
            if !system
                .rights
                .iter()
                .any(|registered| registered.covers(right))
            {
                return Err(RequestDraftError::RightNotInSystem {
                    right: right.clone(),
                    system: system.id.clone(),
                });
            }
        }
        let redirect_url = checked_redirect(self.redirect_url, system)?;
        let external_ref = match self.external_ref {
            Some(given) => given,
            None => own_number(self.firm),
        };
        Ok(Request {
            id,
            key: RequestKey {
                firm: self.firm,
                external_ref,
                system: system.id.clone(),
            },
            kind: self.kind,
            packages: packages.0,
            rights,
            redirect_url,
            title: self.title,
            created: now,
            expires: now.plus_days(days_to_expiry),
            escalated: false,
            decided: None,
        })
    }
}

fn own_number(firm: OrgNo) -> ExternalRef {
    match firm.to_string().parse() {
        Ok(own) => own,
        Err(_) => unreachable!("an organisation number is a well-formed reference"),
    }
}

fn check_agent(
    set: &PackageSet,
    rights: &[SingleRight],
    catalogue: &Catalogue,
) -> Result<(), RequestDraftError> {
    if let Some(right) = rights.first() {
        return Err(RequestDraftError::RightOnAgent(right.clone()));
    }
    if set.is_empty() {
        return Err(RequestDraftError::NoPackage);
    }
    let refused = set.minus(catalogue.delegable());
    if refused.is_empty() {
        Ok(())
    } else {
        Err(RequestDraftError::NotDelegable(catalogue.codes(&refused)))
    }
}

fn check_standard(
    set: &PackageSet,
    rights: &[SingleRight],
    catalogue: &Catalogue,
) -> Result<(), RequestDraftError> {
    if set.is_empty() && rights.is_empty() {
        return Err(RequestDraftError::AsksForNothing);
    }
    let refused = set.minus(catalogue.assignable());
    if refused.is_empty() {
        Ok(())
    } else {
        Err(RequestDraftError::NotAssignable(catalogue.codes(&refused)))
    }
}

fn checked_redirect(
    asked: Option<RedirectUrl>,
    system: &System,
) -> Result<Option<RedirectUrl>, RequestDraftError> {
    match asked {
        None => Ok(system.redirect_urls.first().cloned()),
        Some(given) if system.redirect_urls.contains(&given) => Ok(Some(given)),
        Some(given) => {
            let registered: Vec<_> = system
                .redirect_urls
                .iter()
                .map(|url| format!("`{url}`"))
                .collect();
            let registered = if registered.is_empty() {
                "none".to_owned()
            } else {
                registered.join(", ")
            };
            Err(RequestDraftError::RedirectNotRegistered {
                given,
                system: system.id.clone(),
                registered,
            })
        }
    }
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
