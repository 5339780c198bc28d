//! The lines of the policies that decided: quoted as they stand in the folder in force at the revision asked about.

use fullmakt::engine::At;
use fullmakt::model::id::Revision;
use fullmakt::model::policy::PolicyFolder;
use fullmakt::model::question::{Asked, Explanation, Question};
use fullmakt::model::quote::Quote;
use fullmakt::model::relation::Role;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::random_worlds::{Asking, asking, deed, policy, world_of};
use crate::world::{World, operator, policies_with, question};

const PACKAGE: &str = "regnskapsforer-med-signeringsrettighet";
const CLIENT: &str = "312002744";
const RESOURCE: &str = "ske-krav-og-betalinger";
const OWN: &str = "resources/own.cedar";

const GATE: &str = r#"// Nobody below level 3, but for one client.
@id("own/gate")
forbid (
  principal,
  action == Action::"read",
  resource == Resource::"ske-krav-og-betalinger"
)
unless {
  context has authenticationLevel &&
  context.authenticationLevel >= 3
}
when { principal has party };
"#;

fn under(own: &str) -> World {
    World::under(policies_with(&[(OWN, own)]))
        .system(&[PACKAGE])
        .agent(1, &[PACKAGE])
        .relation(CLIENT, Role::Accountant)
        .client(1, CLIENT)
}

fn asked(level: i64) -> Question {
    Question {
        asked: Asked::at_level(level),
        ..question(1, "read", RESOURCE, CLIENT)
    }
}

fn explained(world: &World, question: &Question) -> Explanation {
    let snapshot = world.engine.snapshot();
    snapshot
        .explain(question, world.instant())
        .unwrap()
        .explanation
}

/// What each condition came to, by line and column.
fn conditions(quote: &Quote) -> Vec<(usize, usize, &str, bool)> {
    let conditions = quote.conditions.iter();
    conditions
        .map(|one| (one.line, one.column, one.text.as_str(), one.holds))
        .collect()
}

#[test]
fn a_permit_quotes_its_policy_with_its_lines() {
    let world = under("");

    let explanation = explained(&world, &asked(4));

    let [quote] = &explanation.quotes[..] else {
        panic!("{:?}", explanation.quotes);
    };
    let id = format!("{RESOURCE}/read-{PACKAGE}");
    assert_eq!(*quote.policy, *id);
    assert_eq!(explanation.policies, [id.as_str()]);
    assert_eq!(*quote.file, *format!("resources/{RESOURCE}.cedar"));
    let file = world.folder.text(&quote.file).unwrap();
    let lines: Vec<_> = file.lines().skip(quote.line - 1).collect();
    assert_eq!(lines[0], format!("@id(\"{id}\")"));
    assert_eq!(
        quote.text.lines().collect::<Vec<_>>(),
        &lines[..quote.text.lines().count()]
    );
    assert!(quote.text.ends_with(");"), "{}", quote.text);
    assert_eq!(quote.conditions, []);
}

#[test]
fn a_refusal_quotes_the_forbid_and_what_each_condition_came_to() {
    let world = under(GATE);

    let low = explained(&world, &asked(2));
    let unsaid = explained(&world, &question(1, "read", RESOURCE, CLIENT));
    let high = explained(&world, &asked(3));

    let [quote] = &low.quotes[..] else {
        panic!("{:?}", low.quotes);
    };
    assert_eq!(
        (&*quote.policy, &*quote.file, quote.line),
        ("own/gate", OWN, 2)
    );
    assert_eq!(*quote.text, *GATE.split_once('\n').unwrap().1.trim_end());
    assert_eq!(
        conditions(quote),
        [
            (9, 3, "context has authenticationLevel", true),
            (10, 3, "context.authenticationLevel >= 3", false),
            (12, 8, "principal has party", true),
        ]
    );
    assert_eq!(
        conditions(&unsaid.quotes[0]),
        [
            (9, 3, "context has authenticationLevel", false),
            (12, 8, "principal has party", true),
        ]
    );
    assert_eq!(high.quotes[0].policy.as_ref(), high.policies[0]);
    assert_eq!(high.quotes.len(), 1);
}

#[test]
fn a_policy_that_erred_is_quoted_with_the_conditions_before_the_error() {
    let erring = "@id(\"own/erring\")\nforbid (principal, action, resource)\nwhen { principal has party }\nwhen { 9223372036854775807 + context.authenticationLevel > 0 };";
    let world = under(&erring.replace(
        "9223372036854775807 + context.authenticationLevel",
        "context has authenticationLevel && 9223372036854775807 + context.authenticationLevel",
    ));

    let explanation = explained(&world, &asked(4));

    assert_eq!(explanation.code.to_string(), "policy-error");
    assert_eq!(
        conditions(&explanation.quotes[0]),
        [
            (3, 8, "principal has party", true),
            (4, 8, "context has authenticationLevel", true),
        ]
    );
}

#[test]
fn an_answer_of_then_quotes_the_version_of_then() {
    let world = under(GATE);
    let then = world.engine.snapshot().revision();
    let before = explained(&world, &asked(2));
    let moved = format!("// Another line.\n\n{}", GATE.replace(">= 3", ">= 4"));
    let folder: PolicyFolder = policies_with(&[(OWN, &moved)]);
    world
        .engine
        .put_policies(&world.call(operator()), folder)
        .unwrap();

    let now = explained(&world, &asked(2));
    let snapshot = world.engine.snapshot();
    let of_then = |revision: Revision| {
        let past = snapshot.past(At::Revision(revision), world.instant());
        past.unwrap().explain(&asked(2)).unwrap().explanation
    };

    assert_eq!((before.quotes[0].line, now.quotes[0].line), (2, 4));
    assert!(now.quotes[0].text.contains(">= 4"));
    assert_eq!(of_then(then).quotes, before.quotes);
    assert_eq!(of_then(then.next()).quotes, now.quotes);
}

#[test]
fn every_policy_that_decides_is_quoted_from_where_it_stands() {
    let policies = prop::collection::vec(policy(), 1..6);
    let deeds = prop::collection::vec(deed(), 1..12);
    let askings = prop::collection::vec(asking(), 12);
    let mut runner = TestRunner::new(Config::with_cases(48));
    let quoted = std::cell::Cell::new((0, 0));

    let outcome = runner.run(&(policies, deeds, askings), |(policies, deeds, askings)| {
        let world = world_of(&policies, &deeds);
        for asking in &askings {
            check(&world, asking, &quoted)?;
        }
        Ok(())
    });

    outcome.unwrap();
    let (quotes, conditions) = quoted.get();
    assert!(quotes > 100 && conditions > 20, "{quotes}, {conditions}");
}

fn check(
    world: &World,
    asking: &Asking,
    quoted: &std::cell::Cell<(usize, usize)>,
) -> Result<(), TestCaseError> {
    let explanation = explained(world, &asking.question());
    let ids: Vec<_> = explanation.quotes.iter().map(|one| &*one.policy).collect();
    prop_assert_eq!(&ids, &explanation.policies);
    for quote in &explanation.quotes {
        let file = world.folder.text(&quote.file).unwrap();
        let from = file.split_inclusive('\n').skip(quote.line - 1);
        let from: String = from.collect();
        prop_assert!(from.contains(&*quote.text), "{}", quote.text);
        let first = from.lines().next().unwrap();
        prop_assert!(first.contains(quote.text.lines().next().unwrap()));
        for condition in &quote.conditions {
            let line = file.lines().nth(condition.line - 1).unwrap();
            let at: String = line.chars().skip(condition.column - 1).collect();
            let begin = condition.text.split(' ').next().unwrap();
            prop_assert!(at.starts_with(begin), "{at}: {}", condition.text);
        }
        let (quotes, conditions) = quoted.get();
        quoted.set((quotes + 1, conditions + quote.conditions.len()));
    }
    Ok(())
}
