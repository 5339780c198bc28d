//! Pages and snapshot files: what is in force, what was cut short, and what a restore brings back.

use super::{added, all, copied};
use crate::model::id::Revision;
use crate::store::{PageKey, Store, WriteError, keys};

fn key(object: &str) -> PageKey {
    PageKey {
        table: 4,
        object: object.into(),
    }
}

fn pages(store: &Store) -> Vec<(String, usize, u64)> {
    let page = |page: Result<crate::store::Page, _>| {
        let page = page.unwrap();
        (
            String::from_utf8(page.object).unwrap(),
            page.body.len(),
            page.stamp.0,
        )
    };
    store.pages(4).map(page).collect()
}

/// The stamps under which something of an object is on disk, in force or not.
fn stamps(store: &Store, object: &str) -> Vec<u64> {
    let of_object = store.disk.prefix(&keys::object(4, object.as_bytes()));
    let stamp = |item: Result<(sled::IVec, sled::IVec), _>| {
        let parts = item.map(|(key, _)| keys::page_parts(&key).unwrap().stamp.0);
        parts.map_err(|error: crate::store::disk::DiskError| error.to_string())
    };
    let mut stamps: Vec<u64> = of_object.map(|item| stamp(item).unwrap()).collect();
    stamps.dedup();
    stamps
}

#[test]
fn a_checkpoint_supersedes_what_it_writes_and_keeps_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.append(&[added(1, 1)], &[]).unwrap();
    let mut first = store.begin_checkpoint(Revision(1)).unwrap();
    for (object, length) in [("a", 10), ("b", 300_000), ("c", 1)] {
        first.put(&key(object), &vec![7; length]).unwrap();
    }
    first.finish().unwrap();
    store.append(&[added(2, 2)], &[]).unwrap();
    let mut second = store.begin_checkpoint(Revision(2)).unwrap();
    second.put(&key("b"), &[1, 2]).unwrap();
    second.delete(&key("c")).unwrap();
    second.finish().unwrap();
    let expected = [("a".to_owned(), 10, 1), ("b".to_owned(), 2, 2)];
    assert_eq!(pages(&store), expected);
    let left = ["a", "b", "c"].map(|object| stamps(&store, object));
    assert_eq!(
        left,
        [vec![1], vec![2], vec![]],
        "nothing superseded takes room"
    );
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(
        (pages(&store), store.checkpoint_revision()),
        (expected.to_vec(), Revision(2))
    );
}

#[test]
fn a_checkpoint_that_was_cut_short_leaves_the_one_before_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.append(&[added(1, 1), added(2, 2)], &[]).unwrap();
    let mut first = store.begin_checkpoint(Revision(1)).unwrap();
    first.put(&key("a"), &[1]).unwrap();
    first.finish().unwrap();
    let mut cut = store.begin_checkpoint(Revision(2)).unwrap();
    for object in 0..2000 {
        cut.put(&key(&object.to_string()), &[0; 4000]).unwrap();
    }
    cut.put(&key("a"), &[9; 9]).unwrap();
    drop(cut);
    assert_eq!(pages(&store), [("a".to_owned(), 1, 1)]);
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(
        (pages(&store), store.checkpoint_revision()),
        (vec![("a".to_owned(), 1, 1)], Revision(1))
    );
    let mut again = store.begin_checkpoint(Revision(2)).unwrap();
    again.put(&key("a"), &[5; 5]).unwrap();
    again.finish().unwrap();
    assert_eq!(pages(&store), [("a".to_owned(), 5, 2)]);
}

/// A store of two changes with a checkpoint of the first: three pages, one of them in many parts.
fn with_checkpoint(dir: &std::path::Path) -> Store {
    let store = Store::open(dir).unwrap();
    store.append(&[added(1, 1), added(2, 2)], &[]).unwrap();
    let mut first = store.begin_checkpoint(Revision(1)).unwrap();
    for (object, length) in [("a", 10), ("b", 60_000), ("c", 1)] {
        first.put(&key(object), &vec![7; length]).unwrap();
    }
    first.finish().unwrap();
    store
}

fn first_pages() -> Vec<(String, usize, u64)> {
    [("a", 10), ("b", 60_000), ("c", 1)]
        .map(|(object, length)| (object.to_owned(), length, 1))
        .to_vec()
}

fn second_pages() -> Vec<(String, usize, u64)> {
    vec![
        ("a".to_owned(), 10, 1),
        ("b".to_owned(), 30_000, 2),
        ("d".to_owned(), 5, 2),
    ]
}

/// The pages and the checkpoint's revision of what a crash at this moment leaves.
fn after_a_crash(dir: &std::path::Path) -> (Vec<(String, usize, u64)>, u64) {
    let copy = tempfile::tempdir().unwrap();
    copied(dir, copy.path());
    let store = Store::open(copy.path()).unwrap();
    assert_eq!(all(&store), [added(1, 1), added(2, 2)]);
    let found = (pages(&store), store.checkpoint_revision().0);
    // What the crash left is in nobody's way.
    let mut next = store.begin_checkpoint(Revision(2));
    if let Ok(next) = &mut next {
        next.put(&key("e"), &[1]).unwrap();
    }
    if let Ok(next) = next {
        next.finish().unwrap();
        let mut expected = first_pages();
        expected.push(("e".to_owned(), 1, 2));
        assert_eq!(pages(&store), expected);
    }
    found
}

#[test]
fn a_crash_between_the_pages_of_a_checkpoint_leaves_the_one_before_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = with_checkpoint(dir.path());
    let mut second = store.begin_checkpoint(Revision(2)).unwrap();
    let written = |second: &mut crate::store::Checkpoint<'_>| {
        second.write_run().unwrap();
        store.disk.sync().unwrap();
        assert_eq!(pages(&store), first_pages());
        assert_eq!(after_a_crash(dir.path()), (first_pages(), 1));
    };
    written(&mut second);
    second.put(&key("b"), &vec![8; 30_000]).unwrap();
    written(&mut second);
    second.delete(&key("c")).unwrap();
    written(&mut second);
    second.put(&key("d"), &[9; 5]).unwrap();
    written(&mut second);
    second.finish().unwrap();
    assert_eq!(
        (pages(&store), store.checkpoint_revision()),
        (second_pages(), Revision(2))
    );
    drop(store);
    assert_eq!(after_a_crash(dir.path()), (second_pages(), 2));
}

#[test]
fn a_disk_that_fails_before_a_checkpoint_is_in_force_leaves_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let store = with_checkpoint(dir.path());
    let mut second = store.begin_checkpoint(Revision(2)).unwrap();
    second.put(&key("b"), &vec![8; 30_000]).unwrap();
    store.disk.fault.fail_syncs();
    let failed = second.finish().unwrap_err();
    assert!(matches!(failed, WriteError::Failed { .. }), "{failed}");
    assert_eq!(
        (pages(&store), store.checkpoint_revision()),
        (first_pages(), Revision(1))
    );
    let again = store.begin_checkpoint(Revision(2)).unwrap_err();
    assert_eq!(again.to_string(), failed.to_string());
    assert_eq!(
        store.append(&[added(3, 1)], &[]).unwrap_err().to_string(),
        failed.to_string()
    );
    drop(store);
    assert_eq!(after_a_crash(dir.path()), (first_pages(), 1));
}

#[test]
fn a_crash_before_what_is_superseded_is_taken_away_leaves_the_new_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let store = with_checkpoint(dir.path());
    let mut second = store.begin_checkpoint(Revision(2)).unwrap();
    second.put(&key("b"), &vec![8; 30_000]).unwrap();
    second.delete(&key("c")).unwrap();
    second.put(&key("d"), &[9; 5]).unwrap();
    store.disk.fault.write_all_and_fail();
    second.finish().unwrap_err();
    drop(store);
    assert_eq!(after_a_crash(dir.path()), (second_pages(), 2));
    let store = Store::open(dir.path()).unwrap();
    store.append(&[added(3, 1)], &[]).unwrap();
    // The next checkpoint sweeps up: what a page was before, and the page that is gone, take no room for ever.
    let mut third = store.begin_checkpoint(Revision(3)).unwrap();
    third.put(&key("d"), &[1]).unwrap();
    third.finish().unwrap();
    assert_eq!(stamps(&store, "b"), [2]);
    assert_eq!(stamps(&store, "c"), [0; 0]);
}

#[test]
fn a_checkpoint_is_of_a_revision_after_the_last_and_not_after_the_head() {
    let dir = tempfile::tempdir().unwrap();
    let store = with_checkpoint(dir.path());
    let refused = |at| {
        store
            .begin_checkpoint(Revision(at))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(1),
        "no checkpoint at revision 1: the last one is at revision 1, the store at 2"
    );
    assert_eq!(
        refused(3),
        "no checkpoint at revision 3: the last one is at revision 1, the store at 2"
    );
    assert!(store.begin_checkpoint(Revision(2)).is_ok());
}

#[test]
fn the_journal_after_a_checkpoint_is_measured_anew_by_each_checkpoint_and_each_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.journal_bytes_since_checkpoint(), 0);
    store.append(&[added(1, 3_000)], &[]).unwrap();
    let of_first = store.journal_bytes_since_checkpoint();
    assert!(of_first > 3_000, "{of_first}");
    let pages = store.begin_checkpoint(Revision(1)).unwrap();
    store.append(&[added(2, 10)], &[]).unwrap();
    let of_both = store.journal_bytes_since_checkpoint();
    pages.finish().unwrap();
    assert_eq!(store.journal_bytes_since_checkpoint(), of_both - of_first);
    drop(store);
    let again = Store::open(dir.path())
        .unwrap()
        .journal_bytes_since_checkpoint();
    assert!(
        again >= of_both - of_first && again < 2 * (of_both - of_first),
        "{again}"
    );
}

#[test]
fn a_damaged_store_is_restored_from_its_snapshot_under_another_lineage() {
    let dir = tempfile::tempdir().unwrap();
    let lineage = {
        let store = Store::open(dir.path()).unwrap();
        store.append(&[added(1, 3)], &[]).unwrap();
        let mut pages = store.begin_checkpoint(Revision(1)).unwrap();
        pages.put(&key("a"), &[1, 2, 3]).unwrap();
        pages.finish().unwrap();
        store.write_snapshot().unwrap();
        store.lineage()
    };
    std::fs::write(dir.path().join("store/db"), b"no database").unwrap();
    let refused = Store::open(dir.path()).unwrap_err();
    assert!(refused.to_string().contains("restore"), "{refused}");
    let restored = Store::restore(dir.path()).unwrap();
    assert_eq!(
        (restored.revision, restored.snapshot),
        (Revision(1), Some(Revision(1)))
    );
    assert!(restored.set_aside.is_some_and(|aside| aside.exists()));
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(
        (store.head(), all(&store)),
        (Revision(1), vec![added(1, 3)])
    );
    assert_eq!(pages(&store), [("a".to_owned(), 3, 1)]);
    assert_ne!(store.lineage(), lineage);
}
