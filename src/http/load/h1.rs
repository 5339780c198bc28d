//! HTTP/1.1 as cheaply as a client can speak it: requests made beforehand, answers compared where they lie.

use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Load, LoadError, Prepared, REQUEST_ID, nanos_since};

/// One connection, until an instant; how long each answer took.
pub(super) async fn connection(
    load: Load,
    nth: usize,
    until: Instant,
) -> Result<Vec<u64>, LoadError> {
    let mut stream = TcpStream::connect(load.address).await?;
    stream.set_nodelay(true)?;
    let (mut out, mut read) = (Vec::new(), Vec::with_capacity(64 * 1024));
    let mut nanos = Vec::new();
    for question in load.turn(nth) {
        out.clear();
        write(&load, question, &mut out);
        let begin = Instant::now();
        if begin >= until {
            break;
        }
        stream.write_all(&out).await?;
        read.clear();
        let answer = loop {
            if stream.read_buf(&mut read).await? == 0 {
                return Err(LoadError::Connection(
                    "the server ended it in the middle of an answer".to_owned(),
                ));
            }
            if let Some(answer) = whole(&read)? {
                break answer;
            }
        };
        nanos.push(nanos_since(begin));
        load.check(question, answer.0, answer.1)?;
    }
    Ok(nanos)
}

/// A question as it is sent.
pub(super) fn write(load: &Load, question: &Prepared, into: &mut Vec<u8>) {
    use std::io::Write;
    // Writing to memory cannot fail.
    let _ = write!(
        into,
        "POST {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         X-Request-ID: {REQUEST_ID}\r\nContent-Length: {}\r\n\r\n",
        load.path,
        load.address,
        load.token,
        question.body.len()
    );
    into.extend_from_slice(&question.body);
}

/// The status and body of an answer that has come whole.
pub(super) fn whole(read: &[u8]) -> Result<Option<(u16, &[u8])>, LoadError> {
    let Some(head) = read.windows(4).position(|at| at == b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, body) = read.split_at(head + 4);
    let unreadable = || LoadError::Connection("the answer is no HTTP".to_owned());
    let head = std::str::from_utf8(head).map_err(|_| unreadable())?;
    let status = head.get(9..12).and_then(|digits| digits.parse().ok());
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_it = name.eq_ignore_ascii_case("content-length");
        is_it.then(|| value.trim().parse::<usize>().ok()).flatten()
    });
    let (Some(status), Some(length)) = (status, length) else {
        return Err(unreadable());
    };
    Ok((body.len() >= length).then_some((status, body)))
}
