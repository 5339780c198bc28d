//! The same answers after a restart, whether the state is read from pages or made anew from the journal.

use fullmakt::model::question::{Asked, Explained, Question};
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;

use super::codes::{self, cases, folder_with};
use super::{AUDITOR, CLIENT, WITH_SIGNING};
use crate::world::{FIRM, World, firm_admin, operator, question, user};

/// Every answer that the world gives to many questions, and what it lists.
fn answers(world: &World) -> Vec<String> {
    let clients = [
        CLIENT,
        super::OTHER_CLIENT,
        codes::NOT_YET,
        codes::OVER,
        codes::ENDED,
        codes::NAMED,
        FIRM,
    ];
    let mut answers = Vec::new();
    for nth in [1, 2, 3, 4, 5, 77] {
        for client in clients {
            for resource in [
                "ske-krav-og-betalinger",
                "prover",
                "mva-melding-innsending",
                "finnes-ikke",
            ] {
                for (action, level) in [("read", None), ("read", Some(4)), ("write", Some(3))] {
                    let asked = Question {
                        asked: level.map_or_else(Asked::default, Asked::at_level),
                        ..question(nth, action, resource, client)
                    };
                    let explained: Explained = world.explain(&asked);
                    answers.push(format!("{explained:?}"));
                }
            }
        }
    }
    let snapshot = world.engine.snapshot();
    let page = fullmakt::engine::PageRequest::default();
    answers.push(format!(
        "{:?}",
        snapshot.systems(&operator(), &page).unwrap()
    ));
    answers.push(format!(
        "{:?}",
        snapshot.requests(&operator(), &page).unwrap()
    ));
    answers.push(format!(
        "{:?}",
        snapshot.system_users(&operator(), &page).unwrap()
    ));
    for nth in [1, 2, 3, 4, 5] {
        answers.push(format!(
            "{:?}",
            snapshot.system_user(&operator(), user(nth))
        ));
        answers.push(format!(
            "{:?}",
            snapshot.clients(&operator(), user(nth), &page)
        ));
        let offered = snapshot.available_clients(&firm_admin(), user(nth), &page, world.instant());
        answers.push(format!("{offered:?}"));
    }
    answers.push(format!("{:?}", world.journal()));
    answers.push(format!(
        "{:?}",
        snapshot.export(fullmakt::engine::ExportScope::Whole)
    ));
    answers
}

fn same(before: &[String], after: &[String]) {
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(after) {
        assert_eq!(before, after);
    }
}

/// The world of the codes, with a delegation that lost a package, in a window.
fn world() -> World {
    codes::world()
}

fn with_losses() -> World {
    World::under(folder_with(""))
        .system(&[WITH_SIGNING, AUDITOR])
        .agent(5, &[WITH_SIGNING, AUDITOR])
        .relation(CLIENT, Role::Accountant)
        .relation(CLIENT, Role::Auditor)
        .relation(codes::NAMED, Role::Accountant)
        .relation(codes::NAMED, Role::Auditor)
        .client(5, CLIENT)
        .client(5, codes::NAMED)
        .relation_ended(CLIENT, Role::Auditor)
        .relation_ended(codes::NAMED, Role::Accountant)
        .relation(codes::NAMED, Role::Accountant)
}

#[test]
fn a_restart_from_pages_gives_the_same_answers_at_the_same_revision() {
    for world in [world(), with_losses()] {
        let (before, revision) = (answers(&world), world.revision());
        world.engine.checkpoint().unwrap();
        let world = world.reopened();

        assert_eq!(world.revision(), revision);
        same(&before, &answers(&world));
    }
}

#[test]
fn a_start_after_a_crash_gives_the_same_answers_from_the_journal_alone() {
    for world in [world(), with_losses()] {
        let (before, revision) = (answers(&world), world.revision());
        let anew = world.as_after_a_crash();

        assert_eq!(anew.revision(), revision);
        same(&before, &answers(&anew));
    }
}

#[test]
fn a_start_reads_pages_and_the_journal_after_them() {
    let world = with_losses();
    world.engine.checkpoint().unwrap();
    let world = world
        .client(5, codes::NAMED)
        .relation_ended(CLIENT, Role::Accountant);
    let before = answers(&world);
    let anew = world.as_after_a_crash();

    same(&before, &answers(&anew));
    assert_eq!(anew.code(5, CLIENT), Code::RelationEnded);
    assert_eq!(anew.code(5, codes::NAMED), Code::Permit);
}

#[test]
fn commands_go_on_after_a_restart_at_the_next_revision() {
    let world = world();
    let revision = world.revision();
    let world = world.reopened().client(1, super::OTHER_CLIENT);

    assert_eq!(world.revision(), revision + 1);
    assert_eq!(world.code(1, super::OTHER_CLIENT), Code::Permit);
    let world = world.reopened();
    assert_eq!(world.revision(), revision + 1);
    for (code, asked) in cases()
        .iter()
        .filter(|(code, _)| *code != Code::ClientNotAdded)
    {
        assert_eq!(world.explain(asked).explanation.code, *code);
    }
}
