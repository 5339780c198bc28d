//! Who calls: by a token of the configuration, by an issuer's token, by the certificate of the connection.

use std::sync::Arc;
use std::time::SystemTime;

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderMap};

use crate::model::caller::Caller;
use crate::model::id::SystemUserId;
use crate::model::time::Timestamp;

use super::callers::Claimed;
use super::jwt::{Claims, JwtError};
use super::peer::{Peer, PeerCertificate};
use super::problem::Problem;
use super::quota::Told;
use super::room::Taken;
use super::router::Service;

/// The routes at which a system user's token counts.
const QUESTIONS: [&str; 2] = ["/access/v1/evaluation", "/access/v1/evaluations"];
/// The longest bearer token.
const LONGEST: usize = 8192;

/// A caller who is known.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) caller: Arc<Caller>,
    /// Its place among the callers.
    pub(crate) place: usize,
    /// The system users that its token speaks for, which are the only ones that it may ask about.
    pub(crate) system_users: Vec<SystemUserId>,
}

impl Service {
    /// Who calls. If both a token and a certificate say it, they have to agree.
    pub(crate) async fn authenticate(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
    ) -> Result<Known, Problem> {
        let certified = self.by_certificate(peer)?;
        let Some(token) = self.token(headers)? else {
            let place = certified.ok_or_else(|| match &peer.certificate {
                Some(_) if peer.accepts.certificates => self.refuse(
                    "certificate-unknown",
                    "the certificate is no known caller's, and there is no `Authorization` header",
                ),
                _ => self.refuse(
                    "missing",
                    "the `Authorization` header is missing; send `Authorization: Bearer TOKEN`",
                ),
            })?;
            return self.known(place, Vec::new());
        };
        let (place, system_users) = self.by_token(peer, token).await?;
        if certified.is_some_and(|certified| certified != place) {
            return Err(self.refuse(
                "two-callers",
                "the token is another caller's than the certificate",
            ));
        }
        self.known(place, system_users)
    }

    fn known(&self, place: usize, system_users: Vec<SystemUserId>) -> Result<Known, Problem> {
        let caller = self.callers.at(place).cloned();
        let caller = caller.ok_or_else(|| self.refuse("unknown", "the caller is not known"))?;
        Ok(Known {
            caller,
            place,
            system_users,
        })
    }

    /// A place for a request of this caller, if none of its limits is reached. A token that speaks for system users asks
    /// questions, and does nothing else.
    pub(crate) fn let_in(
        &self,
        known: &Known,
        route: &str,
        told: &mut Told,
    ) -> Result<Option<Taken<'_>>, Problem> {
        if !known.system_users.is_empty() && !QUESTIONS.contains(&route) {
            let detail =
                "the token speaks for a system user, so it asks for evaluations and nothing else";
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "only-questions",
                detail,
            ));
        }
        let Some(quota) = self.quotas.get(known.place) else {
            return Ok(None);
        };
        match quota.take(told) {
            Ok(place) => Ok(Some(place)),
            Err(above) => {
                self.metrics.edge.limited(above.name());
                Err(above.into())
            }
        }
    }

    fn refuse(&self, kind: &'static str, detail: &str) -> Problem {
        self.metrics.auth_failed(kind);
        let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail);
        problem.header("www-authenticate", "Bearer realm=\"fullmakt\"")
    }

    /// The bearer token; nothing if there is no such header.
    fn token<'h>(&self, headers: &'h HeaderMap) -> Result<Option<&'h str>, Problem> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(self.refuse(
                "malformed",
                "the `Authorization` header stands twice; send one",
            ));
        }
        let token = value.to_str().ok().and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let token = token.filter(|token| !token.is_empty() && token.len() <= LONGEST);
        let malformed = || {
            self.refuse(
                "malformed",
                "the `Authorization` header is not `Bearer TOKEN`",
            )
        };
        token.map(Some).ok_or_else(malformed)
    }

    async fn by_token(
        &self,
        peer: &Peer,
        token: &str,
    ) -> Result<(usize, Vec<SystemUserId>), Problem> {
        // Looked up also where it does not count, so that time tells nothing.
        let held = self.callers.with_token(token);
        if let Some(place) = held.filter(|_| peer.accepts.tokens) {
            return Ok((place, Vec::new()));
        }
        let is_jwt = token.bytes().filter(|byte| *byte == b'.').count() == 2;
        if !is_jwt || !peer.accepts.jwts || self.callers.issuers.is_empty() {
            return Err(self.refuse("unknown", "the bearer token is not known"));
        }
        let claims = self
            .issuers
            .check(token)
            .await
            .map_err(|error| self.not_believed(&error))?;
        self.by_claims(&claims)
    }

    fn by_claims(&self, claims: &Claims) -> Result<(usize, Vec<SystemUserId>), Problem> {
        let claimed = Claimed {
            issuer: &claims.iss,
            client_id: claims.client_id.as_deref(),
            subject: claims.sub.as_deref(),
            consumer: claims.consumer(),
        };
        let place = self.callers.with_claims(&claimed);
        let place = place.ok_or_else(|| {
            self.refuse(
                "jwt-unknown-caller",
                "the token is good, but its claims are no known caller's, or more than one's",
            )
        })?;
        let users = claims.system_users().ok_or_else(|| {
            self.refuse(
                "jwt-malformed",
                "the token's `authorization_details` name no system user that can be understood",
            )
        })?;
        Ok((place, users))
    }

    fn not_believed(&self, error: &JwtError) -> Problem {
        let kind = match error {
            JwtError::Malformed | JwtError::Missing(_) => "jwt-malformed",
            JwtError::UnknownIssuer => "jwt-issuer",
            JwtError::Algorithm => "jwt-algorithm",
            JwtError::UnknownKey => "jwt-key",
            JwtError::Signature => "jwt-signature",
            JwtError::Over => "jwt-over",
            JwtError::NotYet => "jwt-not-yet",
            JwtError::Audience => "jwt-audience",
            JwtError::Scope => return self.out_of_scope(error),
            JwtError::NoKeys => {
                self.metrics.auth_failed("issuer-unavailable");
                let status = StatusCode::SERVICE_UNAVAILABLE;
                let problem = Problem::new(status, "issuer-unavailable", error.to_string());
                return problem.header("retry-after", "10");
            }
        };
        let problem = self.refuse(kind, &error.to_string());
        Problem {
            headers: vec![(
                "www-authenticate",
                "Bearer realm=\"fullmakt\", error=\"invalid_token\"".to_owned(),
            )],
            ..problem
        }
    }

    /// A token that is good, but was not given for this.
    fn out_of_scope(&self, error: &JwtError) -> Problem {
        self.metrics.auth_failed("jwt-scope");
        let problem = Problem::new(
            StatusCode::FORBIDDEN,
            "insufficient-scope",
            error.to_string(),
        );
        problem.header(
            "www-authenticate",
            "Bearer realm=\"fullmakt\", error=\"insufficient_scope\"",
        )
    }

    /// The caller that the connection's certificate is; nobody if none is shown, or known, or counted here.
    fn by_certificate(&self, peer: &Peer) -> Result<Option<usize>, Problem> {
        let certificate = peer
            .certificate
            .as_ref()
            .filter(|_| peer.accepts.certificates);
        let Some(certificate) = certificate else {
            return Ok(None);
        };
        if self.callers.is_revoked(certificate) {
            return Err(self.refuse("certificate-revoked", "the certificate is revoked"));
        }
        if is_over(certificate) {
            return Err(self.refuse(
                "certificate-over",
                "the certificate is over; connect with a new one",
            ));
        }
        Ok(self.callers.with_certificate(certificate))
    }
}

/// Whether a certificate that was good when the connection began is so no more.
fn is_over(certificate: &PeerCertificate) -> bool {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let now = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    certificate.until < Timestamp::from_millis(now)
}
