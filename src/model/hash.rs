//! Content hashes.

use sha2::{Digest, Sha256};

/// A SHA-256 in the making.
#[derive(Debug, Clone, Default)]
pub struct ContentHash(Sha256);

impl ContentHash {
    /// Takes more bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all that was taken in: 64 lower-case hexadecimal digits.
    pub fn finish(self) -> String {
        self.digits().iter().copied().map(char::from).collect()
    }

    /// As [`ContentHash::finish`], as bytes.
    pub fn digits(self) -> [u8; 64] {
        let mut digits = [b'0'; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0.finalize()) {
            for (digit, four) in pair.iter_mut().zip([byte >> 4, byte & 0xf]) {
                *digit = if four < 10 {
                    b'0' + four
                } else {
                    b'a' - 10 + four
                };
            }
        }
        digits
    }
}
