//! Snapshot files and restoring: what comes back, from where, and what is said to be lost.

use std::path::Path;

use super::{Fault, added, all, removed};
use crate::model::event::{Cause, Event, Recorded};
use crate::model::id::Revision;
use crate::model::policy::{PolicyFile, PolicyFolder};
use crate::store::{Store, keys, snapshot};

fn folder() -> PolicyFolder {
    PolicyFolder::new(vec![PolicyFile {
        path: "core.cedar".into(),
        text: "// another\n".into(),
    }])
}

fn imported(revision: u64, last_line: u64) -> Recorded {
    let mut imported = added(revision, 40);
    imported.cause = Cause::Import {
        id: "an-import".into(),
        first_line: 1,
        last_line,
    };
    imported
}

fn events() -> Vec<Recorded> {
    let in_force = Event::PoliciesInForce {
        hash: folder().hash().into(),
        publication: None,
    };
    vec![
        added(1, 3),
        imported(2, 40),
        removed(3, 2),
        super::recorded(4, in_force),
        imported(5, 80),
        added(6, 2_500),
    ]
}

/// Six changes, with a snapshot file after the third; and maybe a later one.
fn written(dir: &Path, second: Option<usize>) {
    let all = events();
    let store = Store::open(dir).unwrap();
    store.append(&all[..3], &[]).unwrap();
    store.write_snapshot().unwrap();
    let second = second.unwrap_or(6);
    store.append(&all[3..second], &[folder()]).unwrap();
    if second < 6 {
        store.write_snapshot().unwrap();
        store.append(&all[second..], &[]).unwrap();
    }
}

fn spoil_event(dir: &Path, revision: u64) {
    let store = Store::open(dir).unwrap();
    let key = keys::part(&keys::event(Revision(revision)), 0);
    store.disk.insert(&key, b"no event").unwrap();
    store.disk.sync().unwrap();
}

fn no_database(dir: &Path) {
    std::fs::write(dir.join("store/db"), b"no database").unwrap();
}

#[test]
fn the_changes_after_the_snapshot_are_restored_from_the_damaged_journal() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path(), None);
    spoil_event(dir.path(), 2);
    let restored = Store::restore(dir.path()).unwrap();
    assert_eq!(
        (restored.revision, restored.snapshot, restored.acknowledged),
        (Revision(6), Some(Revision(3)), Some(Revision(6)))
    );
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(all(&store), events());
    assert_eq!(
        store.policy_folder(&folder().hash()).unwrap(),
        Some(folder())
    );
    assert_eq!(store.import_progress("an-import").unwrap(), Some(81));
    let client = super::clients(1).iter().next().unwrap();
    let history = store.delegation_history(super::user(), client, Revision(6));
    let revisions: Vec<_> = history.map(|item| item.unwrap().0.0).collect();
    assert_eq!(revisions, [6, 5, 3, 2, 1]);
    store.append(&[added(7, 1)], &[]).unwrap();
}

#[test]
fn a_restore_ends_where_the_journal_cannot_be_read_on_and_says_what_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path(), None);
    spoil_event(dir.path(), 5);
    let restored = Store::restore(dir.path()).unwrap();
    assert_eq!(
        (restored.revision, restored.snapshot, restored.acknowledged),
        (Revision(4), Some(Revision(3)), Some(Revision(6)))
    );
    let aside = restored.set_aside.unwrap();
    assert_eq!(aside, dir.path().join("store.damaged-1"));
    assert!(aside.join("db").exists());
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(all(&store), events()[..4]);
    assert_eq!(store.import_progress("an-import").unwrap(), Some(41));
    // What the new store writes is its own: a second restore does not bring the old fifth change back.
    store.append(&[added(5, 9)], &[]).unwrap();
    drop(store);
    no_database(dir.path());
    let again = Store::restore(dir.path()).unwrap();
    assert_eq!(again.set_aside, Some(dir.path().join("store.damaged-2")));
    assert_eq!(
        (again.revision, again.acknowledged),
        (Revision(3), Some(Revision(5)))
    );
}

#[test]
fn without_a_snapshot_file_the_journal_alone_is_restored() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path())
        .unwrap()
        .append(&events()[..3], &[])
        .unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.disk.insert(keys::CHECKPOINT, b"no revision").unwrap();
    store.disk.sync().unwrap();
    drop(store);
    assert!(Store::open(dir.path()).is_err());
    let restored = Store::restore(dir.path()).unwrap();
    assert_eq!((restored.revision, restored.snapshot), (Revision(3), None));
    assert_eq!(all(&Store::open(dir.path()).unwrap()), events()[..3]);
}

#[test]
fn where_nothing_can_be_restored_the_damaged_store_stays_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path())
        .unwrap()
        .append(&events()[..1], &[])
        .unwrap();
    no_database(dir.path());
    let refused = Store::restore(dir.path()).unwrap_err().to_string();
    let begin = format!(
        "nothing to restore in `{}`: no snapshot file is whole, and the damaged store cannot be read (",
        dir.path().display()
    );
    assert!(
        refused.starts_with(&begin) && refused.ends_with("); bring back a copy of the directory"),
        "{refused}"
    );
    assert!(dir.path().join("store/db").exists());
    assert!(!dir.path().join("store.restoring").exists());
    assert!(!dir.path().join("store.damaged-1").exists());

    let absent = dir.path().join("absent");
    assert!(Store::restore(&absent).is_err());
    assert!(!absent.exists());
}

#[test]
fn a_torn_snapshot_file_is_passed_over_for_the_one_before_and_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path(), Some(5));
    let path = dir.path().join("snapshots/5.fullmakt");
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(snapshot::check(&path).unwrap(), Revision(5));
    for cut in (0..whole.len())
        .step_by((whole.len() / 200).max(1))
        .chain(whole.len() - 20..whole.len())
    {
        std::fs::write(&path, &whole[..cut]).unwrap();
        assert!(
            snapshot::check(&path).is_err(),
            "cut at {cut} of {}",
            whole.len()
        );
    }
    for place in (0..whole.len())
        .step_by((whole.len() / 200).max(1))
        .chain(whole.len() - 20..whole.len())
    {
        let mut flipped = whole.clone();
        flipped[place] ^= 0x10;
        std::fs::write(&path, &flipped).unwrap();
        assert!(snapshot::check(&path).is_err(), "flipped at {place}");
    }
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    no_database(dir.path());
    let refused = Store::open(dir.path()).unwrap_err().to_string();
    assert!(refused.contains("(revision 5)"), "{refused}");
    let restored = Store::restore(dir.path()).unwrap();
    assert_eq!(
        (restored.revision, restored.snapshot, restored.acknowledged),
        (Revision(3), Some(Revision(3)), Some(Revision(6)))
    );
    assert!(dir.path().join("snapshots/5.fullmakt.damaged").exists());
    assert_eq!(snapshot::newest(dir.path()), Some(Revision(3)));
    assert_eq!(all(&Store::open(dir.path()).unwrap()), events()[..3]);
}

#[test]
fn a_restore_that_was_interrupted_is_done_again() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path(), None);
    // As it is when a restore ends while it builds: half of a new database stands beside the old one.
    std::fs::create_dir(dir.path().join("store.restoring")).unwrap();
    std::fs::write(dir.path().join("store.restoring/db"), b"half").unwrap();
    assert_eq!(all(&Store::open(dir.path()).unwrap()), events());
    spoil_event(dir.path(), 2);
    // And when it ends between its two renames: the old one is set aside, and the new one is not in its place.
    std::fs::rename(dir.path().join("store"), dir.path().join("store.damaged-1")).unwrap();
    let refused = Store::open(dir.path()).unwrap_err().to_string();
    assert!(
        refused.contains("is damaged: its database is missing; restore it: "),
        "{refused}"
    );
    let restored = Store::restore(dir.path()).unwrap();
    assert_eq!(
        (restored.revision, restored.snapshot),
        (Revision(6), Some(Revision(3)))
    );
    assert_eq!(restored.set_aside, None);
    assert_eq!(all(&Store::open(dir.path()).unwrap()), events());
}

#[test]
fn what_was_never_acknowledged_is_not_restored_whether_half_of_it_is_there_or_all() {
    for fail in [Fault::write_halves, Fault::write_all_and_fail] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        store.append(&events()[..3], &[]).unwrap();
        store.write_snapshot().unwrap();
        store.append(&[added(4, 2)], &[]).unwrap();
        fail(&store.disk.fault);
        store.append(&[added(5, 40), added(6, 2)], &[]).unwrap_err();
        drop(store);
        let restored = Store::restore(dir.path()).unwrap();
        assert_eq!(
            (restored.revision, restored.acknowledged),
            (Revision(4), Some(Revision(4)))
        );
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(all(&store)[3..], [added(4, 2)]);
        store.append(&[added(5, 1)], &[]).unwrap();
    }
}

#[test]
fn a_snapshot_file_has_nothing_of_a_change_that_came_while_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path(), None);
    let store = Store::open(dir.path()).unwrap();
    // As a commit on another thread would: its keys are there, and the head that was captured is the one before.
    let mut late = crate::store::disk::Writes::new();
    crate::store::journal::put_event(&mut late, &added(7, 40)).unwrap();
    let late_keys: Vec<_> = late.iter().map(|(key, _)| key.clone()).collect();
    store.disk.commit(late).unwrap();
    let path = store.write_snapshot().unwrap();
    let mut found = Vec::new();
    snapshot::read(&path, |key, _| {
        found.push(key);
        Ok::<_, std::io::Error>(())
    })
    .unwrap();
    assert!(found.len() > 20, "{}", found.len());
    for key in late_keys {
        assert!(!found.contains(&key), "{key:?}");
    }
    assert_eq!(snapshot::check(&path).unwrap(), Revision(6));
}

#[test]
fn the_newest_two_snapshot_files_are_kept_and_each_is_the_whole_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for recorded in events() {
        let folders = if recorded.revision == Revision(4) {
            vec![folder()]
        } else {
            Vec::new()
        };
        store.append(&[recorded], &folders).unwrap();
        store.write_snapshot().unwrap();
    }
    drop(store);
    let names: Vec<_> = snapshot::files(dir.path())
        .into_iter()
        .map(|(revision, _)| revision.0)
        .collect();
    assert_eq!(names, [6, 5]);
    no_database(dir.path());
    let restored = Store::restore(dir.path()).unwrap();
    assert_eq!(
        (restored.revision, restored.snapshot),
        (Revision(6), Some(Revision(6)))
    );
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(all(&store), events());
    assert_eq!(
        store.policy_folder(&folder().hash()).unwrap(),
        Some(folder())
    );
    assert_eq!(store.import_progress("an-import").unwrap(), Some(81));
}
