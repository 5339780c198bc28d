//! Findings with the line and column that they are about.

use cedar_policy::ffi::DetailedError;

use crate::model::finding::{Finding, FindingCode};

/// The line and column, both from 1 and the column in characters, of a byte in a text.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = text.get(..end).unwrap_or_default();
    let line_begin = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    let column = before.get(line_begin..).unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// One line of a text that may have several.
pub(super) fn on_one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ")
}

/// What Cedar says is wrong in a file. Where it gives no advice of its own, `help` stands.
pub(super) fn finding(
    file: &str,
    text: &str,
    code: FindingCode,
    error: &DetailedError,
    help: &str,
) -> Finding {
    let at = error.source_locations.first();
    Finding {
        file: file.into(),
        at: at.map(|label| line_and_column(text, label.loc.start)),
        code,
        message: on_one_line(&error.message),
        help: on_one_line(error.help.as_deref().unwrap_or(help)),
    }
}

/// What Cedar says is wrong, with all the errors that stand beside the first.
pub(super) fn findings(
    file: &str,
    text: &str,
    code: FindingCode,
    error: &DetailedError,
    help: &str,
) -> Vec<Finding> {
    let related = error.related.iter();
    let others = related.flat_map(|other| findings(file, text, code, other, help));
    std::iter::once(finding(file, text, code, error, help))
        .chain(others)
        .collect()
}

/// A finding about a whole file.
pub(super) fn about_file(
    file: &str,
    code: FindingCode,
    message: impl Into<String>,
    help: impl Into<String>,
) -> Finding {
    Finding {
        file: file.into(),
        at: None,
        code,
        message: on_one_line(&message.into()),
        help: on_one_line(&help.into()),
    }
}

/// Where something stands that a message names between backticks or as an id: the last such name that the text has in
/// quotes.
pub(super) fn place_of_named(text: &str, message: &str) -> Option<(usize, usize)> {
    let named = message.split(['`', '"']).skip(1).step_by(2);
    let mut places = named.filter_map(|name| text.find(&format!("\"{name}\"")));
    let first = places.next()?;
    Some(line_and_column(text, places.last().unwrap_or(first)))
}

/// Where a declaration of this kind and name stands in a schema.
pub(super) fn place_of_declared(text: &str, kind: &str, name: &str) -> Option<(usize, usize)> {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let words = line.split_whitespace().next() == Some(kind);
        let found = line.match_indices(name).find(|(at, _)| {
            let before = line
                .get(..*at)
                .and_then(|before| before.chars().next_back());
            let after = line
                .get(at + name.len()..)
                .and_then(|after| after.chars().next());
            !before.is_some_and(is_of_name) && !after.is_some_and(is_of_name)
        });
        if let (true, Some((at, _))) = (words, found) {
            return Some(line_and_column(text, offset + at));
        }
        offset += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::line_and_column;

    #[test]
    fn columns_are_counted_in_characters_from_one() {
        let text = "ab\nsærø x\n";
        for (offset, expected) in [
            (0, (1, 1)),
            (2, (1, 3)),
            (3, (2, 1)),
            (text.find('x').unwrap(), (2, 6)),
            (text.len(), (3, 1)),
            (text.len() + 9, (3, 1)),
        ] {
            assert_eq!(line_and_column(text, offset), expected, "{offset}");
        }
    }
}
