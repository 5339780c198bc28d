//! How a value is written: a format byte, the payload, and a CRC-32 of key and all that, in parts that sled keeps in its log.

use std::borrow::Cow;

/// The longest value.
///
/// A value of over 128 KiB goes to a blob file, which sled never syncs. By sled's source the same limit holds for a whole
/// leaf, which it writes as one message when it consolidates, and which holds up to nineteen values (sixteen before it
/// splits, and three that a merge brings). Nineteen of these stay under it. Read, not measured.
pub(super) const LONGEST_VALUE: usize = 6 * 1024;

/// The format of values that this version writes.
const VERSION: u8 = 1;

/// Why a value is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FrameError {
    Short,
    Checksum,
    Version(u8),
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Short => f.write_str("it is cut short"),
            Self::Checksum => f.write_str("its checksum does not match"),
            Self::Version(version) => {
                write!(
                    f,
                    "it has the format {version}, which this version does not read"
                )
            }
        }
    }
}

/// The value for a payload at a key. The key is part of the checksum, so that a value at another's place is noticed.
pub(super) fn seal(key: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(payload.len() + 5);
    value.push(VERSION);
    value.extend_from_slice(payload);
    let sum = checksum(key, &value);
    value.extend_from_slice(&sum.to_le_bytes());
    value
}

/// The payload of a value.
pub(super) fn unseal<'a>(key: &[u8], value: &'a [u8]) -> Result<&'a [u8], FrameError> {
    let (sealed, sum) = value.split_last_chunk::<4>().ok_or(FrameError::Short)?;
    if checksum(key, sealed) != u32::from_le_bytes(*sum) {
        return Err(FrameError::Checksum);
    }
    match sealed.split_first() {
        Some((&VERSION, payload)) => Ok(payload),
        Some((version, _)) => Err(FrameError::Version(*version)),
        None => Err(FrameError::Short),
    }
}

/// A sealed value in parts, with the key of each.
pub(super) fn parts<'a>(
    prefix: &'a [u8],
    sealed: &'a [u8],
) -> impl Iterator<Item = (Vec<u8>, &'a [u8])> {
    (0..=u16::MAX)
        .zip(sealed.chunks(LONGEST_VALUE))
        .map(|(number, chunk)| (super::keys::part(prefix, number), chunk))
}

/// The longest payload that can be written in parts.
pub(super) const LONGEST_PAYLOAD: usize = LONGEST_VALUE * 65_535 - 5;

fn checksum(key: &[u8], sealed: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(sealed);
    hasher.finalize()
}

/// A key for an error text.
pub(super) fn shown(key: &[u8]) -> Cow<'static, str> {
    use std::fmt::Write;
    let mut hex = String::with_capacity(key.len() * 2);
    for byte in key {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex.into()
}
