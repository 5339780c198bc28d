//! What a token says of its caller, as Maskinporten and others write it.

use serde::Deserialize;

use crate::model::id::{OrgNo, SystemUserId};

const SYSTEM_USER: &str = "urn:altinn:systemuser";
const AUTHORITY: &str = "iso6523-actorid-upis";
/// The register of Norwegian organisations in ISO 6523.
const NORWEGIAN: &str = "0192:";

/// Whose token it says it is.
#[derive(Debug, Deserialize)]
pub(super) struct Issued {
    pub(super) iss: String,
}

/// What is looked at of a token.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) client_id: Option<String>,
    pub(crate) sub: Option<String>,
    pub(super) iat: Option<u64>,
    scope: Option<OneOrMore<String>>,
    consumer: Option<Organisation>,
    authorization_details: Option<OneOrMore<Detail>>,
}

/// A list, or the one thing that it would hold.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    More(Vec<T>),
    One(T),
}

impl<T> OneOrMore<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            Self::More(all) => all,
            Self::One(one) => std::slice::from_ref(one),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Organisation {
    authority: Option<String>,
    // Both spellings are seen: Maskinporten's documentation prints the one, its tokens have the other.
    #[serde(alias = "id")]
    #[serde(rename = "ID")]
    id: String,
}

#[derive(Debug, Deserialize)]
struct Detail {
    r#type: String,
    systemuser_id: Option<OneOrMore<String>>,
    systemuser_org: Option<Organisation>,
}

impl Organisation {
    fn number(&self) -> Option<OrgNo> {
        let is_known = self
            .authority
            .as_deref()
            .is_none_or(|authority| authority == AUTHORITY);
        let number = self.id.strip_prefix(NORWEGIAN).filter(|_| is_known)?;
        number.parse().ok()
    }
}

impl Claims {
    pub(super) fn has_scope(&self, wanted: &str) -> bool {
        let scopes = self
            .scope
            .as_ref()
            .map(OneOrMore::as_slice)
            .unwrap_or_default();
        scopes
            .iter()
            .flat_map(|scopes| scopes.split(' '))
            .any(|scope| scope == wanted)
    }

    /// The organisation that the token was given to; nobody if it names none that is one.
    pub(crate) fn consumer(&self) -> Option<OrgNo> {
        self.consumer.as_ref().and_then(Organisation::number)
    }

    /// The system users that the token speaks for. Nothing if what it says of them cannot be understood.
    pub(crate) fn system_users(&self) -> Option<Vec<SystemUserId>> {
        let details = self.authorization_details.as_ref().map(OneOrMore::as_slice);
        let mut users = Vec::new();
        for detail in details.unwrap_or_default() {
            if detail.r#type != SYSTEM_USER {
                continue;
            }
            // The firm that the system user belongs to: never the client, who is asked about.
            detail.systemuser_org.as_ref()?.number()?;
            let ids = detail.systemuser_id.as_ref()?.as_slice();
            if ids.is_empty() {
                return None;
            }
            for id in ids {
                users.push(id.parse().ok()?);
            }
        }
        Some(users)
    }
}
