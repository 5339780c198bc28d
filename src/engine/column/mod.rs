//! Sorted columns of numbers, each with the revision it was added at: what clients and relations are kept in.
//!
//! A column is cut into chunks of at most [`CHUNK`] entries, shared between revisions: a change copies the chunks that
//! it touches and the list of chunks, nothing else. One entry without a value costs four bytes and a
//! half, and four more where the additions of its chunk have revisions of their own.

mod edit;

use std::sync::Arc;

use super::keys::Keys;
use crate::model::id::Revision;

/// The most entries in one chunk: a change copies one, and a decision steps over the list of them.
pub(crate) const CHUNK: usize = 1024;

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

    fn bytes(&self) -> usize {
        match self {
            Self::Same(_) => 0,
            Self::Own(values) => size_of_val(&**values),
        }
    }
}

/// Some neighbouring entries. Cloning it costs two reference counts.
#[derive(Debug)]
struct Chunk<V> {
    // INVARIANT: at least one and at most CHUNK; what is beside them runs in step.
    keys: Keys,
    // Apart, since a decision looks at keys alone.
    beside: Arc<Beside<V>>,
}

#[derive(Debug)]
struct Beside<V> {
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
    chunks: Box<[Chunk<V>]>,
    len: usize,
}

/// A sorted column. Cloning it costs a reference count or two.
#[derive(Debug, Clone)]
pub(crate) struct Column<V> {
    shape: Shape<V>,
}

/// Most columns are one chunk, and are searched without a step in between.
#[derive(Debug)]
enum Shape<V> {
    Empty,
    One(Chunk<V>),
    Many(Arc<Pieces<V>>),
}

impl<V> Clone for Shape<V> {
    fn clone(&self) -> Self {
        match self {
            Self::Empty => Self::Empty,
            Self::One(chunk) => Self::One(chunk.clone()),
            Self::Many(pieces) => Self::Many(Arc::clone(pieces)),
        }
    }
}

impl<V> Clone for Chunk<V> {
    fn clone(&self) -> Self {
        Self {
            keys: self.keys.clone(),
            beside: Arc::clone(&self.beside),
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
        let key = self.keys.get(place)?;
        let added = Revision(self.beside.base + u64::from(self.beside.steps.get(place)?));
        Some(Entry {
            key,
            added,
            value: self.beside.values.get(place)?,
        })
    }

    fn entries(&self) -> impl Iterator<Item = Entry<V>> + '_ {
        (0..self.keys.len()).filter_map(|place| self.entry(place))
    }

    fn bytes(&self) -> usize {
        self.keys.bytes()
            + self.beside.steps.bytes()
            + self.beside.values.bytes()
            + size_of::<Beside<V>>()
    }
}

impl<V: Copy + PartialEq> Column<V> {
    /// The column of these entries, which are sorted by key, each once.
    pub(crate) fn of_sorted(entries: &[Entry<V>]) -> Self {
        let mut chunks = Vec::with_capacity(entries.len() / CHUNK + 1);
        edit::cut(entries, &mut chunks);
        Self::of_chunks(chunks)
    }

    fn of_chunks(mut chunks: Vec<Chunk<V>>) -> Self {
        let shape = match chunks.len() {
            0 => Shape::Empty,
            1 => chunks.pop().map_or(Shape::Empty, Shape::One),
            _ => Shape::Many(Arc::new(Pieces {
                firsts: chunks
                    .iter()
                    .filter_map(|chunk| chunk.keys.first())
                    .collect(),
                len: chunks.iter().map(|chunk| chunk.keys.len()).sum(),
                chunks: chunks.into(),
            })),
        };
        Self { shape }
    }

    fn chunks(&self) -> &[Chunk<V>] {
        match &self.shape {
            Shape::Empty => &[],
            Shape::One(chunk) => std::slice::from_ref(chunk),
            Shape::Many(pieces) => &pieces.chunks,
        }
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        match &self.shape {
            Shape::Empty => 0,
            Shape::One(chunk) => chunk.keys.len(),
            Shape::Many(pieces) => pieces.len,
        }
    }

    /// What it takes in memory beside itself, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let chunks = self.chunks();
        let of_each = size_of::<Chunk<V>>() + size_of::<u32>();
        let list = if chunks.len() > 1 {
            chunks.len() * of_each
        } else {
            0
        };
        list + chunks.iter().map(Chunk::bytes).sum::<usize>()
    }

    /// Whether there is an entry of a key: the first half of [`Self::get`], and all that a decision waits for.
    #[inline]
    pub(crate) fn has(&self, key: u32) -> bool {
        self.chunk_of(key)
            .is_some_and(|chunk| chunk.keys.place(key).is_some())
    }

    /// The entry of a key.
    pub(crate) fn get(&self, key: u32) -> Option<Entry<V>> {
        let chunk = self.chunk_of(key)?;
        chunk.entry(chunk.keys.place(key)?)
    }

    #[inline]
    fn chunk_of(&self, key: u32) -> Option<&Chunk<V>> {
        match &self.shape {
            Shape::Empty => None,
            Shape::One(chunk) => Some(chunk),
            Shape::Many(pieces) => {
                let after = pieces.firsts.partition_point(|first| *first <= key);
                pieces.chunks.get(after.checked_sub(1)?)
            }
        }
    }

    /// The entries from a key on, ascending.
    pub(crate) fn from(&self, key: u32) -> impl Iterator<Item = Entry<V>> + '_ {
        let chunk = match &self.shape {
            Shape::Empty | Shape::One(_) => 0,
            Shape::Many(pieces) => {
                let after = pieces.firsts.partition_point(|first| *first <= key);
                after.saturating_sub(1)
            }
        };
        let chunks = self.chunks().get(chunk..).unwrap_or_default();
        chunks.iter().enumerate().flat_map(move |(nth, chunk)| {
            let start = if nth == 0 { chunk.keys.below(key) } else { 0 };
            (start..chunk.keys.len()).filter_map(|place| chunk.entry(place))
        })
    }

    /// All entries, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry<V>> + '_ {
        self.chunks().iter().flat_map(Chunk::entries)
    }
}

#[cfg(test)]
mod tests;
