//! Callers: who speaks to the daemon, and what they may want of it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::id::{ActorId, OrgNo, PackageCode, RequestId, ResourceId, SystemId, SystemUserId};
use super::relation::Role;

/// Who speaks, once the credential was checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The name in the configuration and the journal.
    pub id: ActorId,
    /// What they are.
    pub kind: CallerKind,
}

/// What a caller is; `policies/admin.cedar` says what each may do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CallerKind {
    /// A resource API: asks for decisions.
    ResourceApi {
        /// The resources bound to it.
        resources: BoundResources,
    },
    /// A vendor of systems.
    Vendor {
        /// Its organisation.
        party: OrgNo,
    },
    /// A person at a party.
    Person {
        /// The party that the person acts at.
        party: OrgNo,
        /// The packages that the person holds there.
        packages: Vec<PackageCode>,
    },
    /// Who runs the daemon: relations, imports, exports, policies, the journal.
    Operator,
}

/// Which resources a resource API may ask about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum BoundResources {
    /// Every one, also such as do not exist: written `["*"]`.
    Every,
    /// These.
    These(Vec<ResourceId>),
}

/// The SHA-256 of a bearer token. Tokens themselves are never kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

/// Why a text is not the hash of a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`sha256` is not 64 hexadecimal digits; make it with `printf %s \"$TOKEN\" | sha256sum`")]
pub struct TokenHashError;

impl TokenHash {
    /// The hash of a token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Whether two hashes are equal, in a time that does not depend on where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl std::str::FromStr for TokenHash {
    type Err = TokenHashError;

    fn from_str(text: &str) -> Result<Self, TokenHashError> {
        let mut bytes = [0u8; 32];
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(TokenHashError);
        }
        for (place, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(place * 2..place * 2 + 2).ok_or(TokenHashError)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| TokenHashError)?;
        }
        Ok(Self(bytes))
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// Who is written in the journal beside a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What they are: `resource-api`, `vendor`, `person`, `operator` or `daemon`.
    pub kind: Box<str>,
    /// Their opaque name.
    pub id: ActorId,
    /// The party that they acted at, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<OrgNo>,
}

impl CallerKind {
    /// The word in the configuration.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::ResourceApi { .. } => "resource-api",
            Self::Vendor { .. } => "vendor",
            Self::Person { .. } => "person",
            Self::Operator => "operator",
        }
    }
}

impl Caller {
    /// The party that the caller acts at, if any.
    pub fn party(&self) -> Option<OrgNo> {
        match &self.kind {
            CallerKind::Vendor { party } | CallerKind::Person { party, .. } => Some(*party),
            CallerKind::ResourceApi { .. } | CallerKind::Operator => None,
        }
    }

    /// How the journal names this caller.
    pub fn as_actor(&self) -> Actor {
        Actor {
            kind: self.kind.as_str().into(),
            id: self.id.clone(),
            party: self.party(),
        }
    }
}

/// What a caller may want, each an action of `policies/admin.cedarschema`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Ask for decisions about a resource.
    Ask,
    /// Ask in reverse: about a resource, a system user or a client.
    Search,
    /// See a party's name and form.
    ReadParty,
    /// Write a party's name and form.
    PutParty,
    /// Register, change or delete a system.
    ManageSystem,
    /// See a system.
    ReadSystem,
    /// Make a request for a system.
    CreateRequest,
    /// See a request.
    ReadRequest,
    /// Take a request back.
    WithdrawRequest,
    /// Approve a request.
    ApproveRequest,
    /// Reject a request.
    RejectRequest,
    /// Pass a request on to an access manager.
    EscalateRequest,
    /// See a system user.
    ReadSystemUser,
    /// Delete a system user.
    DeleteSystemUser,
    /// See a system user's clients and those that can be added.
    ListClients,
    /// Add clients.
    AddClient,
    /// Remove clients.
    RemoveClient,
    /// Add or remove the firm itself.
    AddSelf,
    /// See a relation.
    ReadRelation,
    /// Write a relation.
    PutRelation,
    /// End a relation.
    EndRelation,
    /// Read the journal.
    ReadJournal,
    /// Import facts.
    Import,
    /// Export the compiled state.
    Export,
    /// Put policies in force.
    PublishPolicies,
    /// Propose policies, which another caller approves.
    ProposePolicies,
    /// Put policies in force that another caller proposed.
    ApprovePolicies,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::Ask,
        Self::Search,
        Self::ReadParty,
        Self::PutParty,
        Self::ManageSystem,
        Self::ReadSystem,
        Self::CreateRequest,
        Self::ReadRequest,
        Self::WithdrawRequest,
        Self::ApproveRequest,
        Self::RejectRequest,
        Self::EscalateRequest,
        Self::ReadSystemUser,
        Self::DeleteSystemUser,
        Self::ListClients,
        Self::AddClient,
        Self::RemoveClient,
        Self::AddSelf,
        Self::ReadRelation,
        Self::PutRelation,
        Self::EndRelation,
        Self::ReadJournal,
        Self::Import,
        Self::Export,
        Self::PublishPolicies,
        Self::ProposePolicies,
        Self::ApprovePolicies,
    ];

    /// Whether it came later than others: a schema that lacks it is right, and nobody may do it under that schema.
    pub fn is_optional(self) -> bool {
        matches!(
            self,
            Self::PublishPolicies | Self::ProposePolicies | Self::ApprovePolicies
        )
    }

    /// The action's id in `policies/admin.cedarschema`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Search => "search",
            Self::ReadParty => "readParty",
            Self::PutParty => "putParty",
            Self::ManageSystem => "manageSystem",
            Self::ReadSystem => "readSystem",
            Self::CreateRequest => "createRequest",
            Self::ReadRequest => "readRequest",
            Self::WithdrawRequest => "withdrawRequest",
            Self::ApproveRequest => "approveRequest",
            Self::RejectRequest => "rejectRequest",
            Self::EscalateRequest => "escalateRequest",
            Self::ReadSystemUser => "readSystemUser",
            Self::DeleteSystemUser => "deleteSystemUser",
            Self::ListClients => "listClients",
            Self::AddClient => "addClient",
            Self::RemoveClient => "removeClient",
            Self::AddSelf => "addSelf",
            Self::ReadRelation => "readRelation",
            Self::PutRelation => "putRelation",
            Self::EndRelation => "endRelation",
            Self::ReadJournal => "readJournal",
            Self::Import => "import",
            Self::Export => "export",
            Self::PublishPolicies => "publishPolicies",
            Self::ProposePolicies => "proposePolicies",
            Self::ApprovePolicies => "approvePolicies",
        }
    }
}

/// What a caller wants to act on, with all that `policies/admin.cedar` may look at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// A protected resource: for [`Act::Ask`] and [`Act::Search`].
    Resource(ResourceId),
    /// A party: its entry, or who reaches it.
    Party(OrgNo),
    /// A system; its vendor is part of its id.
    System(SystemId),
    /// A request.
    Request {
        /// Which.
        id: RequestId,
        /// Who was asked.
        firm: OrgNo,
        /// Who asked.
        vendor: OrgNo,
    },
    /// A system user, or its clients.
    SystemUser {
        /// Which.
        id: SystemUserId,
        /// Whose.
        owner: OrgNo,
        /// Whose system.
        vendor: OrgNo,
    },
    /// A relation.
    Relation {
        /// From whom.
        client: OrgNo,
        /// To whom.
        firm: OrgNo,
        /// As what.
        role: Role,
    },
    /// The whole store: journal, import, export.
    Store,
}
