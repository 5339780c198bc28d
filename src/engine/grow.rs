//! A table that only grows, read without a lock.

use once_cell::sync::OnceCell;

const BUCKETS: usize = 32;

/// Values by a dense index. A value once made never moves, so readers hold plain references; each is made once.
///
/// Bucket `k` holds the 2^k indexes from 2^k - 1 on: growing allocates a bucket and copies nothing.
#[derive(Debug)]
pub(crate) struct Grow<T> {
    buckets: [OnceCell<Box<[OnceCell<T>]>>; BUCKETS],
}

impl<T> Default for Grow<T> {
    fn default() -> Self {
        Self {
            buckets: [const { OnceCell::new() }; BUCKETS],
        }
    }
}

impl<T> Grow<T> {
    /// The value at an index, if it was made.
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        let (bucket, place) = Self::place(index);
        self.buckets.get(bucket)?.get()?.get(place)?.get()
    }

    /// The value at an index, made now if it was not; nothing for `u32::MAX`, which no bucket holds.
    #[inline]
    pub(crate) fn get_or_init(&self, index: u32, make: impl FnOnce() -> T) -> Option<&T> {
        let (bucket, place) = Self::place(index);
        let cells = self
            .buckets
            .get(bucket)?
            .get_or_init(|| (0..1usize << bucket).map(|_| OnceCell::new()).collect());
        Some(cells.get(place)?.get_or_init(make))
    }

    #[inline]
    fn place(index: u32) -> (usize, usize) {
        let from_one = u64::from(index) + 1;
        let bucket = from_one.ilog2();
        let place = from_one - (1u64 << bucket);
        (
            bucket as usize,
            usize::try_from(place).unwrap_or(usize::MAX),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Grow;

    #[test]
    fn every_index_has_a_place_of_its_own() {
        let grow = Grow::default();
        for index in 0..1000 {
            assert_eq!(grow.get(index), None);
            assert_eq!(grow.get_or_init(index, || index * 7), Some(&(index * 7)));
        }
        for index in 0..1000 {
            assert_eq!(
                grow.get_or_init(index, || unreachable!()),
                Some(&(index * 7))
            );
        }
        assert_eq!(grow.get_or_init(u32::MAX, || 0), None);
    }
}
