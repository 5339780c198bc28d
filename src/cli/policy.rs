//! `fullmakt policy`.

use std::process::ExitCode;

use fullmakt::engine::check_policies;
use fullmakt::policies;

use super::args::Policy;
use super::output::say;
use super::{Failure, NO, Outcome};

pub(crate) fn policy(command: Policy) -> Outcome {
    let Policy::Check { dir } = command;
    let folder = policies::read(&dir).map_err(|error| Failure::new(error.to_string()))?;
    let files = folder.files().len();
    let findings = check_policies(folder);
    for finding in &findings {
        say(&format!("{}/{finding}", dir.display()));
        say(&format!("  help: {}", finding.help));
    }
    if findings.is_empty() {
        say(&format!("{files} files, no findings"));
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!(
        "{files} files, {} finding{}",
        findings.len(),
        if findings.len() == 1 { "" } else { "s" }
    ));
    Ok(ExitCode::from(NO))
}
