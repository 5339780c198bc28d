//! Random worlds: policies that look at anything the schema has, things that are done to grants, and questions.

use fullmakt::model::mandate::mandate_id;
use fullmakt::model::question::{Asked, Question};
use fullmakt::model::time::Timestamp;
use proptest::prelude::*;

use crate::world::{SYSTEM, World, org, policies_with, right, system_draft, user, vendor};

pub(crate) use crate::deeds::{
    ACTIONS, Deed, FIRMS, FORMS, PACKAGES, PARTIES, RESOURCES, STEP, USERS, act_out, at, beginning,
    cedar_instant,
};

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
