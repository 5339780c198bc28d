//! What is wrong with a file, gathered.

use std::ops::Range;

/// How much of a wrong value is shown.
const MOST_SHOWN: usize = 60;

/// What is wrong with a file so far.
#[derive(Debug)]
pub struct Findings<'t> {
    file: &'t str,
    text: &'t str,
    found: Vec<(usize, String)>,
}

impl<'t> Findings<'t> {
    /// Nothing yet, of a file with this text.
    pub fn of(file: &'t str, text: &'t str) -> Self {
        Self {
            file,
            text,
            found: Vec::new(),
        }
    }

    /// The line of a byte.
    pub fn line(&self, byte: usize) -> usize {
        let before = self.text.as_bytes().iter().take(byte);
        before.filter(|byte| **byte == b'\n').count() + 1
    }

    /// Something is wrong at a byte.
    pub fn add(&mut self, byte: usize, message: impl Into<String>) {
        let line = self.line(byte);
        self.found.push((line, message.into()));
    }

    /// A value as the file has it, on one line.
    pub(super) fn shown(&self, span: Range<usize>) -> String {
        let text = self.text.get(span).unwrap_or_default();
        let first = text.lines().next().unwrap_or_default();
        let mut shown: String = first.chars().take(MOST_SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        shown
    }

    /// Nothing; or all that is wrong, in the order of the file, each as `file:line: what`.
    pub fn into_result(mut self) -> Result<(), Vec<String>> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort_by_key(|(line, _)| *line);
        self.found.dedup();
        let told = |(line, message)| format!("{}:{line}: {message}", self.file);
        Err(self.found.into_iter().map(told).collect())
    }
}
