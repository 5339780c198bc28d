//! One document of an issuer, from a file or over the network.

use std::path::PathBuf;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::ACCEPT;
use hyper::{Request, StatusCode};

use super::super::outgoing::{To, ask};

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
    let to = To {
        url: url.to_owned(),
        ca,
    };
    let request = Request::get("/").header(ACCEPT, "application/json");
    let (status, body) = ask(&to, request, Bytes::new(), MOST).await?;
    if status != StatusCode::OK {
        return Err(format!("it answers {status}"));
    }
    Ok(body)
}
