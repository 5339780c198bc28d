//! Callers over TLS: real certificates by openssl, real clients by curl and openssl, a real issuer of tokens.

mod authority;
mod certificates;
mod issuer;
mod jwt;
mod limits;
mod maskinporten;
mod over_tls;
mod refusals;

pub(super) use authority::Authority;
