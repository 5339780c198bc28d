//! One document of an issuer, from a file or over the network.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, HOST};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::super::tls::{provider, roots_in};

/// The longest document.
const MOST: usize = 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In a file.
    File(PathBuf),
    /// At an address.
    Url {
        /// The address: https, or http on loopback.
        url: String,
        /// The authorities that vouch for it; the system's unless said.
        ca: Option<PathBuf>,
    },
}

/// The document, or why it cannot be had.
pub(super) async fn fetch(source: &KeySource) -> Result<Bytes, String> {
    match source {
        KeySource::File(path) => {
            let path = path.clone();
            let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
            let read = read.map_err(|error| error.to_string())?;
            read.map(Bytes::from).map_err(|error| error.to_string())
        }
        KeySource::Url { url, ca } => {
            let got = tokio::time::timeout(PATIENCE, get(url, ca.clone())).await;
            got.unwrap_or_else(|_| Err(format!("no answer after {} seconds", PATIENCE.as_secs())))
        }
    }
}

async fn get(url: &str, ca: Option<PathBuf>) -> Result<Bytes, String> {
    let url: Uri = url.parse().map_err(|_| "not an address".to_owned())?;
    let authority = url.authority().ok_or("no host in the address")?;
    let is_secure = url.scheme_str() == Some("https");
    let port = authority
        .port_u16()
        .unwrap_or(if is_secure { 443 } else { 80 });
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let said = |error: io::Error| error.to_string();
    let stream = TcpStream::connect((host.as_str(), port))
        .await
        .map_err(said)?;
    if !is_secure {
        return ask(stream, &url).await;
    }
    let roots = tokio::task::spawn_blocking(move || roots(ca)).await;
    let roots = roots.map_err(|error| error.to_string())??;
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await;
    ask(stream.map_err(said)?, &url).await
}

fn roots(ca: Option<PathBuf>) -> Result<RootCertStore, String> {
    if let Some(path) = ca {
        return roots_in(&path).map_err(|error| error.to_string());
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Ok(roots)
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &Uri,
) -> Result<Bytes, String> {
    let said = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(said)?;
    let connection = tokio::spawn(connection);
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let host = url.authority().map(ToString::to_string).unwrap_or_default();
    let request = Request::get(path)
        .header(HOST, host)
        .header(ACCEPT, "application/json");
    let request = request
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(said)?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MOST).collect().await;
    connection.abort();
    if status != hyper::StatusCode::OK {
        return Err(format!("it answers {status}"));
    }
    Ok(body.map_err(|error| error.to_string())?.to_bytes())
}
