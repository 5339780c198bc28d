//! Files that are flipped or cut: whatever is told is as it was written, and everything else is an error.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::damage::{bodies, events, folder, written};
use super::{clients, copied, user};
use crate::model::id::Revision;
use crate::store::{Page, Store};

/// Opens what lies in a folder and reads all of it: each thing is an error or as it was written. Says whether all was.
fn read_all(dir: &Path) -> bool {
    let Ok(store) = Store::open(dir) else {
        return false;
    };
    let mut whole = true;
    let mut note = |is_there: bool| whole &= is_there;
    assert_eq!(
        store.head(),
        Revision(6),
        "an acknowledged change is gone, and nothing says so"
    );
    let mut told = 0;
    for (event, written) in store.events_after(Revision::ZERO).zip(events()) {
        note(event.is_ok());
        if let Ok(event) = event {
            assert_eq!(event, written);
            told += 1;
        }
    }
    note(told == 6);
    for written in events() {
        let event = store.event(written.revision);
        note(event.is_ok());
        assert!(event.is_err() || event.unwrap() == Some(written));
    }
    note(pages_are_right(&store));
    let hash = folder().hash();
    match store.policy_folder(&hash) {
        Ok(found) => assert_eq!(found, Some(folder())),
        Err(_) => note(false),
    }
    match store.import_progress("an-import") {
        Ok(line) => assert_eq!(line, Some(301)),
        Err(_) => note(false),
    }
    let client = clients(1).iter().next().unwrap();
    let history = store.delegation_history(user(), client, Revision(6));
    match history.collect::<Result<Vec<_>, _>>() {
        Ok(told) => {
            let revisions: Vec<_> = told.iter().map(|(revision, _)| revision.0).collect();
            assert_eq!(revisions, [6, 5, 4, 3, 2]);
        }
        Err(_) => note(false),
    }
    whole
}

fn pages_are_right(store: &Store) -> bool {
    assert_eq!(store.checkpoint_revision(), Revision(4));
    let pages: Result<Vec<Page>, _> = store.pages(4).collect();
    let Ok(pages) = pages else { return false };
    let pages: Vec<_> = pages
        .into_iter()
        .map(|page| (page.object, page.body))
        .collect();
    let expected = bodies()
        .into_iter()
        .map(|(object, body)| (object.as_bytes().to_vec(), body));
    assert_eq!(
        pages,
        expected.collect::<Vec<_>>(),
        "a page is gone, and nothing says so"
    );
    true
}

/// What a copy of the store comes to after this was done to one of its files; nothing may panic.
fn after(dir: &Path, file: &Path, done: impl FnOnce(&mut Vec<u8>)) -> bool {
    let copy = tempfile::tempdir().unwrap();
    copied(dir, copy.path());
    let file = copy.path().join(file);
    let mut bytes = std::fs::read(&file).unwrap();
    done(&mut bytes);
    std::fs::write(&file, bytes).unwrap();
    catch_unwind(AssertUnwindSafe(|| read_all(copy.path())))
        .unwrap_or_else(|_| panic!("it panicked, or told what is not so"))
}

/// The files of a store, from its folder, each with how much of it is written.
fn files(dir: &Path) -> Vec<(PathBuf, usize)> {
    let mut files = Vec::new();
    for name in ["store/db", "store/conf", "head", "format.json"] {
        let bytes = std::fs::read(dir.join(name)).unwrap();
        let used = bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        files.push((name.into(), used));
    }
    files
}

/// How many places of each file are damaged; `FULLMAKT_DAMAGE` asks for more.
fn places(used: usize) -> impl Iterator<Item = usize> {
    let wanted = std::env::var("FULLMAKT_DAMAGE")
        .ok()
        .and_then(|text| text.parse().ok());
    (0..used).step_by((used / wanted.unwrap_or(60)).max(1))
}

#[test]
fn a_file_that_is_flipped_anywhere_is_an_error_or_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path());
    assert!(read_all(dir.path()));
    let mut harmed = 0;
    for (file, used) in files(dir.path()) {
        for place in places(used) {
            println!("{} {place}", file.display());
            harmed += usize::from(!after(dir.path(), &file, |bytes| bytes[place] ^= 0x20));
        }
    }
    assert!(harmed > 20, "only {harmed} of the flips did harm");
}

#[test]
fn a_file_that_is_cut_anywhere_is_an_error_or_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path());
    let mut harmed = 0;
    for (file, used) in files(dir.path()) {
        for place in places(used) {
            println!("{} {place}", file.display());
            harmed += usize::from(!after(dir.path(), &file, |bytes| bytes.truncate(place)));
        }
    }
    assert!(harmed > 20, "only {harmed} of the cuts did harm");
}
