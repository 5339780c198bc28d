//! Who is at the other end of a connection, as far as its TLS says, and what may be shown there.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::model::hash::ContentHash;
use crate::model::time::Timestamp;

use super::listener::Accepts;

/// The other end of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) accepts: Accepts,
    pub(crate) certificate: Option<PeerCertificate>,
}

/// What a certificate says that the handshake has found good.
#[derive(Debug, Clone)]
pub(crate) struct PeerCertificate {
    /// The SHA-256 of the whole certificate, in hexadecimal digits.
    pub(crate) sha256: String,
    /// The subject as RFC 4514 writes it.
    pub(crate) subject: String,
    /// Its alternative names: `DNS:`, `URI:`, `email:`.
    pub(crate) names: Vec<String>,
    /// When it is over; a connection may last longer.
    pub(crate) until: Timestamp,
}

impl PeerCertificate {
    /// What the first certificate of a chain says; nothing if there is none, or none that can be read.
    pub(super) fn of(chain: Option<&[CertificateDer<'_>]>) -> Option<Self> {
        let der = chain?.first()?;
        let mut hash = ContentHash::default();
        hash.update(der);
        let certificate = Certificate::from_der(der).ok()?.tbs_certificate;
        let until = certificate.validity.not_after.to_unix_duration();
        let names = match certificate.get::<SubjectAltName>() {
            Ok(Some((_, names))) => names.0.iter().filter_map(name).collect(),
            Ok(None) => Vec::new(),
            Err(_) => return None,
        };
        Some(Self {
            sha256: hash.finish(),
            subject: certificate.subject.to_string(),
            names,
            until: instant(until),
        })
    }
}

fn instant(since: Duration) -> Timestamp {
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(format!("DNS:{}", name.as_str().to_ascii_lowercase())),
        GeneralName::UniformResourceIdentifier(uri) => Some(format!("URI:{}", uri.as_str())),
        GeneralName::Rfc822Name(address) => Some(format!("email:{}", address.as_str())),
        GeneralName::OtherName(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::EdiPartyName(_)
        | GeneralName::IpAddress(_)
        | GeneralName::RegisteredId(_) => None,
    }
}
