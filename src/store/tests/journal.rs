//! The journal: order, group commit, long events, histories, and disks that fail.

use super::{added, all, clients, removed, user};
use crate::model::id::Revision;
use crate::model::policy::{PolicyFile, PolicyFolder};
use crate::model::trace::TraceKind;
use crate::store::{OpenError, Store, WriteError};

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
fn a_store_that_is_open_is_refused_with_its_holder() {
    let dir = tempfile::tempdir().unwrap();
    let _open = Store::open(dir.path()).unwrap();
    let refused = Store::open(dir.path()).unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }));
    assert!(
        refused
            .to_string()
            .contains(&format!("process {}", std::process::id())),
        "{refused}"
    );
}

#[test]
fn a_folder_with_other_things_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("letter.txt"), "dear").unwrap();
    let refused = Store::open(dir.path()).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains(&dir.path().display().to_string()),
        "{refused}"
    );
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}
