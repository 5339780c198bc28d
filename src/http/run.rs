//! Running the daemon from a program that knows no async: its runtime, its address, its signals.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::engine::Engine;

use super::listener::Listener;
use super::server::{Bound, ServeError, ServerConfig, serve_all};
use super::tls::{Tls, TlsError};

/// How long work on blocking threads may go on after the drain. What is cut off is not half written: a commit is one batch.
const LAST_MOMENT: Duration = Duration::from_secs(5);

/// Why the daemon does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Somebody else listens there.
    #[error(
        "`{0}` is in use by another process; stop that one, or listen elsewhere with `--listen`"
    )]
    InUse(SocketAddr),
    /// The address cannot be listened at.
    #[error("`{address}` cannot be listened at: {source}; choose another with `--listen`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no runtime or no signal to be had.
    #[error("the daemon cannot run: {0}")]
    Runtime(std::io::Error),
    /// The files of a listener's TLS cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Serving failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Serves at these listeners until SIGTERM or SIGINT, then drains. Tells `on_ready` where each listens once they do.
///
/// Certificates are read again when their files change, at SIGHUP at once.
pub fn run(
    listeners: Vec<Listener>,
    engine: Arc<Engine>,
    mut config: ServerConfig,
    on_ready: impl FnOnce(&[String]),
) -> Result<(), RunError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(RunError::Runtime)?;
    let outcome = runtime.block_on(async move {
        let (mut bound, mut urls) = (Vec::new(), Vec::new());
        for listener in listeners {
            let (taken, url) = bind(listener).await?;
            bound.push(taken);
            urls.push(url);
        }
        if config.public_url.is_empty() {
            config.public_url = urls.first().cloned().unwrap_or_default();
        }
        let listen_to = |kind| signal(kind).map_err(RunError::Runtime);
        let mut terminate = listen_to(SignalKind::terminate())?;
        let mut interrupt = listen_to(SignalKind::interrupt())?;
        let mut hangup = listen_to(SignalKind::hangup())?;
        let (hint, hinted) = watch::channel(0);
        tokio::spawn(async move {
            while hangup.recv().await.is_some() {
                hint.send_modify(|times| *times += 1);
            }
        });
        on_ready(&urls);
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        serve_all(bound, engine, config, hinted, stop)
            .await
            .map_err(RunError::from)
    });
    // Dropping a runtime waits for its blocking threads, for ever if one of them hangs.
    runtime.shutdown_timeout(LAST_MOMENT);
    outcome
}

/// Takes a listener's address and reads its files; and the address that it is reached at.
async fn bind(listener: Listener) -> Result<(Bound, String), RunError> {
    let Listener {
        address,
        tls,
        accepts,
    } = listener;
    let tls = tls.map(Tls::read).transpose()?.map(Arc::new);
    let socket = TcpListener::bind(address).await.map_err(|source| {
        if source.kind() == std::io::ErrorKind::AddrInUse {
            RunError::InUse(address)
        } else {
            RunError::Listen { address, source }
        }
    })?;
    let at = socket.local_addr().map_err(RunError::Runtime)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    Ok((
        Bound {
            socket,
            tls,
            accepts,
        },
        format!("{scheme}://{at}"),
    ))
}
