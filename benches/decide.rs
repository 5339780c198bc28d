//! Decisions at the speed of memory: how long one takes at a thousand to ten million delegations, beside Cedar's own
//! authorizer on an ideal slice (one mandate's entities, the policies of one resource, the request built) and beside a plain
//! lookup over the same columns (system user id by hash, binary search, a bool), all in one process and in turn.
//!
//! `cargo bench --bench decide [-- [--chart] [DELEGATIONS …]]`. Half of the questions are permitted; each answer is asserted.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a bench stops at the first surprise and prints what it measured"
)]

#[allow(dead_code, reason = "each bench takes of it what it measures")]
mod world;

use std::collections::HashMap;
use std::hint::black_box;
use std::str::FromStr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cedar_policy::{Authorizer, Context, Entities, EntityUid, PolicySet, Request, Schema};
use fullmakt::engine::{ExportScope, PageRequest, Snapshot, Sought};
use fullmakt::model::id::{OrgNo, RequestId, SystemUserId};
use fullmakt::model::policy::PolicyFolder;
use fullmakt::model::question::{Asked, Question};
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::system::{SingleRight, SystemDraft};
use fullmakt::policies;
use world::{NOW, RESOURCE, Random, Spread, World, question};

const SIZES: [usize; 4] = [1_000, 100_000, 1_000_000, 10_000_000];
const ROUNDS: usize = 11;
/// Questions in one round.
const ASKED: usize = 100_000;
/// Cedar's in one round.
const ASKED_CEDAR: usize = 2_000;

type Pair = (SystemUserId, OrgNo, bool);

/// What takes its turn in each round: it answers so many questions.
struct Side<'a> {
    asked: usize,
    run: Box<dyn FnMut(usize) + 'a>,
}

impl<'a> Side<'a> {
    fn new(asked: usize, run: impl FnMut(usize) + 'a) -> Self {
        Self {
            asked,
            run: Box::new(run),
        }
    }
}

/// Nanoseconds an answer of each side, the sides in turn in every round, after one round that does not count.
fn in_turn(mut sides: Vec<Side<'_>>) -> Vec<Spread> {
    let mut taken = vec![Vec::new(); sides.len()];
    for round in 0..=ROUNDS {
        for (side, taken) in sides.iter_mut().zip(&mut taken) {
            let start = on_cpu();
            (side.run)(round);
            let each = on_cpu().saturating_sub(start).as_nanos() as f64 / side.asked as f64;
            if round > 0 {
                taken.push(each);
            }
        }
    }
    taken.into_iter().map(Spread::of).collect()
}

/// How long this thread was on a processor: on a machine with other work, waiting for one's turn is not what is measured.
/// Where the system does not tell, the time that went by.
fn on_cpu() -> Duration {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    // The system brings its account up to date as a thread gives its turn away.
    std::thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    nanos.map_or_else(|| BEGAN.elapsed(), Duration::from_nanos)
}

fn of_round(pairs: &[Pair], round: usize) -> &[Pair] {
    let first = round * ASKED % pairs.len();
    &pairs[first..first + ASKED]
}

fn decides<'a>(snapshot: &'a Snapshot, pairs: &'a [Pair], asked: Asked) -> Side<'a> {
    let mut question = Question {
        asked,
        ..question(pairs[0].0, pairs[0].1)
    };
    Side::new(ASKED, move |round| {
        decide_all(snapshot, of_round(pairs, round), &mut question);
    })
}

fn decide_all(snapshot: &Snapshot, pairs: &[Pair], question: &mut Question) {
    for (user, client, permit) in pairs {
        question.system_user = *user;
        question.client = *client;
        assert_eq!(snapshot.decide(black_box(question), *NOW).permit, *permit);
    }
}

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

/// Cedar's own authorizer with nothing in the way: the policies of one resource, one mandate's entities, the request.
struct Cedar {
    request: Request,
    policies: PolicySet,
    entities: Entities,
}

impl Cedar {
    fn ideal_slice(world: &World, level: Option<i64>) -> Self {
        let (user, client) = (world::user(0), world::client(0, 0));
        let export = world
            .engine
            .snapshot()
            .export(ExportScope::Mandate(user, client));
        let (schema, _) = Schema::from_cedarschema_str(&export.schema).unwrap();
        let all = PolicySet::from_str(&export.policies).unwrap();
        let of_resource = all.policies().filter(|policy| {
            policy
                .annotation("id")
                .is_some_and(|id| id.starts_with("ske-krav-og-betalinger/"))
        });
        let policies = PolicySet::from_policies(of_resource.cloned()).unwrap();
        let entities = Entities::from_json_str(&export.entities, Some(&schema)).unwrap();
        let uid = |text: String| EntityUid::from_str(&text).unwrap();
        let action = uid("Action::\"read\"".to_owned());
        let mut context = serde_json::json!({ "now": { "__extn": { "fn": "datetime", "arg": "2026-11-24T12:00:00.000Z" } } });
        if let Some(level) = level {
            context["authenticationLevel"] = level.into();
        }
        let context = Context::from_json_value(context, Some((&schema, &action))).unwrap();
        let principal = uid(format!("Mandate::\"{user}@{client}\""));
        let resource = uid(format!("Resource::\"{RESOURCE}\""));
        let request = Request::new(principal, action, resource, context, Some(&schema)).unwrap();
        Self {
            request,
            policies,
            entities,
        }
    }

    fn side(&self) -> Side<'_> {
        let authorizer = Authorizer::new();
        Side::new(ASKED_CEDAR, move |_| {
            for _ in 0..ASKED_CEDAR {
                let answer = authorizer.is_authorized(
                    black_box(&self.request),
                    &self.policies,
                    &self.entities,
                );
                assert_eq!(answer.decision(), cedar_policy::Decision::Allow);
            }
        })
    }
}

/// What was measured at one size.
struct Row {
    delegations: usize,
    ours: f64,
    cedar: f64,
    bytes: f64,
}

fn decisions(world: &World, delegations: usize) -> Row {
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
        cedar.side(),
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
        cedar: cedar.median,
        bytes,
    }
}

/// One thread and two, for a while each, in turn.
fn threads(world: &World) {
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
fn under_a_writer(world: &World) {
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
fn searches(world: &World) -> [f64; 2] {
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

/// The shipped folder with one more policy for the resource.
fn with_policy(text: &str) -> PolicyFolder {
    let mut files = policies::shipped().files().to_vec();
    for file in &mut files {
        if &*file.path == "resources/ske-krav-og-betalinger.cedar" {
            file.text = format!("{}\n{text}\n", file.text).into();
        }
    }
    PolicyFolder::new(files)
}

const CONDITIONS: [(&str, &str); 3] = [
    (
        "a level",
        "context has authenticationLevel && context.authenticationLevel < 3",
    ),
    ("the clock", "context.now > datetime(\"2100-01-01\")"),
    (
        "the mandate",
        "principal has via && principal.via == Organization::\"974761076\"",
    ),
];

/// Decisions where a policy has a condition, beside Cedar's ideal slice of the same policies.
fn conditions(delegations: usize) {
    println!(
        "\nwith one more policy, a forbid with a condition, at {} delegations",
        grouped(delegations)
    );
    for (on, condition) in CONDITIONS {
        let id = "@id(\"ske-krav-og-betalinger/condition\")";
        let scope = format!(
            "(principal, action == Action::\"read\", resource == Resource::\"{RESOURCE}\")"
        );
        let policy = format!("{id}\nforbid {scope} when {{ {condition} }};");
        let world = World::of(delegations, with_policy(&policy));
        let snapshot = world.engine.snapshot();
        let pairs = world.pairs(ASKED * 2);
        let cedar = Cedar::ideal_slice(&world, Some(4));
        let spreads = in_turn(vec![
            decides(&snapshot, &pairs, Asked::at_level(4)),
            cedar.side(),
        ]);
        println!(
            "  a condition on {on}: {}; Cedar's ideal slice {}: a decision is {:.2} times it",
            spreads[0],
            spreads[1],
            spreads[0].median / spreads[1].median
        );
    }
}

/// Resources beside the shipped ones, so that a standard system user can hold ten single rights.
const OTHER_RESOURCES: usize = 10;
const STANDARD_USERS: usize = 100_000;

fn with_resources() -> PolicyFolder {
    let mut files = policies::shipped().files().to_vec();
    for file in &mut files {
        if &*file.path == PolicyFolder::ENTITIES {
            let mut entities: Vec<serde_json::Value> = serde_json::from_str(&file.text).unwrap();
            let like = entities
                .iter()
                .find(|entity| entity["uid"]["id"] == RESOURCE)
                .unwrap()
                .clone();
            entities.extend((0..OTHER_RESOURCES).map(|nth| {
                let mut entity = like.clone();
                entity["uid"]["id"] = format!("other-{nth}").into();
                entity
            }));
            file.text = serde_json::to_string(&entities).unwrap().into();
        }
    }
    PolicyFolder::new(files)
}

/// A million single rights, of a hundred thousand standard system users.
fn give_rights(world: &World) {
    let right = |nth: usize| SingleRight {
        resource: format!("other-{nth}").parse().unwrap(),
        actions: vec!["read".parse().unwrap()],
    };
    let rights: Vec<SingleRight> = (0..OTHER_RESOURCES).map(right).collect();
    let draft = SystemDraft {
        rights: rights.clone(),
        ..world::system()
    };
    world.engine.change_system(&world::vendor(), draft).unwrap();
    let owners = world::numbers(81_000_000, STANDARD_USERS);
    world::at_once(STANDARD_USERS, |nth| {
        let id = RequestId(world::user(1_000_000 + nth).0);
        let draft = RequestDraft {
            kind: UserKind::Standard,
            packages: Vec::new(),
            rights: rights.clone(),
            ..world::request(owners[nth])
        };
        world
            .engine
            .create_request(&world::vendor(), id, draft)
            .unwrap();
        world
            .engine
            .approve_request(&world::admin_of(owners[nth]), id)
            .unwrap();
    });
    let asked = Question {
        resource: "other-7".parse().unwrap(),
        ..question(world::user(1_000_000), owners[0])
    };
    assert!(world.engine.snapshot().decide(&asked, *NOW).permit);
}

/// The same decisions without and with a million single rights beside them.
fn single_rights(delegations: usize) {
    let without = World::of(delegations, with_resources());
    let with = World::of(delegations, with_resources());
    give_rights(&with);
    let pairs = without.pairs(ASKED * (ROUNDS + 1));
    let (before, after) = (without.engine.snapshot(), with.engine.snapshot());
    let spreads = in_turn(vec![
        decides(&before, &pairs, Asked::default()),
        decides(&after, &pairs, Asked::default()),
    ]);
    println!(
        "\na million single rights beside {} delegations: a decision {} without, {} with: {:.2} times",
        grouped(delegations),
        spreads[0],
        spreads[1],
        spreads[1].median / spreads[0].median
    );
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let named: Vec<usize> = args
        .iter()
        .filter_map(|arg| arg.replace('_', "").parse().ok())
        .collect();
    let sizes = if named.is_empty() {
        SIZES.to_vec()
    } else {
        named
    };
    let (mut rows, mut pages) = (Vec::new(), Vec::new());
    for delegations in sizes {
        let world = World::of(delegations, policies::shipped().clone());
        rows.push(decisions(&world, delegations));
        if args.iter().any(|arg| arg == "--decisions-only") {
            continue;
        }
        pages.push(searches(&world));
        threads(&world);
        under_a_writer(&world);
    }
    if let (Some(least), Some(most)) = (pages.first(), pages.last())
        && pages.len() > 1
    {
        println!(
            "\na page of 100 clients at the most delegations takes {:.2} times as long as at the fewest; for an action {:.2} times",
            most[0] / least[0],
            most[1] / least[1]
        );
    }
    if !args.iter().any(|arg| arg.ends_with("-only")) {
        conditions(100_000);
        single_rights(100_000);
    }
    println!();
    for row in &rows {
        println!(
            "{} delegations: {:.0} ns, {:.1}x Cedar, {:.1} bytes each",
            grouped(row.delegations),
            row.ours,
            row.cedar / row.ours,
            row.bytes
        );
    }
}

fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut parts: Vec<&str> = Vec::new();
    if first > 0 {
        parts.push(&digits[..first]);
    }
    parts.extend(
        (first..digits.len())
            .step_by(3)
            .map(|at| &digits[at..at + 3]),
    );
    parts.join("_")
}
