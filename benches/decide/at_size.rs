//! What is measured at each size.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fullmakt::engine::{PageRequest, Sought};
use fullmakt::model::id::SystemUserId;
use fullmakt::model::question::Asked;

use crate::in_turn::{ROUNDS, Side, in_turn};
use crate::world::cedar::Cedar;
use crate::world::{NOW, RESOURCE, Random, Spread, World, question};
use crate::{ASKED, Pair, cedar_side, decide_all, decides, grouped, of_round, world};

/// System user id by hash (the engine's own, which is quicker than the standard library's), binary search, a bool: the same
/// numbers, and nothing else.
fn plain(world: &World) -> HashMap<SystemUserId, Box<[u32]>, foldhash::fast::RandomState> {
    let column = |nth: usize| {
        let mut column: Vec<u32> = (0..world::CLIENTS_EACH)
            .map(|place| world::client(nth, place).as_u32())
            .collect();
        column.sort_unstable();
        (world::user(nth), column.into())
    };
    (0..world.users()).map(column).collect()
}

/// What was measured at one size.
pub(crate) struct Row {
    pub(crate) delegations: usize,
    pub(crate) ours: f64,
    pub(crate) plain: f64,
    pub(crate) cedar: f64,
    pub(crate) bytes: f64,
}

pub(crate) fn decisions(world: &World, delegations: usize) -> Row {
    let snapshot = world.engine.snapshot();
    let pairs = world.pairs(ASKED * (ROUNDS + 1));
    let (cedar, plain) = (Cedar::ideal_slice(world, None), plain(world));
    let found = Side::new(ASKED, |round| {
        for (user, client, permit) in of_round(&pairs, round) {
            let column = black_box(&plain).get(black_box(user));
            let found = column.is_some_and(|column| column.binary_search(&client.as_u32()).is_ok());
            assert_eq!(found, *permit);
        }
    });
    let spreads = in_turn(vec![
        decides(&snapshot, &pairs, Asked::default()),
        found,
        cedar_side(&cedar),
    ]);
    let (ours, plain, cedar) = (spreads[0], spreads[1], spreads[2]);
    let held = snapshot.delegations_held();
    assert_eq!(held.delegations, delegations);
    let bytes = held.bytes as f64 / held.delegations as f64;
    println!(
        "\n{} delegations of {} system users",
        grouped(delegations),
        grouped(world.users())
    );
    println!("  a decision          {ours}");
    println!(
        "  Cedar's ideal slice {cedar}: {:.1} times",
        cedar.median / ours.median
    );
    println!(
        "  a plain lookup      {plain}: a decision is {:.2} times it",
        ours.median / plain.median
    );
    println!(
        "  {bytes:.1} bytes a delegation; resident {:.0} MiB",
        world::resident().0
    );
    Row {
        delegations,
        ours: ours.median,
        plain: plain.median,
        cedar: cedar.median,
        bytes,
    }
}

/// One thread and two, for a while each, in turn.
pub(crate) fn threads(world: &World) {
    let pairs = world.pairs(ASKED * 2);
    let snapshot = world.engine.snapshot();
    let rate = |threads: usize| {
        let stop = AtomicBool::new(false);
        let decided: usize = std::thread::scope(|scope| {
            let run = |nth: usize| {
                let (snapshot, pairs, stop) = (snapshot.clone(), &pairs[nth * ASKED..], &stop);
                scope.spawn(move || {
                    let mut question = question(pairs[0].0, pairs[0].1);
                    let mut decided = 0;
                    while !stop.load(Ordering::Relaxed) {
                        for pairs in pairs[..ASKED].chunks(1000) {
                            decide_all(&snapshot, pairs, &mut question);
                            decided += pairs.len();
                            if stop.load(Ordering::Relaxed) {
                                break;
                            }
                        }
                    }
                    decided
                })
            };
            let running: Vec<_> = (0..threads).map(run).collect();
            std::thread::sleep(Duration::from_millis(300));
            stop.store(true, Ordering::Relaxed);
            running
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        decided as f64
    };
    let ratios = (0..ROUNDS).map(|_| {
        let one = rate(1);
        rate(2) / one
    });
    let ratios = Spread::of(ratios.collect());
    println!(
        "  two threads decide {:.2} ({:.2} to {:.2}) times as much as one",
        ratios.median, ratios.least, ratios.most
    );
}

/// How long decisions take one by one, each with a snapshot of its own: the median and the 99th of a hundred.
fn percentiles(world: &World, pairs: &[Pair]) -> (f64, f64) {
    let mut question = question(pairs[0].0, pairs[0].1);
    let mut taken: Vec<u64> = pairs
        .iter()
        .map(|(user, client, permit)| {
            question.system_user = *user;
            question.client = *client;
            let start = Instant::now();
            let permitted = world
                .engine
                .snapshot()
                .decide(black_box(&question), *NOW)
                .permit;
            let taken = start.elapsed();
            assert_eq!(permitted, *permit);
            u64::try_from(taken.as_nanos()).unwrap()
        })
        .collect();
    taken.sort_unstable();
    (
        taken[taken.len() / 2] as f64,
        taken[taken.len() * 99 / 100] as f64,
    )
}

/// Decisions while a writer adds and removes clients without pause, and while it rests, in turn.
pub(crate) fn under_a_writer(world: &World) {
    let pairs = world.pairs(ASKED);
    // Nobody is asked about this client, so that every answer stays what it is.
    let nth = world.users() / 2;
    let extra = world::client(nth, 0);
    let by = world::admin_of(world.firms[nth]);
    let pairs: Vec<Pair> = pairs
        .into_iter()
        .filter(|(user, client, _)| (*user, *client) != (world::user(nth), extra))
        .collect();
    let (mut idle, mut busy, mut written) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        idle.push(percentiles(world, &pairs));
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut written = 0;
                while !stop.load(Ordering::Relaxed) {
                    world
                        .engine
                        .remove_client(&by, world::user(nth), extra)
                        .unwrap();
                    world
                        .engine
                        .add_client(&by, world::user(nth), extra, None)
                        .unwrap();
                    written += 2;
                }
                written
            });
            busy.push(percentiles(world, &pairs));
            stop.store(true, Ordering::Relaxed);
            written += writer.join().unwrap();
        });
    }
    let of = |all: &[(f64, f64)], which: fn(&(f64, f64)) -> f64| {
        Spread::of(all.iter().map(which).collect())
    };
    let (idle_mid, idle_far) = (of(&idle, |pair| pair.0), of(&idle, |pair| pair.1));
    let (busy_mid, busy_far) = (of(&busy, |pair| pair.0), of(&busy, |pair| pair.1));
    println!("  one by one, the writer at rest: p50 {idle_mid}, p99 {idle_far}");
    println!(
        "  under a writer without pause ({written} changes): p50 {busy_mid}, p99 {busy_far}: {:.2} times",
        busy_far.median / idle_far.median
    );
}

/// A page of a hundred clients: all of them, and those for an action on a resource.
pub(crate) fn searches(world: &World) -> [f64; 2] {
    let snapshot = world.engine.snapshot();
    let page = PageRequest::default();
    let sought = Sought {
        action: "read".parse().unwrap(),
        resource: RESOURCE.parse().unwrap(),
        asked: Asked::default(),
    };
    let (snapshot, page) = (&snapshot, &page);
    let side = |sought: Option<&'static Sought>| {
        let mut random = Random(7);
        Side::new(1000, move |_| {
            for _ in 0..1000 {
                let user = world::user(random.below(world.users()));
                let found = snapshot.search_clients(user, sought, page, *NOW).unwrap();
                assert_eq!(found.items.len(), 100);
            }
        })
    };
    let sought: &'static Sought = Box::leak(Box::new(sought));
    let spreads = in_turn(vec![side(None), side(Some(sought))]);
    println!(
        "  a page of 100 clients {}; those for an action on a resource {}",
        spreads[0], spreads[1]
    );
    [spreads[0].median, spreads[1].median]
}
