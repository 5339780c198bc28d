//! Where the daemon listens, how it is reached there, and by what callers may show there who they are.

use std::net::SocketAddr;
use std::path::PathBuf;

/// One address that is listened at.
#[derive(Debug, Clone)]
pub struct Listener {
    /// The address.
    pub address: SocketAddr,
    /// The files of its TLS; plain HTTP without them.
    pub tls: Option<TlsFiles>,
    /// What is accepted of callers here.
    pub accepts: Accepts,
}

impl Listener {
    /// Plain HTTP, with any credential that a plain connection can carry.
    pub fn plain(address: SocketAddr) -> Self {
        Self {
            address,
            tls: None,
            accepts: Accepts::default(),
        }
    }
}

/// The files of a listener's TLS, all PEM. They are read again when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The daemon's certificate, and those that lead to its authority.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
    /// The authorities of clients' certificates; none are asked for without it.
    pub client_ca: Option<PathBuf>,
    /// What those authorities have revoked.
    pub client_crl: Option<PathBuf>,
    /// Whether a client without a certificate is turned away in the handshake.
    pub clients_required: bool,
}

/// By what callers may show who they are. What a listener does not accept counts for nothing there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepts {
    /// Bearer tokens that the configuration has the hashes of.
    pub tokens: bool,
    /// Bearer tokens that a configured issuer has signed.
    pub jwts: bool,
    /// Certificates of the connection.
    pub certificates: bool,
}

impl Default for Accepts {
    fn default() -> Self {
        Self {
            tokens: true,
            jwts: true,
            certificates: true,
        }
    }
}
