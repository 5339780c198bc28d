//! Columns as bytes, for pages: keys as differences, revisions as differences from the lowest, values as small numbers.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::id::Revision;

use super::column::{Column, Entry};

/// A column as bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PackedColumn(Vec<u8>);

impl PackedColumn {
    /// The bytes of a column; `number` makes a number of a value.
    pub(crate) fn pack<V: Copy + PartialEq>(column: &Column<V>, number: impl Fn(V) -> u32) -> Self {
        let mut bytes = Vec::with_capacity(column.len() * 4 + 16);
        let base = column
            .iter()
            .map(|entry| entry.added.0)
            .min()
            .unwrap_or_default();
        push(&mut bytes, column.len() as u64);
        push(&mut bytes, base);
        let mut before = 0;
        for entry in column.iter() {
            push(&mut bytes, u64::from(entry.key - before));
            push(&mut bytes, entry.added.0 - base);
            push(&mut bytes, u64::from(number(entry.value)));
            before = entry.key;
        }
        Self(bytes)
    }

    /// The column of these bytes; nothing if they are cut short or out of order.
    pub(crate) fn unpack<V: Copy + PartialEq>(
        &self,
        value: impl Fn(u32) -> Option<V>,
    ) -> Option<Column<V>> {
        let mut rest = self.0.as_slice();
        let len = usize::try_from(pull(&mut rest)?).ok()?;
        let base = pull(&mut rest)?;
        let mut entries = Vec::with_capacity(len.min(self.0.len()));
        let mut before = 0u32;
        for nth in 0..len {
            let step = u32::try_from(pull(&mut rest)?).ok()?;
            if step == 0 && nth > 0 {
                return None;
            }
            let key = before.checked_add(step)?;
            let added = Revision(base.checked_add(pull(&mut rest)?)?);
            let value = value(u32::try_from(pull(&mut rest)?).ok()?)?;
            entries.push(Entry { key, added, value });
            before = key;
        }
        rest.is_empty().then(|| Column::of_sorted(&entries))
    }
}

fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn pull(bytes: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0u64, 0);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if shift > 63 {
            return None;
        }
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
    }
}

impl Serialize for PackedColumn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for PackedColumn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl serde::de::Visitor<'_> for Bytes {
            type Value = PackedColumn;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a packed column")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<PackedColumn, E> {
                Ok(PackedColumn(bytes.to_vec()))
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<PackedColumn, E> {
                Ok(PackedColumn(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::PackedColumn;
    use crate::engine::column::{Column, Entry};
    use crate::model::id::Revision;

    #[test]
    fn a_column_comes_back_and_a_cut_one_does_not() {
        let entries: Vec<_> = (0..5000u32)
            .map(|n| Entry {
                key: n * n,
                added: Revision(u64::from(n % 7) * 1_000_000_007),
                value: n % 3,
            })
            .collect();
        let column = Column::of_sorted(&entries);
        let packed = PackedColumn::pack(&column, |value| value);
        let back = packed.unpack(Some).unwrap();
        assert_eq!(back.iter().collect::<Vec<_>>(), entries);
        for cut in [0, 1, packed.0.len() / 2, packed.0.len() - 1] {
            assert!(
                PackedColumn(packed.0[..cut].to_vec())
                    .unpack(Some)
                    .is_none(),
                "cut at {cut}"
            );
        }
        assert!(
            packed
                .unpack(|value| (value < 2).then_some(value))
                .is_none(),
            "an unknown value"
        );
    }
}
