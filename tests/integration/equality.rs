//! The contract of the engine: its answers are Cedar's answers on the export of the whole, for random worlds, random
//! policies that look at anything the schema has, and random questions, while grants and policies change between them.

use std::hash::{BuildHasher, RandomState};

use crate::law::choices::Seeded;
use crate::law::compare::{Beginning, compare};
use crate::law::count::Counts;
use crate::law::plan::{Plan, Shape, plan};
use crate::law::smaller::smallest;

/// The questions of each test here; together they are more than a hundred thousand.
const ASKED: usize = 26_000;
/// In each part of a plan.
const ASKED_IN_PART: usize = 65;
const PARTS: usize = 8;

/// Compares as many worlds as it takes, of policies made to look at packages, at plain context, at one thing beyond, at
/// anything: as often as `wants` says.
fn holds(wants: [usize; 4]) -> Counts {
    let shape = Shape {
        parts: PARTS,
        asked: ASKED_IN_PART,
        wants,
    };
    let mut counts = Counts::default();
    let seed = match std::env::var("FULLMAKT_LAW_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => RandomState::new().hash_one(0),
    };
    let beginning = Beginning::new();
    let mut seeds = Seeded(seed);
    while counts.of("asked") < ASKED {
        let plan = plan(&mut Seeded(seeds.next()), shape);
        if let Err(told) = compare(&beginning, &plan, &mut counts) {
            let mut fails = |plan: &Plan| compare(&beginning, plan, &mut Counts::default()).err();
            let (_, told) = smallest(plan, told, &mut fails);
            panic!("FULLMAKT_LAW_SEED={seed}\n{told}");
        }
    }
    println!("{counts}");
    counts
}

/// Every operator and function of Cedar's grammar, every form of scope, and every kind of literal, as Cedar's JSON form
/// names them.
const FORMS: &[&str] = &[
    "principal All",
    "principal ==",
    "principal in",
    "principal is",
    "principal is in",
    "action All",
    "action ==",
    "action in",
    "resource All",
    "resource ==",
    "resource in",
    "resource is",
    "resource is in",
    "when",
    "unless",
    "principal",
    "action",
    "resource",
    "context",
    "a literal bool",
    "a literal long",
    "a literal string",
    "a literal entity",
    "Set",
    "Record",
    "!",
    "neg",
    "+",
    "-",
    "*",
    "<",
    "<=",
    ">",
    ">=",
    "==",
    "!=",
    "&&",
    "||",
    "if-then-else",
    "in",
    "is",
    "is in",
    "has",
    ".",
    "like",
    "contains",
    "containsAll",
    "containsAny",
    "isEmpty",
    "hasTag",
    "getTag",
    "decimal",
    "lessThan",
    "lessThanOrEqual",
    "greaterThan",
    "greaterThanOrEqual",
    "ip",
    "isIpv4",
    "isIpv6",
    "isLoopback",
    "isMulticast",
    "isInRange",
    "datetime",
    "offset",
    "durationSince",
    "toDate",
    "toTime",
    "duration",
    "toMilliseconds",
    "toSeconds",
    "toMinutes",
    "toHours",
    "toDays",
];

/// The forms that a policy can have which is asked once a class.
const OF_CLASSES: &[&str] = &[
    "principal All",
    "principal in",
    "principal is",
    "principal is in",
    "action All",
    "action ==",
    "action in",
    "resource All",
    "resource ==",
    "resource in",
    "resource is",
    "resource is in",
    "when",
    "unless",
    "principal",
    "action",
    "resource",
    "a literal bool",
    "a literal long",
    "a literal string",
    "a literal entity",
    "Set",
    "Record",
    "!",
    "neg",
    "+",
    "-",
    "*",
    "<",
    "<=",
    ">",
    ">=",
    "==",
    "!=",
    "&&",
    "||",
    "if-then-else",
    "in",
    "is",
    "is in",
    "has",
    ".",
    "like",
    "contains",
    "containsAll",
    "containsAny",
    "isEmpty",
    "hasTag",
    "getTag",
];

/// What every test here sees, far more often than this.
const ALWAYS: &[(&str, usize)] = &[
    ("permits", 3_000),
    ("denials", 6_000),
    ("denials by absent mandate alone", 1_500),
    ("denials by window alone", 300),
    ("before a window", 150),
    ("after a window", 150),
    ("permits inside a window", 100),
    ("permits by single right alone", 80),
    ("erring permits, class", 10),
    ("erring permits, further", 10),
    ("policies put in force in mid-stream", 100),
    ("reopenings", 1),
    ("asked again of an older snapshot", 2_000),
];

/// Fails unless all was seen: `forms` of policies of a kind (or of any), and `floors` beside those of [`ALWAYS`].
fn saw(counts: &Counts, kind: &str, forms: &[&str], floors: &[(&str, usize)]) {
    let forms = forms
        .iter()
        .map(|form| (format!("policies{kind}: {form}"), 1));
    let floors = ALWAYS.iter().chain(floors);
    let floors = floors.map(|(what, floor)| ((*what).to_owned(), *floor));
    let short: Vec<_> = forms
        .chain(floors)
        .filter(|(what, floor)| counts.of(what) < *floor)
        .map(|(what, floor)| format!("{what}: {}, at least {floor}", counts.of(&what)))
        .collect();
    assert!(
        short.is_empty(),
        "seen too seldom:\n{}\nof\n{counts}",
        short.join("\n")
    );
    // All are made to validate. One that does not is dropped, and proves nothing.
    let (made, refused) = (
        counts.of("policies"),
        counts.of("policies that do not validate"),
    );
    assert!(
        refused * 20 <= made,
        "{refused} of {made} policies do not validate"
    );
}

#[test]
fn policies_that_look_at_packages_answer_as_cedar_does() {
    let counts = holds([70, 10, 20, 0]);
    let floors = [
        ("permits by class alone", 1_000),
        ("denials by class alone", 300),
        ("erring forbids denying alone, class", 10),
    ];
    saw(&counts, ", class", OF_CLASSES, &floors);
}

#[test]
fn policies_that_look_at_the_context_answer_as_cedar_does() {
    let counts = holds([10, 65, 20, 5]);
    let floors = [
        ("permits by context alone", 250),
        ("denials by context alone", 100),
        ("erring permits, context", 50),
        ("erring forbids denying alone, context", 10),
    ];
    saw(&counts, "", FORMS, &floors);
}

#[test]
fn policies_that_look_one_step_further_answer_as_cedar_does() {
    let counts = holds([10, 10, 75, 5]);
    let floors = [
        ("permits by further alone", 400),
        ("denials by further alone", 250),
        ("erring forbids denying alone, further", 10),
        ("policies, further: principal ==", 3),
        ("policies, further: principal in", 30),
        ("policies, further: has", 60),
        ("policies, further: in", 30),
        ("policies, further: ==", 30),
        ("policies, further: .", 60),
        ("policies, further: a literal entity", 60),
    ];
    saw(&counts, "", &[], &floors);
}

#[test]
fn policies_that_look_at_anything_answer_as_cedar_does() {
    let counts = holds([10, 15, 25, 50]);
    let floors = [
        ("permits by further alone", 200),
        ("denials by further alone", 150),
        ("erring forbids denying alone, further", 20),
    ];
    saw(&counts, "", FORMS, &floors);
}
