//! Damage: what is not as it was written is told by its name and its key, and is never taken for something else.

use std::path::Path;

use super::{added, clients, recorded, removed, user};
use crate::model::caller::Actor;
use crate::model::event::{Cause, Event, Recorded};
use crate::model::id::Revision;
use crate::model::policy::{PolicyFile, PolicyFolder};
use crate::store::{PageKey, Store, frame, keys};

pub(super) fn folder() -> PolicyFolder {
    PolicyFolder::new(vec![PolicyFile {
        path: "core.cedar".into(),
        text: "// core\n".repeat(2_000).into(),
    }])
}

pub(super) fn events() -> Vec<Recorded> {
    let mut imported = added(5, 300);
    imported.cause = Cause::Import {
        id: "an-import".into(),
        first_line: 1,
        last_line: 300,
    };
    imported.by = Actor {
        party: clients(1).iter().next(),
        ..imported.by
    };
    let in_force = Event::PoliciesInForce {
        hash: folder().hash().into(),
        publication: None,
    };
    vec![
        recorded(1, in_force),
        added(2, 3),
        added(3, 9_000),
        removed(4, 9),
        imported,
        added(6, 1),
    ]
}

pub(super) fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a", vec![1; 10]),
        ("b", vec![2; 40_000]),
        ("c", vec![3; 5_000]),
    ]
}

/// A store with something in each table, closed.
pub(super) fn written(dir: &Path) {
    let store = Store::open(dir).unwrap();
    store.append(&events()[..4], &[folder()]).unwrap();
    let mut pages = store.begin_checkpoint(Revision(4)).unwrap();
    for (object, body) in bodies() {
        let key = PageKey {
            table: 4,
            object: object.into(),
        };
        pages.put(&key, &body).unwrap();
    }
    pages.finish().unwrap();
    store.append(&events()[4..], &[]).unwrap();
}

/// Changes the value at a key as it lies on disk.
fn spoil(store: &Store, key: &[u8], change: impl FnOnce(&mut Vec<u8>)) {
    let mut value = store.disk.get(key).unwrap().unwrap().to_vec();
    change(&mut value);
    store.disk.insert(key, &value).unwrap();
}

fn first_part(prefix: &[u8]) -> Vec<u8> {
    keys::part(prefix, 0)
}

#[test]
fn an_event_that_is_not_what_was_written_is_told_by_its_revision_and_key() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path());
    let store = Store::open(dir.path()).unwrap();
    let key = first_part(&keys::event(Revision(2)));
    let whole = store.disk.get(&key).unwrap().unwrap().to_vec();
    let told = || store.event(Revision(2)).unwrap_err().to_string();
    let damaged =
        |why: &str| format!("the event of revision 2 is damaged (key 020000000000000002): {why}");
    for place in 0..whole.len() {
        spoil(&store, &key, |value| value[place] ^= 1 << (place % 8));
        assert_eq!(
            told(),
            damaged("its checksum does not match"),
            "byte {place}"
        );
        store.disk.insert(&key, &whole).unwrap();
    }
    spoil(&store, &key, |value| value.truncate(3));
    assert_eq!(told(), damaged("it is cut short"));
    let other = store
        .disk
        .get(&first_part(&keys::event(Revision(6))))
        .unwrap()
        .unwrap();
    store.disk.insert(&key, &other).unwrap();
    assert_eq!(
        told(),
        damaged("its checksum does not match"),
        "another's value"
    );
    let mut of_nine = whole[..whole.len() - 4].to_vec();
    of_nine[0] = 9;
    let mut sum = crc32fast::Hasher::new();
    sum.update(&keys::event(Revision(2)));
    sum.update(&of_nine);
    of_nine.extend(sum.finalize().to_le_bytes());
    store.disk.insert(&key, &of_nine).unwrap();
    assert_eq!(
        told(),
        damaged("it has the format 9, which this version does not read")
    );
    store.disk.remove(&key).unwrap();
    assert_eq!(
        told(),
        "the journal is damaged: the event of revision 2 is missing"
    );

    assert_eq!(store.event(Revision(1)).unwrap(), Some(events()[0].clone()));
    let mut from_zero = store.events_after(Revision::ZERO);
    assert_eq!(from_zero.next().unwrap().unwrap(), events()[0]);
    assert!(from_zero.next().unwrap().is_err());
    assert!(from_zero.next().is_none(), "nothing is told after an error");
}

#[test]
fn a_part_of_a_long_event_that_is_missing_or_exchanged_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path());
    let store = Store::open(dir.path()).unwrap();
    let part = |number| keys::part(&keys::event(Revision(3)), number);
    let parts: Vec<_> = (0..)
        .map_while(|number| store.disk.get(&part(number)).unwrap())
        .collect();
    assert!(parts.len() >= 2, "{}", parts.len());
    let damaged =
        "the event of revision 3 is damaged (key 020000000000000003): its checksum does not match";
    let told = || store.event(Revision(3)).unwrap_err().to_string();
    for (number, whole) in (0u16..).zip(&parts) {
        store.disk.remove(&part(number)).unwrap();
        assert_eq!(told(), damaged, "without part {number}");
        store.disk.insert(&part(number), whole).unwrap();
    }
    store.disk.insert(&part(0), &parts[1]).unwrap();
    store.disk.insert(&part(1), &parts[0]).unwrap();
    assert_eq!(told(), damaged);
    assert_eq!(store.event(Revision(4)).unwrap(), Some(events()[3].clone()));
}

#[test]
fn a_page_a_policy_folder_and_an_imports_progress_are_told_by_name_and_key() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path());
    let store = Store::open(dir.path()).unwrap();
    let flip = |key: &[u8]| spoil(&store, key, |value| value[1] ^= 4);

    let page = keys::page(&keys::object(4, b"b"), Revision(4));
    flip(&first_part(&page));
    let told: Vec<_> = store
        .pages(4)
        .map(|page| page.map(|page| page.object))
        .collect();
    assert_eq!(told[0].as_ref().unwrap(), b"a");
    assert_eq!(
        told[1].as_ref().unwrap_err().to_string(),
        "a page of the checkpoint of revision 4 is damaged (key 060401620000000000000004): its checksum does not match"
    );

    let hash = folder().hash();
    flip(&first_part(&[&[keys::POLICY][..], &hex(&hash)].concat()));
    assert_eq!(
        store.policy_folder(&hash).unwrap_err().to_string(),
        format!(
            "the policy folder `{hash}` is damaged (key 05{hash}): its checksum does not match"
        )
    );

    let place = keys::policy(&hex(&hash).try_into().unwrap());
    let another = PolicyFolder::new(Vec::new());
    let mut payload = Vec::new();
    ciborium::into_writer(&another, &mut payload).unwrap();
    let sealed = frame::seal(&place, &payload);
    for part in 1.. {
        let part = keys::part(&place, part);
        if store.disk.get(&part).unwrap().is_none() {
            break;
        }
        store.disk.remove(&part).unwrap();
    }
    store.disk.insert(&first_part(&place), &sealed).unwrap();
    assert_eq!(
        store.policy_folder(&hash).unwrap_err().to_string(),
        format!("the policy folder `{hash}` is damaged (key 05{hash}): its hash is another")
    );

    assert_eq!(store.import_progress("an-import").unwrap(), Some(301));
    flip(&keys::import("an-import"));
    assert_eq!(
        store.import_progress("an-import").unwrap_err().to_string(),
        "the progress of an import is damaged (key 07616e2d696d706f7274): its checksum does not match"
    );
}

fn hex(text: &str) -> Vec<u8> {
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn a_history_that_says_what_no_event_does_is_told_by_its_revision_and_key() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path());
    let store = Store::open(dir.path()).unwrap();
    let client = clients(1).iter().next().unwrap();
    let key = keys::delegation(user(), client, Revision(2));
    spoil(&store, &key, |value| value[0] = 99);
    let history = |up_to| {
        store
            .delegation_history(user(), client, up_to)
            .next()
            .unwrap()
    };
    let shown = frame::shown(&key);
    assert_eq!(
        history(Revision(2)).unwrap_err().to_string(),
        format!("the history of revision 2 is damaged (key {shown}): it says what no event does")
    );
    let group = keys::packed_delegations(user(), Revision(4), 2);
    let block = keys::packed(&group, client);
    spoil(&store, &block, |value| *value.last_mut().unwrap() |= 0x80);
    let shown = frame::shown(&block);
    assert_eq!(
        history(Revision(4)).unwrap_err().to_string(),
        format!("a history is damaged (key {shown}): its packed organisation numbers are damaged")
    );
}

#[test]
fn what_a_store_says_about_itself_is_checked_when_it_is_opened() {
    for (key, name) in [
        (keys::HEAD, "head"),
        (keys::CHECKPOINT, "checkpoint"),
        (keys::FORMAT, "format"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        written(dir.path());
        let store = Store::open(dir.path()).unwrap();
        spoil(&store, key, |value| value[2] ^= 1);
        store.disk.sync().unwrap();
        drop(store);
        let refused = Store::open(dir.path()).unwrap_err().to_string();
        let expected = format!(
            "the store in `{}` is damaged: its `{name}` is not readable: its checksum does not match; there is no snapshot file; restoring makes a new store of the changes that can still be read",
            dir.path().display()
        );
        assert_eq!(refused, expected);
    }
}

#[test]
fn a_checkpoint_after_the_last_change_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path());
    let store = Store::open(dir.path()).unwrap();
    let ahead = frame::seal(keys::CHECKPOINT, &9u64.to_be_bytes());
    store.disk.insert(keys::CHECKPOINT, &ahead).unwrap();
    store.disk.sync().unwrap();
    drop(store);
    let refused = Store::open(dir.path()).unwrap_err().to_string();
    let expected = "is damaged: it has a checkpoint of revision 9, and no change after 6; there is no snapshot file";
    assert!(refused.contains(expected), "{refused}");
}

#[test]
fn no_key_is_another_values_by_its_checksum() {
    let sealed = frame::seal(b"one", b"payload");
    assert_eq!(frame::unseal(b"one", &sealed), Ok(&b"payload"[..]));
    assert_eq!(
        frame::unseal(b"two", &sealed),
        Err(frame::FrameError::Checksum)
    );
}
