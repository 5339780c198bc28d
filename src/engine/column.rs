//! Sorted columns of numbers, each with the revision it was added at: what clients and relations are kept in.
//!
//! A column is cut into chunks of at most [`CHUNK`] entries, shared between revisions: a change copies the chunks that
//! it touches and the list of chunks, nothing else. One entry without a value costs eight bytes.

use std::sync::Arc;

use crate::model::id::Revision;

/// The most entries in one chunk.
pub(crate) const CHUNK: usize = 4096;

/// One entry: its key, the revision it was added at, its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry<V> {
    pub(crate) key: u32,
    pub(crate) added: Revision,
    pub(crate) value: V,
}

/// A value for each entry of a chunk; kept once where all are the same.
#[derive(Debug)]
enum Each<V> {
    Same(V),
    Own(Box<[V]>),
}

impl<V: Copy + PartialEq> Each<V> {
    fn of(values: Box<[V]>) -> Self {
        match values.first().copied() {
            Some(first) if values.iter().all(|value| *value == first) => Self::Same(first),
            Some(_) | None => Self::Own(values),
        }
    }

    fn get(&self, place: usize) -> Option<V> {
        match self {
            Self::Same(value) => Some(*value),
            Self::Own(values) => values.get(place).copied(),
        }
    }
}

#[derive(Debug)]
struct Chunk<V> {
    // INVARIANT: sorted, each once, at least one and at most CHUNK; the three run in step.
    keys: Box<[u32]>,
    // The revision of an entry is `base` and its step: four bytes an entry instead of eight, and none where an import
    // or a batch brought them all.
    base: u64,
    steps: Each<u32>,
    values: Each<V>,
}

#[derive(Debug)]
struct Pieces<V> {
    // INVARIANT: the first key of each chunk, in step with `chunks`; a search touches this before any chunk.
    firsts: Box<[u32]>,
    chunks: Box<[Arc<Chunk<V>>]>,
    len: usize,
}

/// A sorted column. Cloning it costs one reference count.
#[derive(Debug)]
pub(crate) struct Column<V> {
    chunks: Arc<Pieces<V>>,
}

impl<V> Clone for Column<V> {
    fn clone(&self) -> Self {
        Self {
            chunks: Arc::clone(&self.chunks),
        }
    }
}

impl<V: Copy + PartialEq> Default for Column<V> {
    fn default() -> Self {
        Self::of_chunks(Vec::new())
    }
}

impl<V: Copy + PartialEq> Chunk<V> {
    fn entry(&self, place: usize) -> Option<Entry<V>> {
        let key = *self.keys.get(place)?;
        let added = Revision(self.base + u64::from(self.steps.get(place)?));
        Some(Entry {
            key,
            added,
            value: self.values.get(place)?,
        })
    }

    fn entries(&self) -> impl Iterator<Item = Entry<V>> + '_ {
        (0..self.keys.len()).filter_map(|place| self.entry(place))
    }
}

impl<V: Copy + PartialEq> Column<V> {
    /// The column of these entries, which are sorted by key, each once.
    pub(crate) fn of_sorted(entries: &[Entry<V>]) -> Self {
        let mut chunks = Vec::with_capacity(entries.len() / CHUNK + 1);
        cut(entries, &mut chunks);
        Self::of_chunks(chunks)
    }

    fn of_chunks(chunks: Vec<Arc<Chunk<V>>>) -> Self {
        let firsts = chunks
            .iter()
            .filter_map(|chunk| chunk.keys.first().copied())
            .collect();
        let len = chunks.iter().map(|chunk| chunk.keys.len()).sum();
        Self {
            chunks: Arc::new(Pieces {
                firsts,
                chunks: chunks.into(),
                len,
            }),
        }
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.chunks.len
    }

    /// The entry of a key.
    pub(crate) fn get(&self, key: u32) -> Option<Entry<V>> {
        let after = self.chunks.firsts.partition_point(|first| *first <= key);
        let chunk = self.chunks.chunks.get(after.checked_sub(1)?)?;
        let place = chunk.keys.binary_search(&key).ok()?;
        chunk.entry(place)
    }

    /// The entries from a key on, ascending.
    pub(crate) fn from(&self, key: u32) -> impl Iterator<Item = Entry<V>> + '_ {
        let chunk = self
            .chunks
            .firsts
            .partition_point(|first| *first <= key)
            .saturating_sub(1);
        let chunks = self.chunks.chunks.get(chunk..).unwrap_or_default();
        chunks.iter().enumerate().flat_map(move |(nth, chunk)| {
            let start = if nth == 0 {
                chunk.keys.partition_point(|held| *held < key)
            } else {
                0
            };
            (start..chunk.keys.len()).filter_map(|place| chunk.entry(place))
        })
    }

    /// All entries, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry<V>> + '_ {
        self.chunks.chunks.iter().flat_map(|chunk| chunk.entries())
    }

    /// Puts and removes: each change is a key and its new entry, or nothing to remove it; sorted by key, each once.
    ///
    /// Costs the chunks that are touched and eight bytes for each chunk of the column.
    #[must_use]
    pub(crate) fn edited(&self, changes: &[(u32, Option<(Revision, V)>)]) -> Self {
        let mut rest = changes;
        let mut chunks = Vec::with_capacity(self.chunks.chunks.len() + changes.len() / CHUNK + 1);
        for (nth, chunk) in self.chunks.chunks.iter().enumerate() {
            // Keys before the next chunk's first belong here; those before the very first chunk belong to it too.
            let mine = match self.chunks.firsts.get(nth + 1) {
                Some(next) => rest.partition_point(|(key, _)| key < next),
                None => rest.len(),
            };
            let (here, later) = rest.split_at(mine);
            rest = later;
            if here.is_empty() {
                chunks.push(Arc::clone(chunk));
            } else {
                cut(&merged(chunk.entries(), here), &mut chunks);
            }
        }
        if self.chunks.chunks.is_empty() {
            cut(&merged(std::iter::empty(), rest), &mut chunks);
        }
        Self::of_chunks(chunks)
    }
}

/// The held entries with the changes made, still sorted.
fn merged<V: Copy + PartialEq>(
    held: impl Iterator<Item = Entry<V>>,
    changes: &[(u32, Option<(Revision, V)>)],
) -> Vec<Entry<V>> {
    let mut entries = Vec::with_capacity(changes.len() + CHUNK);
    let mut held = held.peekable();
    for (key, change) in changes {
        while let Some(entry) = held.next_if(|entry| entry.key < *key) {
            entries.push(entry);
        }
        held.next_if(|entry| entry.key == *key);
        if let Some((added, value)) = change {
            entries.push(Entry {
                key: *key,
                added: *added,
                value: *value,
            });
        }
    }
    entries.extend(held);
    entries
}

/// Cuts sorted entries into chunks of even size.
fn cut<V: Copy + PartialEq>(entries: &[Entry<V>], chunks: &mut Vec<Arc<Chunk<V>>>) {
    let pieces = entries.len().div_ceil(CHUNK).max(1);
    for piece in entries.chunks(entries.len().div_ceil(pieces).max(1)) {
        push_chunk(piece, chunks);
    }
}

fn push_chunk<V: Copy + PartialEq>(entries: &[Entry<V>], chunks: &mut Vec<Arc<Chunk<V>>>) {
    let base = entries
        .iter()
        .map(|entry| entry.added.0)
        .min()
        .unwrap_or_default();
    let steps: Option<Box<[u32]>> = entries
        .iter()
        .map(|entry| u32::try_from(entry.added.0 - base).ok())
        .collect();
    if let Some(steps) = steps {
        chunks.push(Arc::new(Chunk {
            keys: entries.iter().map(|entry| entry.key).collect(),
            base,
            steps: Each::of(steps),
            values: Each::of(entries.iter().map(|entry| entry.value).collect()),
        }));
    } else {
        // Revisions more than four thousand million apart do not share a chunk; one entry always fits.
        let (first, second) = entries.split_at(entries.len() / 2);
        push_chunk(first, chunks);
        push_chunk(second, chunks);
    }
}

#[cfg(test)]
mod tests {
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

    proptest! {
        #[test]
        fn a_column_is_a_sorted_map(rounds in prop::collection::vec(
            prop::collection::btree_map(0u32..20_000, prop::option::of((prop_oneof![0u64..9, Just(u64::from(u32::MAX) * 3)], any::<u8>())), 0..3000), 1..6,
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
        let shared = before.chunks.chunks.iter().filter(|chunk| {
            after
                .chunks
                .chunks
                .iter()
                .any(|other| std::sync::Arc::ptr_eq(chunk, other))
        });
        assert_eq!(shared.count(), 9);
        assert_eq!(after.len(), before.len() + 1);
        assert_eq!(before.get(5), None);
    }
}
