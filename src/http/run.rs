//! Running the daemon from a program that knows no async: its runtime, its address, its signals.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::engine::Engine;

use super::server::{ServeError, ServerConfig, serve};

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
    /// Serving failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Serves at an address until SIGTERM or SIGINT, then drains. Tells `on_ready` where it listens once it does.
pub fn run(
    address: SocketAddr,
    engine: Arc<Engine>,
    mut config: ServerConfig,
    on_ready: impl FnOnce(SocketAddr),
) -> Result<(), RunError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(RunError::Runtime)?;
    let outcome = runtime.block_on(async move {
        let listener = TcpListener::bind(address).await.map_err(|source| {
            if source.kind() == std::io::ErrorKind::AddrInUse {
                RunError::InUse(address)
            } else {
                RunError::Listen { address, source }
            }
        })?;
        let at = listener.local_addr().map_err(RunError::Runtime)?;
        if config.public_url.is_empty() {
            config.public_url = format!("http://{at}");
        }
        let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Runtime)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Runtime)?;
        on_ready(at);
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        serve(listener, engine, config, stop)
            .await
            .map_err(RunError::from)
    });
    // Dropping a runtime waits for its blocking threads, for ever if one of them hangs.
    runtime.shutdown_timeout(LAST_MOMENT);
    outcome
}
