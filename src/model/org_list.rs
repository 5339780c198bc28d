//! Lists of organisation numbers, as events keep them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::id::OrgNo;

/// Organisation numbers, sorted and each once; stored as differences, one to five bytes each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrgList(Vec<OrgNo>);

impl OrgList {
    /// The list of these, sorted, each once.
    pub fn new(mut numbers: Vec<OrgNo>) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        Self(numbers)
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many are in it.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = OrgNo> + '_ {
        self.0.iter().copied()
    }

    /// Whether a number is in it.
    pub fn contains(&self, number: OrgNo) -> bool {
        self.0.binary_search(&number).is_ok()
    }

    /// The list in its stored form.
    pub fn packed(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * 2);
        let mut before = 0;
        for number in &self.0 {
            let mut step = number.as_u32() - before;
            before = number.as_u32();
            while step >= 0x80 {
                bytes.push(step.to_le_bytes()[0] | 0x80);
                step >>= 7;
            }
            bytes.push(step.to_le_bytes()[0]);
        }
        bytes
    }

    /// The list of a stored form, or nothing if it is none.
    pub fn unpacked(bytes: &[u8]) -> Option<Self> {
        let mut numbers = Vec::with_capacity(bytes.len() / 2);
        let (mut before, mut step, mut shift) = (0u32, 0u32, 0u32);
        for byte in bytes {
            if shift > 28 {
                return None;
            }
            step |= u32::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                before = before.checked_add(step)?;
                numbers.push(OrgNo::from_u32(before).ok()?);
                (step, shift) = (0, 0);
            }
        }
        (shift == 0).then_some(Self(numbers))
    }
}

impl FromIterator<OrgNo> for OrgList {
    fn from_iter<I: IntoIterator<Item = OrgNo>>(numbers: I) -> Self {
        Self::new(numbers.into_iter().collect())
    }
}

impl Serialize for OrgList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            self.0.serialize(serializer)
        } else {
            serializer.serialize_bytes(&self.packed())
        }
    }
}

impl<'de> Deserialize<'de> for OrgList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Packed;
        impl serde::de::Visitor<'_> for Packed {
            type Value = OrgList;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("packed organisation numbers")
            }
            fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<OrgList, E> {
                self.visit_bytes(&bytes)
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<OrgList, E> {
                OrgList::unpacked(bytes)
                    .ok_or_else(|| E::custom("packed organisation numbers are damaged"))
            }
        }
        if deserializer.is_human_readable() {
            Vec::deserialize(deserializer).map(Self::new)
        } else {
            // As a buffer of its own: a reader may not lend out long ones.
            deserializer.deserialize_byte_buf(Packed)
        }
    }
}
