//! Tables in tables: lists of them, named ones, rows; and values that stand for several.

use serde_json::Value;
use toml::Spanned;
use toml::de::DeValue;

use super::{Fields, Findings, Located};

impl<'t> Fields<'t> {
    /// The tables of `[[key]]`, in their order.
    pub fn tables(&mut self, key: &str, found: &mut Findings<'_>) -> Vec<Self> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let byte = value.span().start;
        let DeValue::Array(items) = value.into_inner() else {
            let message = format!("`{key}` has to be written as `[[{key}]]`, once a {key}");
            self.wrong(byte, message, found);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (nth, item) in items.into_iter().enumerate() {
            let span = item.span();
            if let DeValue::Table(table) = item.into_inner() {
                let of = format!("{key} {}: ", nth + 1);
                tables.push(Self::of(Spanned::new(span, table), of));
            } else {
                let message = format!("{key} {} has to be a table", nth + 1);
                self.wrong(span.start, message, found);
            }
        }
        tables
    }

    /// The table `[key]`, if it is there.
    pub fn table(&mut self, key: &str, found: &mut Findings<'_>) -> Option<Self> {
        let value = self.take(key)?;
        let span = value.span();
        let DeValue::Table(table) = value.into_inner() else {
            let message = format!("`{key}` has to be a table, `[{key}]`");
            self.wrong(span.start, message, found);
            return None;
        };
        Some(Self::of(Spanned::new(span, table), format!("{key}: ")))
    }

    /// The tables of `[key.name]`, each with its name, in the order of the file.
    pub fn named_tables(
        &mut self,
        key: &str,
        found: &mut Findings<'_>,
    ) -> Vec<(Located<String>, Self)> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let byte = value.span().start;
        let DeValue::Table(all) = value.into_inner() else {
            let message = format!("`{key}` has to be written as `[{key}.name]`, once a {key}");
            self.wrong(byte, message, found);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (name, item) in all {
            let (byte, end) = (name.span().start, item.span().end);
            let value = name.into_inner().into_owned();
            let DeValue::Table(table) = item.into_inner() else {
                self.wrong(byte, format!("{key} `{value}` has to be a table"), found);
                continue;
            };
            let table = Self::of(Spanned::new(byte..end, table), format!("{key} `{value}`: "));
            tables.push((Located { byte, value }, table));
        }
        tables.sort_by_key(|(name, _)| name.byte);
        tables
    }

    /// The rows of a list of lists as tables with these columns. An empty string leaves its column out.
    pub fn rows(&mut self, columns: &[String], found: &mut Findings<'_>) -> Vec<Self> {
        let Some(value) = self.take("rows") else {
            self.missing("rows", found);
            return Vec::new();
        };
        let span = value.span();
        let DeValue::Array(items) = value.into_inner() else {
            self.not("rows", span, "a list of rows, each a list", found);
            return Vec::new();
        };
        let mut rows = Vec::new();
        for item in items {
            let span = item.span();
            let DeValue::Array(cells) = item.into_inner() else {
                self.not("rows", span, "a list of rows, each a list", found);
                continue;
            };
            if cells.len() != columns.len() {
                let (row, wanted) = (cells.len(), columns.len());
                let message = format!("a row has {row} values, and there are {wanted} columns");
                self.wrong(span.start, message, found);
                continue;
            }
            let cells = columns.iter().zip(cells);
            let filled = cells.filter(|(_, cell)| cell.get_ref().as_str() != Some(""));
            let table = filled.map(|(column, cell)| {
                let column = column.clone().into();
                (Spanned::new(cell.span(), column), cell)
            });
            rows.push(Self::of(
                Spanned::new(span, table.collect()),
                self.of.clone(),
            ));
        }
        rows
    }

    /// Takes over the fields of another table that this one does not have.
    pub fn complete_from(&mut self, other: &Self) {
        for (key, value) in &other.table {
            if self.place(key.get_ref()).is_none() {
                self.table.insert(key.clone(), value.clone());
            }
        }
    }

    /// One table for each value that a field lists; this one, if it is no list.
    #[must_use]
    pub fn for_each(self, key: &str) -> Vec<Self> {
        let Some(DeValue::Array(values)) = self.table.get(key).map(Spanned::get_ref) else {
            return vec![self];
        };
        let one = |value: &Spanned<DeValue<'t>>| {
            let mut own = self.clone();
            let name = Spanned::new(value.span(), key.to_owned().into());
            own.table.insert(name, value.clone());
            own
        };
        values.iter().map(one).collect()
    }

    /// A table of anything, as JSON. Dates are texts there.
    pub fn members(
        &mut self,
        key: &str,
        found: &mut Findings<'_>,
    ) -> Option<serde_json::Map<String, Value>> {
        let value = self.take(key)?;
        let span = value.span();
        let Some(Value::Object(members)) = as_json(value.into_inner()) else {
            self.not(key, span, "a table of context members", found);
            return None;
        };
        Some(members)
    }
}

/// A value as JSON; nothing for numbers that JSON or Cedar do not have.
fn as_json(value: DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()?
            .into(),
        DeValue::Float(_) => return None,
        DeValue::Boolean(flag) => Value::Bool(flag),
        DeValue::Datetime(at) => Value::String(at.to_string()),
        DeValue::Array(items) => {
            let items = items.into_iter().map(|item| as_json(item.into_inner()));
            Value::Array(items.collect::<Option<_>>()?)
        }
        DeValue::Table(members) => {
            let members = members.into_iter().map(|(name, of)| {
                Some((name.into_inner().into_owned(), as_json(of.into_inner())?))
            });
            Value::Object(members.collect::<Option<_>>()?)
        }
    })
}
