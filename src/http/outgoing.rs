//! Requests that the daemon itself makes, plain or by TLS: one on a connection.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::HOST;
use hyper::http::request::Builder;
use hyper::{StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::tls::{provider, roots_in};

/// Where to, and who vouches for it.
#[derive(Debug, Clone)]
pub(super) struct To {
    pub(super) url: String,
    /// The authorities; the system's unless said.
    pub(super) ca: Option<PathBuf>,
}

/// Sends a request, which has its method and headers, and reads the answer up to a length. Waits for as long as the other
/// side lets it.
pub(super) async fn ask(
    to: &To,
    request: Builder,
    body: Bytes,
    most: usize,
) -> Result<(StatusCode, Bytes), String> {
    let url: Uri = to.url.parse().map_err(|_| "not an address".to_owned())?;
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
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let request = request
        .uri(path)
        .header(HOST, authority.as_str())
        .body(Full::new(body))
        .map_err(|error| error.to_string())?;
    let said = |error: io::Error| error.to_string();
    let stream = TcpStream::connect((host.as_str(), port))
        .await
        .map_err(said)?;
    if !is_secure {
        return exchange(stream, request, most).await;
    }
    let ca = to.ca.clone();
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
    exchange(stream.map_err(said)?, request, most).await
}

fn roots(ca: Option<PathBuf>) -> Result<RootCertStore, String> {
    if let Some(path) = ca {
        return roots_in(&path).map_err(|error| error.to_string());
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Ok(roots)
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: hyper::Request<Full<Bytes>>,
    most: usize,
) -> Result<(StatusCode, Bytes), String> {
    let said = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(said)?;
    // It ends with this function, also where nobody waits for that any more.
    let mut connections = tokio::task::JoinSet::new();
    connections.spawn(connection);
    let response = sender.send_request(request).await.map_err(said)?;
    let status = response.status();
    let body = Limited::new(response.into_body(), most).collect().await;
    Ok((status, body.map_err(|error| error.to_string())?.to_bytes()))
}
