//! Identities: each kind of name is a type of its own, made only by its check.

mod org_no;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

pub use org_no::OrgNo;

/// Why a text is not the identity it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// Not nine digits.
    #[error("organisation number `{0}` is not nine digits")]
    OrgNoDigits(String),
    /// The first digit is a zero, which no register gives out.
    #[error("organisation number `{0}` begins with 0")]
    OrgNoFirstDigit(String),
    /// The ninth digit does not check the first eight.
    #[error("organisation number `{0}` has a wrong check digit (MOD11)")]
    OrgNoCheckDigit(String),
    /// Not a UUID in its hyphenated form.
    #[error("`{0}` is not a UUID of the form `5ea1d000-0000-4000-8000-000000000001`")]
    Uuid(String),
    /// Not `<vendor organisation number>_<name>`.
    #[error(
        "system id `{0}` is not `<vendor organisation number>_<name>`, with a name of a-z, 0-9, `-` and `_`"
    )]
    SystemId(String),
    /// A name with characters that it cannot have, or too long.
    #[error(
        "{kind} `{value}` is not 1 to {most} characters of a-z, A-Z, 0-9, `-`, `_`, `.`, `:` and `/`"
    )]
    Name {
        /// What the name is of.
        kind: &'static str,
        /// The text.
        value: String,
        /// The longest that is taken.
        most: usize,
    },
    /// Empty, too long, or with control characters.
    #[error("{kind} is not 1 to {most} characters without control characters")]
    Text {
        /// What the text is.
        kind: &'static str,
        /// The longest that is taken.
        most: usize,
    },
}

/// A text from outside, cut so that an error stays one line.
pub(crate) fn shown(text: &str) -> String {
    let mut cut: String = text
        .chars()
        .take(64)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().count() > 64 {
        cut.push('…');
    }
    cut
}

fn uuid_of(text: &str) -> Result<Uuid, IdError> {
    // Only the hyphenated form: `Uuid` itself also takes braces, `urn:uuid:` and bare hex.
    if text.len() != 36 {
        return Err(IdError::Uuid(shown(text)));
    }
    Uuid::try_parse(text).map_err(|_| IdError::Uuid(shown(text)))
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        // As one number: each decision looks one up, and hashing sixteen bytes with their count takes twice as long.
        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
                hasher.write_u128(self.0.as_u128());
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                uuid_of(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0.hyphenated())
            }
        }
    };
}

uuid_id! {
    /// A system user: the UUID of the request that it came from.
    SystemUserId
}
uuid_id! {
    /// A system-user request.
    RequestId
}

impl From<RequestId> for SystemUserId {
    fn from(request: RequestId) -> Self {
        Self(request.0)
    }
}

impl From<SystemUserId> for RequestId {
    fn from(user: SystemUserId) -> Self {
        Self(user.0)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let check: fn(&str) -> Result<(), IdError> = $check;
                check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id! {
    /// A vendor's registered system: `<vendor organisation number>_<name>`.
    SystemId, |text| {
        let (vendor, name) = text.split_once('_').ok_or_else(|| IdError::SystemId(shown(text)))?;
        let name_fits = !name.is_empty() && text.len() <= 128
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        if !name_fits {
            return Err(IdError::SystemId(shown(text)));
        }
        vendor.parse::<OrgNo>().map(|_| ())
    }
}
text_id! {
    /// A protected service, by its id: `ske-krav-og-betalinger`.
    ResourceId, |text| name_of("resource", text, 256)
}
text_id! {
    /// An action, by its name: `read`.
    ActionName, |text| name_of("action", text, 128)
}
text_id! {
    /// A package's code: `skattegrunnlag`. Which codes exist is the catalogue's to say.
    PackageCode, |text| name_of("access package", text, 128)
}
text_id! {
    /// The vendor's own reference on a request; by default the firm's number.
    ExternalRef, |text| text_of("external reference", text, 256)
}
text_id! {
    /// Who did something: a person, a vendor's or an operator's caller id, opaque.
    ActorId, |text| text_of("actor", text, 128)
}

fn name_of(kind: &'static str, text: &str, most: usize) -> Result<(), IdError> {
    let fits = !text.is_empty()
        && text.len() <= most
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'/'));
    if fits {
        Ok(())
    } else {
        Err(IdError::Name {
            kind,
            value: shown(text),
            most,
        })
    }
}

pub(crate) fn text_of(kind: &'static str, text: &str, most: usize) -> Result<(), IdError> {
    let fits = !text.trim().is_empty()
        && text.chars().count() <= most
        && !text.chars().any(char::is_control);
    if fits {
        Ok(())
    } else {
        Err(IdError::Text { kind, most })
    }
}

impl SystemId {
    /// The vendor whose system this is: the number before the first underscore.
    pub fn vendor(&self) -> OrgNo {
        let digits = self.0.split('_').next().unwrap_or_default();
        // The check of a system id is the check of its vendor's number.
        OrgNo(digits.parse().unwrap_or_default())
    }
}

macro_rules! serde_as_text {
    ($($name:ident),+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

serde_as_text!(
    OrgNo,
    SystemUserId,
    RequestId,
    SystemId,
    ResourceId,
    ActionName,
    PackageCode,
    ExternalRef,
    ActorId
);

/// The number of the last change that a state contains: grows by one a commit, never reused, never goes back.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// Of an empty state: nothing has happened yet.
    pub const ZERO: Self = Self(0);

    /// The one after this.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
