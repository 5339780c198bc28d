//! Requests as they come from vendors, and the rules that make a [`Request`] of them.

use super::catalogue::{Catalogue, PackageList, UnknownPackage};
use super::id::{ExternalRef, OrgNo, RequestId, SystemId};
use super::package_set::PackageSet;
use super::request::{Request, RequestKey, UserKind};
use super::system::{RedirectUrl, RightsOffered, SingleRight, System, SystemDraftError, merged};
use super::time::Timestamp;

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
