//! Random worlds: policies that look at anything the schema has, things that are done to grants, and questions.

use fullmakt::model::caller::Caller;
use fullmakt::model::id::RequestId;
use fullmakt::model::mandate::mandate_id;
use fullmakt::model::question::{Asked, Question};
use fullmakt::model::relation::{RelationKey, Role};
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::time::{Timestamp, Window};
use proptest::prelude::*;

use crate::world::{
    self, BEGIN, SYSTEM, World, operator, org, person, policies_with, right, system_draft, user,
    vendor,
};

pub(crate) const PACKAGES: [&str; 5] = [
    "regnskapsforer-med-signeringsrettighet",
    "regnskapsforer-uten-signeringsrettighet",
    "krav-og-utlegg",
    "skattegrunnlag",
    "forretningsforer-eiendom",
];
pub(crate) const RESOURCES: [&str; 4] = [
    "ske-krav-og-betalinger",
    "mva-melding-innsending",
    "ske-innrapportering-boligsameie",
    "finnes-ikke",
];
pub(crate) const ACTIONS: [&str; 3] = ["read", "write", "erase"];
pub(crate) const FIRMS: [&str; 2] = ["312001373", "312002744"];
pub(crate) const PARTIES: [&str; 6] = [
    "312001373",
    "312002744",
    "312004119",
    "312005018",
    "312005123",
    "312005239",
];
pub(crate) const FORMS: [&str; 3] = ["AS", "BRL", "NUF"];
pub(crate) const USERS: u32 = 5;
/// One step of the small clock that windows and questions share.
pub(crate) const STEP: i64 = 1000;

/// One thing that is done to a world. What the rules refuse is refused, and changes nothing.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Form {
        party: usize,
        form: usize,
    },
    Agent {
        user: u32,
        firm: usize,
        packages: Vec<usize>,
    },
    Standard {
        user: u32,
        firm: usize,
        packages: Vec<usize>,
        rights: Vec<(usize, u8)>,
    },
    Relate {
        client: usize,
        firm: usize,
        role: usize,
        packages: Vec<usize>,
    },
    Unrelate {
        client: usize,
        firm: usize,
        role: usize,
    },
    Add {
        user: u32,
        client: usize,
        window: Option<(Option<u8>, Option<u8>)>,
    },
    Remove {
        user: u32,
        client: usize,
    },
    DeleteUser {
        user: u32,
    },
    DeleteSystem,
}

pub(crate) fn deed() -> BoxedStrategy<Deed> {
    let parties = 0..PARTIES.len();
    let packages = || prop::collection::vec(0..PACKAGES.len(), 1..3);
    prop_oneof![
        40 => (parties.clone(), 0..FORMS.len()).prop_map(|(party, form)| Deed::Form { party, form }),
        80 => (0..USERS, 0..FIRMS.len(), packages()).prop_map(|(user, firm, packages)| Deed::Agent { user, firm, packages }),
        40 => (0..USERS, 0..FIRMS.len(), prop::collection::vec(2..4usize, 0..2), prop::collection::vec((0..3usize, 1..4u8), 0..3))
            .prop_map(|(user, firm, packages, rights)| Deed::Standard { user, firm, packages, rights }),
        120 => (parties.clone(), 0..FIRMS.len(), 0..4usize, packages())
            .prop_map(|(client, firm, role, packages)| Deed::Relate { client, firm, role, packages }),
        40 => (parties.clone(), 0..FIRMS.len(), 0..4usize).prop_map(|(client, firm, role)| Deed::Unrelate { client, firm, role }),
        200 => (0..USERS, parties.clone(), prop::option::weighted(0.3, (prop::option::of(0..6u8), prop::option::of(0..6u8))))
            .prop_map(|(user, client, window)| Deed::Add { user, client, window }),
        40 => (0..USERS, parties).prop_map(|(user, client)| Deed::Remove { user, client }),
        5 => (0..USERS).prop_map(|user| Deed::DeleteUser { user }),
        1 => Just(Deed::DeleteSystem),
    ]
    .boxed()
}

pub(crate) fn everybody(party: &str) -> Caller {
    person(
        "somebody",
        party,
        &["klientadministrator", "tilgangsstyrer"],
    )
}

pub(crate) fn codes(places: &[usize]) -> Vec<String> {
    places
        .iter()
        .map(|place| PACKAGES[*place].to_owned())
        .collect()
}

pub(crate) fn role(place: usize) -> Role {
    Role::ALL[place]
}

pub(crate) fn at(step: u8) -> Timestamp {
    Timestamp::from_millis(BEGIN + i64::from(step) * STEP)
}

pub(crate) fn request(
    world: &World,
    nth: u32,
    firm: usize,
    kind: UserKind,
    packages: &[usize],
    rights: &[(usize, u8)],
) {
    let sets: [&[&str]; 3] = [&["read"], &["write"], &["read", "write"]];
    let draft = RequestDraft {
        firm: org(FIRMS[firm]),
        packages: codes(packages),
        rights: rights
            .iter()
            .map(|(resource, set)| right(RESOURCES[*resource], sets[usize::from(*set) - 1]))
            .collect(),
        ..world::draft(nth, kind, &[])
    };
    let id = RequestId(user(nth).0);
    if world
        .engine
        .create_request(&world.call(vendor()), id, draft)
        .is_ok()
    {
        let _ = world
            .engine
            .approve_request(&world.call(everybody(FIRMS[firm])), id);
    }
}

pub(crate) fn act_out(world: &World, deed: &Deed) {
    let engine = &world.engine;
    let owner = |nth: u32| {
        let view = engine.snapshot().system_user(&operator(), user(nth));
        view.map_or(FIRMS[0].to_owned(), |view| view.owner.to_string())
    };
    let key = |client: usize, firm: usize, place: usize| RelationKey {
        client: org(PARTIES[client]),
        firm: org(FIRMS[firm]),
        role: role(place),
    };
    match deed {
        Deed::Form { party, form } => {
            let org = org(PARTIES[*party]);
            let party = fullmakt::model::party::Party {
                org,
                name: "SOMEBODY".parse().unwrap(),
                form: FORMS[*form].parse().unwrap(),
            };
            engine.put_party(&world.call(operator()), party).unwrap();
        }
        Deed::Agent {
            user,
            firm,
            packages,
        } => request(world, *user, *firm, UserKind::Agent, packages, &[]),
        Deed::Standard {
            user,
            firm,
            packages,
            rights,
        } => request(world, *user, *firm, UserKind::Standard, packages, rights),
        Deed::Relate {
            client,
            firm,
            role: place,
            packages,
        } => {
            let packages = if role(*place) == Role::RightHolder {
                codes(packages)
            } else {
                Vec::new()
            };
            let _ = engine.put_relation(
                &world.call(operator()),
                key(*client, *firm, *place),
                packages,
            );
        }
        Deed::Unrelate { client, firm, role } => {
            let _ = engine.end_relation(&world.call(operator()), key(*client, *firm, *role));
        }
        Deed::Add {
            user: nth,
            client,
            window,
        } => {
            let window =
                window.and_then(|(from, until)| Window::new(from.map(at), until.map(at)).ok());
            let by = everybody(&owner(*nth));
            let _ = engine.add_client(&world.call(by), user(*nth), org(PARTIES[*client]), window);
        }
        Deed::Remove { user: nth, client } => {
            let _ = engine.remove_client(
                &world.call(everybody(&owner(*nth))),
                user(*nth),
                org(PARTIES[*client]),
            );
        }
        Deed::DeleteUser { user: nth } => {
            let _ = engine.delete_system_user(&world.call(everybody(&owner(*nth))), user(*nth));
        }
        Deed::DeleteSystem => {
            let _ = engine.delete_system(&world.call(vendor()), SYSTEM.parse().unwrap());
        }
    }
}

/// What every world begins with, so that there is something to permit and something to take away.
pub(crate) fn beginning() -> Vec<Deed> {
    let forms = (0..PARTIES.len()).map(|party| Deed::Form {
        party,
        form: party % FORMS.len(),
    });
    let relations = (1..PARTIES.len()).flat_map(|client| {
        let as_accountant = Deed::Relate {
            client,
            firm: 0,
            role: 0,
            packages: vec![],
        };
        let as_right_holder = Deed::Relate {
            client,
            firm: 0,
            role: 3,
            packages: vec![2, 3],
        };
        [as_accountant, as_right_holder]
    });
    let users = [
        Deed::Agent {
            user: 0,
            firm: 0,
            packages: vec![0],
        },
        Deed::Agent {
            user: 1,
            firm: 0,
            packages: vec![1, 3],
        },
        Deed::Standard {
            user: 2,
            firm: 1,
            packages: vec![2],
            rights: vec![(1, 3), (0, 1)],
        },
    ];
    let clients = (1..PARTIES.len()).flat_map(|client| {
        [0, 1].map(|user| Deed::Add {
            user,
            client,
            window: None,
        })
    });
    forms.chain(relations).chain(users).chain(clients).collect()
}

pub(crate) fn one_of(texts: Vec<String>) -> impl Strategy<Value = String> {
    prop::sample::select(texts)
}

pub(crate) fn any_package() -> impl Strategy<Value = String> {
    one_of(
        PACKAGES
            .map(|code| format!("AccessPackage::\"{code}\""))
            .to_vec(),
    )
}

pub(crate) fn any_organization() -> impl Strategy<Value = String> {
    one_of(
        PARTIES
            .map(|number| format!("Organization::\"{number}\""))
            .to_vec(),
    )
}

pub(crate) fn any_user() -> impl Strategy<Value = String> {
    (0..USERS).prop_map(|nth| format!("SystemUser::\"{}\"", user(nth)))
}

pub(crate) fn any_mandate() -> impl Strategy<Value = String> {
    (0..USERS, 0..PARTIES.len()).prop_map(|(nth, party)| {
        format!(
            "Mandate::\"{}\"",
            mandate_id(user(nth), org(PARTIES[party]))
        )
    })
}

pub(crate) fn principal_scope() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("principal".to_owned()),
        4 => any_package().prop_map(|package| format!("principal in {package}")),
        1 => Just("principal is Mandate".to_owned()),
        2 => any_package().prop_map(|package| format!("principal is Mandate in {package}")),
        1 => any_mandate().prop_map(|mandate| format!("principal == {mandate}")),
        1 => any_user().prop_map(|user| format!("principal in {user}")),
        1 => any_user().prop_map(|user| format!("principal is Mandate in {user}")),
    ]
}

pub(crate) fn action_scope() -> impl Strategy<Value = String> {
    one_of(
        [
            "action",
            "action == Action::\"read\"",
            "action == Action::\"write\"",
            "action in [Action::\"read\", Action::\"write\"]",
        ]
        .map(str::to_owned)
        .to_vec(),
    )
}

pub(crate) fn resource_scope() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("resource".to_owned()),
        Just("resource is Resource".to_owned()),
        (0..3usize).prop_map(|place| format!("resource == Resource::\"{}\"", RESOURCES[place])),
    ]
}

/// Conditions that strict validation accepts; some err when they are evaluated.
pub(crate) fn atom() -> impl Strategy<Value = String> {
    let now = || {
        one_of(
            (0..6)
                .map(|step| format!("datetime(\"{}\")", cedar_instant(at(step))))
                .collect(),
        )
    };
    prop_oneof![
        3 => any_package().prop_map(|package| format!("principal in {package}")),
        2 => (any_package(), any_package()).prop_map(|(a, b)| format!("principal in [{a}, {b}]")),
        1 => any_package().prop_map(|package| format!("principal is Mandate in {package}")),
        2 => any_organization().prop_map(|party| format!("principal.party == {party}")),
        2 => any_organization().prop_map(|firm| format!("principal has via && principal.via == {firm}")),
        1 => Just("principal has systemUser && principal.systemUser.kind == \"agent\"".to_owned()),
        1 => any_organization().prop_map(|owner| format!("principal has systemUser && principal.systemUser.owner == {owner}")),
        1 => Just(format!("principal has systemUser && principal.systemUser.system == System::\"{SYSTEM}\"")),
        1 => Just("principal has systemUser && principal.systemUser.system.vendor == Organization::\"991825827\"".to_owned()),
        2 => now().prop_map(|instant| format!("context.now < {instant}")),
        1 => Just("principal has validUntil && principal.validUntil > context.now".to_owned()),
        1 => Just("principal has validFrom".to_owned()),
        2 => (0..5u8).prop_map(|level| format!("context has authenticationLevel && context.authenticationLevel >= {level}")),
        2 => Just("context has authenticationLevel && context.authenticationLevel + 9223372036854775806 > 0".to_owned()),
        1 => any_user().prop_map(|user| format!("{user}.kind == \"agent\"")),
        1 => (any_user(), any_organization()).prop_map(|(user, owner)| format!("{user}.owner == {owner}")),
        1 => any_user().prop_map(|user| format!("{user} has owner")),
        1 => (any_mandate(), any_package()).prop_map(|(mandate, package)| format!("{mandate} in {package}")),
        1 => any_mandate().prop_map(|mandate| format!("{mandate} has party")),
        1 => any_mandate().prop_map(|mandate| format!("principal == {mandate}")),
        1 => any_user().prop_map(|user| format!("principal in {user}")),
        1 => Just(format!("System::\"{SYSTEM}\".vendor == Organization::\"991825827\"")),
        2 => Just("resource.owner == Organization::\"974761076\"".to_owned()),
        1 => Just("resource has owner".to_owned()),
        1 => Just("[principal.party, resource.owner].contains(Organization::\"312002744\")".to_owned()),
        1 => Just("resource == Resource::\"mva-melding-innsending\"".to_owned()),
        1 => Just("action == Action::\"read\"".to_owned()),
        1 => Just("true".to_owned()),
    ]
}

pub(crate) fn cedar_instant(instant: Timestamp) -> String {
    let text = instant.to_string();
    if text.contains('.') {
        text
    } else {
        text.replace('Z', ".000Z")
    }
}

pub(crate) fn condition() -> BoxedStrategy<String> {
    atom()
        .prop_map(|atom| format!("({atom})"))
        .prop_recursive(2, 6, 2, |inner| {
            prop_oneof![
                inner.clone().prop_map(|a| format!("!{a}")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
                (inner.clone(), inner.clone(), inner)
                    .prop_map(|(a, b, c)| format!("(if {a} then {b} else {c})")),
            ]
        })
        .boxed()
}

pub(crate) fn policy() -> BoxedStrategy<String> {
    let clause = (prop::bool::ANY, condition()).prop_map(|(when, condition)| {
        format!("{} {{ {condition} }}", if when { "when" } else { "unless" })
    });
    let effect = prop_oneof![2 => Just("permit"), 1 => Just("forbid")];
    (
        effect,
        principal_scope(),
        action_scope(),
        resource_scope(),
        prop::collection::vec(clause, 0..3),
    )
        .prop_map(|(effect, principal, action, resource, clauses)| {
            format!(
                "{effect} ({principal}, {action}, {resource}) {};",
                clauses.join(" ")
            )
        })
        .boxed()
}

#[derive(Debug, Clone)]
pub(crate) struct Asking {
    pub(crate) user: u32,
    pub(crate) action: usize,
    pub(crate) resource: usize,
    pub(crate) client: usize,
    pub(crate) level: Option<i64>,
    pub(crate) step: u8,
}

pub(crate) fn asking() -> impl Strategy<Value = Asking> {
    let level = prop::option::of(0..5i64);
    (
        0..USERS + 1,
        0..20usize,
        0..8usize,
        0..PARTIES.len(),
        level,
        0..6u8,
    )
        .prop_map(|(user, action, resource, client, level, step)| {
            // Mostly what is there, sometimes what is not.
            let (action, resource) = (
                if action == 19 { 2 } else { action % 2 },
                if resource == 7 { 3 } else { resource % 3 },
            );
            Asking {
                user,
                action,
                resource,
                client,
                level,
                step,
            }
        })
}

impl Asking {
    pub(crate) fn question(&self) -> Question {
        Question {
            system_user: user(self.user),
            action: ACTIONS[self.action].parse().unwrap(),
            resource: RESOURCES[self.resource].parse().unwrap(),
            client: org(PARTIES[self.client]),
            asked: self.level.map_or_else(Asked::default, Asked::at_level),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        at(self.step)
    }
}

/// The world that these policies and deeds make.
pub(crate) fn world_of(policies: &[String], deeds: &[Deed]) -> World {
    let world = World::under(policies_with(&[(
        "resources/random.cedar",
        &policies.join("\n"),
    )]));
    let rights = RESOURCES[..3]
        .iter()
        .map(|resource| right(resource, &["read", "write"]))
        .collect();
    world
        .engine
        .register_system(&world.call(vendor()), system_draft(&PACKAGES, rights))
        .unwrap();
    for deed in beginning().iter().chain(deeds) {
        act_out(&world, deed);
    }
    world
}
