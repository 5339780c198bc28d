//! Whether time tells a token that is nearly right from any other: refusals over one connection, each kind in two series, all four
//! in turn.
//!
//! `cargo bench --bench tokens`; every answer is asserted. What is printed are medians, and how far they are apart: between the
//! kinds, and between two series of the same kind.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench stops at the first surprise, and prints what it measured"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use fullmakt::engine::{Engine, Settings};
use fullmakt::http::{Callers, ServerConfig, serve};
use fullmakt::model::caller::{Caller, CallerKind, TokenHash};
use fullmakt::model::time::Timestamp;
use fullmakt::policies;

/// How many tokens are known.
const KNOWN: usize = 100;
/// How often each kind is tried, in each of its two series.
const TRIED: usize = 10_000;
/// How often before, so that all is warm.
const WARM: usize = TRIED / 10;
/// Each kind follows itself as often as the other.
const ORDER: [usize; 4] = [0, 2, 1, 3];
const SERIES: [&str; 4] = ["wrong", "unknown", "wrong again", "unknown again"];

fn token(nth: usize) -> String {
    format!("{nth:04}-5f2c6f1e9d8b4a7390e1c2d3b4a59687")
}

/// A token for a series: all but the last digit of a known one, or none of it.
fn tried(series: usize, nth: usize) -> String {
    let known = token(nth % KNOWN);
    if series.is_multiple_of(2) {
        return format!("{}x", &known[..known.len() - 1]);
    }
    let other = known.bytes().rev().map(|digit| char::from(digit ^ 1));
    other.collect::<String>()
}

fn start() -> (SocketAddr, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let folder = policies::shipped().clone();
    let begin = Timestamp::from_millis(0);
    let engine = Engine::open(dir.path(), folder, Settings::default(), begin).unwrap();
    let mut callers = Callers::default();
    for nth in 0..KNOWN {
        let caller = Caller {
            id: format!("caller-{nth}").parse().unwrap(),
            kind: CallerKind::Operator,
        };
        callers.add(caller, &[TokenHash::of(&token(nth))]).unwrap();
    }
    let config = ServerConfig {
        callers,
        ..ServerConfig::default()
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let never = std::future::pending();
            serve(listener, Arc::new(engine), config, never).await
        })
    });
    (address, dir)
}

fn request(token: &str) -> Vec<u8> {
    let line = "GET /v1/changes HTTP/1.1\r\nhost: x\r\nx-request-id: 1\r\n";
    format!("{line}authorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// Asks: the status, and how many nanoseconds the answer took.
fn ask(stream: &mut TcpStream, request: &[u8]) -> (u16, u128) {
    let mut answer = [0; 4096];
    let begin = Instant::now();
    stream.write_all(request).unwrap();
    let length = stream.read(&mut answer).unwrap();
    let took = begin.elapsed().as_nanos();
    let text = std::str::from_utf8(&answer[..length]).unwrap();
    // Answers are written whole: one read has all of it.
    assert!(text.ends_with('}'), "{text}");
    (text[9..12].parse().unwrap(), took)
}

/// Which series is asked at each turn: forwards and backwards in turn, from each of them in turn.
fn turns() -> impl Iterator<Item = (usize, usize)> {
    let rounds = 0..TRIED + WARM;
    rounds.flat_map(|nth| {
        (0..SERIES.len()).map(move |turn| {
            let turn = if nth % 2 == 0 {
                turn
            } else {
                SERIES.len() - turn
            };
            (nth, ORDER[(turn + nth / 2) % SERIES.len()])
        })
    })
}

fn median(times: &mut [u128]) -> u128 {
    times.sort_unstable();
    times[times.len() / 2]
}

fn main() {
    let (address, _dir) = start();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    assert_eq!(ask(&mut stream, &request(&token(7))).0, 200);
    // Made before, so that nothing but the token differs between two of them.
    let requests: Vec<_> = turns()
        .map(|(nth, series)| (nth, series, request(&tried(series, nth))))
        .collect();
    let mut times: [Vec<u128>; 4] = Default::default();
    for (nth, series, request) in &requests {
        let (status, took) = ask(&mut stream, request);
        assert_eq!(status, 401);
        if *nth >= WARM {
            times[*series].push(took);
        }
    }
    let medians = times.each_mut().map(|times| median(times));
    for (name, median) in SERIES.iter().zip(medians) {
        println!("{name:<14} {:>8.2} µs", micros(median));
    }
    let [wrong, unknown, wrong_again, unknown_again] = medians;
    let kinds = (wrong + wrong_again).abs_diff(unknown + unknown_again) / 2;
    let series = wrong
        .abs_diff(wrong_again)
        .max(unknown.abs_diff(unknown_again));
    println!("between kinds  {:>8.3} µs", micros(kinds));
    println!("between series {:>8.3} µs of the same kind", micros(series));
}

fn micros(nanos: u128) -> f64 {
    f64::from(u32::try_from(nanos).unwrap_or(u32::MAX)) / 1000.0
}
