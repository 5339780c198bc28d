//! What an operator waits for: an import, thousands of clients in one call, a start, durable additions by one writer and
//! by 64, and the memory that it takes.
//!
//! `cargo bench --bench bulk -- [DELEGATIONS]` (a million unless said). Each figure is of one run in a folder of its own;
//! durable additions are told beside a bare append with `fdatasync` of the same length in the same run.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench stops at the first surprise and prints what it measured"
)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fullmakt::engine::{Batch, Call, Engine, Import, Settings};
use fullmakt::model::caller::{Caller, CallerKind};
use fullmakt::model::id::{OrgNo, RequestId, SystemUserId};
use fullmakt::model::question::{Asked, Question};
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::system::{SystemDraft, Title};
use fullmakt::model::time::Timestamp;
use fullmakt::policies;

const VENDOR: &str = "991825827";
const SYSTEM: &str = "991825827_smartcloud";
const PACKAGE: &str = "regnskapsforer-med-signeringsrettighet";
const NOW: i64 = 1_790_000_000_000;
const CLIENTS_EACH: usize = 1000;
/// Different clients in the whole world.
const POPULATION: usize = 200_000;

fn call(kind: CallerKind) -> Call {
    Call {
        by: Caller {
            id: "bench".parse().unwrap(),
            kind,
        },
        now: Timestamp::from_millis(NOW),
        request_id: None,
    }
}

fn admin_of(firm: OrgNo) -> Call {
    let packages = ["klientadministrator", "tilgangsstyrer"]
        .map(|code| code.parse().unwrap())
        .to_vec();
    call(CallerKind::Person {
        party: firm,
        packages,
    })
}

fn vendor() -> Call {
    call(CallerKind::Vendor {
        party: VENDOR.parse().unwrap(),
    })
}

fn numbers(from: u32, count: usize) -> Vec<OrgNo> {
    let valid =
        (from..).filter_map(|eight| OrgNo::from_u32(eight * 10 + OrgNo::check_digit(eight)?).ok());
    valid.take(count).collect()
}

fn user(nth: usize) -> RequestId {
    format!("5ea1d000-0000-4000-8000-{nth:012}")
        .parse()
        .unwrap()
}

fn approve(engine: &Engine, nth: usize, firm: OrgNo) {
    let draft = RequestDraft {
        system: SYSTEM.parse().unwrap(),
        firm,
        kind: UserKind::Agent,
        packages: vec![PACKAGE.to_owned()],
        rights: Vec::new(),
        external_ref: None,
        redirect_url: None,
        title: None,
    };
    engine.create_request(&vendor(), user(nth), draft).unwrap();
    engine.approve_request(&admin_of(firm), user(nth)).unwrap();
}

fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse::<f64>().ok())
        .unwrap_or_default()
        / 1024.0
}

fn timed<T>(what: &str, run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = run();
    let took = start.elapsed();
    println!(
        "{what}: {:.2} s, resident {:.0} MiB",
        took.as_secs_f64(),
        resident()
    );
    (value, took)
}

fn open(dir: &std::path::Path) -> Engine {
    Engine::open(
        dir,
        policies::shipped().clone(),
        Settings::default(),
        Timestamp::from_millis(NOW),
    )
    .unwrap()
}

fn main() {
    let delegations: usize = std::env::args()
        .find_map(|arg| arg.parse().ok())
        .unwrap_or(1_000_000);
    let users = delegations / CLIENTS_EACH;
    let dir = tempfile::tempdir().unwrap();
    let firms = numbers(31_000_000, users);
    let clients = numbers(92_000_000, POPULATION);
    let engine = Arc::new(open(dir.path()));
    let draft = SystemDraft {
        id: SYSTEM.parse().unwrap(),
        name: Title::new("SmartCloud", "SmartCloud").unwrap(),
        packages: vec![PACKAGE.to_owned()],
        rights: Vec::new(),
        redirect_urls: Vec::new(),
    };
    engine.register_system(&vendor(), draft).unwrap();
    timed(
        &format!("{users} system users requested and approved by 16 writers"),
        || {
            std::thread::scope(|scope| {
                for part in 0..16 {
                    let (engine, firms) = (&engine, &firms);
                    scope.spawn(move || {
                        (part..users)
                            .step_by(16)
                            .for_each(|nth| approve(engine, nth, firms[nth]));
                    });
                }
            });
        },
    );
    let of_user = |nth: usize| {
        (0..CLIENTS_EACH)
            .map(move |place| (nth * 7919 + place * (POPULATION / CLIENTS_EACH)) % POPULATION)
    };
    let mut lines = String::new();
    for (nth, firm) in firms.iter().enumerate() {
        for client in of_user(nth) {
            let client = clients[client];
            let _ = writeln!(
                lines,
                r#"{{"relation":{{"client":"{client}","firm":"{firm}","role":"regnskapsforer"}}}}"#
            );
        }
    }
    for nth in 0..users {
        for client in of_user(nth) {
            let client = clients[client];
            let _ = writeln!(
                lines,
                r#"{{"delegation":{{"systemUser":"{}","client":"{client}"}}}}"#,
                user(nth)
            );
        }
    }
    let (import, read) = timed("import read", || Import::read(lines.as_bytes()).unwrap());
    drop(lines);
    let (_, written) = timed(
        &format!("{delegations} relations and {delegations} delegations imported"),
        || {
            engine
                .import(&call(CallerKind::Operator), &import, |_| ())
                .unwrap()
        },
    );
    println!("import: {:.1} s in all", (read + written).as_secs_f64());
    drop(import);
    durable(&engine, &firms, &clients);
    timed("stop, with its checkpoint", || {
        drop(Arc::into_inner(engine).unwrap());
    });
    let (engine, _) = timed("start from pages", || open(dir.path()));
    let question = Question {
        system_user: SystemUserId::from(user(users - 1)),
        action: "read".parse().unwrap(),
        resource: "ske-krav-og-betalinger".parse().unwrap(),
        client: clients[of_user(users - 1).next_back().unwrap()],
        asked: Asked::default(),
    };
    assert!(
        engine
            .snapshot()
            .decide(&question, Timestamp::from_millis(NOW))
            .permit
    );
}

/// Additions that are durable when they are answered: 12,000 in one call, then one by one by one writer and by 64.
fn durable(engine: &Arc<Engine>, firms: &[OrgNo], clients: &[OrgNo]) {
    let firm = firms[0];
    let fresh = &clients[clients.len() - 24_000..];
    let mut lines = String::new();
    for client in fresh {
        let _ = writeln!(
            lines,
            r#"{{"relation":{{"client":"{client}","firm":"{firm}","role":"regnskapsforer"}}}}"#
        );
    }
    let import = Import::read(lines.as_bytes()).unwrap();
    engine
        .import(&call(CallerKind::Operator), &import, |_| ())
        .unwrap();
    let by = admin_of(firm);
    let batch = Batch {
        add: fresh[..12_000].to_vec(),
        remove: Vec::new(),
    };
    let (lines, _) = timed("12,000 clients added by one call", || {
        engine.change_clients(&by, user(0).into(), batch).unwrap()
    });
    assert_eq!(lines.value.len(), 12_000);
    let file = std::fs::File::create(std::env::temp_dir().join("fullmakt-bench-bare")).unwrap();
    let bare = per_second(1, 400, |_| {
        (&file).write_all(&[7; 300]).unwrap();
        file.sync_data().unwrap();
    });
    let one = per_second(1, 400, |nth| add(engine, &by, fresh[12_000 + nth]));
    let many = per_second(64, 6_400, |nth| add(engine, &by, fresh[12_400 + nth]));
    println!("bare append with fdatasync: {bare:.0} a second");
    println!(
        "durable additions: {one:.0} a second by one writer ({:.2} times the bare append's time)",
        bare / one
    );
    println!(
        "durable additions: {many:.0} a second by 64 writers ({:.1} times one writer)",
        many / one
    );
}

fn add(engine: &Engine, by: &Call, client: OrgNo) {
    engine.add_client(by, user(0).into(), client, None).unwrap();
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
