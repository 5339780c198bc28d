//! HTTP/2 by hyper's own client: several requests at once on one connection.

use std::sync::Arc;
use std::time::Instant;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::{Load, LoadError, Prepared, REQUEST_ID, nanos_since};

fn failed(error: impl std::fmt::Display) -> LoadError {
    LoadError::Connection(error.to_string())
}

/// One connection with so many requests at once, until an instant; how long each answer took.
pub(super) async fn connection(
    load: Load,
    nth: usize,
    streams: usize,
    until: Instant,
) -> Result<Vec<u64>, LoadError> {
    let stream = TcpStream::connect(load.address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) =
        http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .map_err(failed)?;
    let speaking = tokio::spawn(connection);
    let load = Arc::new(load);
    let mut tasks = JoinSet::new();
    for place in 0..streams {
        let (load, mut sender) = (Arc::clone(&load), sender.clone());
        tasks.spawn(async move {
            let mut nanos = Vec::new();
            for question in load.turn(nth * streams + place) {
                let begin = Instant::now();
                if begin >= until {
                    break;
                }
                let answer = sender.send_request(request(&load, question)?).await;
                let (head, body) = answer.map_err(failed)?.into_parts();
                let body = body.collect().await.map_err(failed)?.to_bytes();
                nanos.push(nanos_since(begin));
                load.check(question, head.status.as_u16(), &body)?;
            }
            Ok::<_, LoadError>(nanos)
        });
    }
    drop(sender);
    let mut all = Vec::new();
    while let Some(done) = tasks.join_next().await {
        all.extend(done.map_err(failed)??);
    }
    speaking.abort();
    Ok(all)
}

fn request(load: &Load, question: &Prepared) -> Result<Request<Full<Bytes>>, LoadError> {
    Request::post(format!("http://{}{}", load.address, load.path))
        .header(AUTHORIZATION, format!("Bearer {}", load.token))
        .header(CONTENT_TYPE, "application/json")
        .header("x-request-id", REQUEST_ID)
        .body(Full::new(Bytes::copy_from_slice(&question.body)))
        .map_err(failed)
}
