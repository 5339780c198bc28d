//! The journal: order, group commit, long events, histories, and disks that fail.

use super::{added, all, clients, removed, user};
use crate::model::event::Cause;
use crate::model::id::Revision;
use crate::model::policy::{PolicyFile, PolicyFolder};
use crate::model::trace::TraceKind;
use crate::store::{Store, WriteError};

#[test]
fn what_was_written_is_there_when_the_store_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let lineage = {
        let store = Store::open(dir.path()).unwrap();
        store.append(&[added(1, 3), removed(2, 2)], &[]).unwrap();
        store.append(&[added(3, 1)], &[]).unwrap();
        store.lineage()
    };
    let store = Store::open(dir.path()).unwrap();
    assert_eq!((store.head(), store.lineage()), (Revision(3), lineage));
    assert_eq!(all(&store), [added(1, 3), removed(2, 2), added(3, 1)]);
    assert_eq!(store.event(Revision(2)).unwrap(), Some(removed(2, 2)));
    assert_eq!(store.event(Revision(4)).unwrap(), None);
}

#[test]
fn revisions_have_no_gaps() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let refused = store.append(&[added(1, 1), added(3, 1)], &[]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "revision 3 cannot be written: the next is 2"
    );
    assert_eq!(store.head(), Revision::ZERO);
    assert_eq!(all(&store), []);
}

#[test]
fn an_event_of_many_clients_is_split_and_comes_back_whole() {
    let dir = tempfile::tempdir().unwrap();
    let many = added(1, 20_000);
    Store::open(dir.path())
        .unwrap()
        .append(std::slice::from_ref(&many), &[])
        .unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(all(&store), [many]);
}

#[test]
fn a_history_is_told_newest_first_up_to_a_revision() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store
        .append(&[added(1, 2), removed(2, 1), added(3, 2)], &[])
        .unwrap();
    let client = clients(1).iter().next().unwrap();
    let told = |up_to| {
        store
            .delegation_history(user(), client, Revision(up_to))
            .map(Result::unwrap)
            .collect::<Vec<_>>()
    };
    let (one, two, three) = (Revision(1), Revision(2), Revision(3));
    assert_eq!(
        told(3),
        [
            (three, TraceKind::Added),
            (two, TraceKind::Removed),
            (one, TraceKind::Added)
        ]
    );
    assert_eq!(
        told(2),
        [(two, TraceKind::Removed), (one, TraceKind::Added)]
    );
    assert_eq!(told(0), []);
}

#[test]
fn a_policy_folder_is_kept_by_its_hash() {
    let dir = tempfile::tempdir().unwrap();
    let long = "// a comment\n".repeat(20_000);
    let folder = PolicyFolder::new(vec![PolicyFile {
        path: "resources/long.cedar".into(),
        text: long.into(),
    }]);
    let store = Store::open(dir.path()).unwrap();
    store
        .append(&[added(1, 1)], std::slice::from_ref(&folder))
        .unwrap();
    assert_eq!(store.policy_folder(&folder.hash()).unwrap(), Some(folder));
    assert_eq!(store.policy_folder(&"0".repeat(64)).unwrap(), None);
}

#[test]
fn after_a_failed_sync_nothing_more_is_written_and_reading_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.append(&[added(1, 1)], &[]).unwrap();
    store.disk.fault.fail_syncs();
    let first = store.append(&[added(2, 2)], &[]).unwrap_err();
    assert!(matches!(first, WriteError::Failed { .. }), "{first}");
    let second = store.append(&[added(2, 2)], &[]).unwrap_err();
    assert_eq!(first.to_string(), second.to_string());
    assert_eq!(store.head(), Revision(1));
    assert_eq!(store.event(Revision(1)).unwrap(), Some(added(1, 1)));
    assert!(store.failure().is_some());
}

#[test]
fn half_of_a_change_is_taken_out_when_the_store_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    {
        let store = Store::open(dir.path()).unwrap();
        store.append(&[added(1, 1)], &[]).unwrap();
        store.disk.fault.write_halves();
        store.append(&[added(2, 40)], &[]).unwrap_err();
    }
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(
        (store.head(), all(&store)),
        (Revision(1), vec![added(1, 1)])
    );
    let late = clients(40).iter().last().unwrap();
    assert_eq!(
        store.delegation_history(user(), late, Revision(9)).count(),
        0
    );
    store.append(&[added(2, 2)], &[]).unwrap();
    assert_eq!(all(&store), [added(1, 1), added(2, 2)]);
}

#[test]
fn sixty_four_commits_in_one_call_are_sixty_four_revisions() {
    let dir = tempfile::tempdir().unwrap();
    let group: Vec<_> = (1..=64)
        .map(|revision| match revision % 3 {
            0 => removed(revision, 7),
            1 => added(revision, usize::try_from(revision).unwrap()),
            _ => added(revision, 40 * usize::try_from(revision).unwrap()),
        })
        .collect();
    let store = Store::open(dir.path()).unwrap();
    store.append(&group, &[]).unwrap();
    assert_eq!(store.head(), Revision(64));
    assert_eq!(all(&store), group);
    let late = store.events_after(Revision(60)).map(Result::unwrap);
    assert_eq!(late.collect::<Vec<_>>(), group[60..]);
    drop(store);
    assert_eq!(all(&Store::open(dir.path()).unwrap()), group);
}

#[test]
fn of_a_group_with_one_commit_out_of_order_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut group: Vec<_> = (1..=64).map(|revision| added(revision, 2)).collect();
    group[40] = added(43, 2);
    let refused = store.append(&group, &[]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "revision 43 cannot be written: the next is 41"
    );
    assert_eq!((store.head(), all(&store)), (Revision::ZERO, Vec::new()));
    assert!(store.failure().is_none());
    drop(store);
    assert_eq!(all(&Store::open(dir.path()).unwrap()), []);
}

#[test]
fn a_group_of_which_half_reached_the_disk_is_taken_out_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.append(&[added(1, 1)], &[]).unwrap();
    store.disk.fault.write_halves();
    let group: Vec<_> = (2..=65).map(|revision| added(revision, 30)).collect();
    let failed = store.append(&group, &[]).unwrap_err();
    assert_eq!(
        failed.to_string(),
        "the store takes no more changes since its disk failed: no storage space; mend the disk, then start again"
    );
    assert_eq!(all(&store), [added(1, 1)]);
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(
        (store.head(), all(&store)),
        (Revision(1), vec![added(1, 1)])
    );
    store.append(&group, &[]).unwrap();
    assert_eq!(all(&store)[1..], group);
}

#[test]
fn an_import_goes_on_after_its_last_written_line_also_after_a_disk_that_failed() {
    let dir = tempfile::tempdir().unwrap();
    let imported = |revision, last_line| {
        let mut imported = added(revision, 2);
        imported.cause = Cause::Import {
            id: "a".into(),
            first_line: 1,
            last_line,
        };
        imported
    };
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.import_progress("a").unwrap(), None);
    store
        .append(&[imported(1, 10), imported(2, 25)], &[])
        .unwrap();
    assert_eq!(store.import_progress("a").unwrap(), Some(26));
    assert_eq!(store.import_progress("b").unwrap(), None);
    store.disk.fault.write_all_and_fail();
    store.append(&[imported(3, 90)], &[]).unwrap_err();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(
        (store.head(), store.import_progress("a").unwrap()),
        (Revision(2), Some(26))
    );
}
