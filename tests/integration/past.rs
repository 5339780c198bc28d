//! What was true then is what was answered then: as of every revision and of instants between.

use std::cell::Cell;

use fullmakt::engine::{At, PastError};
use fullmakt::model::id::Revision;
use fullmakt::model::question::Explained;
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;
use fullmakt::model::time::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::random_worlds::{
    Asking, Deed, PACKAGES, RESOURCES, STEP, act_out, asking, beginning, deed, policy,
};
use crate::world::{
    BEGIN, FIRM, World, operator, policies_with, question, right, system_draft, user, vendor,
};

const WORLDS: u32 = 60;
/// In each world.
const REVISIONS: usize = 20;
/// In each world, as of each revision.
const ASKED: usize = 6;

/// What was answered to each question at a revision, and by whose clock.
type Answered = (Revision, Timestamp, Vec<Explained>);

fn answered(world: &World, askings: &[Asking]) -> Answered {
    let snapshot = world.engine.snapshot();
    let answers = askings.iter().map(|asking| {
        snapshot
            .explain(&asking.question(), world.instant())
            .unwrap()
    });
    (snapshot.revision(), world.instant(), answers.collect())
}

fn folder(policies: &[String]) -> fullmakt::model::policy::PolicyFolder {
    policies_with(&[("resources/random.cedar", &policies.join("\n"))])
}

/// Acts deeds out, one by one and in time, and keeps what was answered after each; half-way with other policies.
fn lived(
    first: &[String],
    second: &[String],
    deeds: &[Deed],
    askings: &[Asking],
) -> (World, Vec<Answered>) {
    let mut world = World::under(folder(first));
    let rights = RESOURCES[..3]
        .iter()
        .map(|resource| right(resource, &["read", "write"]))
        .collect();
    let draft = system_draft(&PACKAGES, rights);
    world
        .engine
        .register_system(&world.call(vendor()), draft)
        .unwrap();
    let deeds: Vec<Deed> = beginning().iter().chain(deeds).cloned().collect();
    let mut all = vec![answered(&world, askings)];
    for (nth, deed) in deeds.iter().enumerate() {
        world = world.later(STEP / 10);
        if nth == deeds.len() * 3 / 4 {
            world = world.reopened_under(folder(second));
        }
        let before = world.engine.snapshot().revision();
        act_out(&world, deed);
        // Some deeds are two changes; of the first no answer was heard.
        if world.engine.snapshot().revision() == before.next() {
            all.push(answered(&world, askings));
        }
    }
    (world, all)
}

fn check(
    world: &World,
    all: &[Answered],
    askings: &[Asking],
    picked: &[prop::sample::Index],
) -> Result<usize, TestCaseError> {
    let snapshot = world.engine.snapshot();
    let mut permits = 0;
    for index in picked {
        let (revision, at, answers) = index.get(all);
        let by_revision = snapshot
            .past(At::Revision(*revision), world.instant())
            .unwrap();
        prop_assert_eq!(
            (by_revision.revision(), by_revision.now()),
            (*revision, *at)
        );
        let by_instant = snapshot.past(At::Instant(*at), world.instant()).unwrap();
        prop_assert_eq!(by_instant.revision(), *revision);
        for (asking, answer) in askings.iter().zip(answers) {
            for past in [&by_revision, &by_instant] {
                let then = past.explain(&asking.question()).unwrap();
                prop_assert_eq!(&then, answer, "{:?} at {}", asking, revision);
            }
            permits += usize::from(answer.decision.permit);
        }
    }
    Ok(permits)
}

#[test]
fn the_past_is_answered_as_it_was_answered_then() {
    let mut runner = TestRunner::new(Config {
        cases: WORLDS,
        failure_persistence: None,
        ..Config::default()
    });
    let policies = || prop::collection::vec(policy(), 0..4);
    let strategy = (
        policies(),
        policies(),
        prop::collection::vec(deed(), 20..60),
        prop::collection::vec(asking(), ASKED),
        prop::collection::vec(any::<prop::sample::Index>(), REVISIONS),
    );
    let permits = Cell::new(0);
    runner
        .run(&strategy, |(first, second, deeds, askings, picked)| {
            let (world, all) = lived(&first, &second, &deeds, &askings);
            permits.set(permits.get() + check(&world, &all, &askings, &picked)?);
            Ok(())
        })
        .unwrap();
    let asked = WORLDS as usize * REVISIONS * ASKED;
    assert!(
        permits.get() > asked / 50,
        "only {} of {asked} were permits",
        permits.get()
    );
}

/// A client that was added, taken away, and added again a minute later each.
fn there_and_back() -> World {
    World::new()
        .system(&[PACKAGES[0]])
        .agent(1, &[PACKAGES[0]])
        .relation("312002744", Role::Accountant)
        .later(60_000)
        .client(1, "312002744")
        .later(60_000)
        .client_removed(1, "312002744")
        .later(60_000)
        .client(1, "312002744")
}

fn code_at(world: &World, at: At) -> Code {
    let past = world.engine.snapshot().past(at, world.instant()).unwrap();
    let asked = question(1, "read", "ske-krav-og-betalinger", "312002744");
    past.explain(&asked).unwrap().explanation.code
}

#[test]
fn an_instant_between_two_changes_is_of_the_first() {
    let world = there_and_back();
    let minute = |minutes: i64| At::Instant(Timestamp::from_millis(BEGIN + minutes * 60_000));
    let just_before =
        |minutes: i64| At::Instant(Timestamp::from_millis(BEGIN + minutes * 60_000 - 1));
    assert_eq!(code_at(&world, just_before(1)), Code::ClientNotAdded);
    assert_eq!(code_at(&world, minute(1)), Code::Permit);
    assert_eq!(code_at(&world, just_before(2)), Code::Permit);
    assert_eq!(code_at(&world, minute(2)), Code::ClientNotAdded);
    assert_eq!(code_at(&world, minute(3)), Code::Permit);
}

#[test]
fn an_import_of_many_is_seen_by_those_it_names() {
    let world = World::new()
        .system(&[PACKAGES[0]])
        .agent(1, &[PACKAGES[0]])
        .later(60_000);
    let clients: Vec<_> = (0..400).map(crate::world::nth_org).collect();
    let relation = |client| json!({ "relation": { "client": client, "firm": FIRM, "role": "regnskapsforer" } });
    let delegation = |client| json!({ "delegation": { "systemUser": user(1), "client": client } });
    let facts = clients.iter().map(relation);
    let facts = facts.chain(clients[..300].iter().map(delegation));
    let lines: Vec<String> = facts.map(|fact| fact.to_string()).collect();
    let lines = lines.join("\n");
    let import = fullmakt::engine::Import::read(lines.as_bytes()).unwrap();
    world
        .engine
        .import(&world.call(operator()), &import, |_| ())
        .unwrap();
    let after = world.engine.snapshot();
    let world = world
        .later(60_000)
        .client_removed(1, &clients[7].to_string());
    for nth in [0, 7, 299, 300, 399] {
        let asked = question(
            1,
            "read",
            "ske-krav-og-betalinger",
            &clients[nth].to_string(),
        );
        let past = world
            .engine
            .snapshot()
            .past(At::Revision(after.revision()), world.instant())
            .unwrap();
        let then = past.explain(&asked).unwrap();
        assert_eq!(then.decision.permit, nth < 300);
        assert_eq!(then, after.explain(&asked, past.now()).unwrap());
    }
}

#[test]
fn what_is_no_past_is_refused() {
    let world = there_and_back();
    let refused = |at: At| {
        let snapshot = world.engine.snapshot();
        snapshot.past(at, world.instant()).unwrap_err().to_string()
    };
    let newest = world.engine.snapshot().revision();
    assert_eq!(
        refused(At::Revision(newest.next())),
        format!(
            "revision {} does not exist; the newest is {newest} and the first is 1",
            newest.next()
        )
    );
    assert_eq!(
        refused(At::Revision(Revision::ZERO)),
        format!("revision 0 does not exist; the newest is {newest} and the first is 1")
    );
    let before = Timestamp::from_millis(BEGIN - 1);
    assert_eq!(
        refused(At::Instant(before)),
        format!(
            "nothing was written down by {before}; the journal begins at {}",
            Timestamp::from_millis(BEGIN)
        )
    );
    let later = Timestamp::from_millis(world.now + 1);
    assert_eq!(
        refused(At::Instant(later)),
        format!("{later} has not come yet; it is {}", world.instant())
    );
    let error = world
        .engine
        .snapshot()
        .past(At::Instant(later), world.instant());
    assert!(matches!(error, Err(PastError::NotYet { .. })));
}
