//! `fullmakt policy fmt`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use fullmakt::cedar::{LayoutError, laid_out};
use fullmakt::model::finding::Finding;
use fullmakt::model::policy::PolicyFile;
use fullmakt::policies::{self, Report};

use super::super::args_policy::Fmt;
use super::super::output::say;
use super::super::{Failure, NO, Outcome};
use super::{colours, counted};

/// What was looked at, what was not laid out, and what does not parse.
#[derive(Default)]
struct Seen {
    files: usize,
    others: usize,
    broken: Vec<Finding>,
}

pub(super) fn fmt(command: &Fmt) -> Outcome {
    let folder = policies::read(&command.dir).map_err(|error| Failure::new(error.to_string()))?;
    let root = command.dir.display().to_string();
    let is_policies = |path: &str| Path::new(path).extension().is_some_and(|of| of == "cedar");
    let mut seen = Seen::default();
    for file in folder.files().iter().filter(|file| is_policies(&file.path)) {
        one(command, &root, file, &mut seen)?;
    }
    if !seen.broken.is_empty() {
        let report = Report {
            root: &root,
            folder: &folder,
            findings: &seen.broken,
        };
        say(report.text(colours()).trim_end());
        return Ok(ExitCode::from(NO));
    }
    let total = counted(seen.files, "policy file");
    Ok(match (seen.others, command.check) {
        (0, _) => {
            say(&format!("{total}, all laid out"));
            ExitCode::SUCCESS
        }
        (others, true) => {
            say(&format!(
                "{total}, {others} to lay out: `fullmakt policy fmt {root}`"
            ));
            ExitCode::from(NO)
        }
        (others, false) => {
            say(&format!("{total}, {others} laid out anew"));
            ExitCode::SUCCESS
        }
    })
}

fn one(command: &Fmt, root: &str, file: &PolicyFile, seen: &mut Seen) -> Result<(), Failure> {
    seen.files += 1;
    match laid_out(file) {
        Ok(text) if *text == *file.text => {}
        Ok(_) if command.check => {
            seen.others += 1;
            say(&format!("{root}/{} is not laid out", file.path));
        }
        Ok(text) => {
            let path = command.dir.join(&*file.path);
            write(&path, &text)
                .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
            seen.others += 1;
            say(&format!("{root}/{} was laid out", file.path));
        }
        Err(LayoutError::Parse(findings)) => seen.broken.extend(findings),
        Err(error) => return Err(Failure::new(error.to_string())),
    }
    Ok(())
}

/// Writes a file whole or not at all: a daemon may be reading the folder.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let permissions = std::fs::metadata(path)?.permissions();
    let beside = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".fullmakt-")
        .tempfile_in(beside)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|refused| refused.error)?;
    Ok(())
}
