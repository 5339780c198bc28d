//! Clients that hold on to connections beside some that are busy: idle ones, and ones that send a head byte by byte.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::{Load, LoadError, Protocol, Seen, h1, run};

/// What busy clients saw, alone and beside the others.
#[derive(Debug, Clone)]
pub struct Besieged {
    /// Before the others came.
    pub alone: Seen,
    /// With all of them there.
    pub beside: Seen,
    /// Idle connections that could be opened.
    pub idle: usize,
    /// Connections that send a head byte by byte.
    pub slow: usize,
    /// Of those, how many the server had ended when the busy ones were done.
    pub ended: usize,
}

/// How long a slow client waits between two bytes.
const BYTE: Duration = Duration::from_millis(500);
/// Connections that are opened at once.
const OPENING: usize = 256;

/// The busy clients of a load, alone and then beside so many idle and slow ones. `on_held` is called while all are there.
pub fn besiege(
    load: &Load,
    idle: usize,
    slow: usize,
    on_held: impl FnOnce(),
) -> Result<Besieged, LoadError> {
    debug_assert!(
        load.protocol == Protocol::Http1,
        "heads are slow in HTTP/1.1"
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let alone = run(load).await?;
        let mut held = Vec::with_capacity(idle);
        while held.len() < idle {
            let mut opening = JoinSet::new();
            for _ in 0..OPENING.min(idle - held.len()) {
                opening.spawn(TcpStream::connect(load.address));
            }
            while let Some(opened) = opening.join_next().await {
                held.push(opened.map_err(|error| LoadError::Connection(error.to_string()))??);
            }
        }
        let mut slowly = JoinSet::new();
        let mut head = Vec::new();
        if let Some(question) = load.questions.first() {
            h1::write(load, question, &mut head);
        }
        let until = Instant::now() + load.time;
        for _ in 0..slow {
            slowly.spawn(drip(load.clone(), head.clone(), until));
        }
        let beside = run(load).await?;
        on_held();
        let mut ended = 0;
        while let Some(done) = slowly.join_next().await {
            ended += usize::from(done.unwrap_or(true));
        }
        Ok(Besieged {
            alone,
            beside,
            idle: held.len(),
            slow,
            ended,
        })
    })
}

/// Sends a head byte by byte until an instant; whether the server ended the connection before.
async fn drip(load: Load, head: Vec<u8>, until: Instant) -> bool {
    let Ok(mut stream) = TcpStream::connect(load.address).await else {
        return true;
    };
    for byte in head {
        if stream.write_all(&[byte]).await.is_err() {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        tokio::time::sleep(BYTE).await;
    }
    false
}
