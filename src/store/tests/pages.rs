//! Pages and snapshot files: what is in force, what was cut short, and what a restore brings back.

use super::{added, all};
use crate::model::id::Revision;
use crate::store::{PageKey, Store};

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
