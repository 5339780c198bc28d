//! What people and callers wait for beside bare decisions: an explanation, a durable change, a start. Cedar's own authorizer
//! on an ideal slice is measured in the same run.
//!
//! `cargo bench --bench explain`; every answer is asserted before it is timed.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a bench stops at the first surprise"
)]

#[allow(dead_code, reason = "each bench takes of it what it measures")]
mod world;

use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;

use cedar_policy::Authorizer;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use fullmakt::model::question::Question;
use fullmakt::policies;
use world::cedar::Cedar;
use world::{CLIENTS_EACH, NOW, World, question};

const SIZES: [usize; 2] = [1_000, 100_000];
const ASKED: usize = 10_000;

fn world_of(delegations: usize) -> World {
    World::of(delegations, policies::shipped().clone())
}

fn questions(world: &World) -> Vec<Question> {
    let snapshot = world.engine.snapshot();
    let ask = |(user, client, permit)| {
        let question = question(user, client);
        assert_eq!(snapshot.decide(&question, *NOW).permit, permit);
        let explained = snapshot.explain(&question, *NOW).unwrap();
        assert_eq!(explained.decision.permit, permit);
        question
    };
    world.pairs(ASKED).into_iter().map(ask).collect()
}

fn decide_and_explain(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("question");
    for delegations in SIZES {
        let world = world_of(delegations);
        let snapshot = world.engine.snapshot();
        let questions = questions(&world);
        let mut next = questions.iter().cycle();
        group.bench_function(BenchmarkId::new("decide", delegations), |bench| {
            bench.iter(|| snapshot.decide(black_box(next.next().unwrap()), *NOW));
        });
        let mut next = questions.iter().cycle();
        group.bench_function(BenchmarkId::new("explain", delegations), |bench| {
            bench.iter(|| snapshot.explain(black_box(next.next().unwrap()), *NOW));
        });
        let (cedar, authorizer) = (Cedar::ideal_slice(&world, None), Authorizer::new());
        group.bench_function(
            BenchmarkId::new("cedar-ideal-slice", delegations),
            |bench| {
                bench.iter(|| {
                    let request = black_box(&cedar.request);
                    authorizer.is_authorized(request, &cedar.policies, &cedar.entities)
                });
            },
        );
    }
    group.finish();
}

fn durable(criterion: &mut Criterion) {
    let world = world_of(1_000);
    let (user, client) = (world::user(0), world::client(0, 0));
    let by = world::admin_of(world.firms[0]);
    let mut group = criterion.benchmark_group("durable");
    group.bench_function("remove-and-add", |bench| {
        bench.iter(|| {
            let removed = world.engine.remove_client(&by, user, client).unwrap();
            let added = world.engine.add_client(&by, user, client, None).unwrap();
            assert!(added.revision > removed.revision);
        });
    });
    let file = std::fs::File::create(world.dir.path().join("bare")).unwrap();
    group.bench_function("two-bare-appends-with-fdatasync", |bench| {
        bench.iter(|| {
            for _ in 0..2 {
                (&file).write_all(&[7; 300]).unwrap();
                file.sync_data().unwrap();
            }
        });
    });
    group.finish();
}

fn start(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("start");
    group.sample_size(10);
    for delegations in SIZES {
        let World { engine, dir, .. } = world_of(delegations);
        drop(Arc::into_inner(engine).unwrap());
        let open = || world::open(dir.path(), policies::shipped().clone());
        let engine = open();
        let view = engine
            .snapshot()
            .system_user(&world::vendor().by, world::user(0))
            .unwrap();
        assert_eq!(view.clients, CLIENTS_EACH);
        drop(engine);
        group.bench_function(BenchmarkId::new("from-pages", delegations), |bench| {
            bench.iter(open);
        });
    }
    group.finish();
}

criterion_group!(benches, decide_and_explain, durable, start);
criterion_main!(benches);
