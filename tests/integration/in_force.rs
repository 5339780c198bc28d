//! Policies that are put in force while the engine runs: whole or not at all, for the next question and no earlier
//! snapshot.

use fullmakt::engine::{Engine, PutPoliciesError, Settings};
use fullmakt::model::event::Event;
use fullmakt::model::policy::PolicyFolder;
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;
use fullmakt::policies;
use serde_json::Value;

use crate::world::{World, operator, policies_with, question, user};

const PACKAGE: &str = "regnskapsforer-med-signeringsrettighet";
const OTHER: &str = "regnskapsforer-lonn";
const CLIENT: &str = "312002744";
/// The first package of the catalogue.
const FIRST: &str = "a-ordning";

fn world() -> World {
    World::new()
        .system(&[PACKAGE, OTHER])
        .agent(1, &[PACKAGE])
        .relation(CLIENT, Role::Accountant)
        .client(1, CLIENT)
}

fn with(own: &str) -> PolicyFolder {
    policies_with(&[("resources/own.cedar", own)])
}

fn without_the_first_package() -> PolicyFolder {
    let text = policies::shipped().text(PolicyFolder::CATALOGUE).unwrap();
    let mut catalogue: Value = serde_json::from_str(text).unwrap();
    let packages = catalogue["packages"].as_array_mut().unwrap();
    assert_eq!(packages[0]["code"], FIRST);
    packages.remove(0);
    for role in catalogue["relations"].as_object_mut().unwrap().values_mut() {
        let gives = role["gives"].as_array_mut().unwrap();
        gives.retain(|gift| gift["package"] != FIRST);
    }
    policies_with(&[(PolicyFolder::CATALOGUE, &catalogue.to_string())])
}

#[test]
fn policies_put_in_force_decide_the_next_question_and_not_that_of_an_older_snapshot() {
    let world = world();
    let asked = question(1, "read", "ske-krav-og-betalinger", CLIENT);
    let before = world.engine.snapshot();
    let permitted = before.decide(&asked, world.instant());
    assert!(permitted.permit);

    let forbid = with("@id(\"own/stop\")\nforbid (principal, action, resource);");
    let put = world
        .engine
        .put_policies(&world.call(operator()), forbid.clone());

    let put = put.unwrap();
    assert!(put.value);
    assert_eq!(put.revision, before.revision().next());
    assert_eq!(world.revision(), put.revision.0);
    assert_eq!(world.engine.snapshot().policy_hash(), forbid.hash());
    assert_eq!(world.code(1, CLIENT), Code::ForbiddenByPolicy);
    assert_eq!(before.decide(&asked, world.instant()), permitted);
    assert_eq!(before.policy_hash(), policies::shipped().hash());
    // Grants that come later are decided by them as well.
    let world = world.client_removed(1, CLIENT).client(1, CLIENT);
    assert_eq!(world.code(1, CLIENT), Code::ForbiddenByPolicy);
}

#[test]
fn a_folder_with_a_finding_changes_nothing() {
    let world = world();
    let broken = with("permit (principal, action, resource) when { principal.colour == 1 };");

    let told = world.refused(|engine| engine.put_policies(&world.call(operator()), broken.clone()));

    assert_eq!(
        told,
        "the policies are broken: 1 finding, the first: resources/own.cedar:1:45: for policy `resources/own.cedar#1`, attribute `colour` on entity type `Mandate` not found (validation); did you mean `party`?"
    );
    let refused = world.engine.put_policies(&world.call(operator()), broken);
    assert!(matches!(refused, Err(PutPoliciesError::Policies(found)) if found.len() == 1));
    assert_eq!(
        world.engine.snapshot().policy_hash(),
        policies::shipped().hash()
    );
    assert_eq!(world.code(1, CLIENT), Code::Permit);
}

#[test]
fn the_folder_in_force_again_is_no_change() {
    let world = world();
    let before = world.revision();

    let shipped = policies::shipped().clone();
    let put = world.engine.put_policies(&world.call(operator()), shipped);

    let put = put.unwrap();
    assert!(!put.value);
    assert_eq!((put.revision.0, world.revision()), (before, before));
}

#[test]
fn the_journal_says_who_put_policies_in_force_and_a_restart_with_them_says_no_more() {
    let world = world();
    let folder = with("// nothing of its own\n");
    let call = world.call(operator());
    world.engine.put_policies(&call, folder.clone()).unwrap();

    let newest = world.journal().pop().unwrap();
    assert_eq!(&*newest.by.kind, "operator");
    assert_eq!(
        newest.event,
        Event::PoliciesInForce {
            hash: folder.hash().into(),
            publication: None,
        }
    );
    let written = world.revision();
    let world = world.reopened_under(folder);
    assert_eq!(world.revision(), written);
    // The folder of the start again is a change again.
    let world = world.reopened_under(policies::shipped().clone());
    assert_eq!(world.revision(), written + 1);
}

#[test]
fn a_package_that_the_catalogue_drops_leaves_the_others_in_their_places() {
    let world = world();
    let has = |world: &World| world.engine.snapshot().catalogue().find(FIRST).is_ok();
    let held = world.clients(1)[0].packages.clone();

    let smaller = without_the_first_package();
    world
        .engine
        .put_policies(&world.call(operator()), smaller)
        .unwrap();

    assert!(!has(&world));
    assert_eq!(world.clients(1)[0].packages, held);
    assert_eq!(world.code(1, CLIENT), Code::Permit);
    // Another set, made under the smaller catalogue.
    let world = world.agent(2, &[OTHER]).client(2, CLIENT);
    assert_eq!(world.code(2, CLIENT), Code::PackageNotHeld);
    let whole = policies::shipped().clone();
    world
        .engine
        .put_policies(&world.call(operator()), whole)
        .unwrap();
    assert!(has(&world));
    assert_eq!(world.clients(1)[0].packages, held);
    assert_eq!(
        (world.code(1, CLIENT), world.code(2, CLIENT)),
        (Code::Permit, Code::PackageNotHeld)
    );
    // As a start has it.
    let world = world.reopened();
    assert_eq!(world.clients(1)[0].packages, held);
    assert_eq!(
        (world.code(1, CLIENT), world.code(2, CLIENT)),
        (Code::Permit, Code::PackageNotHeld)
    );
    assert_eq!(
        world
            .engine
            .snapshot()
            .client(&operator(), user(2), CLIENT.parse().unwrap())
            .unwrap()
            .packages
            .len(),
        1
    );
}

#[test]
fn a_store_opens_as_it_was_and_where_there_is_none_none_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let at = "2026-11-24T12:00:00Z".parse().unwrap();
    let as_it_was = || Engine::open_as_it_was(&data, Settings::default(), at);

    let told = as_it_was().unwrap_err().to_string();
    assert_eq!(
        told,
        "the store has no policies that were in force before; start with a policy folder that is whole"
    );
    assert!(!data.exists());
    let first = with("// the first\n");
    drop(Engine::open(&data, first, Settings::default(), at).unwrap());
    let last = with("// the last\n");
    let engine = Engine::open(&data, last.clone(), Settings::default(), at).unwrap();
    let revision = engine.snapshot().revision();
    drop(engine);

    let engine = as_it_was().unwrap();
    assert_eq!(engine.snapshot().policy_folder(), &last);
    assert_eq!(engine.snapshot().revision(), revision);
}
