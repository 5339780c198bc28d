//! Lengths: no value is long enough for sled to put it, or the leaf that it is in, into a file that is never synced.

use super::{added, clients, recorded, removed, user};
use crate::model::event::{Cause, Event, ImportedFacts, Recorded};
use crate::model::id::{Revision, SystemUserId};
use crate::model::org_list::OrgList;
use crate::model::policy::{PolicyFile, PolicyFolder};
use crate::model::relation::Role;
use crate::model::time::Window;
use crate::store::frame::{LONGEST_PAYLOAD, LONGEST_VALUE};
use crate::store::{PageKey, Store, WriteError};

/// The longest value in a store; nothing of it may be in a file of its own.
fn longest(store: &Store, dir: &std::path::Path) -> usize {
    let blobs = std::fs::read_dir(dir.join("store/blobs")).unwrap().count();
    assert_eq!(blobs, 0, "values went to files that are never synced");
    let lengths = store.disk.all().map(|item| item.unwrap().1.len());
    lengths.max().unwrap()
}

/// An import in which one client is added and loses its relation over and over.
fn to_and_fro(revision: u64, times: usize) -> Recorded {
    let (one, lost) = (clients(1), clients(1).iter().next().unwrap());
    let other = SystemUserId(uuid::Uuid::from_u128(7));
    let again = |system_user| {
        [
            ImportedFacts::Delegations {
                system_user,
                window: Window::ALWAYS,
                clients: one.clone(),
            },
            ImportedFacts::EndedRelations {
                firm: clients(2).iter().last().unwrap(),
                role: Role::Auditor,
                clients: OrgList::default(),
                lost: vec![crate::model::delegation::Loss {
                    system_user,
                    client: lost,
                    packages: Vec::new(),
                    ended: true,
                }],
            },
        ]
    };
    let facts = (0..times).flat_map(|_| again(user()).into_iter().chain(again(other)));
    let mut imported = recorded(
        revision,
        Event::Imported {
            facts: facts.collect(),
        },
    );
    imported.cause = Cause::Import {
        id: "x".repeat(64).into(),
        first_line: 1,
        last_line: 4 * times as u64,
    };
    imported
}

#[test]
fn no_value_is_longer_than_the_limit_whatever_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let text = "permit (principal, action, resource); // æøå\n".repeat(9_000);
    let folder = PolicyFolder::new(vec![PolicyFile {
        path: "resources/long.cedar".into(),
        text: text.into(),
    }]);
    let commits = [
        added(1, 60_000),
        removed(2, 20_000),
        added(3, 7),
        to_and_fro(4, 20),
        to_and_fro(5, 9_000),
    ];
    store.append(&commits, &[folder]).unwrap();
    let mut pages = store.begin_checkpoint(Revision(5)).unwrap();
    for length in [
        0,
        1,
        LONGEST_VALUE - 6,
        LONGEST_VALUE - 5,
        LONGEST_VALUE,
        LONGEST_VALUE + 1,
        700_000,
    ] {
        let object = vec![b'o'; length % 64 + 1];
        pages
            .put(&PageKey { table: 9, object }, &vec![5; length])
            .unwrap();
    }
    pages.finish().unwrap();
    let longest = longest(&store, dir.path());
    assert!(longest <= LONGEST_VALUE, "a value of {longest} bytes");
    assert_eq!(longest, LONGEST_VALUE, "long values are split at the limit");
}

#[test]
fn leaves_full_of_the_longest_values_go_to_no_file_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.append(&[added(1, 1), added(2, 1)], &[]).unwrap();
    for at in 1..=2 {
        let mut pages = store.begin_checkpoint(Revision(at)).unwrap();
        for object in 0u32..400 {
            let object = object.to_be_bytes().to_vec();
            pages
                .put(&PageKey { table: 9, object }, &vec![5; LONGEST_VALUE * 2])
                .unwrap();
        }
        pages.finish().unwrap();
        assert_eq!(longest(&store, dir.path()), LONGEST_VALUE);
    }
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(longest(&store, dir.path()), LONGEST_VALUE);
    assert_eq!(store.pages(9).count(), 400);
}

#[test]
fn what_is_too_long_to_be_stored_is_refused_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.append(&[added(1, 1)], &[]).unwrap();
    let mut pages = store.begin_checkpoint(Revision(1)).unwrap();
    let (table, object) = (9, vec![b'o'; 65]);
    let refused = |error: WriteError| error.to_string();
    assert_eq!(
        refused(pages.put(&PageKey { table, object }, &[1]).unwrap_err()),
        "the object of a page is too long to be stored: 65 bytes"
    );
    let (object, long) = (vec![b'o'; 64], vec![0; LONGEST_PAYLOAD]);
    let key = PageKey { table, object };
    assert_eq!(
        refused(pages.put(&key, &long).unwrap_err()),
        format!("a page is too long to be stored: {LONGEST_PAYLOAD} bytes")
    );
    pages.put(&key, &[1]).unwrap();
    pages.finish().unwrap();
    assert_eq!(
        store
            .pages(table)
            .map(|page| page.unwrap().object.len())
            .collect::<Vec<_>>(),
        [64]
    );
    assert!(store.failure().is_none());
}
