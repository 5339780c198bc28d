//! Callers who are not entitled to what they wanted, and who would be.

use crate::model::caller::{Act, Caller, Target};
use crate::model::id::ActorId;

/// The caller is not entitled to this by `policies/admin.cedar`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} `{caller}` may not {what}; {who_may}")]
pub struct NotEntitled {
    caller: ActorId,
    kind: &'static str,
    what: String,
    who_may: String,
    /// What was wanted.
    pub act: Act,
    /// Whether the caller may pass the request on instead.
    pub may_escalate: bool,
}

impl NotEntitled {
    pub(crate) fn new(caller: &Caller, act: Act, target: &Target, may_escalate: bool) -> Self {
        let what = format!("{} {}", verb(act), named(target));
        let pass_on = if may_escalate {
            "; you may pass the request on to one (escalate)"
        } else {
            ""
        };
        let who_may = format!("{}{pass_on}", who_may(act));
        Self {
            caller: caller.id.clone(),
            kind: caller.kind.as_str(),
            what,
            who_may,
            act,
            may_escalate,
        }
    }
}

fn verb(act: Act) -> &'static str {
    match act {
        Act::Ask => "ask about",
        Act::Search => "search about",
        Act::ReadParty
        | Act::ReadSystem
        | Act::ReadRequest
        | Act::ReadSystemUser
        | Act::ReadRelation
        | Act::ReadJournal => "read",
        Act::PutParty | Act::PutRelation => "write",
        Act::ManageSystem => "register, change or delete",
        Act::CreateRequest => "make requests for",
        Act::WithdrawRequest => "withdraw",
        Act::ApproveRequest => "approve",
        Act::RejectRequest => "reject",
        Act::EscalateRequest => "pass on",
        Act::DeleteSystemUser => "delete",
        Act::ListClients => "list the clients of",
        Act::AddClient => "add clients to",
        Act::RemoveClient => "remove clients from",
        Act::AddSelf => "add or remove the firm itself on",
        Act::EndRelation => "end",
        Act::Import => "import into",
        Act::Export => "export",
        Act::PublishPolicies => "put policies in force in",
        Act::ProposePolicies => "propose policies for",
        Act::ApprovePolicies => "approve policies for",
    }
}

fn who_may(act: Act) -> &'static str {
    match act {
        Act::Ask => "a resource API may, about the resources bound to it",
        Act::Search => {
            "a resource API may about the resources bound to it, a client administrator of the firm about its system users, \
             the client's persons about the client, and operators"
        }
        Act::ReadParty => "vendors, persons and operators may",
        Act::PutParty
        | Act::PutRelation
        | Act::ReadJournal
        | Act::Import
        | Act::Export
        | Act::PublishPolicies
        | Act::ProposePolicies
        | Act::ApprovePolicies => "an operator may",
        Act::ManageSystem | Act::CreateRequest | Act::WithdrawRequest => "its own vendor may",
        Act::ReadSystem => "its vendor, persons and operators may",
        Act::ReadRequest | Act::ReadSystemUser => "its vendor and the firm's persons may",
        Act::ApproveRequest | Act::RejectRequest | Act::DeleteSystemUser | Act::AddSelf => {
            "an access manager of the firm (`tilgangsstyrer` or `hovedadministrator`) may"
        }
        Act::EscalateRequest => "the firm's persons may",
        Act::ListClients | Act::AddClient | Act::RemoveClient => {
            "a client administrator of the firm (`klientadministrator` or `hovedadministrator`) may"
        }
        Act::ReadRelation => "the firm's and the client's persons and operators may",
        Act::EndRelation => "an operator may, and the client's persons for a right holder",
    }
}

fn named(target: &Target) -> String {
    match target {
        Target::Resource(id) => format!("resource `{id}`"),
        Target::Party(org) => format!("party `{org}`"),
        Target::System(id) => format!("system `{id}`"),
        Target::Request { id, .. } => format!("request `{id}`"),
        Target::SystemUser { id, .. } => format!("system user `{id}`"),
        Target::Relation { client, firm, role } => {
            format!("the relation {role} of `{client}` to `{firm}`")
        }
        Target::Store => "the store".to_owned(),
    }
}
