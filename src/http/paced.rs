//! A connection's bytes, with a time for each phase: waiting for a request, its head, and what is written.
//!
//! The time for a body is the request's own (`answer.rs`), that for the handshake the listener's (`connection.rs`).
//! Timers are set once and looked at when they fire: a connection that is busy resets none.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long each phase may last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// From the first byte of a head to its last; nothing for HTTP/2, whose frames are no head each.
    pub(super) head: Option<Duration>,
    /// Without a request; it may be twice as long after one.
    pub(super) idle: Duration,
    /// For a client to take what is written.
    pub(super) write: Duration,
}

/// What a connection is doing.
#[derive(Debug, Default)]
pub(super) struct Doing {
    begun: AtomicU64,
    in_flight: AtomicUsize,
}

/// One request that is being answered.
#[derive(Debug)]
pub(super) struct Busy(Arc<Doing>);

impl Doing {
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(self))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that ends when a phase lasts too long.
pub(super) struct Paced<S> {
    stream: S,
    pace: Pace,
    doing: Arc<Doing>,
    begun: u64,
    quiet_since: Option<Instant>,
    head_since: Option<Instant>,
    stuck_since: Option<Instant>,
    reading: Option<Pin<Box<Sleep>>>,
    writing: Option<Pin<Box<Sleep>>>,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S, pace: Pace, doing: Arc<Doing>) -> Self {
        Self {
            stream,
            pace,
            doing,
            begun: 0,
            quiet_since: None,
            head_since: None,
            stuck_since: None,
            reading: None,
            writing: None,
        }
    }

    /// Whether a reader has waited too long. If not, it is woken to be asked again.
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        let now = Instant::now();
        if self.doing.in_flight.load(Ordering::Relaxed) > 0 {
            self.quiet_since = None;
            // Nobody reads again because an answer was written: without a look later, a client that asks once and then
            // nothing would stay for ever.
            has_passed(&mut self.reading, now + self.pace.idle, context);
            return false;
        }
        let quiet = *self.quiet_since.get_or_insert(now) + self.pace.idle;
        let head = self.head_since.zip(self.pace.head);
        let until = head.map_or(quiet, |(since, time)| quiet.min(since + time));
        has_passed(&mut self.reading, until, context)
    }

    /// A request that has begun since the last look ends the head and the quiet before it.
    fn look(&mut self) {
        let begun = self.doing.begun.load(Ordering::Relaxed);
        if begun != self.begun {
            self.begun = begun;
            self.quiet_since = None;
            self.head_since = None;
        }
    }

    fn written<T>(
        &mut self,
        done: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.stuck_since = None;
            return done;
        }
        let since = *self.stuck_since.get_or_insert_with(Instant::now);
        if has_passed(&mut self.writing, since + self.pace.write, context) {
            let error = io::Error::new(io::ErrorKind::TimedOut, "the client takes no bytes");
            return Poll::Ready(Err(error));
        }
        Poll::Pending
    }
}

/// Whether an instant has passed. If not, the task is woken no later than then.
fn has_passed(
    timer: &mut Option<Pin<Box<Sleep>>>,
    until: Instant,
    context: &mut Context<'_>,
) -> bool {
    let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(until)));
    if timer.deadline() > until {
        timer.as_mut().reset(until);
    }
    while timer.as_mut().poll(context).is_ready() {
        if timer.deadline() >= until {
            return true;
        }
        timer.as_mut().reset(until);
    }
    false
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.look();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        if read.is_ready() {
            if self.doing.in_flight.load(Ordering::Relaxed) == 0 && self.pace.head.is_some() {
                self.head_since.get_or_insert_with(Instant::now);
            }
            return read;
        }
        // To hyper this is a client that has gone, which ends the connection as it should.
        if self.is_over(context) {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(done, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.written(done, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_flush(context);
        self.written(done, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_shutdown(context);
        self.written(done, context)
    }
}
