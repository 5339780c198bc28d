//! Imports and exports, through a daemon or with a closed store; and what concerns a closed store itself.
#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value has null where it has nothing, and never panics"
)]

use std::io::{BufReader, Read};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use fullmakt::engine::{Call, Engine, ExportScope, ImportError, NoSystemUser, Settings, ViewError};
use fullmakt::http::Sent;
use fullmakt::model::caller::{Caller, CallerKind};
use fullmakt::policies;
use fullmakt::store;
use serde_json::Value;

use super::args::{Daemon, Export, Import, Store};
use super::ask::now;
use super::daemon;
use super::output::{complain, say, short};
use super::progress::{Counted, Progress, Step, Unit};
use super::{Failure, NO, Outcome};

/// One line to standard error.
fn tell(message: String, help: Option<&str>) {
    complain(&[message], help);
}

/// The findings that are printed unless all are asked for.
const USUAL_FINDINGS: usize = 10;

fn open(data: &Path, folder: &Path) -> Result<Engine, Failure> {
    if !data.is_dir() {
        return Err(no_store(data));
    }
    let folder = policies::read(folder).map_err(|error| Failure::new(error.to_string()))?;
    Engine::open(data, folder, Settings::default(), now())
        .map_err(|error| Failure::new(error.to_string()))
}

fn no_store(data: &Path) -> Failure {
    Failure::new(format!("`{}` is not a folder with a store", data.display()))
}

/// Whether a store was ever made in a folder, damaged or not: a name that was mistyped makes none.
fn holds_a_store(data: &Path) -> bool {
    ["format.json", "store", "snapshots"]
        .iter()
        .any(|name| data.join(name).exists())
}

/// Whoever has the store's folder on this machine is its operator.
pub(crate) fn operator() -> Result<Call, Failure> {
    let id = "command-line"
        .parse()
        .map_err(|_| Failure::new("the command line has no name"))?;
    Ok(Call {
        by: Caller {
            id,
            kind: CallerKind::Operator,
        },
        now: now(),
        request_id: None,
    })
}

/// What is imported, and how long it is if that is known.
struct Input {
    bytes: Box<dyn Read + Send>,
    of: Option<u64>,
}

fn input(file: &str) -> Result<Input, Failure> {
    if file == "-" {
        return Ok(Input {
            bytes: Box::new(std::io::stdin()),
            of: None,
        });
    }
    let failed = |error| Failure::new(format!("`{file}` cannot be read: {error}"));
    let opened = std::fs::File::open(file).map_err(failed)?;
    let about = opened.metadata().map_err(failed)?;
    Ok(Input {
        bytes: Box::new(opened),
        of: about.is_file().then_some(about.len()),
    })
}

pub(crate) fn import(at: &Daemon, command: &Import) -> Outcome {
    let input = input(&command.file)?;
    match &command.data {
        Some(data) => import_here(data, command, input),
        None => import_there(at, command, input),
    }
}

const CHECKING: Step = Step {
    name: "checking",
    unit: Unit::Nothing,
    of: None,
};

fn import_here(data: &Path, command: &Import, input: Input) -> Outcome {
    let engine = open(data, &command.policies)?;
    let mut progress = Progress::begin(Step {
        name: "reading",
        unit: Unit::Bytes,
        of: input.of,
    });
    let counted = Counted {
        input: input.bytes,
        read: 0,
        progress: &mut progress,
    };
    let read = fullmakt::engine::Import::read(BufReader::new(counted));
    progress.step(CHECKING);
    let call = operator()?;
    let mut is_writing = false;
    let imported = read.and_then(|import| {
        engine.import(&call, &import, |written| {
            if !is_writing {
                is_writing = true;
                progress.step(Step {
                    name: "writing",
                    unit: Unit::Lines,
                    of: Some(written.of),
                });
            }
            progress.at(written.lines);
        })
    });
    progress.end();
    match imported {
        Ok(revision) => {
            say(&format!("imported; revision {revision}"));
            Ok(ExitCode::SUCCESS)
        }
        Err(ImportError::Lines { findings, total }) => {
            let findings = findings
                .iter()
                .map(|finding| (finding.line, finding.message.clone()));
            Ok(wrong(command, findings.collect(), total))
        }
        Err(error) => Err(Failure::new(error.to_string())),
    }
}

/// Sends the facts, showing how many are on their way; then the daemon checks and writes them, which is waited for.
fn import_there(at: &Daemon, command: &Import, input: Input) -> Outcome {
    let progress = Progress::begin(Step {
        name: "sending",
        unit: Unit::Bytes,
        of: input.of,
    });
    let progress = Arc::new(Mutex::new(progress));
    let shown = Arc::clone(&progress);
    let show = move |sent: Sent| {
        let mut progress = shown.lock().unwrap_or_else(PoisonError::into_inner);
        progress.at(sent.bytes);
        if sent.is_whole {
            progress.step(Step {
                name: "the daemon checks and writes",
                ..CHECKING
            });
        }
    };
    let answered = daemon::client(at)?.import(input.bytes, show);
    progress
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .end();
    let (status, answer) = answered.map_err(|error| Failure::new(error.to_string()))?;
    if let (422, Some(lines)) = (status, answer["lines"].as_array()) {
        let findings = lines.iter().map(|line| {
            (
                line["line"].as_u64().unwrap_or_default(),
                short(&line["detail"]),
            )
        });
        let total = answer["total"]
            .as_u64()
            .and_then(|total| usize::try_from(total).ok())
            .unwrap_or(lines.len());
        return Ok(wrong(command, findings.collect(), total));
    }
    let answer = daemon::succeeded(at, status, answer)?;
    if at.json {
        say(&answer.to_string());
    } else {
        say(&format!(
            "imported; revision {}",
            short(&answer["revision"])
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what is wrong with an import. Nothing was written.
fn wrong(command: &Import, findings: Vec<(u64, String)>, total: usize) -> ExitCode {
    let shown = if command.continue_on_error {
        usize::MAX
    } else {
        USUAL_FINDINGS
    };
    let file = if command.file == "-" {
        "standard input"
    } else {
        command.file.as_str()
    };
    for (line, message) in findings.into_iter().take(shown) {
        tell(format!("{file}:{line}: {message}"), None);
    }
    let more = "`--continue-on-error` prints more of them";
    tell(
        format!("{total} of the lines cannot be imported, and nothing was written"),
        (total > shown).then_some(more),
    );
    ExitCode::from(NO)
}

pub(crate) fn export(at: &Daemon, command: &Export) -> Outcome {
    let [policies, entities, schema] = match &command.data {
        Some(data) => export_here(data, command)?,
        None => export_there(at, command)?,
    };
    write(&command.cedar, [policies, entities, schema])
}

fn write(folder: &Path, [policies, entities, schema]: [String; 3]) -> Outcome {
    let failed = |error: std::io::Error| {
        Failure::new(format!("`{}` cannot be written: {error}", folder.display()))
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (name, text) in [
        ("policies.cedar", policies),
        ("entities.json", entities),
        ("schema.cedarschema", schema),
    ] {
        std::fs::write(folder.join(name), text).map_err(failed)?;
    }
    let dir = folder.display();
    say(&format!(
        "wrote {dir}/policies.cedar, {dir}/entities.json and {dir}/schema.cedarschema"
    ));
    Ok(ExitCode::SUCCESS)
}

fn export_there(at: &Daemon, command: &Export) -> Result<[String; 3], Failure> {
    if let Some(user) = &command.system_user {
        // The daemon exports an unknown one as nothing at all, which looks like one without clients.
        let path = format!("/v1/system-users/{}", daemon::escaped(user));
        let (status, answer) = daemon::ask(at, "GET", &path, None)?;
        if status == 404 {
            return daemon::succeeded(at, status, answer).map(|_| Default::default());
        }
    }
    let query: Vec<_> = [
        ("systemUser", &command.system_user),
        ("client", &command.client),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("{name}={}", daemon::escaped(value.as_ref()?))))
    .collect();
    let answer: Value = daemon::call(at, "GET", &format!("/v1/export?{}", query.join("&")), None)?;
    Ok(["policies", "entities", "schema"].map(|name| short(&answer[name])))
}

fn export_here(data: &Path, command: &Export) -> Result<[String; 3], Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(error.to_string());
    let user = command
        .system_user
        .as_ref()
        .map(|text| text.parse().map_err(|error| failed(&error)))
        .transpose()?;
    let client = command
        .client
        .as_ref()
        .map(|text| text.parse().map_err(|error| failed(&error)))
        .transpose()?;
    let scope = match (user, client) {
        (Some(user), Some(client)) => ExportScope::Mandate(user, client),
        (Some(user), None) => ExportScope::SystemUser(user),
        (None, _) => ExportScope::Whole,
    };
    let empty = |mut entries: std::fs::ReadDir| entries.next().is_none();
    if std::fs::read_dir(data).is_ok_and(empty) {
        return Err(no_store(data));
    }
    let snapshot = open(data, &command.policies)?.snapshot();
    if let Some(user) = user {
        let found = snapshot.system_user(&operator()?.by, user);
        if let Err(error @ ViewError::NoSystemUser(NoSystemUser::Unknown(_))) = found {
            return Err(failed(&error));
        }
    }
    let export = snapshot.export(scope);
    Ok([export.policies, export.entities, export.schema])
}

pub(crate) fn store(command: Store) -> Outcome {
    let (Store::Restore { data } | Store::Snapshot { data }) = &command;
    if !holds_a_store(data) {
        return Err(no_store(data).help("name the folder of the store with `--data`"));
    }
    match command {
        Store::Restore { data } => {
            let restored =
                store::Store::restore(&data).map_err(|error| Failure::new(error.to_string()))?;
            say(&format!("restored to revision {}", restored.revision));
            if let Some(lost) = restored
                .acknowledged
                .filter(|acknowledged| *acknowledged > restored.revision)
            {
                say(&format!(
                    "changes up to revision {lost} had been acknowledged; those after {} are lost",
                    restored.revision
                ));
            }
            if let Some(aside) = restored.set_aside {
                say(&format!("the damaged store is now at {}", aside.display()));
            }
        }
        Store::Snapshot { data } => {
            let opened =
                store::Store::open(&data).map_err(|error| Failure::new(error.to_string()))?;
            let path = opened
                .write_snapshot()
                .map_err(|error| Failure::new(error.to_string()))?;
            say(&format!("wrote {}", path.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}
