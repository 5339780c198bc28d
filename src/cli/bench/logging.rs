//! What a decision log costs: two daemons on the same world, one with and one without.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Instant;

use fullmakt::log::{compress_closed, verify};
use fullmakt::scenario::Synthetic;

use super::super::Failure;
use super::super::args_bench::Bench;
use super::super::output::say;
use super::servers::Server;
use super::{BATCH, BATCHES, Measuring, QUESTIONS, ask, failure, make};

/// Measures both in turn, and holds that everything asked is in the log.
pub(super) fn measure(world: &Synthetic, command: Bench) -> Result<(), Failure> {
    let dirs = [(); 2].map(|()| tempfile::tempdir());
    let [with, without] = dirs;
    let (with, without) = (with.map_err(failure)?, without.map_err(failure)?);
    let log = with.path().join("decisions");
    let [data, other] = [with.path(), without.path()].map(|dir| dir.join("data"));
    make(world, &data)?;
    make(world, &other)?;
    let bench = Measuring {
        daemon: Server::daemon(&data, Some(&log))?,
        beside: Server::daemon(&other, None)?,
        names: ["with log", "without"],
        constant: None,
        command,
    };
    let single = ask::single(world, QUESTIONS).into();
    let batches = ask::batches(world, BATCHES, BATCH).into();
    let answered = bench.all(&single, &batches)?;
    let lost = lost(&bench.daemon)?;
    if lost > 0 {
        return Err(Failure::new(format!(
            "{lost} requests were not logged, so this measures something else"
        )));
    }
    drop(bench);
    let verified = verify(&log, 1).map_err(failure)?;
    let logged = logged(&log).map_err(failure)?;
    if logged < answered || !verified.findings.is_empty() {
        return Err(Failure::new(format!(
            "{answered} decisions were answered, and the log has {logged}"
        )));
    }
    say(&format!(
        "the log: {logged} decisions in {} lines, none dropped, chain whole",
        verified.lines
    ));
    compressing(&log)
}

/// Requests that the daemon did not log, by its metrics.
fn lost(daemon: &Server) -> Result<u64, Failure> {
    let mut stream = TcpStream::connect(daemon.address).map_err(failure)?;
    let head = b"GET /metrics HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n";
    stream.write_all(head).map_err(failure)?;
    let mut text = String::new();
    stream.read_to_string(&mut text).map_err(failure)?;
    let name = "pdp_decision_log_dropped_requests_total ";
    let count = text.lines().find_map(|line| line.strip_prefix(name));
    count
        .and_then(|count| count.trim().parse().ok())
        .ok_or_else(|| Failure::new("the daemon has no metric of what was not logged"))
}

/// Decisions in the segments of a log.
fn logged(log: &Path) -> io::Result<usize> {
    const BEFORE: &str = "\"permits\":\"";
    let mut logged = 0;
    for file in fs::read_dir(log)? {
        let path = file?.path();
        if path.extension().is_none_or(|end| end != "ndjson") {
            continue;
        }
        for line in BufReader::new(File::open(path)?).lines() {
            let line = line?;
            let permits = line.split(BEFORE).skip(1);
            logged += permits.filter_map(|rest| rest.find('"')).sum::<usize>();
        }
    }
    Ok(logged)
}

/// What the first segment takes to be compressed.
fn compressing(log: &Path) -> Result<(), Failure> {
    let dir = tempfile::tempdir().map_err(failure)?;
    let names = ["0000000001.ndjson", "0000000002.ndjson"];
    for name in names {
        if !log.join(name).exists() {
            return Ok(());
        }
        fs::copy(log.join(name), dir.path().join(name)).map_err(failure)?;
    }
    let begin = Instant::now();
    compress_closed(dir.path()).map_err(failure)?;
    let took = begin.elapsed().as_secs_f64();
    let before = fs::metadata(log.join("0000000001.ndjson")).map_err(failure)?;
    let files = fs::read_dir(dir.path()).map_err(failure)?;
    let packed = files
        .flatten()
        .filter(|file| file.path().extension().is_some_and(|end| end == "gz"))
        .filter_map(|file| file.metadata().ok())
        .map(|file| file.len())
        .sum::<u64>();
    let mib = |bytes: u64| bytes / (1024 * 1024);
    say(&format!(
        "compressing a closed segment: {} MiB become {} MiB in {took:.2} s",
        mib(before.len()),
        mib(packed)
    ));
    Ok(())
}
