//! What searches cost: by what they find, and never more than the bound a page.

use std::sync::Arc;

use imbl::OrdMap;
use once_cell::sync::Lazy;

use super::super::column::{Column, Entry};
use super::super::folder::compile;
use super::super::list::PageRequest;
use super::super::sets::PackageSets;
use super::super::state::{Exception, Stamp, State, SystemRecord, SystemUser};
use super::{Count, Found, MOST_LOOKED_AT, Place, Sought};
use crate::model::id::{OrgNo, Revision, SystemUserId};
use crate::model::policy::{PolicyFile, PolicyFolder};
use crate::model::question::Asked;
use crate::model::request::UserKind;
use crate::model::system::{System, Title};
use crate::model::time::{Timestamp, Window};

const SYSTEM: &str = "991825827_smartcloud";
static NOW: Lazy<Timestamp> = Lazy::new(|| Timestamp::from_millis(1_000));

/// More candidates than one page looks at, twice.
const MANY: usize = 2 * MOST_LOOKED_AT + 1;

/// Every organisation number there is, from the lowest.
static NUMBERS: Lazy<Vec<u32>> = Lazy::new(|| {
    (10_000_000u32..)
        .filter_map(|eight| Some(eight * 10 + OrgNo::check_digit(eight)?))
        .take(1_000_000)
        .collect()
});

fn nth(place: usize) -> OrgNo {
    OrgNo::from_u32(NUMBERS[place]).unwrap()
}

fn folder() -> PolicyFolder {
    let last = nth(MANY - 1);
    let text = format!(
        "permit (principal, action == Action::\"write\", resource == Resource::\"ske-krav-og-betalinger\")
         when {{ context has authenticationLevel && context.authenticationLevel >= 3 }};
         permit (principal, action == Action::\"read\", resource == Resource::\"mva-melding-innsending\")
         when {{ principal.party == Organization::\"{last}\" }};"
    );
    let more = PolicyFile {
        path: "resources/tested.cedar".into(),
        text: text.into(),
    };
    let shipped = crate::policies::shipped().files().iter().cloned();
    PolicyFolder::new(shipped.chain([more]).collect())
}

fn state() -> State {
    let generation = compile(folder()).unwrap();
    let mut state = State::empty(Arc::new(generation), Arc::new(PackageSets::default()));
    let system = System {
        id: SYSTEM.parse().unwrap(),
        name: Title::new("SmartCloud", "SmartCloud").unwrap(),
        packages: Vec::new(),
        rights: Vec::new(),
        redirect_urls: Vec::new(),
    };
    state.push_system(SystemRecord {
        system,
        registered: stamp(),
        deleted: None,
        changed: Revision(1),
    });
    state
}

fn stamp() -> Stamp {
    Stamp {
        by: super::super::folder::daemon(),
        at: Timestamp::from_millis(0),
        revision: Revision(1),
    }
}

fn user(place: u128) -> SystemUserId {
    SystemUserId(uuid::Uuid::from_u128(place))
}

/// Puts in an agent of a firm with these clients, who holds the package that opens the tax claims.
fn put(state: &mut State, id: SystemUserId, firm: OrgNo, clients: &[u32]) {
    let code = "krav-og-utlegg".parse().unwrap();
    let packages = state.set_of(&[code]);
    let set = state.sets.intern(packages);
    let entries: Vec<_> = clients
        .iter()
        .map(|key| Entry {
            key: *key,
            added: Revision(1),
            value: (),
        })
        .collect();
    let agent = SystemUser {
        id,
        kind: UserKind::Agent,
        owner: firm,
        system: 0,
        packages,
        set,
        rights: Arc::new([]),
        approved: stamp(),
        deleted: None,
        clients: Column::of_sorted(&entries),
        exceptions: OrdMap::new(),
        changed: Revision(1),
    };
    state.users.insert(agent);
    state.users_of_firm.insert((firm, id));
}

fn sought(action: &str, resource: &str, level: i64) -> Sought {
    Sought {
        action: action.parse().unwrap(),
        resource: resource.parse().unwrap(),
        asked: Asked::at_level(level),
    }
}

fn page(limit: usize, after: Option<String>) -> PageRequest {
    PageRequest {
        limit: Some(limit),
        page: after,
    }
}

#[test]
fn a_page_of_clients_costs_the_same_at_a_thousand_and_a_million() {
    let mut state = state();
    for (place, len) in [(1, 1_000), (2, 1_000_000)] {
        put(&mut state, user(place), nth(0), &NUMBERS[..len]);
    }
    let by_class = sought("read", "ske-krav-og-betalinger", 0);
    let by_context = sought("write", "ske-krav-og-betalinger", 3);
    for sought in [None, Some(&by_class), Some(&by_context)] {
        for (place, len) in [(1, 1_000), (2, 1_000_000)] {
            for after in [None, Some(500)] {
                let first = after.map_or(0, |after| after + 1);
                let token = after.map(|after| nth(after).to_string());
                let found = state.clients_of(user(place), sought, &page(100, token), *NOW);
                let expected = Found {
                    items: (first..first + 100).map(nth).collect(),
                    next: nth(first + 99).to_string(),
                    // The hundred, and the one that says that there is a next page.
                    looked_at: 101,
                };
                assert_eq!(found.unwrap(), expected);
            }
            let counted = state.count_clients_of(user(place), sought, *NOW);
            let expected = Count {
                count: len,
                is_exact: true,
                looked_at: 0,
            };
            assert_eq!(counted, expected);
        }
    }
}

#[test]
fn whom_no_class_permits_costs_nothing() {
    let mut state = state();
    put(&mut state, user(1), nth(0), &NUMBERS);
    let nothing = Found::nothing();
    for sought in [
        sought("write", "ske-krav-og-betalinger", 2),
        sought("write", "ske-innrapportering-boligsameie", 4),
        sought("read", "no-such-resource", 4),
        sought("erase", "ske-krav-og-betalinger", 4),
    ] {
        let found = state.clients_of(user(1), Some(&sought), &page(100, None), *NOW);
        assert_eq!(found.unwrap(), nothing);
        let counted = state.count_clients_of(user(1), Some(&sought), *NOW);
        assert_eq!(counted, Count::known(0));
    }
}

#[test]
fn a_count_looks_at_clients_with_an_exception_alone() {
    let mut state = state();
    put(&mut state, user(1), nth(0), &NUMBERS);
    let mut agent = SystemUser::clone(state.user(user(1)).unwrap());
    let less = state
        .sets
        .intern(crate::model::package_set::PackageSet::default());
    let over = Window::new(None, Some(*NOW)).unwrap();
    let still = Window::new(Some(*NOW), None).unwrap();
    for (client, window, set) in [
        (5, over, agent.set),
        (50, still, agent.set),
        (500, Window::ALWAYS, less),
    ] {
        let exception = Exception { window, set };
        agent.exceptions.insert(NUMBERS[client], exception);
    }
    state.users.insert(agent);
    let count = |sought: Option<&Sought>| state.count_clients_of(user(1), sought, *NOW);
    let of = |count| Count {
        count,
        is_exact: true,
        looked_at: 3,
    };
    assert_eq!(count(None), of(999_999));
    let claims = sought("read", "ske-krav-og-betalinger", 0);
    assert_eq!(count(Some(&claims)), of(999_998));
    let page = page(1000, None);
    let found = state.clients_of(user(1), Some(&claims), &page, *NOW);
    let expected = (0..1002).filter(|place| ![5, 500].contains(place)).map(nth);
    assert_eq!(found.unwrap().items, expected.collect::<Vec<_>>());
}

#[test]
fn where_each_client_has_to_be_asked_about_a_page_and_a_count_end_at_the_bound() {
    let mut state = state();
    put(&mut state, user(1), nth(0), &NUMBERS[..MANY]);
    let last_alone = sought("read", "mva-melding-innsending", 0);
    let found = |after: Option<String>| {
        let page = page(100, after);
        state
            .clients_of(user(1), Some(&last_alone), &page, *NOW)
            .unwrap()
    };
    let empty = |place: usize| Found {
        items: Vec::new(),
        next: nth(place).to_string(),
        looked_at: MOST_LOOKED_AT,
    };
    let first = found(None);
    assert_eq!(first, empty(MOST_LOOKED_AT - 1));
    let second = found(Some(first.next));
    assert_eq!(second, empty(2 * MOST_LOOKED_AT - 1));
    let third = found(Some(second.next));
    let whole = Found {
        items: vec![nth(MANY - 1)],
        next: String::new(),
        looked_at: 1,
    };
    assert_eq!(third, whole);
    let counted = state.count_clients_of(user(1), Some(&last_alone), *NOW);
    let expected = Count {
        count: 0,
        is_exact: false,
        looked_at: MOST_LOOKED_AT,
    };
    assert_eq!(counted, expected);
}

#[test]
fn a_page_of_system_users_begins_at_its_token_in_a_firm_of_many() {
    let mut state = state();
    let (firm, client) = (nth(0), nth(1));
    let last = u128::try_from(MANY).unwrap();
    for place in 1..last {
        put(&mut state, user(place), firm, &[]);
    }
    put(&mut state, user(last), firm, &[client.as_u32()]);
    state.firms_of_client.put(firm, [client].into_iter());
    let found = |after: Option<String>| {
        let page = page(100, after);
        state.users_reaching(client, None, &page, *NOW).unwrap()
    };
    let mut token = None;
    for pages in 1..=2 {
        let page = found(token);
        let place = Place {
            firm,
            user: user(u128::try_from(pages * MOST_LOOKED_AT).unwrap()),
        };
        assert_eq!((page.items.len(), page.looked_at), (0, MOST_LOOKED_AT));
        assert_eq!(page.next, place.to_string());
        token = Some(page.next);
    }
    let end = found(token);
    let reached: Vec<_> = end.items.iter().map(|item| item.system_user).collect();
    assert_eq!((reached, end.looked_at), (vec![user(last)], 1));
    let counted = state.count_users_reaching(client, None, *NOW);
    assert_eq!((counted.count, counted.is_exact), (0, false));
}

#[test]
fn a_token_is_of_the_search_that_made_it_or_refused() {
    let mut state = state();
    put(&mut state, user(1), nth(0), &NUMBERS[..10]);
    let number = nth(3).to_string();
    let place = format!("{number}/{}", user(1));
    for token in ["x", "312002745", &place, "-1", " "] {
        let page = page(1, Some(token.to_owned()));
        let refused = state.clients_of(user(1), None, &page, *NOW).unwrap_err();
        let expected =
            format!("`page` is `{token}`, which is not a token that a list has answered");
        assert_eq!(refused.to_string(), expected);
    }
    for token in ["x", &number, "312002745/", &user(1).to_string(), "/"] {
        let page = page(1, Some(token.to_owned()));
        let refused = state.users_reaching(nth(1), None, &page, *NOW).unwrap_err();
        let expected =
            format!("`page` is `{token}`, which is not a token that a list has answered");
        assert_eq!(refused.to_string(), expected);
    }
    let page = page(1, Some(place));
    assert!(state.users_reaching(nth(1), None, &page, *NOW).is_ok());
}
