//! The stored form of pages: CBOR, which says what it holds, so that a later version can read it.

use serde::{Deserialize, Serialize};

/// A page as bytes.
pub(crate) fn encode(page: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    match ciborium::into_writer(page, &mut bytes) {
        Ok(()) => bytes,
        Err(_) => unreachable!(
            "pages are made of texts, numbers, lists and bytes, and memory takes them all"
        ),
    }
}

/// The page of these bytes, or what is wrong with them.
pub(crate) fn decode<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, String> {
    ciborium::from_reader(bytes).map_err(|error| error.to_string())
}
