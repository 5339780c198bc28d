//! Printing. A closed pipe is nobody's failure; a full disk is one.

use std::io::{self, Write};

use once_cell::sync::OnceCell;
use serde_json::Value;

/// Why standard output was refused first. The command goes on, since what it does matters more, and then fails.
static REFUSED: OnceCell<io::Error> = OnceCell::new();

/// Prints to standard output.
pub(crate) fn say(text: &str) {
    let mut out = io::stdout().lock();
    if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        let _ = REFUSED.set(error);
    }
}

/// Why something that was said could not be printed.
pub(crate) fn refused() -> Option<&'static io::Error> {
    REFUSED.get()
}

/// Prints a complaint to standard error, a line each, and what mends it.
pub(crate) fn complain(messages: &[String], help: Option<&str>) {
    let mut out = io::stderr().lock();
    for message in messages {
        let _ = writeln!(out, "fullmakt: {message}");
    }
    if let Some(help) = help {
        let _ = writeln!(out, "help: {help}");
    }
}

/// A value as a short text: strings without quotes, lists with commas.
pub(crate) fn short(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => items.iter().map(short).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            // A title is often the same in all its languages.
            let mut texts: Vec<_> = members.values().map(short).collect();
            texts.dedup();
            texts.join(" ")
        }
    }
}

/// The members of an object, one a line; a list of objects in columns beneath its name.
pub(crate) fn card(value: &Value) {
    let Value::Object(members) = value else {
        return say(&short(value));
    };
    let width = members
        .keys()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or_default();
    for (name, value) in members {
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(Value::Object(first)) = items.first() {
            let columns: Vec<&str> = first.keys().map(String::as_str).collect();
            say(name);
            table(&columns, items);
            continue;
        }
        let text = short(value);
        if !text.is_empty() {
            say(&format!("{name:width$}  {text}"));
        }
    }
}

/// Items in columns, with a heading.
pub(crate) fn table(columns: &[&str], items: &[Value]) {
    let text = |item: &Value, column: &str| item.get(column).map(short).unwrap_or_default();
    let width = |column: &str| {
        let longest = items
            .iter()
            .map(|item| text(item, column).chars().count())
            .max()
            .unwrap_or_default();
        longest.max(column.chars().count())
    };
    let widths: Vec<usize> = columns.iter().map(|column| width(column)).collect();
    let line = |cells: Vec<String>| {
        let cells: Vec<_> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        say(cells.join("  ").trim_end());
    };
    line(columns.iter().map(|column| (*column).to_owned()).collect());
    for item in items {
        line(columns.iter().map(|column| text(item, column)).collect());
    }
}
