//! Connections: accepting, limits of time and size, one request after the other, and a stop that drains.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::engine::Engine;

use super::answer::now;
use super::callers::Callers;
use super::connection::Door;
use super::decision_log::{DecisionLog, DecisionLogConfig, deliver};
use super::limits::Limits;
use super::listener::Accepts;
use super::reload::{PolicyWatch, Watching};
use super::router::Service;
use super::tls::Tls;

/// Why the daemon stopped serving.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The listener failed.
    #[error("no connections can be accepted any more: {0}")]
    Accept(#[from] std::io::Error),
    /// The decision log could not be opened.
    #[error(transparent)]
    DecisionLog(#[from] crate::log::OpenLogError),
    /// There is no thread to watch the policy folder.
    #[error("the policy folder cannot be watched: {0}")]
    Watch(std::io::Error),
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
    /// How decisions are logged; nothing if they are not.
    pub decision_log: Option<DecisionLogConfig>,
    /// The policy folder to watch, if one is.
    pub policies: Option<PolicyWatch>,
}

/// A listener whose address is taken and whose files are read.
pub(super) struct Bound {
    pub(super) socket: TcpListener,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) accepts: Accepts,
}

/// Serves plain HTTP until `shutdown` is ready, then drains: readiness goes first, then no connection is accepted any more,
/// and requests in flight are answered within the time that [`Limits::drain_time`] gives them.
pub async fn serve(
    listener: TcpListener,
    engine: Arc<Engine>,
    config: ServerConfig,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let bound = Bound {
        socket: listener,
        tls: None,
        accepts: Accepts::default(),
    };
    let (_, never) = watch::channel(0);
    serve_all(vec![bound], engine, config, never, shutdown).await
}

/// As [`serve`], at several listeners at once; `hint` says that their files may have changed.
pub(super) async fn serve_all(
    listeners: Vec<Bound>,
    engine: Arc<Engine>,
    config: ServerConfig,
    hint: watch::Receiver<u64>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let drain_time = config.limits.drain_time;
    let mut service = Service::new(engine, config.callers, config.limits, config.public_url);
    let (mut accepting, mut following) = (JoinSet::new(), JoinSet::new());
    if let Some(config) = config.decision_log {
        let collected = config.collector.clone();
        let collected = collected.map(|collector| (config.dir.clone(), collector));
        let dropped = service.metrics.not_logged.clone();
        service.decision_log = Some(DecisionLog::start(
            config,
            &service.callers,
            dropped,
            now(),
        )?);
        if let Some((dir, collector)) = collected {
            let delivered = service.metrics.delivered.clone();
            following.spawn(deliver(dir, collector, delivered));
        }
    }
    let service = Arc::new(service);
    let watching = watch_policies(&service, config.policies).await?;
    let places = Arc::new(Semaphore::new(service.limits.connections));
    let graceful = Arc::new(GracefulShutdown::new());
    let (stops, stopping) = watch::channel(false);
    service
        .issuers
        .follow(&mut following, &service.metrics.edge);
    for Bound {
        socket,
        tls,
        accepts,
    } in listeners
    {
        if let Some(tls) = &tls {
            let edge = service.metrics.edge.clone();
            following.spawn(Arc::clone(tls).follow(hint.clone(), edge));
        }
        let service = Arc::clone(&service);
        let door = Arc::new(Door {
            service,
            tls,
            accepts,
            stopping: stopping.clone(),
        });
        accepting.spawn(let_in(
            socket,
            door,
            Arc::clone(&places),
            Arc::clone(&graceful),
        ));
    }
    tokio::select! {
        () = shutdown => {}
        Some(ended) = accepting.join_next() => {
            if let Ok(Err(error)) = ended {
                return Err(error.into());
            }
        }
    }
    service.is_stopping.store(true, Ordering::Relaxed);
    accepting.shutdown().await;
    stops.send_replace(true);
    // Nobody else has it: the loops that accepted have ended.
    if let Some(graceful) = Arc::into_inner(graceful) {
        tokio::select! {
            () = graceful.shutdown() => tracing::info!("all requests in flight were answered"),
            () = tokio::time::sleep(drain_time) => tracing::warn!("some requests in flight took too long and were dropped"),
        }
    }
    let finish = move || {
        if let Some(log) = &service.decision_log {
            log.finish();
        }
    };
    let _ = tokio::task::spawn_blocking(finish).await;
    // It may be compiling policies, and holds the engine.
    let _ = tokio::task::spawn_blocking(move || drop(watching)).await;
    Ok(())
}

/// Begins to watch the policy folder, off the async threads.
async fn watch_policies(
    service: &Service,
    of: Option<PolicyWatch>,
) -> Result<Option<Watching>, ServeError> {
    let Some(of) = of else {
        return Ok(None);
    };
    let (engine, reloads) = (Arc::clone(&service.engine), Arc::clone(&service.reloads));
    let begun = tokio::task::spawn_blocking(move || Watching::begin(engine, reloads, &of));
    let begun = begun.await.map_err(std::io::Error::other);
    begun.flatten().map(Some).map_err(ServeError::Watch)
}

/// Accepts connections for as long as it is polled. The newest is turned away where there are too many.
async fn let_in(
    socket: TcpListener,
    door: Arc<Door>,
    places: Arc<Semaphore>,
    graceful: Arc<GracefulShutdown>,
) -> std::io::Result<()> {
    loop {
        let stream = accept(&socket).await?;
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            door.service.metrics.edge.shed("connection");
            tracing::debug!(
                most = door.service.limits.connections,
                "a connection was turned away: there are too many"
            );
            continue;
        };
        let (door, watcher) = (Arc::clone(&door), graceful.watcher());
        tokio::spawn(async move {
            door.serve(stream, watcher).await;
            drop(place);
        });
    }
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
