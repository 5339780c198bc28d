//! `fullmakt bench`: a synthetic world, the daemon on it, a bare server beside it, and the same load for both in turn.

mod ask;
mod logging;
mod report;
mod servers;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fullmakt::engine::{Engine, Settings};
use fullmakt::http::{Load, Prepared, Protocol, besiege, drive, run_bare};
use fullmakt::policies;
use fullmakt::scenario::Synthetic;

use super::args::Daemon;
use super::args_bench::{Bench, Kind};
use super::ask::now;
use super::output::say;
use super::{Failure, Outcome};
use report::{Side, Told};
use servers::Server;

/// Questions that are asked in turn: more than a processor's caches hold of the world.
const QUESTIONS: usize = 20_000;
/// Evaluations in a batch.
const BATCH: usize = 1000;
/// Batches that are asked in turn.
const BATCHES: usize = 50;
/// Requests at once on a connection of HTTP/2.
const STREAMS: u16 = 16;
/// Connections that send batches.
const BATCHERS: u16 = 4;
/// Clients that send their heads byte by byte.
const SLOW: usize = 200;

fn failure(error: impl std::fmt::Display) -> Failure {
    Failure::new(error.to_string())
}

pub(crate) fn bench(at: &Daemon, mut command: Bench) -> Outcome {
    if let Some(answer) = command.bare {
        run_bare(answer.into_bytes(), say).map_err(failure)?;
        return Ok(ExitCode::SUCCESS);
    }
    let size = usize::try_from(command.delegations).map_err(failure)?;
    let world = Synthetic::of(size);
    if let Some(data) = command.make.take() {
        if data.exists() {
            let message = format!("--make: `{}` is there already", data.display());
            return Err(Failure::new(message).help("name a folder that is to be made"));
        }
        make(&world, &data)?;
        return Ok(ExitCode::SUCCESS);
    }
    if command.hostile {
        files_for(usize::from(command.idle) + SLOW + usize::from(command.connections))?;
    }
    if command.decision_log {
        logging::measure(&world, command)?;
        return Ok(ExitCode::SUCCESS);
    }
    let dir = tempfile::tempdir().map_err(failure)?;
    let daemon = if command.running {
        Server::running(&at.url, at.token.clone(), command.pid)?
    } else {
        make(&world, dir.path())?;
        Server::daemon(dir.path(), None)?
    };
    let single: Arc<[_]> = ask::single(&world, QUESTIONS).into();
    // Of the two answers that there are the longer one, so that the bare server writes no less.
    let longest = single
        .iter()
        .map(|question| &question.answer)
        .max_by_key(|answer| answer.len());
    let constant = longest.cloned().unwrap_or_default();
    let bench = Measuring {
        beside: Server::bare(&String::from_utf8_lossy(&constant))?,
        names: ["fullmakt", "bare"],
        daemon,
        constant: Some(constant),
        command,
    };
    if bench.command.hostile {
        bench.hostile(&single)?;
    } else {
        let batches = ask::batches(&world, BATCHES, BATCH).into();
        bench.all(&single, &batches)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the world in a store, and says how long that took.
fn make(world: &Synthetic, data: &Path) -> Result<(), Failure> {
    let begin = Instant::now();
    let folder = policies::shipped().clone();
    let engine = Engine::open(data, folder, Settings::default(), now()).map_err(failure)?;
    world.write(&engine, now()).map_err(failure)?;
    drop(engine);
    say(&format!(
        "{} delegations and as many relations, made in {:.1} s",
        world.delegations(),
        begin.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// That so many connections may be open, here and in the daemon, which has the same limits.
fn files_for(connections: usize) -> Result<(), Failure> {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let most = limits.lines().find_map(|line| {
        let rest = line.strip_prefix("Max open files")?;
        rest.split_whitespace().next()?.parse::<usize>().ok()
    });
    // Beside connections there are the store's files and a few more.
    let needed = connections + 100;
    match most {
        Some(most) if most < needed => Err(Failure::new(format!(
            "{connections} connections need {needed} open files, and {most} are allowed"
        ))
        .help(format!("`ulimit -n {needed}`, or fewer with `--idle`"))),
        Some(_) | None => Ok(()),
    }
}

struct Measuring {
    command: Bench,
    daemon: Server,
    /// What the daemon is compared with.
    beside: Server,
    /// What the two are called.
    names: [&'static str; 2],
    /// What the other one answers, if that is always the same.
    constant: Option<Box<[u8]>>,
}

/// One thing to measure.
struct Plan<'a> {
    name: &'static str,
    protocol: Protocol,
    connections: u16,
    path: &'static str,
    questions: &'a Arc<[Prepared]>,
    /// Decisions in an answer.
    size: usize,
}

impl<'a> Plan<'a> {
    /// Questions one by one.
    fn single(
        name: &'static str,
        protocol: Protocol,
        connections: u16,
        questions: &'a Arc<[Prepared]>,
    ) -> Self {
        Self {
            name,
            protocol,
            connections,
            path: "/access/v1/evaluation",
            questions,
            size: 1,
        }
    }
}

impl Measuring {
    /// All that is to be measured; how many decisions the daemon answered.
    fn all(&self, single: &Arc<[Prepared]>, batches: &Arc<[Prepared]>) -> Result<usize, Failure> {
        let many = self.command.connections;
        let plan = |name, protocol, connections| Plan::single(name, protocol, connections, single);
        let http2 = Protocol::Http2 {
            streams: usize::from(STREAMS),
        };
        let batched = |name, protocol, connections| Plan {
            path: "/access/v1/evaluations",
            questions: batches,
            size: BATCH,
            ..plan(name, protocol, connections)
        };
        let two = Protocol::Http2 { streams: 2 };
        let plans = [
            (Kind::Http1, plan("HTTP/1.1", Protocol::Http1, many)),
            (
                Kind::Alone,
                plan("HTTP/1.1, one connection", Protocol::Http1, 1),
            ),
            (Kind::Http2, plan("HTTP/2", http2, many.div_ceil(STREAMS))),
            (
                Kind::Batch,
                batched("batches of 1,000, HTTP/1.1", Protocol::Http1, BATCHERS),
            ),
            (
                Kind::Batch,
                batched("batches of 1,000, HTTP/2", two, BATCHERS / 2),
            ),
        ];
        let mut answered = 0;
        for (kind, plan) in plans {
            if self.command.only.is_none_or(|only| only == kind) {
                let told = self.measured(&plan)?;
                answered += told.answered();
                say(&told.lines().join("\n"));
            }
        }
        say("");
        for (name, server) in self.names.into_iter().zip([&self.daemon, &self.beside]) {
            let (now, most) = server.memory();
            say(&format!("memory of {name}: {now} MiB, {most} MiB at most"));
        }
        Ok(answered)
    }

    /// The daemon and the bare server in turn, after a moment for both to warm up.
    fn measured(&self, plan: &Plan<'_>) -> Result<Told, Failure> {
        let time = Duration::from_secs(self.command.seconds.into());
        let mut told = Told::new(plan.name, self.names, plan.connections, plan.size);
        for server in [&self.beside, &self.daemon] {
            self.side(server, plan, Duration::from_millis(300))?;
        }
        for _ in 0..self.command.rounds {
            let beside = self.side(&self.beside, plan, time)?;
            told.add(beside, self.side(&self.daemon, plan, time)?);
        }
        Ok(told)
    }

    fn side(&self, server: &Server, plan: &Plan<'_>, time: Duration) -> Result<Side, Failure> {
        let load = self.load(server, plan, time);
        let before = server.processor();
        let seen = drive(&load).map_err(failure)?;
        let processor = server.processor().saturating_sub(before);
        Ok(Side { seen, processor })
    }

    fn load(&self, server: &Server, plan: &Plan<'_>, time: Duration) -> Load {
        let is_beside = std::ptr::eq(server, &raw const self.beside);
        Load {
            address: server.address,
            protocol: plan.protocol,
            connections: plan.connections.into(),
            path: plan.path,
            token: server.token.clone(),
            questions: Arc::clone(plan.questions),
            constant: self.constant.clone().filter(|_| is_beside),
            time,
        }
    }

    /// Busy clients, alone and beside those that hold on to their connections.
    fn hostile(&self, single: &Arc<[Prepared]>) -> Result<(), Failure> {
        let connections = self.command.connections;
        let plan = Plan::single("HTTP/1.1", Protocol::Http1, connections, single);
        self.side(&self.daemon, &plan, Duration::from_millis(300))?;
        let load = self.load(
            &self.daemon,
            &plan,
            Duration::from_secs(self.command.seconds.into()),
        );
        let idle = usize::from(self.command.idle);
        let before = self.daemon.memory();
        let mut held = before;
        let seen = besiege(&load, idle, SLOW, || held = self.daemon.memory()).map_err(failure)?;
        say(&report::besieged(&seen, before.0, held.0).join("\n"));
        Ok(())
    }
}
