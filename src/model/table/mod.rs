//! TOML tables, read strictly: everything that is wrong is gathered, each with its line. What the fields mean, their
//! readers say.

mod findings;
mod several;

use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::system::nearest;
use super::time::Timestamp;

pub use findings::Findings;

/// A value and the byte where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The byte.
    pub byte: usize,
    /// The value.
    pub value: T,
}

/// A table whose fields are taken one by one. A field that is wrong is a finding, and absent.
#[derive(Debug, Clone)]
pub struct Fields<'t> {
    table: DeTable<'t>,
    /// Where the table begins: the line of what is missing.
    pub byte: usize,
    /// What its findings begin with, such as `caller 1: `.
    of: String,
}

impl<'t> Fields<'t> {
    /// The table that a whole text is. If it is not TOML, that is the one finding, and the table has no fields.
    pub fn parse(text: &'t str, found: &mut Findings<'_>) -> Self {
        let table = DeTable::parse(text).unwrap_or_else(|error| {
            found.add(error.span().map_or(0, |span| span.start), error.message());
            Spanned::new(0..0, DeTable::default())
        });
        Self::of(table, String::new())
    }

    fn of(table: Spanned<DeTable<'t>>, of: String) -> Self {
        Self {
            byte: table.span().start,
            table: table.into_inner(),
            of,
        }
    }

    /// Something is wrong with this table.
    pub fn wrong(&self, byte: usize, message: impl std::fmt::Display, found: &mut Findings<'_>) {
        found.add(byte, format!("{}{message}", self.of));
    }

    /// A field that is needed is not there.
    pub fn missing(&self, key: &str, found: &mut Findings<'_>) {
        self.wrong(self.byte, format!("`{key}` is missing"), found);
    }

    /// Every key that is not known is a finding.
    pub fn known_only(&self, known: &[&str], what: &str, found: &mut Findings<'_>) {
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let near = nearest(name, known.iter().copied()).unwrap_or_default();
                let message = format!("`{name}` is not a key{what}; did you mean `{near}`?");
                self.wrong(key.span().start, message, found);
            }
        }
    }

    fn take(&mut self, key: &str) -> Option<Spanned<DeValue<'t>>> {
        self.table.remove(key)
    }

    /// Where a field stands.
    pub fn place(&self, key: &str) -> Option<usize> {
        self.table.get(key).map(|value| value.span().start)
    }

    /// Whether a field is a list.
    pub fn is_list(&self, key: &str) -> bool {
        self.table
            .get(key)
            .is_some_and(|value| value.get_ref().is_array())
    }

    fn not(&self, key: &str, span: Range<usize>, what: &str, found: &mut Findings<'_>) {
        let byte = span.start;
        let shown = found.shown(span);
        self.wrong(
            byte,
            format!("`{key}` is `{shown}`; it has to be {what}"),
            found,
        );
    }

    /// A text, which may not be empty.
    pub fn text(&mut self, key: &str, found: &mut Findings<'_>) -> Option<Located<String>> {
        let value = self.take(key)?;
        let (byte, span) = (value.span().start, value.span());
        let DeValue::String(text) = value.into_inner() else {
            self.not(key, span, "a string", found);
            return None;
        };
        if text.is_empty() {
            self.wrong(byte, format!("`{key}` is empty"), found);
            return None;
        }
        let value = text.into_owned();
        Some(Located { byte, value })
    }

    /// A text that a function reads.
    pub fn read_as<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
        found: &mut Findings<'_>,
    ) -> Option<T> {
        let Located { byte, value } = self.text(key, found)?;
        match read(&value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(byte, format!("`{key}`: {error}"), found);
                None
            }
        }
    }

    /// A text of a form of its own.
    pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        key: &str,
        found: &mut Findings<'_>,
    ) -> Option<Located<T>> {
        let byte = self.place(key)?;
        let read = |text: &str| text.parse().map_err(|error: T::Err| error.to_string());
        let value = self.read_as(key, read, found)?;
        Some(Located { byte, value })
    }

    /// A whole number.
    pub fn number(
        &mut self,
        key: &str,
        within: RangeInclusive<i64>,
        found: &mut Findings<'_>,
    ) -> Option<i64> {
        let value = self.take(key)?;
        let number = value.get_ref().as_integer().and_then(|number| {
            let parsed = i64::from_str_radix(number.as_str(), number.radix());
            parsed.ok().filter(|number| within.contains(number))
        });
        if number.is_none() {
            let (least, most) = (within.start(), within.end());
            let what = format!("a whole number from {least} to {most}");
            self.not(key, value.span(), &what, found);
        }
        number
    }

    /// An instant, in quotes or without.
    pub fn instant(&mut self, key: &str, found: &mut Findings<'_>) -> Option<Timestamp> {
        let value = self.take(key)?;
        let span = value.span();
        let written = match value.into_inner() {
            DeValue::String(text) => text.into_owned(),
            DeValue::Datetime(at) => at.to_string(),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => String::new(),
        };
        let instant = written.parse().ok();
        if instant.is_none() {
            self.not(key, span, "an instant as `2026-01-01T12:00:00Z`", found);
        }
        instant
    }

    /// `true` or `false`; false if it is not there.
    pub fn flag(&mut self, key: &str, found: &mut Findings<'_>) -> bool {
        let Some(value) = self.take(key) else {
            return false;
        };
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.not(key, value.span(), "true or false", found);
        }
        flag.unwrap_or_default()
    }

    /// A list of strings, and where it stands.
    pub fn texts(
        &mut self,
        key: &str,
        found: &mut Findings<'_>,
    ) -> Option<Located<Vec<Located<String>>>> {
        let value = self.take(key)?;
        let (byte, span) = (value.span().start, value.span());
        let DeValue::Array(items) = value.into_inner() else {
            self.not(key, span, "a list of strings", found);
            return None;
        };
        let mut texts = Vec::new();
        for item in items {
            let byte = item.span().start;
            let DeValue::String(text) = item.into_inner() else {
                self.not(key, span, "a list of strings", found);
                return None;
            };
            let value = text.into_owned();
            texts.push(Located { byte, value });
        }
        Some(Located { byte, value: texts })
    }
}
