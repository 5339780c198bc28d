//! `fullmakt policy`.

mod fmt;
mod test;
mod versions;

use std::io::IsTerminal;
use std::process::ExitCode;

use fullmakt::engine::check_policies;
use fullmakt::model::finding::{Finding, FindingCode};
use fullmakt::model::policy::PolicyFolder;
use fullmakt::policies::{self, ReadFolderError, Report};

use super::args::Daemon;
use super::args_policy::{Check, Format, Policy};
use super::output::say;
use super::{FAILED, Failure, NO, Outcome};

pub(crate) fn policy(at: &Daemon, command: Policy) -> Outcome {
    match command {
        Policy::Check(command) => check(&command),
        Policy::Fmt(command) => fmt::fmt(&command),
        Policy::Test(command) => test::test(&command),
        Policy::Versions(command) => versions::versions(at, command),
    }
}

/// Whether people look at what is printed.
fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn check(command: &Check) -> Outcome {
    let root = command.dir.display().to_string();
    let (folder, findings, is_whole) = match policies::read(&command.dir) {
        Ok(folder) => {
            let findings = check_policies(&folder);
            (folder, findings, true)
        }
        Err(ReadFolderError::Missing { file, .. }) => {
            (PolicyFolder::new(Vec::new()), vec![missing(file)], false)
        }
        Err(error) => return Err(Failure::new(error.to_string())),
    };
    let report = Report {
        root: &root,
        folder: &folder,
        findings: &findings,
    };
    say(match command.format {
        Format::Text => report.text(colours()),
        Format::Json => format!("{:#}\n", report.json()),
        Format::Sarif => format!("{:#}\n", report.sarif()),
    }
    .trim_end());
    let refused = report.errors() > 0 || (command.deny_warnings && report.warnings() > 0);
    Ok(match (is_whole, refused) {
        (false, _) => ExitCode::from(FAILED),
        (true, true) => ExitCode::from(NO),
        (true, false) => ExitCode::SUCCESS,
    })
}

fn missing(file: &str) -> Finding {
    Finding {
        file: file.into(),
        at: None,
        code: FindingCode::MissingFile,
        message: format!("`{file}` is missing, and every policy folder has it"),
        help: format!("put `{file}` back, or name another folder: `fullmakt policy check DIR`"),
    }
}
