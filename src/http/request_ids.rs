//! Ids of requests whose callers gave none: told apart by a counter, in each process with a beginning of its own.

use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::HeaderValue;
use once_cell::sync::Lazy;

/// What all ids of this process begin with.
static BEGINNING: Lazy<u64> = Lazy::new(|| uuid::Uuid::new_v4().as_u64_pair().0);
static NEXT: AtomicU64 = AtomicU64::new(0);

/// The next id: 32 hexadecimal digits.
pub(crate) fn next() -> HeaderValue {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let id = u128::from(*BEGINNING) << 64 | u128::from(number);
    let mut text = [0; 32];
    for (place, digit) in text.iter_mut().enumerate() {
        let four = id >> (4 * (31 - place)) & 0xf;
        *digit = b"0123456789abcdef"
            .get(usize::try_from(four).unwrap_or_default())
            .copied()
            .unwrap_or(b'0');
    }
    HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("none"))
}
