//! Callers over TLS: real certificates by openssl, real clients by curl and openssl, a real issuer of tokens.

mod authority;
mod certificates;
mod over_tls;

pub(super) use authority::Authority;
