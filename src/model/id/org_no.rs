//! Organisation numbers.

use std::fmt;
use std::str::FromStr;

use super::{IdError, shown};

/// An organisation number of the Norwegian Central Coordinating Register: nine digits, the last a MOD11 check digit.
///
/// Source: Brønnøysundregistrene, "Organisasjonsnummeret": weights 3 2 7 6 5 4 3 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgNo(pub(super) u32);

impl OrgNo {
    /// Not above any organisation number: where a search in their order begins.
    pub const LOWEST: Self = Self(100_000_000);

    const WEIGHTS: [u32; 8] = [3, 2, 7, 6, 5, 4, 3, 2];

    /// The number as an integer, nine digits.
    pub fn as_u32(self) -> u32 {
        self.0
    }

    /// The organisation number of these nine digits, if its check digit is right.
    pub fn from_u32(number: u32) -> Result<Self, IdError> {
        let text = || format!("{number:09}");
        if !(100_000_000..=999_999_999).contains(&number) {
            return Err(if number > 999_999_999 {
                IdError::OrgNoDigits(text())
            } else {
                IdError::OrgNoFirstDigit(text())
            });
        }
        match Self::check_digit(number / 10) {
            Some(digit) if digit == number % 10 => Ok(Self(number)),
            Some(_) | None => Err(IdError::OrgNoCheckDigit(text())),
        }
    }

    /// The digit that checks these eight, or nothing where the register skips the number.
    pub fn check_digit(first_eight: u32) -> Option<u32> {
        let mut rest = first_eight;
        let mut sum = 0;
        for weight in Self::WEIGHTS.iter().rev() {
            sum += weight * (rest % 10);
            rest /= 10;
        }
        match 11 - sum % 11 {
            11 => Some(0),
            10 => None,
            digit => Some(digit),
        }
    }
}

impl FromStr for OrgNo {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() != 9 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(IdError::OrgNoDigits(shown(text)));
        }
        Self::from_u32(
            text.parse()
                .map_err(|_| IdError::OrgNoDigits(shown(text)))?,
        )
    }
}

impl fmt::Display for OrgNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:09}", self.0)
    }
}
