//! `fullmakt policy test`.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use fullmakt::cedar::PlainAnswer;
use fullmakt::model::policy::{PolicyFile, PolicyFolder};
use fullmakt::model::question::{Explained, Obligations};
use fullmakt::model::reason::Code;
use fullmakt::policies::{self, Report};
use fullmakt::scenario::{CoverageReport, Got, Outcome, Ran, junit, run};

use super::super::args_policy::{CoverageFormat, Test};
use super::super::output::{complain, say};
use super::super::{FAILED, Failure, NO, Outcome as Ended};
use super::{colours, counted};

/// How often a watched folder is looked at.
const LOOK: Duration = Duration::from_millis(300);

pub(super) fn test(command: &Test) -> Ended {
    if !command.watch {
        return once(command);
    }
    let mut seen = None;
    loop {
        let now = policies::read(&command.dir).and_then(|folder| {
            let tests = policies::read_tests(&command.dir)?;
            Ok(PolicyFolder::new([folder.files(), &tests].concat()).hash())
        });
        // A folder that cannot be read is told of too, once.
        let now = now.map_err(|error| error.to_string());
        if seen.as_ref() != Some(&now) {
            match once(command) {
                Ok(_) => {}
                Err(failure) => {
                    complain(&failure.messages, failure.help.as_deref());
                }
            }
            say("watching; Ctrl-C stops it");
            seen = Some(now);
        }
        std::thread::sleep(LOOK);
    }
}

fn once(command: &Test) -> Ended {
    let root = command.dir.display().to_string();
    let root = root.trim_end_matches('/');
    let (folder, tests) = read(command, root)?;
    if broken(root, &folder) {
        return Ok(ExitCode::from(NO));
    }
    let scratch = tempfile::tempdir()
        .map_err(|error| Failure::new(format!("no temporary folder: {error}")))?;
    let filter = command.filter.as_deref().unwrap_or_default();
    let wanted = |name: &str| name.contains(filter);
    let (ran, coverage) = run(&folder, &tests, scratch.path(), &wanted);
    if let Some(path) = &command.junit {
        write(path, &junit(&ran))?;
    }
    ran.iter().for_each(tell);
    let covered = cover(command, root, coverage.as_ref())?;
    ended(command, root, &ran, covered)
}

/// The folder and its tests, these by the paths that people know them by.
fn read(command: &Test, root: &str) -> Result<(PolicyFolder, Vec<PolicyFile>), Failure> {
    let unread = |error: policies::ReadFolderError| Failure::new(error.to_string());
    let folder = policies::read(&command.dir).map_err(unread)?;
    let tests = policies::read_tests(&command.dir).map_err(unread)?;
    if tests.is_empty() {
        return Err(Failure::new(format!("`{root}/tests` has no test files"))
            .help("`README.md` in the policy folder shows how one is written"));
    }
    let shown = tests.into_iter().map(|test| PolicyFile {
        path: format!("{root}/{}", test.path).into(),
        text: test.text,
    });
    Ok((folder, shown.collect()))
}

/// How many cases came out as expected, and the exit code.
fn ended(command: &Test, root: &str, ran: &[Ran], covered: bool) -> Ended {
    let outcomes = ran.iter().flat_map(|file| &file.outcomes);
    let cases: usize = outcomes.map(Vec::len).sum();
    let failures: usize = ran.iter().map(|file| file.failures().count()).sum();
    let unread = ran.iter().filter(|file| file.outcomes.is_err()).count();
    let mut total = format!(
        "{}, {}: {} as expected",
        counted(ran.len(), "file"),
        counted(cases, "case"),
        cases - failures
    );
    if failures > 0 {
        let _ = write!(total, ", {failures} not");
    }
    if unread > 0 {
        let _ = write!(total, "; {} could not be run", counted(unread, "file"));
    }
    say(&total);
    if unread > 0 {
        return Ok(ExitCode::from(FAILED));
    }
    if cases == 0 {
        return Err(Failure::new(match &command.filter {
            Some(filter) => format!("no case has `{filter}` in its file, name or question"),
            None => format!("the files in `{root}/tests` have no cases"),
        }));
    }
    Ok(if failures == 0 && covered {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NO)
    })
}

/// Tells of the errors that keep a folder from being put in force.
fn broken(root: &str, folder: &PolicyFolder) -> bool {
    let Err(findings) = fullmakt::cedar::Compiled::compile(folder) else {
        return false;
    };
    let report = Report {
        root,
        folder,
        findings: &findings,
    };
    say(report.text(colours()).trim_end());
    true
}

fn tell(file: &Ran) {
    match &file.outcomes {
        Ok(_) => file
            .failures()
            .for_each(|failure| tell_failure(&file.file, failure)),
        Err(error) => say(&error.to_string()),
    }
}

fn answer(code: Option<Code>, obligations: Obligations) -> String {
    let mut said = match code {
        Some(Code::Permit) => "permit".to_owned(),
        Some(code) => format!("no access: {code}"),
        None => "deny".to_owned(),
    };
    let levels = [
        ("minimum_level", obligations.minimum_authentication_level),
        (
            "minimum_level_org",
            obligations.minimum_authentication_level_org,
        ),
    ];
    for (name, level) in levels {
        if let Some(level) = level {
            let _ = write!(said, ", {name} {level}");
        }
    }
    said
}

fn tell_failure(file: &str, failure: &Outcome) {
    let case = &failure.case;
    let name = case.name.as_deref().map(|name| format!("{name}: "));
    say(&format!(
        "{file}:{}: {}{}",
        case.line,
        name.unwrap_or_default(),
        case.said
    ));
    let mut expected = answer(case.expected.code, case.expected.obligations);
    if let Some(policies) = &case.expected.policies {
        let _ = write!(expected, ", by {}", policies.join(", "));
    }
    say(&format!("  expected  {expected}"));
    match &failure.got {
        Got::Nothing(why) => say(&format!("  got       no answer: {why}")),
        Got::Answer(got) => tell_answer(got),
        Got::Own(got) => tell_own(got),
    }
    say("");
}

fn tell_answer(got: &Explained) {
    let why = &got.explanation;
    say(&format!(
        "  got       {}",
        answer(Some(why.code), got.decision.obligations)
    ));
    say(&format!("  because   {}", why.reason.en));
    if let Some(mend) = &why.mend {
        say(&format!("  mend      {}", mend.how.en));
    }
    if !why.policies.is_empty() {
        say(&format!("  policies  {}", why.policies.join(", ")));
    }
}

/// What Cedar answered, and by what; or what kept it from answering.
fn tell_own(got: &PlainAnswer) {
    let code = got.permit.then_some(Code::Permit);
    say(&format!("  got       {}", answer(code, got.obligations)));
    for (policy, why) in &got.errors {
        let policy = policy.as_deref().map(|policy| format!("{policy}: "));
        say(&format!("  error     {}{why}", policy.unwrap_or_default()));
    }
    if !got.reasons.is_empty() {
        say(&format!("  policies  {}", got.reasons.join(", ")));
    }
}

/// Tells of coverage, if it is wanted. Whether it is as much as is wanted.
fn cover(command: &Test, root: &str, coverage: Option<&CoverageReport>) -> Result<bool, Failure> {
    let Some(coverage) = coverage else {
        return Ok(true);
    };
    if let Some(format) = command.coverage {
        let text = match format {
            CoverageFormat::Text => coverage.text(root),
            CoverageFormat::Lcov => coverage.lcov(root),
            CoverageFormat::Html => coverage.html(root),
        };
        match &command.coverage_file {
            Some(path) => write(path, &text)?,
            None => say(text.trim_end()),
        }
    }
    let least = command.least_coverage.unwrap_or_default();
    let enough = coverage.percent() >= usize::from(least);
    if !enough {
        if command.coverage != Some(CoverageFormat::Text) || command.coverage_file.is_some() {
            coverage.missed(root).iter().for_each(|missed| say(missed));
        }
        say(&format!(
            "coverage is {} %, and {least} % is wanted",
            coverage.percent()
        ));
    }
    Ok(enough)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| {
        Failure::new(format!(
            "`{}` could not be written: {error}",
            path.display()
        ))
    })
}
