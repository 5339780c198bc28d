//! TLS by rustls: a listener's certificate, key and clients' authorities, read again when their files change.
//!
//! Connections that stand keep what they began with. Files that cannot be used change nothing: the last good ones serve on,
//! and log and metrics say so.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio::sync::watch;

use crate::model::hash::ContentHash;

use super::edge_metrics::EdgeMetrics;
use super::listener::TlsFiles;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Why TLS cannot be spoken with these files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: holds no {what} as PEM{}", path.display(), said.as_ref().map(|said| format!(": {said}")).unwrap_or_default())]
    NotPem {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong with it.
        said: Option<String>,
    },
    /// Certificate and key are not a pair, or cannot be used.
    #[error("{}: cannot be used: {said}", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        said: String,
    },
}

/// The TLS of one listener, as its files have it now.
#[derive(Debug)]
pub(super) struct Tls {
    files: TlsFiles,
    now: watch::Sender<Current>,
}

#[derive(Debug)]
struct Current {
    config: Arc<ServerConfig>,
    hash: String,
}

impl Tls {
    pub(super) fn read(files: TlsFiles) -> Result<Self, TlsError> {
        let read = Read::of(&files)?;
        let (config, hash) = (Arc::new(read.config(&files)?), read.hash());
        let now = watch::Sender::new(Current { config, hash });
        Ok(Self { files, now })
    }

    /// What the next handshake goes by.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.now.borrow().config)
    }

    /// Looks at the files for as long as it is polled: now and then, and whenever `hint` says so.
    pub(super) async fn follow(
        self: Arc<Self>,
        mut hint: watch::Receiver<u64>,
        metrics: EdgeMetrics,
    ) {
        // What was last refused, so that it is told once.
        let mut refused = String::new();
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                Ok(()) = hint.changed() => {}
            }
            let tls = Arc::clone(&self);
            let Ok(outcome) = tokio::task::spawn_blocking(move || tls.reload()).await else {
                continue;
            };
            let certificate = self.files.certificate.display();
            match outcome {
                Ok(false) => refused.clear(),
                Ok(true) => {
                    refused.clear();
                    metrics.certificates_read(true);
                    tracing::info!(%certificate, "certificates were read again");
                }
                Err(error) => {
                    let said = error.to_string();
                    if said != refused {
                        metrics.certificates_read(false);
                        tracing::error!(%certificate, error = said, "certificates cannot be read again; the last good ones serve on");
                        refused = said;
                    }
                }
            }
        }
    }

    /// Whether there was something new.
    fn reload(&self) -> Result<bool, TlsError> {
        let read = Read::of(&self.files)?;
        let hash = read.hash();
        if hash == self.now.borrow().hash {
            return Ok(false);
        }
        let config = Arc::new(read.config(&self.files)?);
        // A new configuration has new sessions: nobody resumes one that the old authorities let in.
        self.now.send_replace(Current { config, hash });
        Ok(true)
    }
}

/// The bytes of the files, at one look.
struct Read {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
    client_crl: Option<Vec<u8>>,
}

impl Read {
    fn of(files: &TlsFiles) -> Result<Self, TlsError> {
        let optional = |path: &Option<PathBuf>| path.as_deref().map(bytes).transpose();
        Ok(Self {
            certificate: bytes(&files.certificate)?,
            key: bytes(&files.key)?,
            client_ca: optional(&files.client_ca)?,
            client_crl: optional(&files.client_crl)?,
        })
    }

    fn hash(&self) -> String {
        let none = Vec::new();
        let mut hash = ContentHash::default();
        let (ca, crl) = (&self.client_ca, &self.client_crl);
        for part in [
            &self.certificate,
            &self.key,
            ca.as_ref().unwrap_or(&none),
            crl.as_ref().unwrap_or(&none),
        ] {
            hash.update(&part.len().to_be_bytes());
            hash.update(part);
        }
        hash.finish()
    }

    fn config(&self, files: &TlsFiles) -> Result<ServerConfig, TlsError> {
        let chain = certificates(&files.certificate, &self.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| TlsError::NotPem {
            path: files.key.clone(),
            what: "private key",
            said: Some(error.to_string()),
        })?;
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&files.certificate, &error))?;
        let builder = match (&files.client_ca, &self.client_ca) {
            (Some(path), Some(bytes)) => {
                builder.with_client_cert_verifier(self.clients(files, path, bytes)?)
            }
            _ => builder.with_no_client_auth(),
        };
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(|error| unusable(&files.certificate, &error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    fn clients(
        &self,
        files: &TlsFiles,
        path: &Path,
        bytes: &[u8],
    ) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        let roots = roots(path, bytes)?;
        let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        if let (Some(path), Some(bytes)) = (&files.client_crl, &self.client_crl) {
            let lists =
                CertificateRevocationListDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
            let lists = found(path, "revocation list", lists)?;
            builder = builder.with_crls(lists).only_check_end_entity_revocation();
        }
        if !files.clients_required {
            builder = builder.allow_unauthenticated();
        }
        builder.build().map_err(|error| {
            let is_of_crl = matches!(error, VerifierBuilderError::InvalidCrl(_));
            let blamed = files.client_crl.as_deref().filter(|_| is_of_crl);
            unusable(blamed.unwrap_or(path), &error)
        })
    }
}

/// The cryptography of every connection, ours and those to issuers.
pub(super) fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The authorities in a file.
pub(super) fn roots_in(path: &Path) -> Result<RootCertStore, TlsError> {
    roots(path, &bytes(path)?)
}

fn roots(path: &Path, bytes: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, bytes)? {
        roots
            .add(certificate)
            .map_err(|error| unusable(path, &error))?;
    }
    Ok(roots)
}

fn certificates(path: &Path, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
    found(path, "certificate", read)
}

fn found<T>(
    path: &Path,
    what: &'static str,
    read: Result<Vec<T>, rustls::pki_types::pem::Error>,
) -> Result<Vec<T>, TlsError> {
    let not_pem = |said| TlsError::NotPem {
        path: path.to_owned(),
        what,
        said,
    };
    match read {
        Ok(found) if found.is_empty() => Err(not_pem(None)),
        Ok(found) => Ok(found),
        Err(error) => Err(not_pem(Some(error.to_string()))),
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> TlsError {
    TlsError::Unusable {
        path: path.to_owned(),
        said: error.to_string(),
    }
}
