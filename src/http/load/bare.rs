//! A server that reads a request whole and answers a constant: what hyper itself costs.

use std::convert::Infallible;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

/// What a client of HTTP/2 begins with.
const PREFACE: &[u8] = b"PRI";

/// Serves for ever at a free port of loopback, which `on_ready` is told, and answers `constant` to every request.
pub fn run_bare(constant: Vec<u8>, on_ready: impl FnOnce(&str)) -> std::io::Result<()> {
    let constant = Bytes::from(constant);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        on_ready(&format!("http://{}", listener.local_addr()?));
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(connection(stream, constant.clone()));
        }
    })
}

async fn connection(stream: TcpStream, constant: Bytes) {
    let mut first = [0; PREFACE.len()];
    let is_h2 = stream.peek(&mut first).await.is_ok() && first == *PREFACE;
    let service = service_fn(move |request| answer(request, constant.clone()));
    let io = TokioIo::new(stream);
    // A client that goes away ends its connection, and nobody else's.
    let _ = if is_h2 {
        hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(io, service)
            .await
    } else {
        hyper::server::conn::http1::Builder::new()
            .serve_connection(io, service)
            .await
    };
}

async fn answer(
    request: Request<Incoming>,
    constant: Bytes,
) -> Result<Response<Full<Bytes>>, Infallible> {
    // A body that breaks off has an answer too, which nobody reads.
    let _ = request.into_body().collect().await;
    let mut response = Response::new(Full::new(constant));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(response)
}
