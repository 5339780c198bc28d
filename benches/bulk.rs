//! What an operator waits for: an import, a start of the daemon from its store and the memory that it takes, thousands of
//! clients in one call, durable additions by one writer and by 64 beside a bare append with `fdatasync` in the same run.
//!
//! `cargo bench --bench bulk [-- DELEGATIONS …]` (ten million unless said), as many relations, in a folder of its own.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench stops at the first surprise and prints what it measured"
)]

#[allow(dead_code, reason = "each bench takes of it what it measures")]
mod world;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fullmakt::engine::{Batch, Call, Engine, Import};
use fullmakt::model::id::OrgNo;
use fullmakt::policies;
use world::{NOW, Spread, World, question};

const USUAL: usize = 10_000_000;
const ROUNDS: usize = 5;
/// In one call.
const BATCH: usize = 12_000;
/// Durable additions in a round: one by one, and by 64 writers.
const ALONE: usize = 200;
const TOGETHER: usize = 3_200;

fn timed<T>(what: &str, run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = run();
    let took = start.elapsed();
    let (now, most) = world::resident();
    println!(
        "  {what}: {:.2} s; resident {now:.0} MiB, {most:.0} at most",
        took.as_secs_f64()
    );
    (value, took)
}

fn main() {
    let named: Vec<usize> = std::env::args()
        .filter_map(|arg| arg.replace('_', "").parse().ok())
        .collect();
    let sizes = if named.is_empty() { vec![USUAL] } else { named };
    for delegations in sizes {
        of_size(delegations);
    }
}

fn of_size(delegations: usize) {
    println!("\n{delegations} delegations and as many relations");
    let users = delegations.div_ceil(world::CLIENTS_EACH);
    let (world, _) = timed("system users requested and approved by 64 writers", || {
        World::approved(users, policies::shipped().clone())
    });
    let all: Vec<usize> = (0..users).collect();
    let (import, read) = timed("import read", || world.facts(&all));
    let (_, written) = timed("import checked and written", || {
        world
            .engine
            .import(&world::operator(), &import, |_| ())
            .unwrap()
    });
    println!("  import: {:.1} s in all", (read + written).as_secs_f64());
    drop(import);
    let World {
        engine, dir, firms, ..
    } = world;
    timed("stop, with its checkpoint", || {
        drop(Arc::into_inner(engine).unwrap());
    });
    println!(
        "  on disk: {:.0} MiB",
        on_disk(dir.path()) as f64 / 1_048_576.0
    );
    daemon(dir.path());
    let (engine, _) = timed("start from pages, in this process", || {
        world::open(dir.path(), policies::shipped().clone())
    });
    let asked = question(world::user(users - 1), world::client(users - 1, 999));
    assert!(engine.snapshot().decide(&asked, *NOW).permit);
    durable(&engine, &firms, dir.path());
}

fn on_disk(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let about = entry.metadata().unwrap();
            if about.is_dir() {
                on_disk(&entry.path())
            } else {
                about.len()
            }
        })
        .sum()
}

/// The daemon on the store: how long until it listens, and what it holds in memory then.
fn daemon(data: &Path) {
    let config = data.join("bench.toml");
    let hash = "0".repeat(64);
    let caller = format!("[[caller]]\nid = \"bench\"\nkind = \"operator\"\nsha256 = \"{hash}\"\n");
    std::fs::write(&config, caller).unwrap();
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_fullmakt"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .arg("--config")
        .arg(&config)
        .args([
            "--policies",
            concat!(env!("CARGO_MANIFEST_DIR"), "/policies"),
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let ready = start.elapsed();
    assert!(line.contains("http://"), "{line}");
    let (now, most) = world::resident_of(&child.id().to_string());
    println!(
        "  the daemon is ready after {:.2} s; resident {now:.0} MiB, {most:.0} at most",
        ready.as_secs_f64()
    );
    let stopped = Command::new("kill").arg(child.id().to_string()).status();
    assert!(stopped.unwrap().success());
    assert!(child.wait().unwrap().success());
}

/// The administrators who add clients: each at a firm of its own.
const ADMINISTRATORS: usize = 64;

/// A client that an administrator is about to add.
#[derive(Clone, Copy)]
struct Addition {
    administrator: usize,
    client: OrgNo,
}

/// Additions that are durable when they are answered.
fn durable(engine: &Engine, firms: &[OrgNo], dir: &Path) {
    let count = BATCH + ROUNDS * (ALONE + TOGETHER);
    let fresh = world::numbers(97_000_000, count);
    // The batch is the first administrator's; then each has a turn, so that a round's are spread over all.
    let additions: Vec<Addition> = fresh
        .iter()
        .enumerate()
        .map(|(nth, client)| Addition {
            administrator: if nth < BATCH {
                0
            } else {
                nth % ADMINISTRATORS.min(firms.len())
            },
            client: *client,
        })
        .collect();
    let mut lines = String::new();
    for Addition {
        administrator,
        client,
    } in &additions
    {
        let firm = firms[*administrator];
        let _ = writeln!(
            lines,
            r#"{{"relation":{{"client":"{client}","firm":"{firm}","role":"regnskapsforer"}}}}"#
        );
    }
    let import = Import::read(lines.as_bytes()).unwrap();
    engine.import(&world::operator(), &import, |_| ()).unwrap();
    let callers: Vec<Call> = firms
        .iter()
        .take(ADMINISTRATORS)
        .map(|firm| world::admin_of(*firm))
        .collect();
    let (_, mut rest) = additions.split_at(BATCH);
    let batch = Batch {
        add: fresh[..BATCH].to_vec(),
        remove: Vec::new(),
    };
    let (lines, _) = timed("12,000 clients added by one call", || {
        engine
            .change_clients(&callers[0], world::user(0), batch)
            .unwrap()
    });
    assert_eq!(lines.value.len(), BATCH);
    let add = |addition: Addition| {
        let by = &callers[addition.administrator];
        let user = world::user(addition.administrator);
        engine.add_client(by, user, addition.client, None).unwrap();
    };
    let file = std::fs::File::create(dir.join("bare")).unwrap();
    let (mut bares, mut alones, mut togethers) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (alone, more) = rest.split_at(ALONE);
        let (together, more) = more.split_at(TOGETHER);
        rest = more;
        bares.push(per_second(1, ALONE, |_| {
            (&file).write_all(&[7; 300]).unwrap();
            file.sync_data().unwrap();
        }));
        alones.push(per_second(1, ALONE, |nth| add(alone[nth])));
        togethers.push(per_second(ADMINISTRATORS, TOGETHER, |nth| {
            add(together[nth]);
        }));
    }
    let ratios = |above: &[f64], beneath: &[f64]| {
        Spread::of(above.iter().zip(beneath).map(|(a, b)| a / b).collect())
    };
    println!(
        "  a bare append with fdatasync: {:.0} a second",
        Spread::of(bares.clone()).median
    );
    let times = ratios(&bares, &alones);
    println!(
        "  durable additions by one writer: {:.0} a second, {:.2} ({:.2} to {:.2}) times the bare append's time",
        Spread::of(alones.clone()).median,
        times.median,
        times.least,
        times.most
    );
    let times = ratios(&togethers, &alones);
    println!(
        "  durable additions by 64 writers: {:.0} a second, {:.1} ({:.1} to {:.1}) times those of one",
        Spread::of(togethers).median,
        times.median,
        times.least,
        times.most
    );
}

fn per_second(writers: usize, count: usize, run: impl Fn(usize) + Sync) -> f64 {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let run = &run;
            scope.spawn(move || (writer..count).step_by(writers).for_each(run));
        }
    });
    count as f64 / start.elapsed().as_secs_f64()
}
