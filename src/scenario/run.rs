//! Running test files: each in a world of its own, each question by the engine.

use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::cases::{Asks, Case};
use super::coverage::CoverageReport;
use super::read::Suite;
use super::world;
use crate::cedar::{Coverage, PlainAnswer};
use crate::engine::{Engine, OpenEngineError, Snapshot, Staged};
use crate::model::finding::Finding;
use crate::model::policy::{PolicyFile, PolicyFolder};
use crate::model::question::{Asked, Explained, Question};
use crate::model::reason::Code;

/// Why a test file was not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The file is not written as it should be: all that is wrong, a line each.
    #[error("{}", .0.join("\n"))]
    Read(Vec<String>),
    /// The engine refused a part of its world: all that it refused, a line each.
    #[error("{}", .0.join("\n"))]
    World(Vec<String>),
    /// No engine could be opened, perhaps because the policies are broken.
    #[error(transparent)]
    Engine(Box<OpenEngineError>),
    /// A world could not be cleared away.
    #[error("`{path}`: {source}")]
    Scratch {
        /// Where.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

/// What came of a question.
#[derive(Debug, Clone)]
pub enum Got {
    /// An answer with its reasons.
    Answer(Box<Explained>),
    /// Cedar's answer to a question about own types.
    Own(Box<PlainAnswer>),
    /// The question could not be asked, and why.
    Nothing(String),
}

/// A case, and what came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The case.
    pub case: Case,
    /// What came of it.
    pub got: Got,
}

impl Outcome {
    /// Whether that is what was expected.
    pub fn is_expected(&self) -> bool {
        let (code, obligations, mut decided) = match &self.got {
            Got::Answer(got) => (
                Some(got.explanation.code),
                got.decision.obligations,
                got.explanation.policies.clone(),
            ),
            Got::Own(got) => (
                got.permit.then_some(Code::Permit),
                got.obligations,
                got.reasons.iter().map(ToString::to_string).collect(),
            ),
            Got::Nothing(_) => return false,
        };
        decided.sort_unstable();
        let expected = &self.case.expected;
        let named = expected.policies.as_ref();
        code == expected.code
            && obligations == expected.obligations
            && named.is_none_or(|named| *named == decided)
    }
}

/// A test file that was run, or why it was not.
#[derive(Debug)]
pub struct Ran {
    /// The file, as people know it.
    pub file: String,
    /// Its cases in their order.
    pub outcomes: Result<Vec<Outcome>, RunError>,
}

impl Ran {
    /// The cases that did not come out as expected.
    pub fn failures(&self) -> impl Iterator<Item = &Outcome> {
        let outcomes = self.outcomes.iter().flatten();
        outcomes.filter(|outcome| !outcome.is_expected())
    }

    /// Whether the file was run and every case came out as expected.
    pub fn is_green(&self) -> bool {
        self.outcomes.is_ok() && self.failures().next().is_none()
    }
}

/// Which cases to run, by file, name and question.
pub type Wanted<'a> = &'a (dyn Fn(&str) -> bool + Sync);

/// Runs test files under a folder: of each, the cases that `wanted` names. `scratch` is an empty folder for their stores.
///
/// Also tells what all questions together met of the policies; nothing if no file could be run. Costs one compilation,
/// and a store for each file; files run side by side, as many as there are processors.
pub fn run(
    folder: &PolicyFolder,
    tests: &[PolicyFile],
    scratch: &Path,
    wanted: Wanted<'_>,
) -> (Vec<Ran>, Option<CoverageReport>) {
    let staged = Engine::stage(folder.clone());
    run_all(
        staged.as_ref().map_err(Vec::as_slice),
        tests,
        scratch,
        wanted,
    )
}

/// As [`run`], under a folder that is compiled already.
pub fn run_staged(
    staged: &Staged,
    tests: &[PolicyFile],
    scratch: &Path,
    wanted: Wanted<'_>,
) -> (Vec<Ran>, Option<CoverageReport>) {
    run_all(Ok(staged), tests, scratch, wanted)
}

fn run_all(
    staged: Result<&Staged, &[Finding]>,
    tests: &[PolicyFile],
    scratch: &Path,
    wanted: Wanted<'_>,
) -> (Vec<Ran>, Option<CoverageReport>) {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    let work = || {
        let mut done = Vec::new();
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let Some(test) = tests.get(nth) else {
                return done;
            };
            let data = scratch.join(nth.to_string());
            done.push((nth, cleared(staged, test, &data, wanted)));
        }
    };
    let mut done: Vec<_> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers.min(tests.len()))
            .map(|_| scope.spawn(work))
            .collect();
        let mut done = work();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(nth, _)| *nth);
    let mut coverage = None;
    let mut ran = Vec::new();
    for (test, (_, outcomes)) in tests.iter().zip(done) {
        let outcomes = outcomes.map(|(outcomes, met)| {
            coverage.get_or_insert_with(Coverage::default).add(&met);
            outcomes
        });
        ran.push(Ran {
            file: test.path.to_string(),
            outcomes,
        });
    }
    let report = staged.ok().zip(coverage).map(|(staged, coverage)| {
        CoverageReport::of(staged.covered(&coverage), staged.folder().clone())
    });
    (ran, report)
}

/// What came of a file's cases, and what they met of the policies.
type Answered = Result<(Vec<Outcome>, Coverage), RunError>;

/// Runs a file, and clears its store away.
fn cleared(
    staged: Result<&Staged, &[Finding]>,
    test: &PolicyFile,
    data: &Path,
    wanted: Wanted<'_>,
) -> Answered {
    let answered = one(staged, test, data, wanted);
    match std::fs::remove_dir_all(data) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            let path = data.display().to_string();
            answered.and(Err(RunError::Scratch { path, source }))
        }
        Ok(()) | Err(_) => answered,
    }
}

fn one(
    staged: Result<&Staged, &[Finding]>,
    test: &PolicyFile,
    data: &Path,
    wanted: Wanted<'_>,
) -> Answered {
    let suite = Suite::read(&test.path, &test.text).map_err(RunError::Read)?;
    let staged = staged
        .map_err(|findings| OpenEngineError::Policies(findings.to_vec()))
        .map_err(|error| RunError::Engine(Box::new(error)))?;
    let engine = world::made(&suite, staged, data)?;
    let mut coverage = Coverage::default();
    let is_wanted = |case: &Case| {
        let name = case.name.as_deref().unwrap_or_default();
        wanted(&format!(
            "{}:{} {name} {}",
            suite.file, case.line, case.said
        ))
    };
    let outcomes = suite
        .cases
        .iter()
        .filter(|case| is_wanted(case))
        .map(|case| Outcome {
            case: case.clone(),
            got: ask(&engine, case, &mut coverage),
        });
    Ok((outcomes.collect(), coverage))
}

fn ask(engine: &Engine, case: &Case, coverage: &mut Coverage) -> Got {
    let snapshot = engine.snapshot();
    match &case.question {
        Asks::Mandate(question) => ask_of_mandate(&snapshot, case, question, coverage),
        Asks::Own(question) => {
            let question = snapshot.own_question(question);
            snapshot.cover_own(&question, case.at, coverage);
            match snapshot.authorize(&question, case.at) {
                Ok(answer) => Got::Own(Box::new(answer)),
                Err(error) => Got::Nothing(error.to_string()),
            }
        }
    }
}

fn ask_of_mandate(
    snapshot: &Snapshot,
    case: &Case,
    question: &Question,
    coverage: &mut Coverage,
) -> Got {
    let mut members = question.asked.members.clone();
    if let Some(level) = question.asked.authentication_level {
        members.insert("authenticationLevel".to_owned(), level.into());
    }
    let asked: Asked = match snapshot.context(&question.action, &members) {
        Ok(asked) => asked,
        Err(error) => return Got::Nothing(error.to_string()),
    };
    let question = Question {
        asked,
        ..question.clone()
    };
    snapshot.cover(&question, case.at, coverage);
    match snapshot.explain(&question, case.at) {
        Ok(explained) if explained.decision == snapshot.decide(&question, case.at) => {
            Got::Answer(Box::new(explained))
        }
        Ok(_) => Got::Nothing("the decision and its explanation disagree".to_owned()),
        Err(error) => Got::Nothing(error.to_string()),
    }
}
