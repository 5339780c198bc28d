//! Callers and what they are known by. Tokens are kept as hashes and compared in constant time.

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::model::caller::{Caller, TokenHash};
use crate::model::id::{ActorId, OrgNo};

use super::jwt::Issuer;
use super::peer::PeerCertificate;

/// Why callers cannot be told apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallersError {
    /// Two callers have the same token.
    #[error("callers `{first}` and `{second}` have the same token; give each one of its own")]
    SameToken {
        /// One of them.
        first: ActorId,
        /// The other.
        second: ActorId,
    },
}

/// By which certificates a caller is known. All that is said has to fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownCertificate {
    /// The SHA-256 of the certificate, in lower-case hexadecimal digits.
    pub sha256: Option<String>,
    /// The subject, as RFC 4514 writes it.
    pub subject: Option<String>,
    /// One of the alternative names: `DNS:…`, `URI:…` or `email:…`.
    pub name: Option<String>,
}

/// By which claims of an issuer's tokens a caller is known. All that is said has to fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownClaims {
    /// The issuer, by its `iss`.
    pub issuer: String,
    /// `client_id`.
    pub client_id: Option<String>,
    /// `sub`.
    pub subject: Option<String>,
    /// `consumer`, an organisation.
    pub consumer: Option<OrgNo>,
}

/// How much one caller may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallerLimits {
    /// The most requests in a minute; what the daemon's limits say unless said.
    pub per_minute: Option<NonZeroU32>,
    /// The most requests at once; what the daemon's limits say unless said.
    pub at_once: Option<usize>,
}

/// The callers that the daemon knows, each by any number of tokens, certificates and claims.
#[derive(Debug, Clone, Default)]
pub struct Callers {
    callers: Vec<(Arc<Caller>, CallerLimits)>,
    tokens: Vec<(TokenHash, usize)>,
    certificates: Vec<(KnownCertificate, usize)>,
    claims: Vec<(KnownClaims, usize)>,
    pub(super) issuers: Vec<Issuer>,
    revoked: Vec<String>,
}

/// What of a token says who its caller is.
#[derive(Debug, Default)]
pub(crate) struct Claimed<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: Option<&'a str>,
    pub(crate) subject: Option<&'a str>,
    pub(crate) consumer: Option<OrgNo>,
}

impl Callers {
    /// The ids of all callers, each at its place.
    pub(crate) fn ids(&self) -> Vec<String> {
        let callers = self.callers.iter();
        callers.map(|(caller, _)| caller.id.to_string()).collect()
    }

    /// Knows another caller, by the hashes of its tokens.
    pub fn add(&mut self, caller: Caller, tokens: &[TokenHash]) -> Result<(), CallersError> {
        for token in tokens {
            if let Some(other) = self.find(token).and_then(|place| self.at(place)) {
                return Err(CallersError::SameToken {
                    first: other.id.clone(),
                    second: caller.id,
                });
            }
        }
        let place = self.callers.len();
        self.callers
            .push((Arc::new(caller), CallerLimits::default()));
        self.tokens
            .extend(tokens.iter().map(|token| (*token, place)));
        Ok(())
    }

    /// Knows the caller that was added last by these too.
    pub fn also_by(&mut self, certificates: Vec<KnownCertificate>, claims: Vec<KnownClaims>) {
        let Some(place) = self.callers.len().checked_sub(1) else {
            return;
        };
        let certificates = certificates.into_iter().map(|known| (known, place));
        self.certificates.extend(certificates);
        self.claims
            .extend(claims.into_iter().map(|known| (known, place)));
    }

    /// Limits the caller that was added last.
    pub fn limit(&mut self, limits: CallerLimits) {
        if let Some((_, own)) = self.callers.last_mut() {
            *own = limits;
        }
    }

    /// Believes this issuer's tokens.
    pub fn trust(&mut self, issuer: Issuer) {
        self.issuers.push(issuer);
    }

    /// Knows nobody by this certificate any more, whoever signed it: its SHA-256 in lower-case hexadecimal digits.
    pub fn revoke(&mut self, certificate: String) {
        self.revoked.push(certificate);
    }

    /// Whether nobody is known.
    pub fn is_empty(&self) -> bool {
        self.callers.is_empty()
    }

    pub(crate) fn limits(&self) -> impl Iterator<Item = CallerLimits> {
        self.callers.iter().map(|(_, limits)| *limits)
    }

    pub(crate) fn at(&self, place: usize) -> Option<&Arc<Caller>> {
        self.callers.get(place).map(|(caller, _)| caller)
    }

    pub(crate) fn is_revoked(&self, certificate: &PeerCertificate) -> bool {
        self.revoked.contains(&certificate.sha256)
    }

    /// The place of the caller with this token. Looks at every token, whichever matches, so that time tells nothing.
    pub(crate) fn with_token(&self, token: &str) -> Option<usize> {
        self.find(&TokenHash::of(token))
    }

    /// The place of the caller with this certificate; nobody if it could be two.
    pub(crate) fn with_certificate(&self, certificate: &PeerCertificate) -> Option<usize> {
        let fits = |known: &KnownCertificate| {
            fits(known.sha256.as_ref(), Some(&certificate.sha256))
                && fits(known.subject.as_ref(), Some(&certificate.subject))
                && known
                    .name
                    .as_ref()
                    .is_none_or(|name| certificate.names.contains(name))
        };
        only(
            self.certificates
                .iter()
                .filter(|(known, _)| fits(known))
                .map(|(_, place)| *place),
        )
    }

    /// The place of the caller with these claims; nobody if it could be two.
    pub(crate) fn with_claims(&self, claimed: &Claimed<'_>) -> Option<usize> {
        let fits = |known: &KnownClaims| {
            known.issuer == claimed.issuer
                && fits(known.client_id.as_deref(), claimed.client_id)
                && fits(known.subject.as_deref(), claimed.subject)
                && fits(known.consumer, claimed.consumer)
        };
        only(
            self.claims
                .iter()
                .filter(|(known, _)| fits(known))
                .map(|(_, place)| *place),
        )
    }

    fn find(&self, hash: &TokenHash) -> Option<usize> {
        let mut found = None;
        for (known, place) in &self.tokens {
            if known.matches(hash) {
                found = Some(*place);
            }
        }
        found
    }
}

/// Whether what is known, if anything is, is what is shown.
fn fits<T: PartialEq>(known: Option<T>, shown: Option<T>) -> bool {
    known.is_none() || known == shown
}

fn only(mut places: impl Iterator<Item = usize>) -> Option<usize> {
    let first = places.next()?;
    places.all(|other| other == first).then_some(first)
}
