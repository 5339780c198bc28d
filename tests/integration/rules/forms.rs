//! What a business manager's relation gives, which follows from the client's legal form.

use fullmakt::model::reason::Code;
use fullmakt::model::relation::{RelationKey, Role};
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;

use super::{CLIENT, OTHER_FIRM, PROPERTY, TAX_BASIS};
use crate::world::{FIRM, World, draft, operator, org, person, relation_key, request_id};

fn managed(form: Option<&str>, package: &str) -> World {
    let world = World::new()
        .system(&[PROPERTY, TAX_BASIS])
        .agent(1, &[package]);
    let world = match form {
        Some(form) => world.party(CLIENT, form),
        None => world,
    };
    world.relation(CLIENT, Role::BusinessManager)
}

fn gives(world: &World) -> Vec<String> {
    gives_as(world, Role::BusinessManager)
}

fn gives_as(world: &World, role: Role) -> Vec<String> {
    let key = relation_key(CLIENT, role);
    let relation = world.engine.snapshot().relation(&operator(), key).unwrap();
    relation.packages.iter().map(ToString::to_string).collect()
}

const OF_A_FOREIGN_COMPANY: [&str; 9] = [
    "a-ordning",
    "krav-og-utlegg",
    "lonn-personopplysninger-saerlig-kategori",
    "merverdiavgift",
    "oppgi-naermeste-leder",
    "saeravgifter",
    "skatt-naering",
    "skattegrunnlag",
    "tjenester-nuf",
];

#[test]
fn a_business_managers_relation_gives_what_the_clients_form_says() {
    assert_eq!(gives(&managed(Some("ESEK"), PROPERTY)), [PROPERTY]);
    assert_eq!(gives(&managed(Some("BRL"), PROPERTY)), [PROPERTY]);
    assert_eq!(gives(&managed(Some("NUF"), PROPERTY)), OF_A_FOREIGN_COMPANY);
    assert!(gives(&managed(Some("AS"), PROPERTY)).is_empty());
    assert!(gives(&managed(None, PROPERTY)).is_empty());
}

#[test]
fn a_business_managers_client_of_each_form_is_added_or_refused_by_what_its_form_gives() {
    let property = "client `312002744` has not given `312001373` the access packages `forretningsforer-eiendom`";
    let tax = "client `312002744` has not given `312001373` the access packages `skattegrunnlag`";
    let cases = [
        (Some("ESEK"), PROPERTY, None),
        (Some("BRL"), PROPERTY, None),
        (Some("NUF"), PROPERTY, Some(property)),
        (Some("AS"), PROPERTY, Some(property)),
        (None, PROPERTY, Some(property)),
        (Some("ESEK"), TAX_BASIS, Some(tax)),
        (Some("BRL"), TAX_BASIS, Some(tax)),
        (Some("NUF"), TAX_BASIS, None),
        (Some("AS"), TAX_BASIS, Some(tax)),
        (None, TAX_BASIS, Some(tax)),
    ];
    for (form, package, refusal) in cases {
        let world = managed(form, package);
        match refusal {
            None => assert_eq!(world.client(1, CLIENT).clients(1).len(), 1),
            Some(text) => assert_eq!(world.refused(|_| world.add(1, CLIENT)), text, "{form:?}"),
        }
    }
}

#[test]
fn the_other_roles_give_the_same_for_every_form() {
    for form in ["AS", "ENK", "NUF", "BRL", "ESEK"] {
        let world = World::new()
            .system(&[super::WITH_SIGNING])
            .agent(1, &[super::WITH_SIGNING])
            .party(CLIENT, form)
            .relation(CLIENT, Role::Accountant)
            .client(1, CLIENT);

        assert_eq!(world.code(1, CLIENT), Code::Permit, "{form}");
    }
}

#[test]
fn a_form_that_changes_takes_away_what_it_no_longer_gives() {
    let world = managed(Some("NUF"), TAX_BASIS).client(1, CLIENT);
    assert_eq!(world.code(1, CLIENT), Code::Permit);

    let world = world.party(CLIENT, "AS");
    assert_eq!(world.code(1, CLIENT), Code::RelationEnded);
    assert_eq!(world.clients(1), []);
}

#[test]
fn a_form_that_changes_takes_from_the_system_users_of_every_firm() {
    let world = managed(Some("NUF"), TAX_BASIS).client(1, CLIENT);
    let administrator = || {
        let packages = ["klientadministrator", "tilgangsstyrer"];
        person("other-admin", OTHER_FIRM, &packages)
    };
    let asked = RequestDraft {
        firm: org(OTHER_FIRM),
        ..draft(2, UserKind::Agent, &[TAX_BASIS])
    };
    world.request(2, asked).unwrap();
    let call = world.call(administrator());
    world.engine.approve_request(&call, request_id(2)).unwrap();
    let key = RelationKey {
        firm: org(OTHER_FIRM),
        ..relation_key(CLIENT, Role::BusinessManager)
    };
    let by_operator = world.call(operator());
    world
        .engine
        .put_relation(&by_operator, key, Vec::new())
        .unwrap();
    world.add_by(administrator(), 2, CLIENT).unwrap();
    assert_eq!([1, 2].map(|nth| world.code(nth, CLIENT)), [Code::Permit; 2]);

    let world = world.party(CLIENT, "AS");
    assert_eq!(
        [1, 2].map(|nth| world.code(nth, CLIENT)),
        [Code::RelationEnded; 2]
    );
}

#[test]
fn a_form_that_comes_back_restores_nothing() {
    let world = managed(Some("NUF"), TAX_BASIS).client(1, CLIENT);
    let world = world.party(CLIENT, "BRL").party(CLIENT, "NUF");
    assert_eq!(world.code(1, CLIENT), Code::RelationEnded);

    let world = world.client(1, CLIENT);
    assert_eq!(world.code(1, CLIENT), Code::Permit);
}

#[test]
fn a_form_that_gives_the_same_takes_nothing() {
    let world = managed(Some("BRL"), PROPERTY)
        .client(1, CLIENT)
        .party(CLIENT, "ESEK");
    let permit = world.explain(&crate::world::question(
        1,
        "write",
        "ske-innrapportering-boligsameie",
        CLIENT,
    ));

    assert_eq!(permit.explanation.code, Code::Permit);
    assert_eq!(
        permit.explanation.chain[0].role,
        Some(Role::BusinessManager)
    );
}

#[test]
fn a_form_that_becomes_known_lets_the_client_be_added() {
    let world = managed(None, PROPERTY);
    world.refused(|_| world.add(1, CLIENT));

    let world = world.party(CLIENT, "ESEK").client(1, CLIENT);
    assert_eq!(world.clients(1).len(), 1);
}

#[test]
fn a_form_that_changes_leaves_what_another_relation_covers() {
    let world = managed(Some("NUF"), TAX_BASIS)
        .relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS])
        .client(1, CLIENT)
        .party(CLIENT, "AS");

    assert_eq!(world.code(1, CLIENT), Code::Permit);
}

#[test]
fn what_is_not_delegable_is_given_by_no_right_holders_relation() {
    let world = World::new().relation_of(
        CLIENT,
        Role::RightHolder,
        &[TAX_BASIS, "maskinlesbare-hendelser"],
    );
    assert_eq!(
        gives_as(&world, Role::RightHolder),
        [TAX_BASIS],
        "`maskinlesbare-hendelser` can be assigned, and passed on by nobody"
    );
}

#[test]
fn a_right_holder_holds_what_the_client_assigned_and_only_a_right_holder_is_assigned_anything() {
    let world = World::new();
    let put = |client: &str, role, packages: &[&str]| {
        let packages = packages.iter().map(|code| (*code).to_owned()).collect();
        let key = relation_key(client, role);
        world.refused(|engine| engine.put_relation(&world.call(operator()), key, packages))
    };

    assert_eq!(
        put(CLIENT, Role::RightHolder, &[]),
        "a right holder's relation needs at least one access package; to take all away, end the relation"
    );
    assert_eq!(
        put(CLIENT, Role::RightHolder, &[TAX_BASIS, PROPERTY]),
        "access packages `forretningsforer-eiendom` are not assignable: a client cannot give them to a right holder"
    );
    assert_eq!(
        put(CLIENT, Role::Auditor, &[TAX_BASIS]),
        "what a relation as `revisor` gives follows from the role; only `rettighetshaver` takes `packages`"
    );
    assert_eq!(
        put(FIRM, Role::Accountant, &[]),
        "`312001373` cannot have a relation to itself"
    );
    let key = relation_key(CLIENT, Role::Accountant);
    assert_eq!(
        world.refused(|engine| engine.end_relation(&world.call(operator()), key)),
        "there is no relation regnskapsforer of `312002744` to `312001373`"
    );
    let none = world.engine.snapshot().relation(&operator(), key);
    assert_eq!(
        none.unwrap_err().to_string(),
        "there is no relation regnskapsforer of `312002744` to `312001373`"
    );
    assert_eq!(key.client, org(CLIENT));
}
