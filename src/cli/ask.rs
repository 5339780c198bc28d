//! `fullmakt ask`.
#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value has null where it has nothing, and never panics"
)]

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use fullmakt::cedar::request_json;
use fullmakt::model::question::{Asked, Question};
use fullmakt::model::time::Timestamp;
use serde_json::{Value, json};

use super::args::{Ask, Daemon};
use super::daemon;
use super::output::{say, short};
use super::{Failure, NO, Outcome};

/// The instant by this machine's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

pub(crate) fn ask(at: &Daemon, ask: &Ask) -> Outcome {
    if ask.cedar_request {
        say(&request_json(&question(ask)?, now()).to_string());
        return Ok(ExitCode::SUCCESS);
    }
    let mut context = json!({ "explain": ask.explain });
    if let Some(level) = ask.level {
        context["authenticationLevel"] = json!(level);
    }
    let mut body = json!({
        "subject": { "type": "systemuser", "id": ask.system_user },
        "action": { "name": ask.action },
        "resource": { "type": ask.resource, "id": ask.client },
        "context": context,
    });
    let mut path = "/access/v1/evaluation";
    if let Some(of) = &ask.at {
        path = "/v1/evaluation";
        body["at"] = moment(of)?;
    }
    let answer = daemon::call(at, "POST", path, Some(&body))?;
    let permit = answer["decision"].as_bool().unwrap_or(false);
    if at.json {
        say(&answer.to_string());
    } else {
        tell(permit, &answer["context"]);
        if let Some(of) = answer["at"].as_str() {
            say(&format!("  by the clock of {of}"));
        }
    }
    Ok(if permit {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NO)
    })
}

/// A revision, or an instant.
fn moment(text: &str) -> Result<Value, Failure> {
    if let Ok(revision) = text.parse::<u64>() {
        return Ok(json!(revision));
    }
    match text.parse::<Timestamp>() {
        Ok(instant) => Ok(json!(instant)),
        Err(_) => Err(Failure::new(format!(
            "`--at {text}` is neither a revision nor an instant"
        ))
        .help("give a revision like 42, or an instant like 2026-11-24T12:00:00Z")),
    }
}

fn question(ask: &Ask) -> Result<Question, Failure> {
    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Failure> {
        text.parse()
            .map_err(|error: T::Err| Failure::new(error.to_string()))
    }
    Ok(Question {
        system_user: parsed(&ask.system_user)?,
        action: parsed(&ask.action)?,
        resource: parsed(&ask.resource)?,
        client: parsed(&ask.client)?,
        asked: ask.level.map_or_else(Asked::default, Asked::at_level),
    })
}

fn tell(permit: bool, context: &Value) {
    let code = context["code"].as_str();
    match (permit, code) {
        (true, _) => say("permit"),
        (false, Some(code)) => say(&format!("no access: {code}")),
        (false, None) => say("no access"),
    }
    if let Some(reason) = context["reason"]["en"].as_str() {
        say(&format!("  {reason}"));
    }
    if let Some(how) = context["mend"]["how"]["en"].as_str() {
        say(&format!("  {how}"));
    }
    for obligation in context["obligations"].as_array().into_iter().flatten() {
        say(&format!(
            "  obligation  {} {}",
            short(&obligation["id"]),
            short(&obligation["properties"]["value"])
        ));
    }
    for link in context["chain"].as_array().into_iter().flatten() {
        let kind = match link["role"].as_str() {
            Some(role) => format!("{} ({role})", short(&link["link"])),
            None => short(&link["link"]),
        };
        let (by, at, revision) = (
            short(&link["by"]),
            short(&link["at"]),
            short(&link["revision"]),
        );
        say(&format!("  {kind:26} by {by}, {at}, revision {revision}"));
    }
    for quote in context["quotes"].as_array().into_iter().flatten() {
        tell_quote(quote);
    }
    if let Some(revision) = context["revision"].as_u64() {
        say(&format!("  as of revision {revision}"));
    }
}

/// A policy's lines under their numbers, and what its conditions came to.
fn tell_quote(quote: &Value) {
    let first = quote["line"].as_u64().unwrap_or(1);
    say(&format!(
        "  policy      {} in {}:{first}",
        short(&quote["policy"]),
        short(&quote["file"])
    ));
    let conditions = quote["conditions"].as_array();
    for (number, line) in (first..).zip(quote["text"].as_str().unwrap_or_default().lines()) {
        say(format!("    {number:>4} | {line}").trim_end());
        let here = conditions.into_iter().flatten();
        for condition in here.filter(|condition| condition["line"] == number) {
            let truth = if condition["holds"] == true {
                "true"
            } else {
                "false"
            };
            say(&format!(
                "         ^ {truth}: {}",
                short(&condition["text"])
            ));
        }
    }
}
