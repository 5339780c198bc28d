//! Import: facts as NDJSON, checked whole before anything is written, then written in bounded commits.

mod error;
mod line;
mod plan;

use std::io::BufRead;

use crate::model::caller::Act;
use crate::model::event::{Cause, Event};
use crate::model::hash::ContentHash;
use crate::model::id::Revision;

use super::state::State;
use super::writer::Origin;
use super::{Call, Engine};

pub use error::{ImportError, ImportFinding};
use line::Line;

/// The most lines in one commit: an event of well under a mebibyte.
const LINES_A_COMMIT: usize = 10_000;
/// The longest line, in bytes.
const LONGEST_LINE: usize = 64 * 1024;
/// The most findings that are kept; more are only counted.
const MOST_FINDINGS: usize = 1000;

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportProgress {
    /// The lines that are written.
    pub lines: u64,
    /// All lines.
    pub of: u64,
    /// The newest revision of it.
    pub revision: Revision,
}

/// An import that was read: each line is well-formed by itself.
#[derive(Debug)]
pub struct Import {
    id: String,
    // Each with its number; empty lines are passed over.
    lines: Vec<(u64, Line)>,
    total: u64,
}

impl Import {
    /// Reads NDJSON: one fact a line. All malformed lines are told at once.
    pub fn read(mut input: impl BufRead) -> Result<Self, ImportError> {
        let (mut hash, mut lines, mut findings) =
            (ContentHash::default(), Vec::new(), Findings::default());
        let (mut number, mut text) = (0u64, Vec::new());
        loop {
            text.clear();
            if input.read_until(b'\n', &mut text)? == 0 {
                break;
            }
            number += 1;
            hash.update(&text);
            let line = text.trim_ascii();
            if line.is_empty() {
                continue;
            }
            if line.len() > LONGEST_LINE {
                findings.add(number, format!("longer than {LONGEST_LINE} bytes"));
                continue;
            }
            match serde_json::from_slice(line) {
                Ok(fact) => lines.push((number, fact)),
                Err(error) => findings.add(number, of_line(&error)),
            }
        }
        findings.none_or()?;
        Ok(Self {
            id: hash.finish(),
            lines,
            total: number,
        })
    }

    /// The import's id: the hash of its whole input, so that the same input goes on where it stopped.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// A JSON error without its line, which is always the first here.
fn of_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let cut = text.rfind(" at line ").unwrap_or(text.len());
    format!(
        "{} (column {})",
        text.get(..cut).unwrap_or(&text),
        error.column()
    )
}

#[derive(Debug, Default)]
struct Findings {
    kept: Vec<ImportFinding>,
    total: usize,
}

impl Findings {
    fn add(&mut self, line: u64, message: String) {
        self.total += 1;
        if self.kept.len() < MOST_FINDINGS {
            self.kept.push(ImportFinding { line, message });
        }
    }

    fn none_or(self) -> Result<(), ImportError> {
        if self.total == 0 {
            Ok(())
        } else {
            Err(ImportError::Lines {
                findings: self.kept,
                total: self.total,
            })
        }
    }
}

impl Engine {
    /// Imports facts: checks every line against the newest state and those before it, then writes them in commits of
    /// bounded size. One bad line and nothing is written. The same input again goes on where an earlier run stopped; one
    /// that was written to its end is put again, where its facts no longer hold.
    pub fn import(
        &self,
        call: &Call,
        import: &Import,
        mut progress: impl FnMut(ImportProgress),
    ) -> Result<Revision, ImportError> {
        let snapshot = self.snapshot();
        snapshot.may_on_store(&call.by, Act::Import)?;
        let start = self.store.import_progress(&import.id)?.unwrap_or(1);
        let lines = import.lines.partition_point(|(number, _)| *number < start);
        let lines = match import.lines.get(lines..) {
            Some([]) | None => &import.lines,
            Some(left) => left,
        };
        let mut trial = State::clone(&snapshot.state);
        let mut findings = Findings::default();
        for part in lines.chunks(LINES_A_COMMIT) {
            trial.plan_import(part, call.now, &mut findings);
        }
        findings.none_or()?;
        let mut revision = snapshot.revision();
        for part in lines.chunks(LINES_A_COMMIT) {
            revision = self.import_part(call, import, part)?;
            let last = part.last().map_or(0, |(number, _)| *number);
            progress(ImportProgress {
                lines: last,
                of: import.total,
                revision,
            });
        }
        Ok(revision)
    }

    fn import_part(
        &self,
        call: &Call,
        import: &Import,
        part: &[(u64, Line)],
    ) -> Result<Revision, ImportError> {
        let (first_line, last_line) = (
            part.first().map_or(0, |line| line.0),
            part.last().map_or(0, |line| line.0),
        );
        let cause = Cause::Import {
            id: import.id.as_str().into(),
            first_line,
            last_line,
        };
        let origin = Origin {
            by: call.by.as_actor(),
            at: call.now,
            cause,
        };
        let (now, part) = (call.now, part.to_vec());
        let written = self.write_with(move |state| {
            let (mut working, mut findings) = (state.clone(), Findings::default());
            let facts = working.plan_import(&part, now, &mut findings);
            if let Some(finding) = findings.kept.into_iter().next() {
                let ImportFinding { line, message } = finding;
                return Err(ImportError::Overtaken {
                    line,
                    message,
                    from: first_line,
                });
            }
            let changes = !facts.is_empty();
            let recorded = changes.then(|| origin.record(state, Event::Imported { facts }));
            Ok((recorded, None, ()))
        });
        written.map(|written| written.revision)
    }
}
