//! Signatures of tokens, checked by ring, which TLS brings already. Nothing is ever signed here.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use ring::signature as of;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Has `jsonwebtoken` check signatures with this.
pub(super) fn install() {
    // A second time is refused, and changes nothing.
    let _ = PROVIDER.install_default();
}

struct ByRing {
    algorithm: Algorithm,
    key: DecodingKey,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the crate's own signature of such a function"
)]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    if is_hmac(*algorithm) || algorithm.family() != key.family() {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    Ok(Box::new(ByRing {
        algorithm: *algorithm,
        key: key.clone(),
    }))
}

/// A secret that both ends have signs nothing here: who checks it could forge it.
pub(super) fn is_hmac(algorithm: Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512
    )
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever the crate may learn is no algorithm of ours"
)]
fn rsa(algorithm: Algorithm) -> Option<&'static of::RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Some(&of::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Some(&of::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Some(&of::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Some(&of::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Some(&of::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Some(&of::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever the crate may learn is no algorithm of ours"
)]
fn curve(algorithm: Algorithm) -> Option<&'static dyn of::VerificationAlgorithm> {
    match algorithm {
        Algorithm::ES256 => Some(&of::ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Some(&of::ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => Some(&of::ED25519),
        _ => None,
    }
}

impl Verifier<Vec<u8>> for ByRing {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let checked = match (self.key.kind(), rsa(self.algorithm), curve(self.algorithm)) {
            (DecodingKeyKind::RsaModulusExponent { n, e }, Some(rsa), _) => {
                of::RsaPublicKeyComponents { n, e }.verify(rsa, message, signature)
            }
            (DecodingKeyKind::SecretOrDer(key), _, Some(curve)) => {
                of::UnparsedPublicKey::new(curve, key).verify(message, signature)
            }
            _ => return Err(Error::new()),
        };
        checked.map_err(|_| Error::new())
    }
}

impl JwtVerifier for ByRing {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
