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

mod at_size;
mod chart;
mod conditions;
mod in_turn;
mod rights;
#[allow(dead_code, reason = "each bench takes of it what it measures")]
#[path = "../world/mod.rs"]
mod world;

use std::hint::black_box;

use at_size::{decisions, searches, threads, under_a_writer};
use cedar_policy::Authorizer;
use conditions::conditions;
use fullmakt::engine::Snapshot;
use fullmakt::model::id::{OrgNo, SystemUserId};
use fullmakt::model::question::{Asked, Question};
use fullmakt::policies;
use in_turn::Side;
use rights::single_rights;
use world::cedar::Cedar;
use world::{NOW, World, question};

const SIZES: [usize; 4] = [1_000, 100_000, 1_000_000, 10_000_000];
/// Questions in one round.
const ASKED: usize = 100_000;
/// Cedar's in one round.
const ASKED_CEDAR: usize = 2_000;

type Pair = (SystemUserId, OrgNo, bool);

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

fn cedar_side(cedar: &Cedar) -> Side<'_> {
    let authorizer = Authorizer::new();
    Side::new(ASKED_CEDAR, move |_| {
        for _ in 0..ASKED_CEDAR {
            let answer = authorizer.is_authorized(
                black_box(&cedar.request),
                &cedar.policies,
                &cedar.entities,
            );
            assert_eq!(answer.decision(), cedar_policy::Decision::Allow);
        }
    })
}

fn decide_all(snapshot: &Snapshot, pairs: &[Pair], question: &mut Question) {
    for (user, client, permit) in pairs {
        question.system_user = *user;
        question.client = *client;
        assert_eq!(snapshot.decide(black_box(question), *NOW).permit, *permit);
    }
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
    if args.iter().any(|arg| arg == "--chart") {
        chart::draw(&rows);
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
