//! Imports: all or nothing, in bounded commits; the same again goes on where it stopped, or puts what holds no longer.

use fullmakt::engine::{Import, ImportError};
use fullmakt::model::event::{Cause, Event, Recorded};
use fullmakt::model::id::{OrgNo, Revision};
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;
use fullmakt::model::request::UserKind;

use super::{AUDITOR, CLIENT, OTHER_CLIENT, TAX_BASIS, WITH_SIGNING};
use crate::world::{FIRM, World, nth_org, operator, org, relation_key, user};

fn world() -> World {
    World::new()
        .system(&[WITH_SIGNING, TAX_BASIS, AUDITOR])
        .agent(1, &[WITH_SIGNING])
        .agent(2, &[TAX_BASIS])
        .requested(3, UserKind::Standard, &[TAX_BASIS])
        .approved(3)
}

fn import(world: &World, lines: &str) -> Result<Revision, ImportError> {
    let import = Import::read(lines.as_bytes())?;
    world
        .engine
        .import(&world.call(operator()), &import, |_| {})
}

/// What is wrong with lines that cannot be imported, and the number of all of it; nothing may have been written.
fn findings(world: &World, lines: &str) -> (Vec<(u64, String)>, usize) {
    let before = world.revision();
    let Err(ImportError::Lines { findings, total }) = import(world, lines) else {
        panic!("the lines were imported")
    };
    assert_eq!(world.revision(), before, "a refused import wrote something");
    let findings = findings.into_iter();
    let findings = findings.map(|finding| (finding.line, finding.message));
    (findings.collect(), total)
}

fn relation(client: &str, role: &str, more: &str) -> String {
    format!(
        "{{\"relation\":{{\"client\":\"{client}\",\"firm\":\"{FIRM}\",\"role\":\"{role}\"{more}}}}}\n"
    )
}

fn delegation(nth: u32, client: &str) -> String {
    let user = user(nth);
    format!("{{\"delegation\":{{\"systemUser\":\"{user}\",\"client\":\"{client}\"}}}}\n")
}

/// The events of imports, by the lines that they are of.
fn imported(world: &World) -> Vec<(u64, u64, Recorded)> {
    let of_import = |recorded: Recorded| match recorded.cause {
        Cause::Import {
            first_line,
            last_line,
            ..
        } => Some((first_line, last_line, recorded)),
        Cause::Command { .. } | Cause::Start | Cause::Folder => None,
    };
    world.journal().into_iter().filter_map(of_import).collect()
}

#[test]
fn facts_of_every_kind_are_put_and_what_they_give_holds_at_once() {
    let world = world();
    let lines = format!(
        "{{\"party\":{{\"org\":\"{CLIENT}\",\"name\":\"NORDLYS BAKERI AS\",\"form\":\"AS\"}}}}\n\n{}{}{}",
        relation(CLIENT, "regnskapsforer", ""),
        relation(
            OTHER_CLIENT,
            "rettighetshaver",
            ",\"packages\":[\"skattegrunnlag\"]"
        ),
        [delegation(1, CLIENT), delegation(2, OTHER_CLIENT)].concat()
    );
    let revision = import(&world, &lines).unwrap();
    assert_eq!(revision.0, world.revision());
    let events = imported(&world);
    let [(1, 6, recorded)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(recorded.by.id.as_str(), "operator");
    assert_eq!(
        (world.code(1, CLIENT), world.code(2, OTHER_CLIENT)),
        (Code::Permit, Code::Permit)
    );
    assert_eq!(world.code(1, OTHER_CLIENT), Code::ClientNotAdded);
    let after = world.as_after_a_crash();
    assert_eq!(
        (after.code(1, CLIENT), after.code(2, OTHER_CLIENT)),
        (Code::Permit, Code::Permit)
    );
}

#[test]
fn one_bad_line_and_nothing_is_written_and_every_one_is_told() {
    let world = world().relation(CLIENT, Role::Accountant);
    let bad = [
        "{\"party\":{\"org\":\"312002745\",\"name\":\"A\",\"form\":\"AS\"}}\n",
        "nonsense\n",
        &relation(CLIENT, "regnskapsforr", ""),
        "{\"party\":{\"org\":\"312002744\",\"name\":\"A\",\"form\":\"AS\",\"colour\":1}}\n",
    ];
    let lines = format!("{}{}", relation(OTHER_CLIENT, "revisor", ""), bad.concat());
    let (told, total) = findings(&world, &lines);
    let numbers: Vec<u64> = told.iter().map(|(number, _)| *number).collect();
    assert_eq!((numbers, total), (vec![2, 3, 4, 5], 4));
    assert_eq!(
        told[0].1,
        "organisation number `312002745` has a wrong check digit (MOD11) (column 27)"
    );
    assert_eq!(told[1].1, "expected value (column 1)");

    let (here, nowhere) = (user(1), user(9));
    let refused = [
        (delegation(9, CLIENT), format!("system user `{nowhere}` does not exist")),
        (
            delegation(3, CLIENT),
            format!("system user `{}` is a standard one: it acts for its owner and has no clients", user(3)),
        ),
        (
            delegation(1, OTHER_CLIENT),
            format!("client `{OTHER_CLIENT}` has not given `{FIRM}` the access packages `{WITH_SIGNING}`"),
        ),
        (
            delegation(1, FIRM),
            format!("`{FIRM}` cannot be added to its own system user: access packages `{WITH_SIGNING}` are not assignable"),
        ),
        (
            relation(CLIENT, "revisor", ",\"ended\":\"2099-01-01T00:00:00Z\""),
            format!("`ended` is `2099-01-01T00:00:00Z`, which lies ahead (now: `{}`)", world.instant()),
        ),
        (
            relation(FIRM, "revisor", ""),
            format!("`{FIRM}` cannot have a relation to itself"),
        ),
        (
            format!("{{\"delegation\":{{\"systemUser\":\"{here}\",\"client\":\"{CLIENT}\",\"from\":\"2027-01-02T00:00:00Z\",\"until\":\"2027-01-01T00:00:00Z\"}}}}\n"),
            "the window ends at `2027-01-01T00:00:00Z`, which is not after it begins at `2027-01-02T00:00:00Z`".to_owned(),
        ),
    ];
    for (line, expected) in refused {
        let lines = format!("{}{line}", relation(OTHER_FIRM_CLIENT, "revisor", ""));
        assert_eq!(findings(&world, &lines), (vec![(2, expected)], 1), "{line}");
    }
}

/// A client that only the lines above speak of.
const OTHER_FIRM_CLIENT: &str = "312005123";

/// What a client may assign to a right holder, and no business manager has.
const CERTIFICATES: &str = "attester";

#[test]
fn two_relations_that_end_in_one_import_leave_nothing_on_each_other() {
    let world = World::new()
        .system(&[TAX_BASIS])
        .agent(1, &[TAX_BASIS])
        .party(CLIENT, "NUF")
        .relation(CLIENT, Role::BusinessManager)
        .relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS])
        .client(1, CLIENT);
    let ended = ",\"ended\":\"2026-01-01T00:00:00Z\"";
    let both = format!(
        "{}{}",
        relation(CLIENT, "forretningsforer", ended),
        relation(
            CLIENT,
            "rettighetshaver",
            &format!(",\"packages\":[\"{TAX_BASIS}\"]{ended}")
        )
    );
    import(&world, &both).unwrap();
    assert_eq!(world.code(1, CLIENT), Code::RelationEnded);
    assert_eq!(world.clients(1), []);
    assert_eq!(world.as_after_a_crash().clients(1), []);
}

#[test]
fn a_right_holder_that_narrows_beside_a_new_relation_takes_only_what_that_does_not_cover() {
    let world = World::new()
        .system(&[TAX_BASIS, CERTIFICATES])
        .agent(1, &[TAX_BASIS, CERTIFICATES])
        .party(CLIENT, "NUF")
        .relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS, CERTIFICATES])
        .client(1, CLIENT);
    let both = format!(
        "{}{}",
        relation(CLIENT, "forretningsforer", ""),
        relation(
            CLIENT,
            "rettighetshaver",
            ",\"packages\":[\"krav-og-utlegg\"]"
        )
    );
    import(&world, &both).unwrap();
    let [client] = &world.clients(1)[..] else {
        panic!("{:?}", world.clients(1))
    };
    assert_eq!(client.packages, [TAX_BASIS.parse().unwrap()]);
    assert_eq!(client.lost, [CERTIFICATES.parse().unwrap()]);
}

/// Relations of so many clients: three commits' worth.
const MANY: u32 = 25_000;

fn many() -> String {
    let first = nth_org(0).as_u32() / 10;
    let numbers = (first..).filter_map(|eight| Some(eight * 10 + OrgNo::check_digit(eight)?));
    let line = |number: u32| relation(&number.to_string(), "regnskapsforer", "");
    numbers.take(MANY as usize).map(line).collect()
}

#[test]
fn an_import_that_was_stopped_goes_on_after_its_last_commit() {
    let world = world();
    let import = Import::read(many().as_bytes()).unwrap();
    let call = world.call(operator());
    let mut stopped = None;
    let mut lines = Vec::new();
    let whole = world.engine.import(&call, &import, |progress| {
        lines.push((progress.lines, progress.of));
        if stopped.is_none() {
            // As it lies on disk when the process is killed here.
            stopped = Some(world.as_after_a_crash());
        }
    });
    whole.unwrap();
    assert_eq!(
        lines,
        [(10_000, 25_000), (20_000, 25_000), (25_000, 25_000)]
    );
    let stopped = stopped.unwrap();
    assert_eq!(imported(&stopped).len(), 1);
    assert!(
        stopped
            .engine
            .snapshot()
            .relation(&operator(), key_of(24_999))
            .is_err()
    );

    let mut rest = Vec::new();
    let call = stopped.call(operator());
    let gone_on = stopped
        .engine
        .import(&call, &import, |progress| rest.push(progress.lines));
    gone_on.unwrap();
    assert_eq!(rest, [20_000, 25_000]);
    let ranges: Vec<_> = imported(&stopped)
        .iter()
        .map(|(first, last, _)| (*first, *last))
        .collect();
    assert_eq!(ranges, [(1, 10_000), (10_001, 20_000), (20_001, 25_000)]);
    let events = |world: &World| -> Vec<Event> {
        imported(world)
            .into_iter()
            .map(|(_, _, recorded)| recorded.event)
            .collect()
    };
    assert_eq!(events(&stopped), events(&world));
    assert!(
        stopped
            .engine
            .snapshot()
            .relation(&operator(), key_of(24_999))
            .is_ok()
    );
}

fn key_of(nth: u32) -> fullmakt::model::relation::RelationKey {
    relation_key(&nth_org(nth).to_string(), Role::Accountant)
}

#[test]
fn an_import_that_was_written_to_its_end_puts_again_what_holds_no_longer_and_else_nothing() {
    let world = world();
    let lines = format!(
        "{}{}",
        relation(CLIENT, "regnskapsforer", ""),
        delegation(1, CLIENT)
    );
    let first = import(&world, &lines).unwrap();
    assert_eq!(import(&world, &lines).unwrap(), first);
    assert_eq!(world.revision(), first.0);
    let world = world.relation_ended(CLIENT, Role::Accountant);
    assert_eq!(world.code(1, CLIENT), Code::RelationEnded);
    let again = import(&world, &lines).unwrap();
    assert_eq!(again.0, first.0 + 2);
    assert_eq!(world.code(1, CLIENT), Code::Permit);
    assert_eq!(world.clients(1)[0].client, org(CLIENT));
}

#[test]
fn lines_only_put_and_an_absent_line_ends_nothing() {
    let world = world().relation(CLIENT, Role::Accountant).client(1, CLIENT);
    import(&world, &relation(OTHER_CLIENT, "regnskapsforer", "")).unwrap();
    assert_eq!(world.code(1, CLIENT), Code::Permit);
}
