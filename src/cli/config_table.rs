//! Tables of `fullmakt.toml`, read strictly: everything that is wrong is gathered, each with its line.

use std::ops::{Range, RangeInclusive};

use fullmakt::model::system::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Failure;

/// How much of a wrong value is shown.
const MOST_SHOWN: usize = 60;

/// What is wrong with a file so far.
pub(super) struct Findings<'t> {
    file: &'t str,
    text: &'t str,
    found: Vec<(usize, String)>,
}

impl<'t> Findings<'t> {
    pub(super) fn of(file: &'t str, text: &'t str) -> Self {
        Self {
            file,
            text,
            found: Vec::new(),
        }
    }

    /// The line of a byte.
    pub(super) fn line(&self, byte: usize) -> usize {
        let before = self.text.as_bytes().iter().take(byte);
        before.filter(|byte| **byte == b'\n').count() + 1
    }

    pub(super) fn add(&mut self, byte: usize, message: impl Into<String>) {
        let line = self.line(byte);
        self.found.push((line, message.into()));
    }

    /// A value as the file has it, on one line.
    fn shown(&self, span: Range<usize>) -> String {
        let text = self.text.get(span).unwrap_or_default();
        let first = text.lines().next().unwrap_or_default();
        let mut shown: String = first.chars().take(MOST_SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        shown
    }

    /// Nothing, or all that is wrong.
    pub(super) fn into_result(self) -> Result<(), Failure> {
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(self.into_failure())
        }
    }

    /// All that is wrong, in the order of the file.
    pub(super) fn into_failure(mut self) -> Failure {
        self.found.sort_by_key(|(line, _)| *line);
        let told = |(line, message)| format!("{}:{line}: {message}", self.file);
        Failure::several(self.found.into_iter().map(told).collect())
    }
}

/// A value and the byte where it stands.
pub(super) struct Located<T> {
    pub(super) byte: usize,
    pub(super) value: T,
}

/// A table whose fields are taken one by one. A field that is wrong is a finding, and absent.
pub(super) struct Fields<'t> {
    table: DeTable<'t>,
    /// Where the table begins: the line of what is missing.
    pub(super) byte: usize,
    /// What its findings begin with, such as `caller 1: `.
    of: String,
}

impl<'t> Fields<'t> {
    pub(super) fn of(table: Spanned<DeTable<'t>>, of: String) -> Self {
        Self {
            byte: table.span().start,
            table: table.into_inner(),
            of,
        }
    }

    pub(super) fn wrong(
        &self,
        byte: usize,
        message: impl std::fmt::Display,
        found: &mut Findings<'_>,
    ) {
        found.add(byte, format!("{}{message}", self.of));
    }

    pub(super) fn missing(&self, key: &str, found: &mut Findings<'_>) {
        self.wrong(self.byte, format!("`{key}` is missing"), found);
    }

    /// Every key that is not known is a finding.
    pub(super) fn known_only(&self, known: &[&str], what: &str, found: &mut Findings<'_>) {
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let near = nearest(name, known.iter().copied()).unwrap_or_default();
                let message = format!("`{name}` is not a key{what}; did you mean `{near}`?");
                self.wrong(key.span().start, message, found);
            }
        }
    }

    /// A field, whatever it is.
    pub(super) fn take(&mut self, key: &str) -> Option<Spanned<DeValue<'t>>> {
        self.table.remove(key)
    }

    /// Where a field stands.
    pub(super) fn place(&self, key: &str) -> Option<usize> {
        self.table.get(key).map(|value| value.span().start)
    }

    pub(super) fn is_list(&self, key: &str) -> bool {
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

    pub(super) fn text(&mut self, key: &str, found: &mut Findings<'_>) -> Option<Located<String>> {
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
    pub(super) fn read_as<T>(
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
    pub(super) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        key: &str,
        found: &mut Findings<'_>,
    ) -> Option<Located<T>> {
        let byte = self.place(key)?;
        let read = |text: &str| text.parse().map_err(|error: T::Err| error.to_string());
        let value = self.read_as(key, read, found)?;
        Some(Located { byte, value })
    }

    pub(super) fn number(
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

    /// A list of strings, and where it stands.
    pub(super) fn texts(
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
