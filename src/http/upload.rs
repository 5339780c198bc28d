//! Bodies that are read while they come: an import is as long as its facts are, and nobody keeps it whole.

use std::io::{self, BufRead, Read};
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::body::{Buf, Bytes, Incoming};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::problem::Problem;

/// How many parts may wait for the reader: it is what one upload costs in memory.
const WAITING: usize = 8;

/// A part of a body, or its end. The end is said: a channel that closes without it is a body that broke off.
type Part = Result<Option<Bytes>, Problem>;

/// The reading end, for a blocking thread.
#[derive(Debug)]
pub(crate) struct Upload {
    parts: Receiver<Part>,
    part: Bytes,
    is_whole: bool,
    problem: Option<Problem>,
}

/// The sending end, for the async thread that has the connection.
#[derive(Debug)]
pub(crate) struct Feed {
    body: Limited<Incoming>,
    most: usize,
    time: Duration,
    to: Sender<Part>,
}

/// A body of at most this many bytes, each part of which has to come within this time of the one before.
pub(crate) fn upload(body: Incoming, most: usize, time: Duration) -> (Feed, Upload) {
    let (to, parts) = channel(WAITING);
    let body = Limited::new(body, most);
    let feed = Feed {
        body,
        most,
        time,
        to,
    };
    let upload = Upload {
        parts,
        part: Bytes::new(),
        is_whole: false,
        problem: None,
    };
    (feed, upload)
}

impl Feed {
    /// Passes the body on until its end. What nobody reads any more is thrown away, so that a caller who is still sending
    /// gets to read the answer.
    pub(crate) async fn run(mut self) {
        loop {
            let part = self.next().await;
            let is_last = !matches!(part, Ok(Some(_)));
            let _ = self.to.send(part).await;
            if is_last {
                return;
            }
        }
    }

    async fn next(&mut self) -> Part {
        loop {
            match tokio::time::timeout(self.time, self.body.frame()).await {
                Err(_) => return Err(too_slow(self.time)),
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Err(unreadable(&*error, self.most)),
                Ok(Some(Ok(frame))) => {
                    // Trailers are passed over: an import has no use for them.
                    if let Ok(part) = frame.into_data() {
                        return Ok(Some(part));
                    }
                }
            }
        }
    }
}

impl Upload {
    /// Why reading failed, once it has.
    pub(crate) fn take_problem(&mut self) -> Option<Problem> {
        self.problem.take()
    }

    /// One that has come whole.
    #[cfg(test)]
    pub(crate) fn of(body: Bytes) -> Self {
        let (_, parts) = channel(1);
        Self {
            parts,
            part: body,
            is_whole: true,
            problem: None,
        }
    }

    fn failed(&mut self, problem: Problem) -> io::Error {
        let error = io::Error::other(problem.detail.clone());
        self.problem = Some(problem);
        error
    }
}

impl BufRead for Upload {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.part.is_empty() && !self.is_whole {
            match self.parts.blocking_recv() {
                Some(Ok(Some(part))) => self.part = part,
                Some(Ok(None)) => self.is_whole = true,
                Some(Err(problem)) => return Err(self.failed(problem)),
                // The daemon stops. Half an import is not an import.
                None => return Err(self.failed(Problem::malformed("the body broke off"))),
            }
        }
        Ok(&self.part)
    }

    fn consume(&mut self, read: usize) {
        self.part.advance(read.min(self.part.len()));
    }
}

impl Read for Upload {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut part = self.fill_buf()?;
        let read = part.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

/// A body that broke off, or is longer than it may be. The connection cannot be used again: the rest is not read.
pub(crate) fn unreadable(
    error: &(dyn std::error::Error + Send + Sync + 'static),
    most: usize,
) -> Problem {
    let problem = if error.is::<LengthLimitError>() {
        let detail = format!("the body is longer than {most} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    } else {
        Problem::malformed(format!("the body could not be read: {error}"))
    };
    problem.header("connection", "close")
}

/// A body that came too slowly.
pub(crate) fn too_slow(time: Duration) -> Problem {
    let detail = format!("the body did not come within {} seconds", time.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", detail).header("connection", "close")
}
