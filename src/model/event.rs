//! Events: what the journal keeps. One command is one event; a state is what its events make.
//!
//! An event carries all that applying it needs: losses of packages are written down when the relation ends, so that a
//! replay under another catalogue makes the same state.

use serde::{Deserialize, Serialize};

use super::caller::Actor;
use super::delegation::Loss;
use super::id::{OrgNo, PackageCode, RequestId, Revision, SystemId, SystemUserId};
use super::org_list::OrgList;
use super::party::Party;
use super::publication::Publication;
use super::relation::RelationKey;
use super::request::Request;
use super::system::System;
use super::time::{Timestamp, Window};

/// One change as the journal keeps it: what, by whom, when, why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The revision that it made.
    pub revision: Revision,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// Why: on whose behalf of which call.
    pub cause: Cause,
    /// What.
    pub event: Event,
}

/// Why a change was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A command, with the id of the request that brought it, if it had one.
    Command {
        /// The caller's request id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<Box<str>>,
    },
    /// An import.
    Import {
        /// The import's id: the hash of its whole input.
        id: Box<str>,
        /// Its first line in this change, from 1.
        first_line: u64,
        /// Its last.
        last_line: u64,
    },
    /// The daemon itself, when it starts: policies put in force, the demo's world.
    Start,
    /// The daemon itself, when the policy folder that it watches changed.
    Folder,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Policies came in force.
    PoliciesInForce {
        /// The hash of the policy folder.
        hash: Box<str>,
        /// What is known of it, if a caller did it and not the daemon itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        publication: Option<Box<Publication>>,
    },
    /// Policies were proposed: they come in force when another caller approves them.
    PoliciesProposed {
        /// The hash of the policy folder.
        hash: Box<str>,
        /// The hash of the folder that it is to follow.
        base: Box<str>,
        /// What is known of it.
        publication: Box<Publication>,
    },
    /// A party's name and form were written; with another form, delegations may have lost packages.
    PartyPut {
        /// The party.
        party: Party,
        /// What delegations lost by it.
        lost: Vec<Loss>,
    },
    /// A system was registered, or changed.
    SystemPut(System),
    /// A system was deleted: its system users may do nothing from now on.
    SystemDeleted {
        /// Which.
        id: SystemId,
    },
    /// A request was made.
    RequestCreated(Request),
    /// A request was withdrawn by its vendor.
    RequestWithdrawn {
        /// Which.
        id: RequestId,
    },
    /// A request was rejected by the firm.
    RequestRejected {
        /// Which.
        id: RequestId,
    },
    /// A request was passed on to an access manager.
    RequestEscalated {
        /// Which.
        id: RequestId,
    },
    /// A request was approved: there is a system user of its id from now on.
    RequestApproved {
        /// Which.
        id: RequestId,
    },
    /// A system user was deleted.
    SystemUserDeleted {
        /// Which.
        id: SystemUserId,
    },
    /// Clients were added to and removed from one agent system user.
    ClientsChanged {
        /// Which system user.
        system_user: SystemUserId,
        /// Added, or added anew, without a window.
        #[serde(default, skip_serializing_if = "OrgList::is_empty")]
        added: OrgList,
        /// Added, or added anew, with a window.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        added_within: Vec<(OrgNo, Window)>,
        /// Removed.
        #[serde(default, skip_serializing_if = "OrgList::is_empty")]
        removed: OrgList,
    },
    /// A relation came to be, or a right holder's packages changed.
    RelationPut {
        /// Which.
        key: RelationKey,
        /// What the client has assigned; empty but for right holders.
        assigned: Vec<PackageCode>,
        /// What delegations lost by it.
        lost: Vec<Loss>,
    },
    /// A relation ended.
    RelationEnded {
        /// Which.
        key: RelationKey,
        /// What delegations lost by it.
        lost: Vec<Loss>,
    },
    /// Facts were imported, in their order.
    Imported {
        /// The facts.
        facts: Vec<ImportedFacts>,
    },
}

/// Facts of one kind that stood together in an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportedFacts {
    /// Parties.
    Parties {
        /// In their order.
        parties: Vec<Party>,
        /// What delegations lost by changed forms.
        lost: Vec<Loss>,
    },
    /// Relations to one firm in one role.
    Relations {
        /// To whom.
        firm: OrgNo,
        /// As what.
        role: super::relation::Role,
        /// What each client has assigned; empty but for right holders.
        assigned: Vec<PackageCode>,
        /// From whom.
        clients: OrgList,
        /// What delegations lost by it.
        lost: Vec<Loss>,
    },
    /// Ended relations to one firm in one role.
    EndedRelations {
        /// To whom.
        firm: OrgNo,
        /// As what.
        role: super::relation::Role,
        /// From whom.
        clients: OrgList,
        /// What delegations lost by it.
        lost: Vec<Loss>,
    },
    /// Clients added to one system user.
    Delegations {
        /// To which.
        system_user: SystemUserId,
        /// When they hold.
        window: Window,
        /// Which clients.
        clients: OrgList,
    },
}

impl Event {
    /// The hash of the policies that it put in force or proposed, if it did.
    pub fn policy_hash(&self) -> Option<&str> {
        if let Self::PoliciesInForce { hash, .. } | Self::PoliciesProposed { hash, .. } = self {
            return Some(hash);
        }
        None
    }

    /// What is known of those policies, if a caller put them in force or proposed them.
    pub fn publication(&self) -> Option<&Publication> {
        if let Self::PoliciesInForce { publication, .. } = self {
            return publication.as_deref();
        }
        if let Self::PoliciesProposed { publication, .. } = self {
            return Some(publication);
        }
        None
    }

    /// The word for this kind of event, in `/v1/changes` and in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::PoliciesInForce { .. } => "policies-in-force",
            Self::PoliciesProposed { .. } => "policies-proposed",
            Self::PartyPut { .. } => "party-put",
            Self::SystemPut(_) => "system-put",
            Self::SystemDeleted { .. } => "system-deleted",
            Self::RequestCreated(_) => "request-created",
            Self::RequestWithdrawn { .. } => "request-withdrawn",
            Self::RequestRejected { .. } => "request-rejected",
            Self::RequestEscalated { .. } => "request-escalated",
            Self::RequestApproved { .. } => "request-approved",
            Self::SystemUserDeleted { .. } => "system-user-deleted",
            Self::ClientsChanged { .. } => "clients-changed",
            Self::RelationPut { .. } => "relation-put",
            Self::RelationEnded { .. } => "relation-ended",
            Self::Imported { .. } => "imported",
        }
    }
}
