//! The law of the list of available clients: what it offers can be added, what it does not offer cannot, or is there
//! already.

use std::collections::BTreeSet;

use fullmakt::engine::{Batch, ClientError, ClientOutcome, Engine, SystemUserView};
use fullmakt::model::caller::Caller;
use fullmakt::model::id::{OrgNo, PackageCode};
use fullmakt::model::relation::{RelationKey, Role};
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::time::{Timestamp, Window, Within};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::world::{self, BEGIN, World, operator, org, person, request_id, user, vendor};

const PACKAGES: [&str; 6] = [
    super::WITH_SIGNING,
    super::PAYROLL,
    super::AUDITOR,
    super::PROPERTY,
    super::TAX_BASIS,
    super::CLAIMS,
];
const FIRMS: [&str; 2] = ["312001373", "312002744"];
const PARTIES: [&str; 7] = [
    "312001373",
    "312002744",
    "312004119",
    "312005018",
    "312005123",
    "312005239",
    "312005344",
];
const FORMS: [&str; 4] = ["AS", "BRL", "ESEK", "NUF"];
const USERS: u32 = 4;
/// When the lists are read; windows begin and end around it.
const NOW: i64 = 5;

/// One thing that is done to a world. What the rules refuse is refused, and changes nothing.
#[derive(Debug, Clone)]
enum Deed {
    Form(usize, usize),
    Relate(usize, usize, usize, Vec<usize>),
    Unrelate(usize, usize, usize),
    Add(u32, usize, Option<(Option<i64>, Option<i64>)>),
    Remove(u32, usize),
}

fn deed() -> BoxedStrategy<Deed> {
    let parties = || 0..PARTIES.len();
    let firms = || 0..FIRMS.len();
    let window = prop::option::weighted(
        0.4,
        (prop::option::of(0..10i64), prop::option::of(1..10i64)),
    );
    prop_oneof![
        6 => (parties(), 0..FORMS.len()).prop_map(|(party, form)| Deed::Form(party, form)),
        12 => (parties(), firms(), 0..4usize, prop::collection::vec(4..6usize, 1..3))
            .prop_map(|(client, firm, role, packages)| Deed::Relate(client, firm, role, packages)),
        6 => (parties(), firms(), 0..4usize).prop_map(|(client, firm, role)| Deed::Unrelate(client, firm, role)),
        16 => (0..USERS, parties(), window).prop_map(|(user, client, window)| Deed::Add(user, client, window)),
        3 => (0..USERS, parties()).prop_map(|(user, client)| Deed::Remove(user, client)),
    ]
    .boxed()
}

/// What every world begins with, so that there is somebody to offer.
fn beginning() -> Vec<Deed> {
    let relations = (1..PARTIES.len()).flat_map(|client| {
        let roles = if client % 2 == 0 { [0, 3] } else { [2, 1] };
        roles.map(|role| Deed::Relate(client, 0, role, vec![4, 5]))
    });
    let forms = (0..PARTIES.len()).map(|party| Deed::Form(party, party % FORMS.len()));
    let over = (0..USERS).flat_map(|user| {
        (1..PARTIES.len())
            .step_by(2)
            .map(move |client| Deed::Add(user, client, Some((None, Some(NOW)))))
    });
    forms.chain(relations).chain(over).collect()
}

/// Firm and packages of each agent system user.
fn users() -> impl Strategy<Value = Vec<(usize, Vec<usize>)>> {
    let packages = prop_oneof![
        3 => prop::sample::select(vec![vec![0], vec![0, 1], vec![2], vec![3], vec![4], vec![4, 5]]),
        1 => prop::collection::vec(0..PACKAGES.len(), 1..4),
    ];
    let count = USERS as usize;
    prop::collection::vec((0..FIRMS.len(), packages), count..=count)
}

fn administrator(firm: &str) -> Caller {
    person("main-admin", firm, &["hovedadministrator"])
}

fn make_user(world: &World, nth: u32, firm: usize, packages: &[usize]) {
    let packages: Vec<_> = packages.iter().map(|package| PACKAGES[*package]).collect();
    let request = RequestDraft {
        firm: org(FIRMS[firm]),
        ..world::draft(nth, UserKind::Agent, &packages)
    };
    world.request(nth, request).unwrap();
    let call = world.call(administrator(FIRMS[firm]));
    world
        .engine
        .approve_request(&call, request_id(nth))
        .unwrap();
}

fn act_out(world: &World, firm_of: &dyn Fn(u32) -> &'static str, deed: &Deed) {
    let engine: &Engine = &world.engine;
    let by_operator = world.call(operator());
    let key = |client: usize, firm: usize, role: usize| RelationKey {
        client: org(PARTIES[client]),
        firm: org(FIRMS[firm]),
        role: Role::ALL[role],
    };
    let at = |after: i64| Timestamp::from_millis(BEGIN + after);
    match deed {
        Deed::Form(party, form) => {
            let party = fullmakt::model::party::Party {
                org: org(PARTIES[*party]),
                name: "SOMEBODY".parse().unwrap(),
                form: FORMS[*form].parse().unwrap(),
            };
            engine.put_party(&by_operator, party).unwrap();
        }
        Deed::Relate(client, firm, role, packages) => {
            let is_right_holder = Role::ALL[*role] == Role::RightHolder;
            let packages = packages.iter().filter(|_| is_right_holder);
            let packages = packages
                .map(|package| PACKAGES[*package].to_owned())
                .collect();
            let _ = engine.put_relation(&by_operator, key(*client, *firm, *role), packages);
        }
        Deed::Unrelate(client, firm, role) => {
            let _ = engine.end_relation(&by_operator, key(*client, *firm, *role));
        }
        Deed::Add(nth, client, window) => {
            let window =
                window.and_then(|(from, until)| Window::new(from.map(at), until.map(at)).ok());
            let call = world.call(administrator(firm_of(*nth)));
            let _ = engine.add_client(&call, user(*nth), org(PARTIES[*client]), window);
        }
        Deed::Remove(nth, client) => {
            let call = world.call(administrator(firm_of(*nth)));
            let _ = engine.remove_client(&call, user(*nth), org(PARTIES[*client]));
        }
    }
}

/// How often each outcome was seen, so that a law that was never put to the test is noticed.
#[derive(Debug, Default)]
struct Seen {
    offered: usize,
    added_anew: usize,
    itself: usize,
    already: usize,
    refused: usize,
}

/// What a party's relations to a firm put in its hands, by what each of them says of itself.
fn covered(world: &World, client: OrgNo, firm: OrgNo) -> BTreeSet<PackageCode> {
    let snapshot = world.engine.snapshot();
    let relations = Role::ALL.map(|role| RelationKey { client, firm, role });
    let views = relations
        .into_iter()
        .filter_map(|key| snapshot.relation(&operator(), key).ok());
    views.flat_map(|view| view.packages).collect()
}

/// Whether a rule of the design, told another way than the engine does, lets the client be added.
fn may_be_added(world: &World, user: &SystemUserView, client: OrgNo, by: &Caller) -> bool {
    let assignable = [super::TAX_BASIS, super::CLAIMS];
    if client == user.owner {
        let is_access_manager = by.id.as_str() == "main-admin";
        let mut packages = user.packages.iter();
        return is_access_manager && packages.all(|code| assignable.contains(&code.as_str()));
    }
    let covered = covered(world, client, user.owner);
    user.packages.iter().all(|code| covered.contains(code))
}

fn check_user(world: &World, nth: u32, by: &Caller, seen: &mut Seen) -> Result<(), TestCaseError> {
    let listed = world.offered(by, nth);
    let offered: BTreeSet<OrgNo> = listed.iter().copied().collect();
    prop_assert!(
        listed.iter().eq(&offered),
        "by number, each once: {:?}",
        listed
    );
    let snapshot = world.engine.snapshot();
    let user_view = snapshot.system_user(by, user(nth)).unwrap();
    for party in PARTIES.map(org) {
        let held = snapshot.client(by, user(nth), party).ok();
        let may = may_be_added(world, &user_view, party, by);
        let call = world.call(by.clone());
        let outcome = world.engine.add_client(&call, user(nth), party, None);
        if offered.contains(&party) {
            prop_assert_eq!(outcome.unwrap().value, ClientOutcome::Added);
            prop_assert!(may, "{} was offered against the rules", party);
            seen.offered += 1;
            seen.added_anew += usize::from(held.is_some());
            seen.itself += usize::from(party == user_view.owner);
        } else if let Ok(written) = outcome {
            prop_assert_eq!(written.value, ClientOutcome::Already, "{}", party);
            let held = held.unwrap();
            prop_assert!(held.lost.is_empty(), "{:?}", held);
            prop_assert!(held.window.at(world.instant()) != Within::Over);
            seen.already += 1;
        } else {
            prop_assert!(!may, "{} was neither offered nor added", party);
            seen.refused += 1;
        }
    }
    prop_assert!(world.offered(by, nth).is_empty());
    Ok(())
}

fn check(
    users: &[(usize, Vec<usize>)],
    deeds: &[Deed],
    seen: &mut Seen,
) -> Result<(), TestCaseError> {
    let world = World::new().system(&PACKAGES);
    for (nth, (firm, packages)) in (0..).zip(users) {
        make_user(&world, nth, *firm, packages);
    }
    let firm_of = |nth: u32| FIRMS[users[nth as usize].0];
    for deed in beginning().iter().chain(deeds) {
        act_out(&world, &firm_of, deed);
    }
    let world = world.later(NOW);
    for nth in 0..USERS - 1 {
        let pure = person("client-admin", firm_of(nth), &["klientadministrator"]);
        for by in [pure, administrator(firm_of(nth))] {
            check_user(&world, nth, &by, seen)?;
        }
    }
    // A batch is told what the list offered; what is deleted offers nothing and takes nobody.
    let (last, by) = (USERS - 1, administrator(firm_of(USERS - 1)));
    let batch = Batch {
        add: world.offered(&by, last),
        remove: Vec::new(),
    };
    let lines = world
        .engine
        .change_clients(&world.call(by.clone()), user(last), batch)
        .unwrap();
    prop_assert!(
        lines
            .value
            .iter()
            .all(|line| line.outcome == ClientOutcome::Added)
    );
    let system = world::SYSTEM.parse().unwrap();
    let deleted = world.engine.delete_system(&world.call(vendor()), system);
    prop_assert!(deleted.is_ok());
    prop_assert!(world.offered(&by, last).is_empty());
    let refused = world
        .engine
        .add_client(&world.call(by), user(last), org(PARTIES[4]), None);
    prop_assert!(
        matches!(refused, Err(ClientError::SystemDeleted { .. })),
        "{:?}",
        refused
    );
    Ok(())
}

#[test]
fn every_client_that_is_offered_can_be_added_and_every_other_cannot_or_is_there() {
    let mut runner = TestRunner::new(Config {
        cases: 100,
        failure_persistence: None,
        ..Config::default()
    });
    let seen = std::cell::RefCell::new(Seen::default());
    let worlds = (users(), prop::collection::vec(deed(), 20..60));
    runner
        .run(&worlds, |(users, deeds)| {
            check(&users, &deeds, &mut seen.borrow_mut())
        })
        .unwrap();
    let seen = seen.into_inner();
    let least = [
        seen.offered,
        seen.already,
        seen.refused,
        seen.itself * 5,
        seen.added_anew * 5,
    ];
    assert!(least.iter().all(|count| *count > 100), "{seen:?}");
}
