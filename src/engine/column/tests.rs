use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{CHUNK, Column, Entry};
use crate::model::id::Revision;

fn entries(column: &Column<u8>) -> Vec<(u32, u64, u8)> {
    column
        .iter()
        .map(|entry| (entry.key, entry.added.0, entry.value))
        .collect()
}

/// What is done to a column at once: to many keys, or to one.
fn changes(
    count: std::ops::Range<usize>,
) -> impl Strategy<Value = BTreeMap<u32, Option<(u64, u8)>>> {
    let added = prop_oneof![3 => 0u64..9, 1 => Just(u64::from(u32::MAX) * 3)];
    let value = prop_oneof![3 => Just(7u8), 1 => any::<u8>()];
    prop::collection::btree_map(0u32..20_000, prop::option::of((added, value)), count)
}

proptest! {
    #[test]
    fn a_column_is_a_sorted_map(rounds in prop::collection::vec(
        prop_oneof![changes(0..3000), changes(1..2), changes(1..2), changes(1000..1100)], 1..12,
    ), asked in prop::collection::vec(0u32..20_000, 20)) {
        let mut column = Column::default();
        let mut map = BTreeMap::new();
        for changes in rounds {
            let edits: Vec<_> = changes.iter().map(|(key, change)| (*key, change.map(|(at, value)| (Revision(at), value)))).collect();
            column = column.edited(&edits);
            for (key, change) in changes {
                match change {
                    Some(put) => { map.insert(key, put); }
                    None => { map.remove(&key); }
                }
            }
        }
        let expected: Vec<_> = map.iter().map(|(key, (at, value))| (*key, *at, *value)).collect();
        prop_assert_eq!(entries(&column), expected.clone());
        prop_assert_eq!(column.len(), map.len());
        for key in asked {
            prop_assert_eq!(column.get(key).map(|entry| (entry.added.0, entry.value)), map.get(&key).copied());
            let from: Vec<_> = column.from(key).take(5).map(|entry| entry.key).collect();
            prop_assert_eq!(from, map.range(key..).take(5).map(|(key, _)| *key).collect::<Vec<_>>());
        }
        let whole: Vec<_> = column.iter().collect();
        prop_assert_eq!(entries(&Column::of_sorted(&whole)), expected);
    }
}

#[test]
fn a_change_shares_the_chunks_that_it_does_not_touch() {
    let all: Vec<_> = (0..10 * u32::try_from(CHUNK).unwrap())
        .map(|key| Entry {
            key: key * 2,
            added: Revision(1),
            value: (),
        })
        .collect();
    let before = Column::of_sorted(&all);
    let after = before.edited(&[(5, Some((Revision(2), ())))]);
    let shared = before.chunks().iter().filter(|chunk| {
        let of = |other: &&super::Chunk<()>| std::sync::Arc::ptr_eq(&chunk.beside, &other.beside);
        after.chunks().iter().any(|other| of(&other))
    });
    assert_eq!(shared.count(), 9);
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(before.get(5), None);
}
