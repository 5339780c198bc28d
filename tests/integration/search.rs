//! Reverse questions give what asking every candidate one by one gives, in order, however the pages are cut.

use fullmakt::engine::{Page, PageRequest, Snapshot, Sought, ViewError};
use fullmakt::model::id::{OrgNo, SystemUserId};
use fullmakt::model::question::Question;
use fullmakt::model::time::{Timestamp, Within};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::random_worlds::{Asking, Deed, PARTIES, USERS, asking, deed, policy, world_of};
use crate::world::{operator, org, user};

/// All pages of a list, cut at this length.
fn whole<T>(limit: usize, list: impl Fn(&PageRequest) -> Result<Page<T>, ViewError>) -> Vec<T> {
    let mut all = Vec::new();
    let mut page = PageRequest {
        limit: Some(limit),
        page: None,
    };
    loop {
        let Page { items, next } = list(&page).unwrap();
        assert!(items.len() <= limit);
        all.extend(items);
        if next.is_empty() {
            return all;
        }
        page.page = Some(next);
    }
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

fn check(
    policies: &[String],
    deeds: &[Deed],
    askings: &[Asking],
    limit: usize,
) -> Result<usize, TestCaseError> {
    let world = world_of(policies, deeds);
    let snapshot = world.engine.snapshot();
    let mut parties: Vec<OrgNo> = PARTIES.iter().map(|party| org(party)).collect();
    parties.sort_unstable();
    let mut found = 0;
    for (nth, asking) in askings.iter().enumerate() {
        let (question, now) = (asking.question(), asking.now());
        let sought = Sought {
            action: question.action,
            resource: question.resource.clone(),
            asked: question.asked.clone(),
        };
        let sought = (nth % 4 > 0).then_some(&sought);
        let clients = whole(limit, |page| {
            snapshot.search_clients(question.system_user, sought, page, now)
        });
        let expected: Vec<_> = parties
            .iter()
            .copied()
            .filter(|client| asked(&snapshot, question.system_user, *client, sought, now))
            .collect();
        prop_assert_eq!(&clients, &expected);
        let users = whole(limit, |page| {
            snapshot.search_system_users(question.client, sought, page, now)
        });
        let mut expected: Vec<_> = (0..USERS)
            .map(user)
            .filter(|id| asked(&snapshot, *id, question.client, sought, now))
            .collect();
        let owner = |id: &SystemUserId| snapshot.system_user(&operator(), *id).unwrap().owner;
        expected.sort_by_key(|id| (owner(id), *id));
        prop_assert_eq!(&users, &expected);
        let actions = snapshot.search_actions(
            question.system_user,
            question.client,
            &question.resource,
            &question.asked,
            now,
        );
        for action in ["read", "write"] {
            let sought = Sought {
                action: action.parse().unwrap(),
                resource: question.resource.clone(),
                asked: question.asked.clone(),
            };
            let open = asked(
                &snapshot,
                question.system_user,
                question.client,
                Some(&sought),
                now,
            );
            prop_assert_eq!(actions.iter().any(|found| found.as_str() == action), open);
        }
        found += clients.len() + users.len();
    }
    Ok(found)
}

#[test]
fn a_search_finds_what_asking_one_by_one_finds() {
    let mut runner = TestRunner::new(Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    });
    let strategy = (
        prop::collection::vec(policy(), 0..4),
        prop::collection::vec(deed(), 0..30),
        prop::collection::vec(asking(), 20),
        1..8usize,
    );
    let found = std::cell::Cell::new(0);
    runner
        .run(&strategy, |(policies, deeds, askings, limit)| {
            found.set(found.get() + check(&policies, &deeds, &askings, limit)?);
            Ok(())
        })
        .unwrap();
    assert!(found.get() > 1000, "only {} were found", found.get());
}
