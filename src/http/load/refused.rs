//! Refusals of several tokens, in turn on one connection, to see whether time tells them apart.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Load, LoadError, Prepared, Protocol, Seen, h1, nanos_since};

/// The status of a refusal.
const REFUSED: u16 = 401;

/// Asks with each token in turn, so many times, on one connection. Every answer has to be a refusal.
pub fn refusals(
    address: SocketAddr,
    question: &Prepared,
    tokens: &[String],
    times: usize,
) -> Result<Vec<Seen>, LoadError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let requests: Vec<_> = tokens
            .iter()
            .map(|token| request(address, question, token))
            .collect();
        let mut seen = vec![Seen::default(); tokens.len()];
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut read = Vec::with_capacity(4096);
        for _ in 0..times {
            for (request, seen) in requests.iter().zip(&mut seen) {
                let begin = Instant::now();
                stream.write_all(request).await?;
                read.clear();
                let status = loop {
                    if stream.read_buf(&mut read).await? == 0 {
                        let said = "the server ended it in the middle of an answer".to_owned();
                        return Err(LoadError::Connection(said));
                    }
                    if let Some((status, _)) = h1::whole(&read)? {
                        break status;
                    }
                };
                let nanos = nanos_since(begin);
                if status != REFUSED {
                    let said = format!("a token that nobody has is answered {status}");
                    return Err(LoadError::Connection(said));
                }
                seen.requests += 1;
                seen.nanos.push(nanos);
            }
        }
        for seen in &mut seen {
            seen.nanos.sort_unstable();
        }
        Ok(seen)
    })
}

fn request(address: SocketAddr, question: &Prepared, token: &str) -> Vec<u8> {
    let load = Load {
        address,
        protocol: Protocol::Http1,
        connections: 1,
        path: "/access/v1/evaluation",
        token: token.to_owned(),
        questions: [].into(),
        constant: None,
        time: Duration::ZERO,
    };
    let mut bytes = Vec::new();
    h1::write(&load, question, &mut bytes);
    bytes
}
