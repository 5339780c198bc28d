//! Whether a policy folder may be put in force: read, checked, compiled and tested, off the threads that serve.

use std::path::Path;

use crate::engine::{Engine, Staged};
use crate::model::finding::{Finding, Severity};
use crate::model::hash::ContentHash;
use crate::model::policy::{PolicyFile, PolicyFolder};
use crate::policies;
use crate::scenario;

/// Why a folder is not put in force.
#[derive(Debug, Clone)]
pub(crate) enum Refused {
    /// It cannot be read.
    Unread(String),
    /// A file has nothing in it that has policies in force.
    Emptied(Box<str>),
    /// It is broken.
    Broken(Vec<Finding>),
    /// Tests of its own do not come out as expected, a line each.
    Tests(Vec<String>),
    /// The store takes no changes.
    Store(String),
}

impl Refused {
    /// The kind of reason, a word.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unread(_) => "unreadable",
            Self::Emptied(_) => "emptied",
            Self::Broken(_) => "findings",
            Self::Tests(_) => "tests",
            Self::Store(_) => "store",
        }
    }

    /// What is wrong, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        match self {
            Self::Unread(why) | Self::Store(why) => vec![why.clone()],
            Self::Emptied(file) => vec![format!(
                "{file}: the file is empty and has policies in force; delete it if they are to go"
            )],
            Self::Broken(findings) => findings
                .iter()
                .map(|finding| format!("{finding}; {}", finding.help))
                .collect(),
            Self::Tests(failures) => failures.clone(),
        }
    }

    /// Where the first of it is, as far as is known, for those who may know no more.
    pub(crate) fn place(&self) -> Option<String> {
        let place = |finding: &Finding| match finding.at {
            Some((line, column)) => format!("{}:{line}:{column}", finding.file),
            None => finding.file.to_string(),
        };
        match self {
            Self::Broken(findings) => findings.first().map(place),
            Self::Emptied(file) => Some(file.to_string()),
            Self::Unread(_) | Self::Tests(_) | Self::Store(_) => None,
        }
    }
}

/// What a folder holds: all that decides whether it may be put in force.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) folder: Result<PolicyFolder, String>,
    tests: Vec<PolicyFile>,
    /// Of all of it.
    pub(crate) hash: String,
}

impl Content {
    pub(crate) fn read(at: &Path) -> Self {
        let folder = policies::read(at).map_err(|error| error.to_string());
        let tests = policies::read_tests(at).map_err(|error| error.to_string());
        let (folder, tests) = match (folder, tests) {
            (Ok(folder), Ok(tests)) => (Ok(folder), tests),
            (Err(error), _) | (Ok(_), Err(error)) => (Err(error), Vec::new()),
        };
        let mut hash = ContentHash::default();
        match &folder {
            Ok(folder) => hash.update(folder.hash().as_bytes()),
            Err(error) => hash.update(error.as_bytes()),
        }
        for part in tests.iter().flat_map(|test| [&test.path, &test.text]) {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let hash = hash.finish();
        Self {
            folder,
            tests,
            hash,
        }
    }

    /// A folder and its tests that did not come from disk.
    pub(crate) fn of(folder: PolicyFolder, tests: Vec<PolicyFile>) -> Self {
        Self {
            hash: folder.hash(),
            folder: Ok(folder),
            tests,
        }
    }

    /// The folder, compiled, if it may be put in force in the place of another. Costs a compilation, and a
    /// store for each file of tests, in `scratch`.
    pub(crate) fn staged(
        &self,
        in_force: &PolicyFolder,
        scratch: &Path,
    ) -> Result<Staged, Refused> {
        let folder = self.folder.clone().map_err(Refused::Unread)?;
        if let Some(file) = emptied(&folder, in_force) {
            return Err(Refused::Emptied(file));
        }
        let staged = Engine::stage(folder).map_err(|findings| {
            let errors = findings
                .into_iter()
                .filter(|finding| finding.severity() == Severity::Error);
            Refused::Broken(errors.collect())
        })?;
        let failures = self.failures(&staged, scratch);
        if failures.is_empty() {
            Ok(staged)
        } else {
            Err(Refused::Tests(failures))
        }
    }

    /// What tests of the folder's own do not come out as expected, a line each.
    fn failures(&self, staged: &Staged, scratch: &Path) -> Vec<String> {
        let (ran, _) = scenario::run_staged(staged, &self.tests, scratch, &|_| true);
        let mut failures = Vec::new();
        for file in &ran {
            if let Err(error) = &file.outcomes {
                let lines = error.to_string();
                failures.extend(lines.lines().map(|line| format!("{}: {line}", file.file)));
            }
            failures.extend(file.failures().map(|outcome| {
                let case = &outcome.case;
                let name = case.name.as_deref().map(|name| format!(" ({name})"));
                format!(
                    "{}:{}: `{}`{} does not come out as expected; `fullmakt policy test` says how",
                    file.file,
                    case.line,
                    case.said,
                    name.unwrap_or_default()
                )
            }));
        }
        failures
    }
}

/// A file of policies that has none left, though it is there: what a save leaves that was cut off.
fn emptied(folder: &PolicyFolder, in_force: &PolicyFolder) -> Option<Box<str>> {
    let is_blank = |text: &str| text.trim().is_empty();
    let had_some = |path: &str| in_force.text(path).is_some_and(|text| !is_blank(text));
    let blank = folder.files().iter().filter(|file| is_blank(&file.text));
    blank
        .map(|file| &file.path)
        .find(|path| had_some(path))
        .cloned()
}
