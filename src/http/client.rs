//! A small client of the daemon, for the command line: one request a connection, over plain HTTP.

use std::io::Read;

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, IF_MATCH};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::send::{Sent, send};

/// Why the daemon's answer could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Not an address of a daemon.
    #[error("`{0}` is not an address of the form `http://127.0.0.1:8180`")]
    Url(String),
    /// Nobody answers there.
    #[error(
        "no daemon answers at `{url}` ({source}); start one with `fullmakt serve`, or name another with `--url`"
    )]
    NoDaemon {
        /// The address.
        url: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The exchange failed.
    #[error("the daemon's answer could not be read: {0}")]
    Exchange(String),
    /// What was to be sent could not be read.
    #[error("the input cannot be read: {0}")]
    Input(String),
    /// The answer is not JSON.
    #[error(
        "`{url}` answered {status}, which is not an answer of a daemon; is it another program's address?"
    )]
    NotOurs {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
}

/// Where a daemon is, and as whom to speak to it.
#[derive(Debug, Clone)]
pub struct Client {
    url: String,
    authority: String,
    token: Option<String>,
}

impl Client {
    /// A client of the daemon at this address, with this bearer token.
    pub fn new(url: &str, token: Option<String>) -> Result<Self, ClientError> {
        let refused = || ClientError::Url(url.to_owned());
        let parsed: Uri = url.trim_end_matches('/').parse().map_err(|_| refused())?;
        let authority = parsed.authority().ok_or_else(refused)?.as_str().to_owned();
        if parsed.scheme_str() != Some("http") || !matches!(parsed.path(), "" | "/") {
            return Err(refused());
        }
        let authority = if parsed.port().is_some() {
            authority
        } else {
            format!("{authority}:80")
        };
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            authority,
            token,
        })
    }

    /// Sends one request and waits for its answer: the status and the body as JSON. Blocks.
    pub fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), ClientError> {
        let kind = body.map(|_| "application/json");
        let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        self.ask(method, path, (kind, None), Full::new(body))
    }

    /// As [`Self::call`], to be done only if what is there is what `if_match` says: an entity tag, with its quotes.
    pub fn call_if(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        if_match: &str,
    ) -> Result<(u16, Value), ClientError> {
        let headers = (Some("application/json"), Some(if_match));
        let body: Bytes = body.to_string().into();
        self.ask(method, path, headers, Full::new(body))
    }

    /// Sends facts to import while they are read, and tells how much is on its way. Blocks.
    ///
    /// An answer that comes before all is sent, such as a refusal, ends the reading.
    pub fn import(
        &self,
        facts: impl Read + Send + 'static,
        progress: impl FnMut(Sent) + Send + 'static,
    ) -> Result<(u16, Value), ClientError> {
        let failed = |error: std::io::Error| ClientError::Input(error.to_string());
        let (body, failure) = send(facts, progress).map_err(failed)?;
        let answer = self.ask(
            "POST",
            "/v1/import",
            (Some("application/x-ndjson"), None),
            body,
        );
        match failure.get() {
            Some(error) => Err(ClientError::Input(error.clone())),
            None => answer,
        }
    }

    fn ask<B>(
        &self,
        method: &str,
        path: &str,
        (content_type, if_match): (Option<&str>, Option<&str>),
        body: B,
    ) -> Result<(u16, Value), ClientError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: std::error::Error + Send + Sync,
    {
        let failed = |error: &dyn std::fmt::Display| ClientError::Exchange(error.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| failed(&error))?;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.authority);
        request = request.header(ACCEPT, "application/json, application/problem+json");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        if let Some(if_match) = if_match {
            request = request.header(IF_MATCH, if_match);
        }
        let request = request.body(body).map_err(|error| failed(&error))?;
        let (status, body) = runtime.block_on(self.exchange(request))?;
        let body = if body.is_empty() {
            Ok(Value::Null)
        } else {
            serde_json::from_slice(&body)
        };
        body.map(|body| (status, body))
            .map_err(|_| ClientError::NotOurs {
                url: self.url.clone(),
                status,
            })
    }

    async fn exchange<B>(&self, request: Request<B>) -> Result<(u16, Bytes), ClientError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: std::error::Error + Send + Sync,
    {
        let failed = |error: hyper::Error| ClientError::Exchange(error.to_string());
        let stream = TcpStream::connect(&self.authority).await;
        let stream = stream.map_err(|source| ClientError::NoDaemon {
            url: self.url.clone(),
            source,
        })?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(failed)?;
        let connection = tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(failed)?;
        let status = response.status().as_u16();
        let body = response
            .into_body()
            .collect()
            .await
            .map_err(failed)?
            .to_bytes();
        connection.abort();
        Ok((status, body))
    }
}
