//! Who may do what: for every act, each of ten callers is let through or refused with its whole text.

use std::fmt::Display;

use fullmakt::engine::{Import, PageRequest};
use fullmakt::model::caller::{Act, Caller, CallerKind};
use fullmakt::model::id::SystemId;
use fullmakt::model::party::Party;
use fullmakt::model::relation::Role;
use fullmakt::model::request::UserKind;

use super::{CLIENT, OTHER_FIRM, OTHER_VENDOR, TAX_BASIS, WITH_SIGNING};
use crate::world::{
    FIRM, SYSTEM, World, access_manager, client_admin, draft, operator, org, person, relation_key,
    request_id, resource_api, system_draft, user, vendor,
};

mod clients;
mod facts;
mod requests;

const FIRMS_PERSONS: [&str; 4] = ["main-admin", "access-manager", "client-admin", "employee"];
const ACCESS_MANAGERS: [&str; 2] = ["main-admin", "access-manager"];
const CLIENT_ADMINISTRATORS: [&str; 2] = ["main-admin", "client-admin"];
const ALL_BUT_RESOURCE_API: [&str; 9] = [
    "main-admin",
    "access-manager",
    "client-admin",
    "employee",
    "client-person",
    "other-admin",
    "vendor",
    "other-vendor",
    "operator",
];
const AN_ACCESS_MANAGER: &str =
    "an access manager of the firm (`tilgangsstyrer` or `hovedadministrator`) may";
const A_CLIENT_ADMINISTRATOR: &str =
    "a client administrator of the firm (`klientadministrator` or `hovedadministrator`) may";

const EVERY_PACKAGE: [&str; 3] = [
    "tilgangsstyrer",
    "hovedadministrator",
    "klientadministrator",
];

/// Ten callers; those at other parties hold every package there, which is worth nothing here.
fn callers() -> Vec<Caller> {
    let other_vendor = Caller {
        id: "other-vendor".parse().unwrap(),
        kind: CallerKind::Vendor {
            party: org(OTHER_VENDOR),
        },
    };
    vec![
        person("main-admin", FIRM, &["hovedadministrator"]),
        access_manager(),
        client_admin(),
        person("employee", FIRM, &[]),
        person("client-person", CLIENT, &EVERY_PACKAGE),
        person("other-admin", OTHER_FIRM, &EVERY_PACKAGE),
        vendor(),
        other_vendor,
        operator(),
        resource_api(),
    ]
}

/// One act that callers may want, and who may.
struct Row {
    act: fn(&World, Caller) -> Result<(), String>,
    /// What the refusal says was wanted.
    what: &'static str,
    /// Who the refusal says may.
    who: &'static str,
    may: &'static [&'static str],
    /// Who may escalate instead, and is told so.
    may_escalate: &'static [&'static str],
}

impl Row {
    const fn new(
        what: &'static str,
        who: &'static str,
        may: &'static [&'static str],
        act: fn(&World, Caller) -> Result<(), String>,
    ) -> Self {
        Self {
            act,
            what,
            who,
            may,
            may_escalate: &[],
        }
    }
}

/// Request 1 is approved and has a client; 2 is new; 3 is approved for packages that the firm can give itself.
fn world() -> World {
    World::new()
        .system(&[WITH_SIGNING, TAX_BASIS])
        .agent(1, &[WITH_SIGNING])
        .requested(2, UserKind::Agent, &[WITH_SIGNING])
        .agent(3, &[TAX_BASIS])
        .party(CLIENT, "AS")
        .relation(CLIENT, Role::Accountant)
        .relation_of(CLIENT, Role::RightHolder, &[TAX_BASIS])
        .relation("312004119", Role::Accountant)
        .client(1, CLIENT)
}

fn said<T, E: Display>(outcome: Result<T, E>) -> Result<(), String> {
    outcome.map(|_| ()).map_err(|error| error.to_string())
}

fn check(row: &Row) {
    let refusing = world();
    for caller in callers() {
        let name = caller.id.to_string();
        if row.may.contains(&name.as_str()) {
            let outcome = (row.act)(&world(), caller);
            assert_eq!(outcome, Ok(()), "{name} may {}", row.what);
            continue;
        }
        let pass_on = if row.may_escalate.contains(&name.as_str()) {
            "; you may pass the request on to one (escalate)"
        } else {
            ""
        };
        let text = format!(
            "{} `{name}` may not {}; {}{pass_on}",
            caller.kind.as_str(),
            row.what,
            row.who
        );
        assert_eq!(refusing.refused(|_| (row.act)(&refusing, caller)), text);
    }
}

fn first_page() -> PageRequest {
    PageRequest::default()
}

fn system() -> SystemId {
    SYSTEM.parse().unwrap()
}

#[test]
fn a_pure_client_administrator_never_approves_but_may_escalate() {
    let world = world();
    let call = world.call(client_admin());

    let refused = world
        .engine
        .approve_request(&call, request_id(2))
        .unwrap_err();
    let fullmakt::engine::DecideError::NotEntitled(refused) = refused else {
        panic!("{refused:?}")
    };
    assert!(refused.may_escalate);
    assert_eq!(refused.act, Act::ApproveRequest);
    assert_eq!(
        refused.to_string(),
        "person `client-admin` may not approve request `5ea1d000-0000-4000-8000-000000000002`; an access manager of the firm (`tilgangsstyrer` or `hovedadministrator`) may; you may pass the request on to one (escalate)"
    );
    world.engine.escalate_request(&call, request_id(2)).unwrap();
}

#[test]
fn another_firms_administrator_approves_nothing_and_has_nothing_to_escalate() {
    let world = world();
    let call = world.call(person("other-admin", OTHER_FIRM, &EVERY_PACKAGE));

    let refused = world
        .engine
        .approve_request(&call, request_id(2))
        .unwrap_err();
    let fullmakt::engine::DecideError::NotEntitled(refused) = refused else {
        panic!("{refused:?}")
    };
    assert!(!refused.may_escalate);
}

#[test]
fn lists_show_each_caller_what_it_may_see_and_no_more() {
    let world = world();
    let snapshot = world.engine.snapshot();
    let seen = |caller: &Caller| {
        (
            snapshot.systems(caller, &first_page()).unwrap().items.len(),
            snapshot
                .requests(caller, &first_page())
                .unwrap()
                .items
                .len(),
            snapshot
                .system_users(caller, &first_page())
                .unwrap()
                .items
                .len(),
        )
    };
    let expected = [
        ("main-admin", (1, 3, 2)),
        ("access-manager", (1, 3, 2)),
        ("client-admin", (1, 3, 2)),
        ("employee", (1, 3, 2)),
        ("client-person", (1, 0, 0)),
        ("other-admin", (1, 0, 0)),
        ("vendor", (1, 3, 2)),
        ("other-vendor", (0, 0, 0)),
        ("operator", (1, 3, 2)),
        ("resource-api", (0, 0, 0)),
    ];

    for (caller, (name, counts)) in callers().iter().zip(expected) {
        assert_eq!(caller.id.as_str(), name);
        assert_eq!(seen(caller), counts, "{name}");
    }
}

#[test]
fn a_resource_api_asks_about_the_resources_bound_to_it() {
    let world = world();
    let bound = Caller {
        id: "skatteetaten".parse().unwrap(),
        kind: CallerKind::ResourceApi {
            resources: fullmakt::model::caller::BoundResources::These(vec![
                "ske-krav-og-betalinger".parse().unwrap(),
            ]),
        },
    };
    let ask = |resource: &str| {
        world
            .engine
            .snapshot()
            .may_ask(&bound, &resource.parse().unwrap())
    };

    assert_eq!(ask("ske-krav-og-betalinger"), Ok(()));
    assert_eq!(
        ask("mva-melding-innsending").unwrap_err().to_string(),
        "resource-api `skatteetaten` may not ask about resource `mva-melding-innsending`; a resource API may, about the resources bound to it"
    );
}
