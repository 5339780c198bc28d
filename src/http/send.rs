//! A body that is sent while it is read: an import is as long as its facts are, and nobody keeps it whole.

use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};
use once_cell::sync::OnceCell;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How much is read at a time, in bytes.
const PART: usize = 64 * 1024;
/// How many parts may wait to be sent.
const WAITING: usize = 8;

/// How much of a body is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The bytes.
    pub bytes: u64,
    /// Whether that is all.
    pub is_whole: bool,
}

/// The sending end.
#[derive(Debug)]
pub(super) struct Parts(Receiver<io::Result<Bytes>>);

/// Why reading failed, once it has.
pub(super) type Failure = Arc<OnceCell<String>>;

/// A body of what a thread of its own reads, so that an answer is heard while the input stands still.
pub(super) fn send(
    mut input: impl Read + Send + 'static,
    mut progress: impl FnMut(Sent) + Send + 'static,
) -> io::Result<(Parts, Failure)> {
    let (to, parts) = channel(WAITING);
    let failure = Failure::default();
    let failed = Arc::clone(&failure);
    let read = move || {
        if let Err(error) = pass_on(&mut input, &to, &mut progress) {
            let _ = failed.set(error.to_string());
            let _ = to.blocking_send(Err(error));
        }
    };
    let thread = std::thread::Builder::new().name("fullmakt-send".to_owned());
    thread.spawn(read)?;
    Ok((Parts(parts), failure))
}

fn pass_on(
    input: &mut impl Read,
    to: &Sender<io::Result<Bytes>>,
    progress: &mut impl FnMut(Sent),
) -> io::Result<()> {
    let mut sent = Sent {
        bytes: 0,
        is_whole: false,
    };
    loop {
        let mut part = Vec::with_capacity(PART);
        let most = u64::try_from(PART).unwrap_or(u64::MAX);
        let read = input.by_ref().take(most).read_to_end(&mut part)?;
        if read == 0 {
            sent.is_whole = true;
            progress(sent);
            return Ok(());
        }
        if to.blocking_send(Ok(part.into())).is_err() {
            // Nobody listens any more: there was an answer.
            return Ok(());
        }
        sent.bytes += u64::try_from(read).unwrap_or_default();
        progress(sent);
    }
}

impl Body for Parts {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let part = self.0.poll_recv(context);
        part.map(|part| part.map(|part| part.map(Frame::data)))
    }
}
