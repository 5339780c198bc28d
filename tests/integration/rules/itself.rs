//! The firm added to its own agent system user.

use fullmakt::engine::{Batch, BatchLine, ClientOutcome, ClientRefused};
use fullmakt::model::caller::Caller;
use fullmakt::model::question::LinkKind;
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;

use super::{CLAIMS, CLIENT, OTHER_FIRM, TAX_BASIS, WITH_SIGNING};
use crate::world::{
    FIRM, World, access_manager, client_admin, firm_admin, org, person, relation_key, user,
};

const NOT_BY_CLIENT_ADMIN: &str = "person `client-admin` may not add or remove the firm itself on system user `5ea1d000-0000-4000-8000-000000000001`; an access manager of the firm (`tilgangsstyrer` or `hovedadministrator`) may";

fn world() -> World {
    World::new()
        .system(&[TAX_BASIS, CLAIMS, WITH_SIGNING])
        .agent(1, &[TAX_BASIS, CLAIMS])
}

fn kinds(world: &World, party: &str) -> Vec<(LinkKind, Box<str>)> {
    let chain = world.ask(1, party).explanation.chain;
    chain.into_iter().map(|link| (link.link, link.by)).collect()
}

#[test]
fn the_firm_itself_is_added_by_an_access_manager_and_by_nobody_else() {
    let world = world();

    assert_eq!(
        world.refused(|_| world.add_by(client_admin(), 1, FIRM)),
        NOT_BY_CLIENT_ADMIN
    );
    let elsewhere = person("other-admin", OTHER_FIRM, &["tilgangsstyrer"]);
    assert_eq!(
        world.refused(|_| world.add_by(elsewhere, 1, FIRM)),
        "person `other-admin` may not add or remove the firm itself on system user `5ea1d000-0000-4000-8000-000000000001`; an access manager of the firm (`tilgangsstyrer` or `hovedadministrator`) may"
    );
    assert_eq!(world.code(1, FIRM), Code::ClientIsTheFirm);

    assert_eq!(
        world.add_by(access_manager(), 1, FIRM).unwrap(),
        ClientOutcome::Added
    );
    assert_eq!(world.code(1, FIRM), Code::Permit);
}

#[test]
fn a_pure_access_manager_adds_the_firm_itself_but_no_other_client() {
    let world = world().relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS, CLAIMS]);

    assert_eq!(
        world.refused(|_| world.add_by(access_manager(), 1, CLIENT)),
        "person `access-manager` may not add clients to system user `5ea1d000-0000-4000-8000-000000000001`; a client administrator of the firm (`klientadministrator` or `hovedadministrator`) may"
    );
    assert_eq!(
        world.add_by(access_manager(), 1, FIRM).unwrap(),
        ClientOutcome::Added
    );
}

#[test]
fn the_firm_itself_is_added_only_if_all_packages_are_assignable() {
    let world = World::new()
        .system(&[TAX_BASIS, WITH_SIGNING])
        .agent(1, &[TAX_BASIS, WITH_SIGNING]);

    assert_eq!(
        world.refused(|_| world.add_by(access_manager(), 1, FIRM)),
        "`312001373` cannot be added to its own system user: access packages `regnskapsforer-med-signeringsrettighet` are not assignable"
    );
    assert_eq!(world.code(1, FIRM), Code::ClientIsTheFirm);
    assert!(world.offered(&firm_admin(), 1).is_empty());
}

#[test]
fn the_chain_of_the_firm_itself_shows_self_in_place_of_the_relation() {
    let world = world().relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS, CLAIMS]);
    world.add_by(access_manager(), 1, FIRM).unwrap();
    world.add_by(client_admin(), 1, CLIENT).unwrap();

    assert_eq!(
        kinds(&world, FIRM),
        [
            (LinkKind::Itself, "access-manager".into()),
            (LinkKind::Approval, "firm-admin".into()),
            (LinkKind::Delegation, "access-manager".into())
        ]
    );
    assert_eq!(
        kinds(&world, CLIENT),
        [
            (LinkKind::Relation, "operator".into()),
            (LinkKind::Approval, "firm-admin".into()),
            (LinkKind::Delegation, "client-admin".into())
        ]
    );
}

#[test]
fn the_firm_itself_is_offered_to_an_access_manager_who_keeps_clients_and_to_no_other() {
    let world = world();

    assert_eq!(world.offered(&firm_admin(), 1), [org(FIRM)]);
    let main = person("main-admin", FIRM, &["hovedadministrator"]);
    assert_eq!(world.offered(&main, 1), [org(FIRM)]);
    assert!(world.offered(&client_admin(), 1).is_empty());
    world.add(1, FIRM).unwrap();
    assert!(world.offered(&firm_admin(), 1).is_empty());
    assert!(world.clients(1)[0].is_self);
}

#[test]
fn the_firm_itself_hangs_on_no_relation() {
    let world = world().relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS, CLAIMS]);
    world.add(1, FIRM).unwrap();
    let world = world
        .relation_ended(CLIENT, Role::RightHolder)
        .party(FIRM, "AS")
        .party(FIRM, "NUF");

    assert_eq!(world.code(1, FIRM), Code::Permit);
    assert_eq!(world.add(1, FIRM).unwrap(), ClientOutcome::Already);
}

#[test]
fn the_firm_itself_is_removed_by_an_access_manager_only() {
    let world = world();
    world.add(1, FIRM).unwrap();
    let remove = |by: Caller| {
        let call = world.call(by);
        world
            .engine
            .remove_client(&call, user(1), org(FIRM))
            .map(|done| done.value)
    };

    assert_eq!(
        world.refused(|_| remove(client_admin())),
        NOT_BY_CLIENT_ADMIN
    );
    assert_eq!(world.code(1, FIRM), Code::Permit);
    assert_eq!(remove(access_manager()).unwrap(), ClientOutcome::Removed);
    assert_eq!(world.code(1, FIRM), Code::ClientIsTheFirm);
}

#[test]
fn in_a_batch_of_a_client_administrator_the_firm_itself_is_refused_and_the_others_are_added() {
    let world = world().relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS, CLAIMS]);
    let lines = |by: Caller, batch: Batch| {
        let call = world.call(by);
        world
            .engine
            .change_clients(&call, user(1), batch)
            .unwrap()
            .value
    };
    let refused = |lines: &[BatchLine]| match &lines[0].outcome {
        ClientOutcome::Refused(refused @ ClientRefused::NotEntitled(_)) => {
            assert!(refused.missing().is_empty());
            (refused.code(), refused.to_string())
        }
        other => panic!("{other:?}"),
    };
    let add = Batch {
        add: vec![org(FIRM), org(CLIENT)],
        remove: Vec::new(),
    };

    let added = lines(client_admin(), add.clone());
    assert_eq!(
        refused(&added),
        ("not-entitled", NOT_BY_CLIENT_ADMIN.to_owned())
    );
    assert_eq!(added[1].outcome, ClientOutcome::Added);
    assert_eq!(lines(firm_admin(), add)[0].outcome, ClientOutcome::Added);

    let remove = Batch {
        add: Vec::new(),
        remove: vec![org(FIRM)],
    };
    let kept = lines(client_admin(), remove.clone());
    assert_eq!(
        refused(&kept),
        ("not-entitled", NOT_BY_CLIENT_ADMIN.to_owned())
    );
    assert_eq!(world.code(1, FIRM), Code::Permit);
    assert_eq!(
        lines(firm_admin(), remove)[0].outcome,
        ClientOutcome::Removed
    );
}

#[test]
fn a_relation_of_the_firm_to_itself_cannot_be_written() {
    let world = world();
    let key = relation_key(FIRM, Role::Accountant);
    let call = world.call(crate::world::operator());

    assert_eq!(
        world.refused(|engine| engine.put_relation(&call, key, Vec::new())),
        "`312001373` cannot have a relation to itself"
    );
}
