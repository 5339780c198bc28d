//! System users and their clients: an act a row.

use super::{
    A_CLIENT_ADMINISTRATOR, ACCESS_MANAGERS, AN_ACCESS_MANAGER, CLIENT, CLIENT_ADMINISTRATORS,
    FIRM, Row, check, first_page, org, said, user,
};

#[test]
fn an_access_manager_deletes_a_system_user() {
    check(&Row::new(
        "delete system user `5ea1d000-0000-4000-8000-000000000001`",
        AN_ACCESS_MANAGER,
        &ACCESS_MANAGERS,
        |world, by| said(world.engine.delete_system_user(&world.call(by), user(1))),
    ));
}

#[test]
fn a_client_administrator_lists_clients_and_an_operator_too() {
    const LISTERS: [&str; 3] = ["main-admin", "client-admin", "operator"];
    let row = |act| {
        Row::new(
            "list the clients of system user `5ea1d000-0000-4000-8000-000000000001`",
            A_CLIENT_ADMINISTRATOR,
            &LISTERS,
            act,
        )
    };
    check(&row(|world, by| {
        said(world.engine.snapshot().clients(&by, user(1), &first_page()))
    }));
    check(&row(|world, by| {
        said(world.engine.snapshot().client(&by, user(1), org(CLIENT)))
    }));
    check(&row(|world, by| {
        let snapshot = world.engine.snapshot();
        said(snapshot.available_clients(&by, user(1), &first_page(), world.instant()))
    }));
}

#[test]
fn a_client_administrator_adds_and_removes_clients_and_a_pure_access_manager_does_not() {
    let add = |act| {
        Row::new(
            "add clients to system user `5ea1d000-0000-4000-8000-000000000001`",
            A_CLIENT_ADMINISTRATOR,
            &CLIENT_ADMINISTRATORS,
            act,
        )
    };
    check(&add(|world, by| said(world.add_by(by, 1, "312004119"))));
    check(&add(|world, by| {
        let batch = fullmakt::engine::Batch {
            add: vec![org("312004119")],
            remove: vec![org(CLIENT)],
        };
        said(world.engine.change_clients(&world.call(by), user(1), batch))
    }));
    let remove = |act| {
        Row::new(
            "remove clients from system user `5ea1d000-0000-4000-8000-000000000001`",
            A_CLIENT_ADMINISTRATOR,
            &CLIENT_ADMINISTRATORS,
            act,
        )
    };
    check(&remove(|world, by| {
        said(
            world
                .engine
                .remove_client(&world.call(by), user(1), org(CLIENT)),
        )
    }));
    check(&remove(|world, by| {
        let batch = fullmakt::engine::Batch {
            add: Vec::new(),
            remove: vec![org(CLIENT)],
        };
        said(world.engine.change_clients(&world.call(by), user(1), batch))
    }));
}

#[test]
fn an_access_manager_adds_and_removes_the_firm_itself() {
    let row = |act| {
        Row::new(
            "add or remove the firm itself on system user `5ea1d000-0000-4000-8000-000000000003`",
            AN_ACCESS_MANAGER,
            &ACCESS_MANAGERS,
            act,
        )
    };
    check(&row(|world, by| said(world.add_by(by, 3, FIRM))));
    check(&row(|world, by| {
        said(
            world
                .engine
                .remove_client(&world.call(by), user(3), org(FIRM)),
        )
    }));
}
