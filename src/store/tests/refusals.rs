//! What is not opened, and with which words.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{added, all, copied};
use crate::model::id::Revision;
use crate::model::time::Timestamp;
use crate::store::marker::{FORMAT, Marker};
use crate::store::open::format_entry;
use crate::store::{Holder, OpenError, Store};

/// Names the store to the other process.
const HELD: &str = "FULLMAKT_HELD";

/// Not a test of its own: the other process of the next one. It holds a store until it is killed.
#[test]
#[ignore = "the other process of the next test"]
fn holds_a_store_until_it_is_killed() {
    let dir = std::env::var_os(HELD).expect("the test that starts this process names a store");
    let store = Store::open(Path::new(&dir)).unwrap();
    store.append(&[added(2, 2)], &[]).unwrap();
    println!("held");
    std::io::stdin().read_to_string(&mut String::new()).unwrap();
}

#[test]
fn a_store_that_another_process_holds_is_refused_until_that_process_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let first = Store::open(dir.path()).unwrap();
    first.append(&[added(1, 1)], &[]).unwrap();
    drop(first);
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("store::tests::refusals::holds_a_store_until_it_is_killed")
        .env(HELD, dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(other.stdout.take().unwrap()).lines();
    assert!(
        said.any(|line| line.unwrap().contains("held")),
        "the other process holds no store"
    );

    let refused = Store::open(dir.path()).unwrap_err();
    let OpenError::InUse {
        holder: Some(holder),
        ..
    } = &refused
    else {
        panic!("{refused}")
    };
    assert_eq!(holder.pid, other.id());
    assert_eq!(
        refused.to_string(),
        format!(
            "the store in `{}` is in use by {holder}",
            dir.path().display()
        )
    );

    other.kill().unwrap();
    other.wait().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(all(&store), [added(1, 1), added(2, 2)]);
    let ours = Store::open(dir.path()).unwrap_err().to_string();
    assert!(
        ours.contains(&format!("process {} (", std::process::id())),
        "{ours}"
    );
}

#[test]
fn a_holder_is_named_by_process_command_and_since_when() {
    let holder = Holder {
        pid: 17,
        command: "fullmakt serve".into(),
        since: Timestamp::from_millis(1_790_000_000_000),
    };
    assert_eq!(
        holder.to_string(),
        "process 17 (fullmakt serve, since 2026-09-21T14:13:20Z)"
    );
    let refused = |holder| {
        OpenError::InUse {
            dir: "data".into(),
            holder,
        }
        .to_string()
    };
    assert_eq!(
        refused(Some(holder)),
        "the store in `data` is in use by process 17 (fullmakt serve, since 2026-09-21T14:13:20Z)"
    );
    assert_eq!(
        refused(None),
        "the store in `data` is in use by another process"
    );
}

/// A store of one change, and the marker of a later version.
fn of_a_later_version(dir: &Path) -> Marker {
    let store = Store::open(dir).unwrap();
    store.append(&[added(1, 1)], &[]).unwrap();
    Marker {
        format: FORMAT + 1,
        lineage: store.lineage(),
        created_by: "9.1.0".into(),
    }
}

fn newer(dir: &Path) -> String {
    format!(
        "the store in `{}` was written by a newer fullmakt 9.1.0 (store format 2; this one reads 1): use that version",
        dir.display()
    )
}

#[test]
fn a_store_of_a_newer_version_is_refused_by_the_marker_beside_its_database() {
    let dir = tempfile::tempdir().unwrap();
    of_a_later_version(dir.path()).write(dir.path()).unwrap();
    let before = std::fs::read(dir.path().join("store/db")).unwrap();
    assert_eq!(
        Store::open(dir.path()).unwrap_err().to_string(),
        newer(dir.path())
    );
    assert_eq!(
        Store::restore(dir.path()).unwrap_err().to_string(),
        newer(dir.path())
    );
    assert_eq!(std::fs::read(dir.path().join("store/db")).unwrap(), before);
}

#[test]
fn a_store_of_a_newer_version_is_refused_by_the_marker_in_its_database() {
    let dir = tempfile::tempdir().unwrap();
    let marker = of_a_later_version(dir.path());
    let store = Store::open(dir.path()).unwrap();
    store.disk.commit(vec![format_entry(&marker)]).unwrap();
    drop(store);
    std::fs::remove_file(dir.path().join("format.json")).unwrap();
    assert_eq!(
        Store::open(dir.path()).unwrap_err().to_string(),
        newer(dir.path())
    );
    assert!(!dir.path().join("format.json").exists());
}

#[test]
fn a_folder_of_something_else_is_refused_by_the_name_of_what_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("letter.txt"), "dear").unwrap();
    let place = dir.path().display();
    assert_eq!(
        Store::open(dir.path()).unwrap_err().to_string(),
        format!(
            "`{place}` is not a fullmakt store: it holds `letter.txt`; name an empty directory, or one that does not exist yet"
        )
    );
    std::fs::remove_file(dir.path().join("letter.txt")).unwrap();
    let another = sled::open(dir.path().join("store")).unwrap();
    another.insert("a", "b").unwrap();
    another.flush().unwrap();
    drop(another);
    assert_eq!(
        Store::open(dir.path()).unwrap_err().to_string(),
        format!(
            "`{place}` is not a fullmakt store: it holds a database of another program; name an empty directory, or one that does not exist yet"
        )
    );
}

#[test]
fn a_store_without_its_database_is_refused_and_no_empty_one_is_made() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path())
        .unwrap()
        .append(&[added(1, 1)], &[])
        .unwrap();
    let kept = tempfile::tempdir().unwrap();
    copied(dir.path(), kept.path());
    let place = dir.path().display();
    let no_snapshot = "there is no snapshot file; restoring makes a new store of the changes that can still be read";
    std::fs::remove_dir_all(dir.path().join("store")).unwrap();
    assert_eq!(
        Store::open(dir.path()).unwrap_err().to_string(),
        format!("the store in `{place}` is damaged: its database is missing; {no_snapshot}")
    );
    assert!(!dir.path().join("store").exists());
    let mut marker = std::fs::File::create(dir.path().join("format.json")).unwrap();
    marker.write_all(b"{").unwrap();
    assert_eq!(
        Store::open(dir.path()).unwrap_err().to_string(),
        format!(
            "the store in `{place}` is damaged: its `format.json` is not readable: EOF while parsing an object at line 1 column 1; {no_snapshot}"
        )
    );
    // What was copied before is as good as the original.
    assert_eq!(all(&Store::open(kept.path()).unwrap()), [added(1, 1)]);
}

#[test]
fn an_older_database_under_a_newer_witness_is_refused_as_having_lost_a_change() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path())
        .unwrap()
        .append(&[added(1, 1)], &[])
        .unwrap();
    let older = tempfile::tempdir().unwrap();
    copied(dir.path(), older.path());
    let store = Store::open(dir.path()).unwrap();
    store.append(&[added(2, 2)], &[]).unwrap();
    store.write_snapshot().unwrap();
    drop(store);
    std::fs::remove_dir_all(dir.path().join("store")).unwrap();
    copied(&older.path().join("store"), &dir.path().join("store"));
    assert_eq!(
        Store::open(dir.path()).unwrap_err().to_string(),
        format!(
            "the store in `{}` is damaged: its last change is revision 1, but revision 2 was acknowledged; restore it: a new store is made of the newest snapshot file (revision 2) and the changes after it that can still be read",
            dir.path().display()
        )
    );
    let restored = Store::restore(dir.path()).unwrap();
    assert_eq!(
        (restored.revision, restored.acknowledged),
        (Revision(2), Some(Revision(2)))
    );
    assert_eq!(
        all(&Store::open(dir.path()).unwrap()),
        [added(1, 1), added(2, 2)]
    );
}
