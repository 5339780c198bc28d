//! Reverse questions give what asking every candidate one by one gives, in order, however the pages are cut.

use std::fmt::Debug;

use fullmakt::engine::{Count, Found, PageRequest, Reaching, Snapshot, Sought, ViewError};
use fullmakt::model::id::{ActionName, OrgNo, SystemUserId};
use fullmakt::model::question::Question;
use fullmakt::model::time::{Timestamp, Within};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Map;

use crate::random_worlds::{Asking, Deed, PARTIES, USERS, asking, deed, policy, world_of};
use crate::world::{operator, org, user};

/// Longer than any search here has candidates.
const LONGEST: usize = PARTIES.len() + 1;

/// All pages of a search, cut at this length.
fn whole<T>(limit: usize, search: impl Fn(&PageRequest) -> Result<Found<T>, ViewError>) -> Vec<T> {
    let mut all = Vec::new();
    let mut page = PageRequest {
        limit: Some(limit),
        page: None,
    };
    loop {
        let Found {
            items,
            next,
            looked_at,
        } = search(&page).unwrap();
        assert!(items.len() <= limit);
        assert!(items.len() <= looked_at);
        all.extend(items);
        if next.is_empty() {
            return all;
        }
        page.page = Some(next);
    }
}

/// That the pages of a search, cut at every length, and its count are what was expected.
fn check_all<T: PartialEq + Debug>(
    expected: &[T],
    count: Count,
    search: impl Fn(&PageRequest) -> Result<Found<T>, ViewError>,
) -> Result<(), TestCaseError> {
    for limit in 1..=LONGEST {
        prop_assert_eq!(whole(limit, &search), expected);
    }
    prop_assert_eq!((count.count, count.is_exact), (expected.len(), true));
    Ok(())
}

/// Whether asking says yes: about what is sought, or whether a mandate is in force at all.
fn asked(
    snapshot: &Snapshot,
    id: SystemUserId,
    client: OrgNo,
    sought: Option<&Sought>,
    now: Timestamp,
) -> bool {
    let Some(sought) = sought else {
        let view = snapshot.system_user(&operator(), id);
        let live = view.is_ok_and(|view| view.deleted.is_none() && !view.system_deleted);
        let is_owner = live
            && snapshot
                .clients(&operator(), id, &PageRequest::default())
                .is_err();
        let owner = snapshot
            .system_user(&operator(), id)
            .is_ok_and(|view| view.owner == client);
        let added = snapshot
            .client(&operator(), id, client)
            .is_ok_and(|view| view.window.at(now) == Within::Now);
        return live && ((is_owner && owner) || added);
    };
    let Sought {
        action,
        resource,
        asked,
    } = sought.clone();
    snapshot
        .decide(
            &Question {
                system_user: id,
                action,
                resource,
                client,
                asked,
            },
            now,
        )
        .permit
}

fn check(policies: &[String], deeds: &[Deed], askings: &[Asking]) -> Result<usize, TestCaseError> {
    let world = world_of(policies, deeds);
    let snapshot = world.engine.snapshot();
    let mut parties: Vec<OrgNo> = PARTIES.iter().map(|party| org(party)).collect();
    parties.sort_unstable();
    let mut found = 0;
    for (nth, asking) in askings.iter().enumerate() {
        let (question, now) = (asking.question(), asking.now());
        let Question {
            system_user: user,
            client,
            ..
        } = question;
        let sought = Sought {
            action: question.action,
            resource: question.resource.clone(),
            asked: question.asked.clone(),
        };
        let sought = (nth % 4 > 0).then_some(&sought);
        let clients: Vec<_> = parties
            .iter()
            .copied()
            .filter(|client| asked(&snapshot, user, *client, sought, now))
            .collect();
        let count = snapshot.count_clients(user, sought, now);
        check_all(&clients, count, |page| {
            snapshot.search_clients(user, sought, page, now)
        })?;
        let users = users_that_reach(&snapshot, client, sought, now);
        let count = snapshot.count_system_users(client, sought, now);
        check_all(&users, count, |page| {
            snapshot.search_system_users(client, sought, page, now)
        })?;
        check_actions(&snapshot, asking)?;
        found += clients.len() + users.len();
    }
    Ok(found)
}

/// The system users of which asking says that they reach a client, by firm and id.
fn users_that_reach(
    snapshot: &Snapshot,
    client: OrgNo,
    sought: Option<&Sought>,
    now: Timestamp,
) -> Vec<Reaching> {
    let ids = (0..USERS).map(user);
    let ids = ids.filter(|id| asked(snapshot, *id, client, sought, now));
    let views = ids.map(|id| snapshot.system_user(&operator(), id).unwrap());
    let mut users: Vec<_> = views
        .map(|view| Reaching {
            system_user: view.id,
            kind: view.kind,
            owner: view.owner,
            system: view.system,
        })
        .collect();
    users.sort_by_key(|user| (user.owner, user.system_user));
    users
}

fn check_actions(snapshot: &Snapshot, asking: &Asking) -> Result<(), TestCaseError> {
    let (question, now) = (asking.question(), asking.now());
    let mut context = Map::new();
    if let Some(level) = asking.level {
        context.insert("authenticationLevel".to_owned(), level.into());
    }
    let (user, client) = (question.system_user, question.client);
    let found = snapshot.search_actions(user, client, &question.resource, &context, now);
    let open = ["read", "write"].into_iter().filter(|action| {
        let sought = Sought {
            action: action.parse().unwrap(),
            resource: question.resource.clone(),
            asked: question.asked.clone(),
        };
        asked(snapshot, user, client, Some(&sought), now)
    });
    let open: Vec<ActionName> = open.map(|action| action.parse().unwrap()).collect();
    prop_assert_eq!(found.unwrap(), open);
    Ok(())
}

#[test]
fn a_search_finds_what_asking_one_by_one_finds() {
    let mut runner = TestRunner::new(Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    });
    let strategy = (
        prop::collection::vec(policy(), 0..4),
        prop::collection::vec(deed(), 0..30),
        prop::collection::vec(asking(), 20),
    );
    let found = std::cell::Cell::new(0);
    runner
        .run(&strategy, |(policies, deeds, askings)| {
            found.set(found.get() + check(&policies, &deeds, &askings)?);
            Ok(())
        })
        .unwrap();
    assert!(found.get() > 700, "only {} were found", found.get());
}
