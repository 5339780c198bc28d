//! Names and what they stand for: read twice by every decision, made once with the policies.

/// A table of a few names. Looking one up costs two loads of its bytes and, where it is there, one comparison.
#[derive(Debug)]
pub(crate) struct Names<T> {
    // INVARIANT: as many as a power of two, at least one of them empty; a name is at its own place or, with no empty one
    // between, after it.
    slots: Box<[Slot<T>]>,
}

type Slot<T> = Option<(Box<str>, T)>;

impl<T: Copy> Names<T> {
    /// These names, each once.
    pub(crate) fn of<'a>(names: impl Iterator<Item = (&'a str, T)>) -> Self {
        let names: Vec<_> = names.collect();
        let mut slots = Vec::new();
        slots.resize_with((names.len() * 2 + 1).next_power_of_two(), || None);
        for (name, value) in names {
            let mut at = place(name, slots.len());
            while slots.get(at).is_some_and(Option::is_some) {
                at = (at + 1) % slots.len();
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = Some((name.into(), value));
            }
        }
        Self {
            slots: slots.into(),
        }
    }

    /// What a name stands for, if it is known.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<T> {
        let mut at = place(name, self.slots.len());
        loop {
            let (held, value) = self.slots.get(at)?.as_ref()?;
            if **held == *name {
                return Some(*value);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }
}

/// Where a name belongs: by its length, its first bytes and its last. Names that share them stand beside each other.
#[inline]
fn place(name: &str, slots: usize) -> usize {
    let bytes = name.as_bytes();
    let ends = if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(29)
    } else {
        bytes
            .iter()
            .fold(0, |all, byte| all << 8 | u64::from(*byte))
    };
    let mixed = (ends ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    usize::try_from(mixed).unwrap_or_default() & (slots - 1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::Names;

    proptest! {
        // Among them names that differ only in the middle, which all belong at the same place.
        #[test]
        fn names_are_found_and_no_others(
            known in prop::collection::hash_map("[ab]{0,9}|ske-krav-[abc]{0,3}-betalinger", any::<u8>(), 0..40),
            asked in prop::collection::vec("[ab]{0,9}|ske-krav-[abc]{0,3}-betalinger", 0..40),
        ) {
            let names = Names::of(known.iter().map(|(name, value)| (name.as_str(), *value)));
            let known: HashMap<String, u8> = known;
            for name in known.keys().chain(&asked) {
                prop_assert_eq!(names.get(name), known.get(name).copied());
            }
        }
    }
}
