//! Systems and system users: changed, deleted, never used again.

use fullmakt::engine::SystemError;
use fullmakt::model::reason::Code;
use fullmakt::model::relation::Role;
use fullmakt::model::request::UserKind;
use fullmakt::model::system::SystemDraft;

use super::{CLIENT, OTHER_CLIENT, PAYROLL, WITH_SIGNING};
use crate::world::{
    FIRM, SYSTEM, World, access_manager, draft, firm_admin, org, right, system_draft, user, vendor,
};

fn world() -> World {
    World::new()
        .system(&[WITH_SIGNING, PAYROLL])
        .agent(1, &[WITH_SIGNING, PAYROLL])
        .relation(CLIENT, Role::Accountant)
        .relation(OTHER_CLIENT, Role::Accountant)
        .client(1, CLIENT)
}

fn delete_system(world: &World) {
    let call = world.call(vendor());
    world
        .engine
        .delete_system(&call, SYSTEM.parse().unwrap())
        .unwrap();
}

fn register(world: &World, draft: SystemDraft) -> Result<bool, SystemError> {
    let registered = world.engine.register_system(&world.call(vendor()), draft)?;
    Ok(registered.value)
}

#[test]
fn a_package_that_its_system_drops_later_changes_nothing_for_a_system_user() {
    let world = world();
    let before = world
        .engine
        .snapshot()
        .system_user(&firm_admin(), user(1))
        .unwrap();
    let call = world.call(vendor());
    world
        .engine
        .change_system(&call, system_draft(&[PAYROLL], Vec::new()))
        .unwrap();

    assert_eq!(world.code(1, CLIENT), Code::Permit);
    let after = world
        .engine
        .snapshot()
        .system_user(&firm_admin(), user(1))
        .unwrap();
    assert_eq!(after, before);
    let world = world.client(1, OTHER_CLIENT);
    assert_eq!(world.code(1, OTHER_CLIENT), Code::Permit);
}

#[test]
fn a_package_that_its_system_gains_later_changes_nothing_for_a_system_user() {
    let world = World::new()
        .system(&[PAYROLL])
        .agent(1, &[PAYROLL])
        .relation(CLIENT, Role::Accountant)
        .client(1, CLIENT);
    let call = world.call(vendor());
    let wider = system_draft(&[PAYROLL, WITH_SIGNING], Vec::new());
    world.engine.change_system(&call, wider).unwrap();

    assert_eq!(world.code(1, CLIENT), Code::PackageNotHeld);
}

#[test]
fn deleting_a_system_user_denies_at_once() {
    let world = world();
    assert_eq!(world.code(1, CLIENT), Code::Permit);
    let call = world.call(access_manager());
    world.engine.delete_system_user(&call, user(1)).unwrap();

    assert_eq!(world.code(1, CLIENT), Code::SystemUserDeleted);
    let said = "system user `5ea1d000-0000-4000-8000-000000000001` was deleted";
    assert_eq!(world.refused(|_| world.add(1, OTHER_CLIENT)), said);
    let call = world.call(firm_admin());
    assert_eq!(
        world.refused(|engine| engine.remove_client(&call, user(1), org(CLIENT))),
        said
    );
    assert_eq!(
        world.refused(|engine| engine.delete_system_user(&call, user(1))),
        said
    );
    let snapshot = world.engine.snapshot();
    let listed = snapshot.clients(
        &firm_admin(),
        user(1),
        &fullmakt::engine::PageRequest::default(),
    );
    assert_eq!(listed.unwrap_err().to_string(), said);
    let view = snapshot.system_user(&firm_admin(), user(1)).unwrap();
    assert_eq!(view.deleted, Some(world.instant()));
}

#[test]
fn deleting_a_system_denies_all_its_system_users_at_once() {
    let world = world().agent(2, &[WITH_SIGNING]).client(2, CLIENT);
    assert_eq!(world.code(2, CLIENT), Code::Permit);
    delete_system(&world);

    assert_eq!(world.code(1, CLIENT), Code::SystemDeleted);
    assert_eq!(world.code(2, CLIENT), Code::SystemDeleted);
    assert_eq!(
        world.refused(|_| world.add(1, OTHER_CLIENT)),
        "the system of system user `5ea1d000-0000-4000-8000-000000000001`, `991825827_smartcloud`, was deleted; no client can be added"
    );
    assert!(world.offered(&firm_admin(), 1).is_empty());
}

#[test]
fn the_clients_of_a_deleted_systems_user_can_be_removed_and_the_user_deleted() {
    let world = world();
    delete_system(&world);
    let world = world.client_removed(1, CLIENT);
    assert_eq!(world.clients(1), []);

    let call = world.call(access_manager());
    world.engine.delete_system_user(&call, user(1)).unwrap();
    assert_eq!(world.code(1, CLIENT), Code::SystemUserDeleted);
}

#[test]
fn a_systems_id_is_never_used_again() {
    let world = world();
    delete_system(&world);
    let deleted = "system `991825827_smartcloud` was deleted";

    assert_eq!(
        world.refused(|_| register(&world, system_draft(&[WITH_SIGNING], Vec::new()))),
        "system id `991825827_smartcloud` belonged to a deleted system and is not used again; choose another name"
    );
    let call = world.call(vendor());
    assert_eq!(
        world.refused(|engine| engine.change_system(&call, system_draft(&[PAYROLL], Vec::new()))),
        deleted
    );
    assert_eq!(
        world.refused(|engine| engine.delete_system(&call, SYSTEM.parse().unwrap())),
        deleted
    );
    let request = draft(2, UserKind::Agent, &[WITH_SIGNING]);
    assert_eq!(world.refused(|_| world.request(2, request)), deleted);
}

#[test]
fn registering_the_same_system_again_is_no_change_and_with_other_contents_a_conflict() {
    let world = World::new();
    let same = || system_draft(&[WITH_SIGNING, PAYROLL], Vec::new());
    assert!(register(&world, same()).unwrap());
    let before = world.revision();

    let other_order = system_draft(&[PAYROLL, WITH_SIGNING, PAYROLL], Vec::new());
    assert!(!register(&world, other_order).unwrap());
    assert_eq!(world.revision(), before);
    assert_eq!(
        world.refused(|_| register(&world, system_draft(&[PAYROLL], Vec::new()))),
        "system `991825827_smartcloud` is registered already, with other contents; change it with PUT"
    );
    let call = world.call(vendor());
    let unchanged = world.engine.change_system(&call, same()).unwrap();
    assert_eq!(unchanged.revision.0, before);
    assert_eq!(world.revision(), before);
}

#[test]
fn a_system_registers_only_what_some_system_user_can_hold() {
    let world = World::new();

    assert_eq!(
        world.refused(|_| register(
            &world,
            system_draft(&[WITH_SIGNING, "eksplisitt"], Vec::new())
        )),
        "access packages `eksplisitt` are neither delegable nor assignable, so no system user can hold them"
    );
    assert_eq!(
        world.refused(|_| register(&world, system_draft(&[], Vec::new()))),
        "a system needs at least one access package or single right"
    );
    let without_action = vec![right("ske-krav-og-betalinger", &[])];
    assert_eq!(
        world.refused(|_| register(&world, system_draft(&[], without_action))),
        "the single right on `ske-krav-og-betalinger` names no action"
    );
}

#[test]
fn a_deleted_system_user_frees_its_key_and_keeps_its_id() {
    let world = world();
    let call = world.call(access_manager());
    world.engine.delete_system_user(&call, user(1)).unwrap();
    let same_key = draft(1, UserKind::Agent, &[WITH_SIGNING, PAYROLL]);
    world.request(9, same_key).unwrap();
    let world = world.approved(9);

    assert_eq!(world.code(1, CLIENT), Code::SystemUserDeleted);
    assert_eq!(world.code(9, CLIENT), Code::ClientNotAdded);
    let snapshot = world.engine.snapshot();
    let new = snapshot.system_user(&firm_admin(), user(9)).unwrap();
    assert_eq!((new.owner, new.clients), (org(FIRM), 0));
}
