//! One connection: its handshake, its protocol, its requests.

use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::answer::{Connection, answer};
use super::limits::Limits;
use super::listener::Accepts;
use super::paced::{Doing, Pace, Paced};
use super::peer::{Peer, PeerCertificate};
use super::router::Service;
use super::tls::Tls;

/// What a client of HTTP/2 begins with, where no handshake has agreed on it.
const PREFACE: &[u8] = b"PRI";
const H2: &[u8] = b"h2";

/// How long a client that was refused in the handshake may take to read why.
const LINGER: Duration = Duration::from_secs(1);

/// A connection on which requests may come.
enum Begun {
    Plain(TcpStream, bool),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What the connections of one listener have in common.
pub(super) struct Door {
    pub(super) service: Arc<Service>,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) accepts: Accepts,
    /// Whether the daemon stops.
    pub(super) stopping: watch::Receiver<bool>,
}

impl Door {
    /// Serves a connection until it ends, or until `watcher` has it drained. One that has not begun ends with the daemon.
    pub(super) async fn serve(&self, stream: TcpStream, watcher: Watcher) {
        let mut stopping = self.stopping.clone();
        let begun = tokio::select! {
            begun = self.begin(stream) => begun,
            _ = stopping.wait_for(|stops| *stops) => None,
        };
        match begun {
            Some(Begun::Plain(stream, is_h2)) => self.speak(stream, is_h2, None, watcher).await,
            Some(Begun::Tls(stream)) => {
                let (_, session) = stream.get_ref();
                let is_h2 = session.alpn_protocol() == Some(H2);
                let certificate = PeerCertificate::of(session.peer_certificates());
                self.speak(stream, is_h2, certificate, watcher).await;
            }
            None => {}
        }
    }

    /// The handshake, or a look at the first bytes where there is none.
    async fn begin(&self, stream: TcpStream) -> Option<Begun> {
        let limits = &self.service.limits;
        let Some(tls) = &self.tls else {
            let mut first = [0; PREFACE.len()];
            let Ok(Ok(length)) = timeout(limits.idle_time, stream.peek(&mut first)).await else {
                return None;
            };
            let is_h2 = first.get(..length) == Some(PREFACE);
            return Some(Begun::Plain(stream, is_h2));
        };
        let handshake = TlsAcceptor::from(tls.config()).accept(stream);
        let handshake = handshake.into_fallible();
        let refused = match timeout(limits.handshake_time, handshake).await {
            Ok(Ok(stream)) => return Some(Begun::Tls(Box::new(stream))),
            Ok(Err((error, stream))) => {
                tracing::debug!(%error, "a TLS handshake failed");
                Some(stream)
            }
            Err(_) => {
                tracing::debug!("a TLS handshake took too long");
                None
            }
        };
        self.service.metrics.edge.handshake_failed();
        if let Some(stream) = refused {
            let _ = timeout(LINGER, hang_up(stream)).await;
        }
        None
    }

    async fn speak<S>(
        &self,
        stream: S,
        is_h2: bool,
        certificate: Option<PeerCertificate>,
        watcher: Watcher,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = &self.service.limits;
        let pace = Pace {
            head: (!is_h2).then_some(limits.header_time),
            idle: limits.idle_time,
            write: limits.write_time,
        };
        let doing = Arc::<Doing>::default();
        let io = TokioIo::new(Paced::new(stream, pace, Arc::clone(&doing)));
        let connection = Arc::new(Connection {
            service: Arc::clone(&self.service),
            peer: Peer {
                accepts: self.accepts,
                certificate,
            },
        });
        let service = service_fn(move |request| {
            let busy = doing.begin();
            let answer = answer(Arc::clone(&connection), request);
            async move {
                let response = answer.await;
                drop(busy);
                response
            }
        });
        let outcome = if is_h2 {
            watcher
                .watch(h2(limits).serve_connection(io, service))
                .await
        } else {
            let mut builder = hyper::server::conn::http1::Builder::new();
            builder.max_buf_size(limits.headers.max(8192));
            watcher.watch(builder.serve_connection(io, service)).await
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}

/// Ends a connection so that the alert that was written is read: closing it over bytes that nobody read would take it back.
async fn hang_up(mut stream: TcpStream) -> std::io::Result<()> {
    stream.shutdown().await?;
    let mut thrown_away = [0; 1024];
    while stream.read(&mut thrown_away).await? > 0 {}
    Ok(())
}

fn h2(limits: &Limits) -> hyper::server::conn::http2::Builder<TokioExecutor> {
    let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.headers).unwrap_or(u32::MAX))
        .max_concurrent_streams(limits.streams)
        .keep_alive_interval(limits.idle_time / 3)
        .keep_alive_timeout(limits.idle_time / 3);
    builder
}
