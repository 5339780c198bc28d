//! Parties, relations, the store, and questions: an act a row.

use super::{
    ALL_BUT_RESOURCE_API, Act, CLIENT, Import, Party, Role, Row, check, org, relation_key, said,
};

#[test]
fn the_firms_and_the_clients_persons_and_operators_read_a_relation() {
    const READERS: [&str; 6] = [
        "main-admin",
        "access-manager",
        "client-admin",
        "employee",
        "client-person",
        "operator",
    ];
    check(&Row::new(
        "read the relation regnskapsforer of `312002744` to `312001373`",
        "the firm's and the client's persons and operators may",
        &READERS,
        |world, by| {
            let key = relation_key(CLIENT, Role::Accountant);
            said(world.engine.snapshot().relation(&by, key))
        },
    ));
}

#[test]
fn an_operator_ends_relations_and_the_client_its_right_holders_only() {
    let who = "an operator may, and the client's persons for a right holder";
    check(&Row::new(
        "end the relation rettighetshaver of `312002744` to `312001373`",
        who,
        &["client-person", "operator"],
        |world, by| {
            let key = relation_key(CLIENT, Role::RightHolder);
            said(world.engine.end_relation(&world.call(by), key))
        },
    ));
    check(&Row::new(
        "end the relation regnskapsforer of `312002744` to `312001373`",
        who,
        &["operator"],
        |world, by| {
            let key = relation_key(CLIENT, Role::Accountant);
            said(world.engine.end_relation(&world.call(by), key))
        },
    ));
}

#[test]
fn an_operator_writes_parties_and_relations() {
    let by_operator = |what, act| Row::new(what, "an operator may", &["operator"], act);
    check(&by_operator("write party `312004119`", |world, by| {
        let party = Party {
            org: org("312004119"),
            name: "SOMEBODY".parse().unwrap(),
            form: "AS".parse().unwrap(),
        };
        said(world.engine.put_party(&world.call(by), party))
    }));
    check(&by_operator(
        "write the relation revisor of `312002744` to `312001373`",
        |world, by| {
            let key = relation_key(CLIENT, Role::Auditor);
            said(world.engine.put_relation(&world.call(by), key, Vec::new()))
        },
    ));
}

#[test]
fn an_operator_imports_exports_and_reads_the_journal() {
    let by_operator = |what, act| Row::new(what, "an operator may", &["operator"], act);
    check(&by_operator("import into the store", |world, by| {
        let line = r#"{"party":{"org":"312004119","name":"SOMEBODY","form":"AS"}}"#;
        let import = Import::read(line.as_bytes()).unwrap();
        said(world.engine.import(&world.call(by), &import, |_| {}))
    }));
    check(&by_operator("export the store", |world, by| {
        said(world.engine.snapshot().may_on_store(&by, Act::Export))
    }));
    check(&by_operator("read the store", |world, by| {
        said(
            world
                .engine
                .snapshot()
                .changes(&by, fullmakt::model::id::Revision::ZERO, None),
        )
    }));
}

#[test]
fn everybody_with_business_here_reads_a_partys_name_and_form() {
    check(&Row::new(
        "read party `312002744`",
        "vendors, persons and operators may",
        &ALL_BUT_RESOURCE_API,
        |world, by| said(world.engine.snapshot().party(&by, org(CLIENT))),
    ));
}

#[test]
fn a_resource_api_asks_and_nobody_else() {
    check(&Row::new(
        "ask about resource `ske-krav-og-betalinger`",
        "a resource API may, about the resources bound to it",
        &["resource-api"],
        |world, by| {
            let resource = "ske-krav-og-betalinger".parse().unwrap();
            said(world.engine.snapshot().may_ask(&by, &resource))
        },
    ));
}
