//! JSON Web Tokens of configured issuers. The algorithm is the configuration's, never the token's own choice.

mod claims;
mod fetch;
mod keys;
mod signature;

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use tokio::task::JoinSet;

use super::edge_metrics::EdgeMetrics;
pub(crate) use claims::Claims;
use claims::Issued;
pub use fetch::KeySource;
use keys::Keys;

/// Whose tokens are believed, and what they have to say.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// `iss`, exactly.
    pub issuer: String,
    /// Where its keys are.
    pub keys: KeySource,
    /// What it may sign with.
    pub algorithms: Vec<SigningAlgorithm>,
    /// `aud` has to be one of these; any if there are none, and then scopes have to be asked for.
    pub audiences: Vec<String>,
    /// `scope` has to hold all of these.
    pub scopes: Vec<String>,
    /// How far its clock may be from ours.
    pub leeway: Duration,
    /// How long fetched keys are kept before they are fetched again.
    pub refresh: Duration,
    /// How long they may be used after that while they cannot be fetched.
    pub stale: Duration,
    /// The least time between two fetches that a token's unknown key asks for.
    pub gap: Duration,
}

/// What a token may be signed with: never a secret that both ends know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningAlgorithm(Algorithm);

impl SigningAlgorithm {
    /// All of them, by their names.
    pub const NAMES: [&str; 9] = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
    ];
}

impl std::str::FromStr for SigningAlgorithm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = text
            .parse()
            .ok()
            .filter(|algorithm| !signature::is_hmac(*algorithm));
        known
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not one of {}", Self::NAMES.join(", ")))
    }
}

/// Why a token is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JwtError {
    #[error("the token is not a JSON Web Token that can be read")]
    Malformed,
    #[error("the token's issuer is not one of those that are believed here")]
    UnknownIssuer,
    #[error("the token is signed with an algorithm that its issuer is not to use")]
    Algorithm,
    #[error("the token's key is none of its issuer's")]
    UnknownKey,
    #[error("the token's signature is not its issuer's")]
    Signature,
    #[error("the token is over; get a new one")]
    Over,
    #[error("the token does not hold yet")]
    NotYet,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token lacks a scope that is needed here")]
    Scope,
    #[error("the token lacks the claim `{0}`")]
    Missing(String),
    /// Nobody can say whether the token is good.
    #[error("the keys of the token's issuer cannot be fetched; try again later")]
    NoKeys,
}

/// The issuers, with their keys.
#[derive(Debug, Default)]
pub(crate) struct Issuers(Vec<(Issuer, Arc<Keys>)>);

impl Issuers {
    pub(crate) fn new(issuers: &[Issuer]) -> Self {
        signature::install();
        let with_keys = |issuer: &Issuer| (issuer.clone(), Arc::new(Keys::new()));
        Self(issuers.iter().map(with_keys).collect())
    }

    /// Fetches keys for as long as the tasks are kept.
    pub(crate) fn follow(&self, tasks: &mut JoinSet<()>, metrics: &EdgeMetrics) {
        for (issuer, keys) in &self.0 {
            let (issuer, keys, metrics) = (issuer.clone(), Arc::clone(keys), metrics.clone());
            tasks.spawn(async move { keys.follow(&issuer, &metrics).await });
        }
    }

    /// What a token claims, once all of it was checked.
    pub(crate) async fn check(&self, token: &str) -> Result<Claims, JwtError> {
        let header = decode_header(token).map_err(|_| JwtError::Malformed)?;
        let said: Issued = insecure_decode_claims(token).map_err(|_| JwtError::Malformed)?;
        let believed = self.0.iter().find(|(issuer, _)| issuer.issuer == said.iss);
        let (issuer, keys) = believed.ok_or(JwtError::UnknownIssuer)?;
        if header.crit.is_some() {
            return Err(JwtError::Malformed);
        }
        if !issuer.algorithms.contains(&SigningAlgorithm(header.alg)) {
            return Err(JwtError::Algorithm);
        }
        let key = keys.find(issuer, &header).await?;
        let decoded = decode::<Claims>(token, &key, &issuer.validation(header.alg));
        let claims = decoded.map_err(|error| why(error.kind()))?.claims;
        let limit = jsonwebtoken::get_current_timestamp() + issuer.leeway.as_secs();
        if claims.iat.is_some_and(|at| at > limit) {
            return Err(JwtError::NotYet);
        }
        if issuer.scopes.iter().all(|scope| claims.has_scope(scope)) {
            Ok(claims)
        } else {
            Err(JwtError::Scope)
        }
    }
}

impl Issuer {
    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = self.leeway.as_secs();
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss"]);
        if self.audiences.is_empty() {
            validation.validate_aud = false;
        } else {
            validation.set_required_spec_claims(&["exp", "iss", "aud"]);
            validation.set_audience(&self.audiences);
        }
        validation
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "another crate's, and whatever else it may say is no good token"
)]
fn why(kind: &ErrorKind) -> JwtError {
    match kind {
        ErrorKind::InvalidSignature => JwtError::Signature,
        ErrorKind::ExpiredSignature => JwtError::Over,
        ErrorKind::ImmatureSignature => JwtError::NotYet,
        ErrorKind::InvalidAudience => JwtError::Audience,
        ErrorKind::InvalidAlgorithm => JwtError::Algorithm,
        ErrorKind::MissingRequiredClaim(claim) => JwtError::Missing(claim.clone()),
        _ => JwtError::Malformed,
    }
}
