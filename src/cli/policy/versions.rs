//! `fullmakt policy log`, `show`, `diff`, `publish`, `rollback`, `proposals` and `approve`.
#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value has null where it has nothing, and never panics"
)]

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use fullmakt::engine::{Engine, Settings};
use fullmakt::http::inside;
use fullmakt::policies;
use serde_json::{Map, Value, json};

use super::super::args::Daemon;
use super::super::args_versions::{Diff, Publish, Putting, Rollback, Show, Versions};
use super::super::ask::now;
use super::super::daemon::{self, client, succeeded};
use super::super::output::{say, short};
use super::super::transfer::operator;
use super::super::{Failure, NO, Outcome};
use super::counted;

/// The digits of a hash that people are shown.
const DIGITS: usize = 12;
/// The reasons of a refusal that people are shown.
const REASONS: usize = 10;

pub(super) fn versions(at: &Daemon, command: Versions) -> Outcome {
    match command {
        Versions::Log { from } => log(at, from.data.as_deref()),
        Versions::Show(command) => show(at, &command),
        Versions::Diff(command) => diff(at, &command),
        Versions::Publish(command) => publish(at, &command),
        Versions::Rollback(command) => rollback(at, &command),
        Versions::Proposals => proposals(at),
        Versions::Approve { proposal } => approve(at, proposal),
    }
}

/// An answer of a daemon, or of a closed store if one is named.
fn read(at: &Daemon, data: Option<&Path>, path: &str) -> Result<Value, Failure> {
    let Some(data) = data else {
        return daemon::call(at, "GET", path, None);
    };
    let engine = Engine::open_as_it_was(data, Settings::default(), now());
    let engine = engine.map_err(|error| Failure::new(error.to_string()))?;
    let call = operator()?;
    let (status, answer) = inside(&Arc::new(engine), call.by, path, call.now);
    succeeded(at, status, answer)
}

fn log(at: &Daemon, data: Option<&Path>) -> Outcome {
    let mut next = String::new();
    loop {
        let page = read(at, data, &format!("/v1/policies/versions?page={next}"))?;
        for item in page["items"].as_array().into_iter().flatten() {
            if at.json {
                say(&item.to_string());
            } else {
                say(&line(item));
            }
        }
        short(&page["next"]).clone_into(&mut next);
        if next.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// A version on one line; what is in force has a star.
fn line(version: &Value) -> String {
    let is_in_force = version["inForce"] == true;
    let mut line = format!(
        "{} {:>6} {} {} {}",
        if is_in_force { '*' } else { ' ' },
        short(&version["revision"]),
        digits(&version["hash"]),
        short(&version["at"]),
        how(version),
    );
    if let Some(note) = version["note"].as_str() {
        line = format!(
            "{line}: {}",
            note.split_whitespace().collect::<Vec<_>>().join(" ")
        );
    }
    line
}

fn how(version: &Value) -> String {
    let by = short(&version["by"]["id"]);
    let proposed = version["kind"] == "proposed";
    match (
        &version["cause"],
        &version["restores"],
        &version["proposal"],
    ) {
        (Value::String(cause), ..) if cause == "start" => "from the folder, at a start".to_owned(),
        (Value::String(cause), ..) if cause == "folder" => "from the folder".to_owned(),
        (_, _, Value::Number(proposal)) => format!("proposal {proposal}, approved by {by}"),
        (_, Value::Number(revision), _) if proposed => {
            format!("rollback to {revision}, proposed by {by}")
        }
        (_, Value::Number(revision), _) => format!("rollback to {revision}, by {by}"),
        _ if proposed => format!("proposed by {by}"),
        _ => format!("published by {by}"),
    }
}

fn digits(hash: &Value) -> String {
    short(hash).chars().take(DIGITS).collect()
}

fn show(at: &Daemon, command: &Show) -> Outcome {
    let path = format!(
        "/v1/policies/versions/{}",
        daemon::escaped(&command.version)
    );
    let version = read(at, command.from.data.as_deref(), &path)?;
    let none = Map::new();
    let files = version["files"].as_object().unwrap_or(&none);
    if let Some(file) = &command.file {
        let Some(text) = files.get(file).and_then(Value::as_str) else {
            let failure = Failure::new(format!("the version has no file `{file}`"));
            return Err(failure.help("without `--file` all of its files are listed"));
        };
        say(text.strip_suffix('\n').unwrap_or(text));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(out) = &command.out {
        write_files(out, files)?;
        say(&format!(
            "{} written to {}",
            counted(files.len(), "file"),
            out.display()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    if at.json {
        say(&version.to_string());
        return Ok(ExitCode::SUCCESS);
    }
    say(&line(&version));
    say(&format!("  hash {}", short(&version["hash"])));
    for (path, text) in files {
        let lines = text.as_str().unwrap_or_default().lines().count();
        say(&format!("  {path}, {}", counted(lines, "line")));
    }
    Ok(ExitCode::SUCCESS)
}

fn write_files(out: &Path, files: &Map<String, Value>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("`{}`: {error}", out.display()));
    fs::create_dir(out).map_err(failed)?;
    for (path, text) in files {
        let to = out.join(path);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::write(to, text.as_str().unwrap_or_default()).map_err(failed)?;
    }
    Ok(())
}

fn diff(at: &Daemon, command: &Diff) -> Outcome {
    let mut path = format!(
        "/v1/policies/diff?from={}",
        daemon::escaped(&command.before)
    );
    if let Some(after) = &command.after {
        path = format!("{path}&to={}", daemon::escaped(after));
    }
    let answer = read(at, command.from.data.as_deref(), &path)?;
    if at.json {
        say(&answer.to_string());
    } else {
        tell_differences(&answer["items"]);
    }
    Ok(if answer["items"].as_array().is_some_and(Vec::is_empty) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NO)
    })
}

fn tell_differences(items: &Value) {
    let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return say("no differences");
    }
    for item in items {
        let place = match item["line"].as_u64() {
            Some(line) => format!(" in {}:{line}", short(&item["file"])),
            None if item["part"] == "file" => String::new(),
            None => format!(" in {}", short(&item["file"])),
        };
        let (change, part, name) = (
            short(&item["change"]),
            short(&item["part"]),
            short(&item["name"]),
        );
        say(&format!("{change} {part} {name}{place}"));
        let lines = |of: &str| -> Vec<&str> {
            let text = item[of].as_str();
            text.unwrap_or_default().lines().collect()
        };
        // Of what is added or removed whole the name says enough.
        if item["change"] == "changed" {
            tell_lines(&lines("before"), &lines("after"));
        }
    }
    say(&counted(items.len(), "difference"));
}

/// Two texts line by line, without the lines that they begin and end with alike.
fn tell_lines(before: &[&str], after: &[&str]) {
    let shortest = before.len().min(after.len());
    let alike =
        |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(a, b)| a == b).count();
    let first = alike(&mut before.iter().zip(after));
    let last = alike(&mut before.iter().rev().zip(after.iter().rev())).min(shortest - first);
    let middle = |of: &[&str], sign: char| {
        let end = of.len() - last;
        for line in of.iter().take(end).skip(first) {
            say(format!("  {sign} {line}").trim_end());
        }
    };
    middle(before, '-');
    middle(after, '+');
}

fn publish(at: &Daemon, command: &Publish) -> Outcome {
    let unread = |error: policies::ReadFolderError| Failure::new(error.to_string());
    let folder = policies::read(&command.dir).map_err(unread)?;
    let tests = policies::read_tests(&command.dir).map_err(unread)?;
    let files = folder.files().iter().chain(&tests);
    let files: Map<_, _> = files
        .map(|file| (file.path.to_string(), Value::from(&*file.text)))
        .collect();
    let body = json!({ "files": files });
    send(at, ("PUT", "/v1/policies"), body, &command.putting)
}

fn rollback(at: &Daemon, command: &Rollback) -> Outcome {
    let body = json!({ "to": command.version });
    send(
        at,
        ("POST", "/v1/policies/rollback"),
        body,
        &command.putting,
    )
}

fn send(at: &Daemon, to: (&str, &str), mut body: Value, putting: &Putting) -> Outcome {
    body["dryRun"] = json!(putting.dry_run);
    if let Some(note) = &putting.note {
        body["note"] = json!(note);
    }
    let follows = match &putting.follows {
        Some(follows) => follows.clone(),
        None => short(&daemon::call(at, "GET", "/v1/policies/status", None)?["hash"]),
    };
    let (method, path) = to;
    let sent = client(at)?.call_if(method, path, &body, &format!("\"{follows}\""));
    let (status, answer) = sent.map_err(|error| Failure::new(error.to_string()))?;
    if status == 422 {
        return Ok(refused(at, &answer));
    }
    let answer = succeeded(at, status, answer)?;
    if at.json {
        say(&answer.to_string());
        return Ok(ExitCode::SUCCESS);
    }
    tell_differences(&answer["differences"]);
    let revision = short(&answer["revision"]);
    say(
        &match (short(&answer["result"]).as_str(), putting.dry_run) {
            ("in-force", true) => "they would come in force; nothing was changed".to_owned(),
            ("proposed", true) => "they would be a proposal; nothing was changed".to_owned(),
            ("in-force", false) => format!("in force since revision {revision}"),
            ("proposed", false) => format!(
                "proposed as revision {revision}; another operator puts them in force: fullmakt policy approve {revision}"
            ),
            _ => "they are in force already".to_owned(),
        },
    );
    Ok(ExitCode::SUCCESS)
}

/// Each reason on a line of its own.
fn refused(at: &Daemon, answer: &Value) -> ExitCode {
    if at.json {
        say(&answer.to_string());
    } else {
        let reasons = answer["reasons"].as_array();
        let reasons = reasons.map(Vec::as_slice).unwrap_or_default();
        for reason in reasons.iter().take(REASONS) {
            say(&short(reason));
        }
        if reasons.len() > REASONS {
            say(&format!("and {} more", reasons.len() - REASONS));
        }
        say("refused; the policies in force stay");
    }
    ExitCode::from(NO)
}

fn proposals(at: &Daemon) -> Outcome {
    let answer = daemon::call(at, "GET", "/v1/policies/proposals", None)?;
    let items = answer["items"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for item in items {
        if at.json {
            say(&item.to_string());
        } else {
            say(&line(item));
            tell_differences(&item["differences"]);
        }
    }
    if items.is_empty() && !at.json {
        say("no proposals");
    }
    Ok(ExitCode::SUCCESS)
}

fn approve(at: &Daemon, proposal: u64) -> Outcome {
    let path = format!("/v1/policies/proposals/{proposal}/approve");
    let answer = daemon::call(at, "POST", &path, None)?;
    say(&if at.json {
        answer.to_string()
    } else {
        format!("in force since revision {}", short(&answer["revision"]))
    });
    Ok(ExitCode::SUCCESS)
}
