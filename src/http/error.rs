//! What each refusal is over HTTP: the only place that knows status codes.

use hyper::StatusCode;
use serde_json::json;

use crate::engine::{
    ClientError, ClientRefused, ContextError, CreateRequestError, DecideError,
    DeleteSystemUserError, ImportError, NoSystem, NoSystemUser, NotEntitled, PartyError, PastError,
    RelationError, SystemError, Unavailable, ViewError,
};
use crate::model::request::{DecideRequestError, Status};
use crate::model::request_draft::RequestDraftError;
use crate::model::system::SystemDraftError;
use crate::store::ReadError;

use super::problem::Problem;

pub(super) fn bad(code: &'static str, error: &impl ToString) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, code, error.to_string())
}

pub(super) fn not_found(code: &'static str, error: &impl ToString) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, code, error.to_string())
}

fn conflict(code: &'static str, error: &impl ToString) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, error.to_string())
}

fn refused(code: &'static str, error: &impl ToString) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
}

impl From<NotEntitled> for Problem {
    fn from(error: NotEntitled) -> Self {
        let problem = Self::new(StatusCode::FORBIDDEN, "not-entitled", error.to_string());
        if error.may_escalate {
            problem.with("mayEscalate", json!(true))
        } else {
            problem
        }
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no-changes-now",
            error.to_string(),
        )
        .header("retry-after", "5")
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        tracing::error!(%error, "the store could not be read");
        let said = "the store could not be read; the daemon's log says more";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "store-unreadable", said)
    }
}

impl From<ContextError> for Problem {
    fn from(error: ContextError) -> Self {
        let pointer = format!("/context/{}", error.member());
        bad("invalid-context", &error).at(pointer)
    }
}

impl From<PastError> for Problem {
    fn from(error: PastError) -> Self {
        match error {
            PastError::NoRevision { .. } => bad("no-such-revision", &error).at("/at"),
            PastError::BeforeAll { .. } => bad("before-the-journal", &error).at("/at"),
            PastError::NotYet { .. } => bad("not-yet", &error).at("/at"),
            PastError::Policies { .. } => conflict("policies-do-not-compile", &error),
            PastError::Store(error) => error.into(),
        }
    }
}

impl From<NoSystemUser> for Problem {
    fn from(error: NoSystemUser) -> Self {
        match error {
            NoSystemUser::Unknown(_) => not_found("unknown-system-user", &error),
            NoSystemUser::Deleted(_) => {
                Self::new(StatusCode::GONE, "system-user-deleted", error.to_string())
            }
        }
    }
}

impl From<NoSystem> for Problem {
    fn from(error: NoSystem) -> Self {
        match error {
            NoSystem::Unknown(_) | NoSystem::UnknownButNear { .. } => {
                not_found("unknown-system", &error)
            }
            NoSystem::Deleted(_) => {
                Self::new(StatusCode::GONE, "system-deleted", error.to_string())
            }
        }
    }
}

impl From<PartyError> for Problem {
    fn from(error: PartyError) -> Self {
        match error {
            PartyError::NotEntitled(error) => error.into(),
            PartyError::Unavailable(error) => error.into(),
        }
    }
}

impl From<SystemDraftError> for Problem {
    fn from(error: SystemDraftError) -> Self {
        match error {
            SystemDraftError::UnknownPackage(_) => {
                refused("unknown-package", &error).at("/packages")
            }
            SystemDraftError::NeverHeld(_) => refused("package-never-held", &error).at("/packages"),
            SystemDraftError::AsksForNothing => refused("asks-for-nothing", &error).at("/packages"),
            SystemDraftError::RightWithoutAction(_) => {
                refused("right-without-action", &error).at("/rights")
            }
            SystemDraftError::UnknownResource { .. } => {
                refused("unknown-resource", &error).at("/rights")
            }
            SystemDraftError::NoTemplate { .. } => refused("no-template", &error).at("/rights"),
        }
    }
}

impl From<SystemError> for Problem {
    fn from(error: SystemError) -> Self {
        match error {
            SystemError::NotEntitled(error) => error.into(),
            SystemError::Unavailable(error) => error.into(),
            SystemError::Draft(error) => error.into(),
            SystemError::NoSystem(error) => error.into(),
            SystemError::Registered(_) => conflict("system-registered", &error),
            SystemError::IdUsed(_) => conflict("system-id-used", &error),
        }
    }
}

impl From<RequestDraftError> for Problem {
    fn from(error: RequestDraftError) -> Self {
        match error {
            RequestDraftError::NoPackage => refused("no-package", &error).at("/packages"),
            RequestDraftError::RightOnAgent(_) => refused("right-on-agent", &error).at("/rights"),
            RequestDraftError::AsksForNothing => {
                refused("asks-for-nothing", &error).at("/packages")
            }
            RequestDraftError::UnknownPackage(_) => {
                refused("unknown-package", &error).at("/packages")
            }
            RequestDraftError::NotDelegable(_) => {
                refused("package-not-delegable", &error).at("/packages")
            }
            RequestDraftError::NotAssignable(_) => {
                refused("package-not-assignable", &error).at("/packages")
            }
            RequestDraftError::NotInSystem { .. } => {
                refused("package-not-in-system", &error).at("/packages")
            }
            RequestDraftError::RightNotInSystem { .. } => {
                refused("right-not-in-system", &error).at("/rights")
            }
            RequestDraftError::Right(error) => error.into(),
            RequestDraftError::RedirectNotRegistered { .. } => {
                refused("redirect-not-registered", &error).at("/redirectUrl")
            }
        }
    }
}

impl From<CreateRequestError> for Problem {
    fn from(error: CreateRequestError) -> Self {
        match error {
            CreateRequestError::NotEntitled(error) => error.into(),
            CreateRequestError::Unavailable(error) => error.into(),
            CreateRequestError::NoSystem(error) => Self::from(error).at("/system"),
            CreateRequestError::Draft(error) => error.into(),
            CreateRequestError::OtherIsNew { id } => {
                conflict("other-request-is-new", &error).with("request", json!(id))
            }
            CreateRequestError::SystemUserLives { id } => {
                conflict("system-user-lives", &error).with("systemUser", json!(id))
            }
            CreateRequestError::IdTaken(_) => conflict("request-id-taken", &error),
        }
    }
}

impl From<DecideError> for Problem {
    fn from(error: DecideError) -> Self {
        match error {
            DecideError::NotEntitled(error) => error.into(),
            DecideError::Unavailable(error) => error.into(),
            DecideError::NoRequest(_) => not_found("unknown-request", &error),
            DecideError::Refused(error) => match error {
                DecideRequestError::NotNew { status, .. } => {
                    conflict(not_new(status), &error).with("requestStatus", json!(status))
                }
                DecideRequestError::SystemDeleted(_) => conflict("system-deleted", &error),
                DecideRequestError::NoLongerInSystem { .. } => {
                    conflict("package-no-longer-in-system", &error)
                }
                DecideRequestError::RightNoLongerInSystem { .. } => {
                    conflict("right-no-longer-in-system", &error)
                }
            },
        }
    }
}

fn not_new(status: Status) -> &'static str {
    match status {
        Status::New => "request-is-new",
        Status::Approved => "request-approved",
        Status::Rejected => "request-rejected",
        Status::Withdrawn => "request-withdrawn",
        Status::Expired => "request-expired",
    }
}

impl From<DeleteSystemUserError> for Problem {
    fn from(error: DeleteSystemUserError) -> Self {
        match error {
            DeleteSystemUserError::NotEntitled(error) => error.into(),
            DeleteSystemUserError::Unavailable(error) => error.into(),
            DeleteSystemUserError::NoSystemUser(error) => error.into(),
        }
    }
}

impl From<ClientRefused> for Problem {
    fn from(error: ClientRefused) -> Self {
        match error {
            ClientRefused::NotEntitled(error) => error.into(),
            ClientRefused::NotCovered { .. } | ClientRefused::NotAssignable { .. } => {
                refused(error.code(), &error).with("missing", json!(error.missing()))
            }
        }
    }
}

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::NotEntitled(error) => error.into(),
            ClientError::Unavailable(error) => error.into(),
            ClientError::NoSystemUser(error) => error.into(),
            ClientError::NotAgent(_) => conflict("not-an-agent", &error),
            ClientError::SystemDeleted { .. } => conflict("system-deleted", &error),
            ClientError::Refused(error) => error.into(),
            ClientError::WindowOver { .. } => refused("window-over", &error).at("/until"),
            ClientError::AddedAndRemoved(_) => refused("added-and-removed", &error).at("/add"),
        }
    }
}

impl From<RelationError> for Problem {
    fn from(error: RelationError) -> Self {
        match error {
            RelationError::NotEntitled(error) => error.into(),
            RelationError::Unavailable(error) => error.into(),
            RelationError::UnknownPackage(_) => refused("unknown-package", &error).at("/packages"),
            RelationError::NotAssignable(_) => {
                refused("package-not-assignable", &error).at("/packages")
            }
            RelationError::NoPackage => refused("no-package", &error).at("/packages"),
            RelationError::PackagesOfRole(_) => refused("packages-of-role", &error).at("/packages"),
            RelationError::ToItself(_) => refused("relation-to-itself", &error),
            RelationError::NoRelation(_) => not_found("unknown-relation", &error),
        }
    }
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::NotEntitled(error) => error.into(),
            ViewError::NoParty(_) => not_found("unknown-party", &error),
            ViewError::NoSystem(error) => error.into(),
            ViewError::NoRequest(_) => not_found("unknown-request", &error),
            ViewError::NoSystemUser(error) => error.into(),
            ViewError::NotAgent(_) => conflict("not-an-agent", &error),
            ViewError::NotAdded { .. } => not_found("client-not-added", &error),
            ViewError::NoRelation(_) => not_found("unknown-relation", &error),
            ViewError::PageToken(_) => bad("page-token", &error).at("query:page"),
            ViewError::Future { .. } => bad("future-revision", &error).at("query:after"),
            ViewError::Store(error) => error.into(),
        }
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let text = error.to_string();
        match error {
            ImportError::NotEntitled(error) => error.into(),
            ImportError::Unavailable(error) => error.into(),
            ImportError::Input(_) => Self::malformed(text),
            ImportError::Lines { findings, total } => {
                let lines = findings
                    .iter()
                    .map(|finding| json!({ "line": finding.line, "detail": finding.message }));
                let lines = lines.collect();
                refused("lines-not-imported", &text)
                    .with("total", json!(total))
                    .with("lines", lines)
            }
            ImportError::Overtaken { from, .. } => {
                conflict("import-overtaken", &text).with("from", json!(from))
            }
            ImportError::Progress(error) => error.into(),
        }
    }
}
