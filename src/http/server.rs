//! Connections: accepting, limits of time and size, one request after the other, and a stop that drains.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::engine::Engine;

use super::answer::answer;
use super::callers::Callers;
use super::limits::Limits;
use super::router::Service;

/// Why the daemon stopped serving.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The listener failed.
    #[error("no connections can be accepted any more: {0}")]
    Accept(#[from] std::io::Error),
}

/// What the daemon is told.
#[derive(Debug, Clone, Default)]
pub struct ServerConfig {
    /// Who may call.
    pub callers: Callers,
    /// How much they may send, and for how long.
    pub limits: Limits,
    /// The address that others reach the daemon at, without a slash at its end: what `confirmUrl` begins with.
    pub public_url: String,
}

/// Serves until `shutdown` is ready, then drains: readiness goes first, then no connection is accepted any more, and
/// requests in flight are answered within the time that [`Limits::drain_time`] gives them.
pub async fn serve(
    listener: TcpListener,
    engine: Arc<Engine>,
    config: ServerConfig,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let limits = config.limits.clone();
    let service = Arc::new(Service::new(
        engine,
        config.callers,
        config.limits,
        config.public_url,
    ));
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener) => accepted?,
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!(
                most = limits.connections,
                "a connection was turned away: there are too many"
            );
            continue;
        };
        let service = Arc::clone(&service);
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_time)
            .max_buf_size(limits.headers.max(8192))
            .serve_connection(
                TokioIo::new(accepted),
                service_fn(move |request| answer(Arc::clone(&service), request)),
            );
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended badly");
            }
            drop(place);
        });
    }
    service.is_stopping.store(true, Ordering::Relaxed);
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => tracing::info!("all requests in flight were answered"),
        () = tokio::time::sleep(limits.drain_time) => tracing::warn!("some requests in flight took too long and were dropped"),
    }
    Ok(())
}

/// The next connection. Running out of file descriptors passes: it waits a little and tries again.
async fn accept(listener: &TcpListener) -> std::io::Result<TcpStream> {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are small and written whole; waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
