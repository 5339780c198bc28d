//! Making a column from another: the chunks that are touched are written anew, the others shared.

use std::ops::Range;
use std::sync::Arc;

use super::{Beside, CHUNK, Chunk, Column, Each, Entry};
use crate::engine::keys::Keys;
use crate::model::id::Revision;

impl<V: Copy + PartialEq> Column<V> {
    /// Puts and removes: each change is a key and its new entry, or nothing to remove it; sorted by key, each once.
    ///
    /// Costs the chunks that are touched and eight bytes for each chunk of the column.
    #[must_use]
    pub(crate) fn edited(&self, changes: &[Change<V>]) -> Self {
        let mut rest = changes;
        let before = self.chunks();
        let mut chunks = Vec::with_capacity(before.len() + changes.len() / CHUNK + 1);
        for (nth, chunk) in before.iter().enumerate() {
            // Keys before the next chunk's first belong here; those before the very first chunk belong to it too.
            let mine = match before.get(nth + 1).and_then(|next| next.keys.first()) {
                Some(next) => rest.partition_point(|(key, _)| *key < next),
                None => rest.len(),
            };
            let (here, later) = rest.split_at(mine);
            rest = later;
            if here.is_empty() {
                chunks.push(chunk.clone());
            } else if let Some(anew) = alone(here).and_then(|change| chunk.edited(change)) {
                chunks.push(anew);
            } else {
                cut(&merged(chunk.entries(), here), &mut chunks);
            }
        }
        if before.is_empty() {
            cut(&merged(std::iter::empty(), rest), &mut chunks);
        }
        Self::of_chunks(chunks)
    }
}

type Change<V> = (u32, Option<(Revision, V)>);

fn alone<V>(changes: &[Change<V>]) -> Option<&Change<V>> {
    match changes {
        [change] => Some(change),
        _ => None,
    }
}

impl<V: Copy + PartialEq> Chunk<V> {
    /// One change, which most are, without taking the chunk apart; nothing where what comes of it is no chunk.
    fn edited(&self, (key, change): &Change<V>) -> Option<Self> {
        let place = self.keys.below(*key);
        let is_held = self.keys.get(place) == Some(*key);
        let len = self.keys.len() - usize::from(is_held) + usize::from(change.is_some());
        if len == 0 || len > CHUNK {
            return None;
        }
        let mut keys = self.keys.to_vec();
        let held = place..place + usize::from(is_held);
        keys.splice(held.clone(), change.is_some().then_some(*key));
        let (base, step, value) = match change {
            Some((added, value)) => {
                let step = added.0.checked_sub(self.beside.base)?;
                (
                    self.beside.base,
                    Some(u32::try_from(step).ok()?),
                    Some(*value),
                )
            }
            None => (self.beside.base, None, None),
        };
        let whole = self.keys.len();
        Some(Self {
            keys: Keys::of_sorted(&keys),
            beside: Arc::new(Beside {
                base,
                steps: self.beside.steps.spliced(whole, held.clone(), step),
                values: self.beside.values.spliced(whole, held, value),
            }),
        })
    }
}

impl<V: Copy + PartialEq> Each<V> {
    /// With what is held at a place, of so many in all, replaced.
    fn spliced(&self, whole: usize, held: Range<usize>, by: Option<V>) -> Self {
        match self {
            Self::Same(same) if by.is_none_or(|by| by == *same) => Self::Same(*same),
            Self::Same(same) => {
                let values = vec![*same; whole];
                Self::of(spliced(&values, held, by))
            }
            Self::Own(values) => Self::of(spliced(values, held, by)),
        }
    }
}

/// Values with those in a range replaced, in one piece of memory that is just as long.
fn spliced<V: Copy>(values: &[V], held: Range<usize>, by: Option<V>) -> Box<[V]> {
    let before = values.get(..held.start).unwrap_or_default();
    let after = values.get(held.end..).unwrap_or_default();
    let mut all = Vec::with_capacity(before.len() + after.len() + usize::from(by.is_some()));
    all.extend_from_slice(before);
    all.extend(by);
    all.extend_from_slice(after);
    all.into()
}

/// The held entries with the changes made, still sorted.
fn merged<V: Copy + PartialEq>(
    held: impl Iterator<Item = Entry<V>>,
    changes: &[Change<V>],
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
pub(super) fn cut<V: Copy + PartialEq>(entries: &[Entry<V>], chunks: &mut Vec<Chunk<V>>) {
    let pieces = entries.len().div_ceil(CHUNK).max(1);
    for piece in entries.chunks(entries.len().div_ceil(pieces).max(1)) {
        push_chunk(piece, chunks);
    }
}

fn push_chunk<V: Copy + PartialEq>(entries: &[Entry<V>], chunks: &mut Vec<Chunk<V>>) {
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
        let keys: Vec<u32> = entries.iter().map(|entry| entry.key).collect();
        chunks.push(Chunk {
            keys: Keys::of_sorted(&keys),
            beside: Arc::new(Beside {
                base,
                steps: Each::of(steps),
                values: Each::of(entries.iter().map(|entry| entry.value).collect()),
            }),
        });
    } else {
        // Revisions more than four thousand million apart do not share a chunk; one entry always fits.
        let (first, second) = entries.split_at(entries.len() / 2);
        push_chunk(first, chunks);
        push_chunk(second, chunks);
    }
}
