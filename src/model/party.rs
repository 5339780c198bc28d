//! Parties: organisations with their name and legal form.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::id::{IdError, OrgNo, shown, text_of};

/// The register's codes of legal forms ("organisasjonsformer").
///
/// Source: Brønnøysundregistrene, code list of Enhetsregisteret, `organisasjonsform.kode`.
const FORMS: [&str; 47] = [
    "AAFY", "ADOS", "ANNA", "ANS", "AS", "ASA", "BA", "BBL", "BEDR", "BO", "BRL", "DA", "ENK",
    "EOFG", "ESEK", "EØFG", "FKF", "FLI", "FYLK", "GFS", "IKJP", "IKS", "KBO", "KF", "KIRK",
    "KOMM", "KS", "KTRF", "NUF", "OPMV", "ORGL", "PERS", "PK", "PRE", "SA", "SAER", "SAM", "SE",
    "SF", "SPA", "STAT", "STI", "SÆR", "TVAM", "UTBG", "UTLA", "VPFO",
];

/// A legal form that the register does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("legal form `{given}` is not a code of the register; did you mean `{nearest}`?")]
pub struct LegalFormError {
    given: String,
    nearest: &'static str,
}

/// An organisation's legal form, by the register's code: `AS`, `ENK`, `NUF`, `BRL`, `ESEK`, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegalForm(&'static str);

impl LegalForm {
    /// The register's code.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl FromStr for LegalForm {
    type Err = LegalFormError;

    fn from_str(text: &str) -> Result<Self, LegalFormError> {
        if let Some(code) = FORMS.iter().find(|code| **code == text) {
            return Ok(Self(code));
        }
        let upper = text.to_uppercase();
        let nearest = FORMS
            .iter()
            .copied()
            .min_by_key(|code| strsim::damerau_levenshtein(code, &upper))
            .unwrap_or("AS");
        Err(LegalFormError {
            given: shown(text),
            nearest,
        })
    }
}

impl fmt::Display for LegalForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for LegalForm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for LegalForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A party's name: 1 to 256 characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct PartyName(Box<str>);

impl PartyName {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PartyName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        text_of("name", text, 256)?;
        Ok(Self(text.into()))
    }
}

impl<'de> Deserialize<'de> for PartyName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An organisation as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Its organisation number.
    pub org: OrgNo,
    /// Its registered name.
    pub name: PartyName,
    /// Its legal form.
    pub form: LegalForm,
}
