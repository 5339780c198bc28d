//! Sorted numbers, searched a cache line at a time.
//!
//! A binary search of a thousand numbers that nobody looked at lately waits for seven lines of memory, one after the other.
//! Here the numbers stand in lines of sixteen, and above them lines with the first number of each line beneath: three
//! lines at most lead to any of four thousand numbers. The lines above cost a sixteenth more.

use std::sync::Arc;

use wide::{CmpGt, i32x4};

/// The most numbers that two lines above reach.
pub(crate) const MOST: usize = WIDTH * WIDTH * WIDTH;

const WIDTH: usize = 16;
/// After the last number of a line that is not full. No organisation number and no place of a relation is this large.
const NONE: u32 = u32::MAX;

/// One line of a cache: ascending, the rest [`NONE`].
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Line([i32x4; WIDTH / 4]);

/// A number as a signed one in the same order: those are what every processor can compare four at a time.
const fn signed(number: u32) -> i32 {
    (number ^ 1 << 31).cast_signed()
}

/// The number that [`signed`] was made of.
const fn unsigned(number: i32) -> u32 {
    number.cast_unsigned() ^ 1 << 31
}

impl Line {
    fn of(numbers: &[u32]) -> Self {
        if let Some(full) = numbers.first_chunk::<WIDTH>() {
            let full = full.map(signed);
            let (fours, _) = full.as_chunks::<4>();
            let mut line = [i32x4::ZERO; WIDTH / 4];
            for (place, four) in line.iter_mut().zip(fours) {
                *place = i32x4::from(*four);
            }
            return Self(line);
        }
        let number = |place| numbers.get(place).copied().unwrap_or(NONE);
        Self(std::array::from_fn(|four| {
            let held: [u32; 4] = std::array::from_fn(|place| number(four * 4 + place));
            i32x4::from(held.map(signed))
        }))
    }

    /// How many of its numbers are not above this one. Looks at all of them, without a branch to guess.
    #[inline]
    fn up_to(&self, number: u32) -> usize {
        let than = i32x4::splat(signed(number));
        let mut above = 1 << WIDTH;
        for (place, four) in self.0.iter().enumerate() {
            above |= four.cmp_gt(than).move_mask() << (4 * place);
        }
        above.trailing_zeros() as usize
    }

    /// The number at a place, if one is there.
    #[inline]
    fn get(&self, place: usize) -> Option<u32> {
        let held = self.0.get(place / 4)?.as_array_ref();
        let number = unsigned(*held.get(place % 4)?);
        (number != NONE).then_some(number)
    }
}

/// Sorted numbers, each once. Cloning costs one reference count.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    // INVARIANT: the lines above, the highest first, then the lines with the numbers; all of those full but the last.
    lines: Arc<[Line]>,
    /// How many lines are above: none, one, or one and those beneath it.
    above: u32,
    len: u32,
}

impl Keys {
    /// These, which are ascending, each once, at most [`MOST`], none of them `u32::MAX`.
    pub(crate) fn of_sorted(numbers: &[u32]) -> Self {
        debug_assert!(numbers.len() <= MOST && numbers.is_sorted_by(|one, next| one < next));
        let mut levels = vec![lines_of(numbers)];
        while let Some(beneath) = levels.last().filter(|level| level.len() > 1) {
            let firsts: Vec<u32> = beneath.iter().filter_map(|line| line.get(0)).collect();
            levels.push(lines_of(&firsts));
        }
        let above: usize = levels.iter().skip(1).map(Vec::len).sum();
        let levels: Vec<_> = levels.iter().rev().map(Vec::as_slice).collect();
        Self {
            lines: levels.concat().into(),
            above: u32::try_from(above).unwrap_or_default(),
            len: u32::try_from(numbers.len()).unwrap_or_default(),
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// What they take in memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.lines)
    }

    /// The lowest.
    pub(crate) fn first(&self) -> Option<u32> {
        self.get(0)
    }

    /// The number at a place.
    pub(crate) fn get(&self, place: usize) -> Option<u32> {
        let line = self.lines.get(self.above as usize + place / WIDTH)?;
        line.get(place % WIDTH)
    }

    /// All of them, with room for one more.
    pub(crate) fn to_vec(&self) -> Vec<u32> {
        let mut all = Vec::with_capacity(self.len() + WIDTH);
        let lines = self.lines.get(self.above as usize..).unwrap_or_default();
        for four in lines.iter().flat_map(|line| &line.0) {
            all.extend(four.to_array().map(unsigned));
        }
        all.truncate(self.len());
        all
    }

    /// The place of a number, if it is there.
    #[inline]
    pub(crate) fn place(&self, number: u32) -> Option<usize> {
        let line = self.line_of(number)?;
        let last = self.lines.get(self.above as usize + line)?;
        let place = last.up_to(number).checked_sub(1)?;
        (last.get(place)? == number).then_some(line * WIDTH + place)
    }

    /// How many are below a number: the place of the first that is not.
    pub(crate) fn below(&self, number: u32) -> usize {
        let Some(before) = number.checked_sub(1) else {
            return 0;
        };
        let Some(line) = self.line_of(before) else {
            return 0;
        };
        let held = self.lines.get(self.above as usize + line);
        line * WIDTH + held.map_or(0, |held| held.up_to(before))
    }

    /// Of the lines with numbers, the one that this number would be in; none if it is below all.
    #[inline]
    fn line_of(&self, number: u32) -> Option<usize> {
        let above = self.above as usize;
        if above == 0 {
            return Some(0);
        }
        let line = self.lines.first()?.up_to(number).checked_sub(1)?;
        if above == 1 {
            return Some(line);
        }
        let beneath = self.lines.get(1 + line)?.up_to(number).checked_sub(1)?;
        Some(line * WIDTH + beneath)
    }
}

fn lines_of(numbers: &[u32]) -> Vec<Line> {
    numbers.chunks(WIDTH).map(Line::of).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Keys, MOST};

    fn check(numbers: &BTreeSet<u32>, asked: impl Iterator<Item = u32>) {
        let sorted: Vec<u32> = numbers.iter().copied().collect();
        let keys = Keys::of_sorted(&sorted);
        assert_eq!(keys.len(), sorted.len());
        assert_eq!(keys.first(), sorted.first().copied());
        for number in asked {
            assert_eq!(keys.place(number), sorted.binary_search(&number).ok());
            assert_eq!(
                keys.below(number),
                sorted.partition_point(|held| *held < number)
            );
        }
        let held = (0..=sorted.len()).map_while(|place| keys.get(place));
        assert!(held.eq(sorted.iter().copied()));
        assert_eq!(keys.to_vec(), sorted);
    }

    #[test]
    fn every_length_is_searched_right() {
        for len in (0..600).chain([MOST - 1, MOST]) {
            let numbers: BTreeSet<u32> = (0..len)
                .map(|nth| u32::try_from(nth * 2 + 1).unwrap())
                .collect();
            let beyond = u32::try_from(len * 2 + 3).unwrap();
            check(&numbers, (0..beyond).chain([u32::MAX - 1]));
        }
    }

    proptest! {
        #[test]
        fn keys_are_a_sorted_list(numbers in prop::collection::btree_set(0..u32::MAX, 0..700), asked in prop::collection::vec(any::<u32>(), 50)) {
            let asked = asked.into_iter().filter(|number| *number < u32::MAX);
            let near = numbers.iter().flat_map(|number| [number.saturating_sub(1), *number, number.saturating_add(1).min(u32::MAX - 1)]);
            let all: Vec<u32> = asked.chain(near).collect();
            check(&numbers, all.into_iter());
        }
    }
}
