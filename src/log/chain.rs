//! The hash chain through all lines of all segments.

use crate::model::hash::ContentHash;

/// A hash: 64 lower-case hexadecimal digits.
pub(super) type Hash = [u8; 64];

/// What the first line of the first segment continues.
pub(super) const NOTHING: Hash = [b'0'; 64];

const BEFORE: &[u8] = br#","hash":""#;
const AFTER: &[u8] = br#""}"#;

/// The hash of a line that follows on another.
pub(super) fn next(before: &Hash, body: &[u8]) -> Hash {
    let mut hash = ContentHash::default();
    hash.update(before);
    hash.update(body);
    hash.digits()
}

/// Closes a line whose text, an object without its last brace, begins at `from`; its hash.
pub(super) fn close(before: &Hash, buffer: &mut Vec<u8>, from: usize) -> Hash {
    let hash = next(before, buffer.get(from..).unwrap_or_default());
    buffer.extend_from_slice(BEFORE);
    buffer.extend_from_slice(&hash);
    buffer.extend_from_slice(AFTER);
    buffer.push(b'\n');
    hash
}

/// A line without its end, and the hash that it states; nothing if it has none.
pub(super) fn parts(line: &[u8]) -> Option<(&[u8], Hash)> {
    let rest = line.strip_suffix(AFTER)?;
    let (rest, hash) = rest.split_last_chunk::<64>()?;
    let is_hash = hash
        .iter()
        .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    Some((rest.strip_suffix(BEFORE).filter(|_| is_hash)?, *hash))
}

/// A hash as text.
pub(super) fn text(hash: &Hash) -> String {
    hash.iter().copied().map(char::from).collect()
}

/// A hash from its text.
pub(super) fn parse(text: &str) -> Option<Hash> {
    let hash: Hash = text.as_bytes().try_into().ok()?;
    hash.iter()
        .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        .then_some(hash)
}
