//! `fullmakt log`.

use std::fmt::Display;
use std::process::ExitCode;
use std::str::FromStr;

use fullmakt::http::{Replayed, replay as replay_log};
use fullmakt::log::{self, Verified};

use super::args_log::{Log, Outcome as Ended, Query, Replay, Verify};
use super::output::say;
use super::{Failure, NO, Outcome};

pub(crate) fn log(command: Log) -> Outcome {
    match command {
        Log::Verify(command) => verify(&command),
        Log::Query(command) => query(&command),
        Log::Replay(command) => replay(&command),
    }
}

fn verify(command: &Verify) -> Outcome {
    let verified = log::verify(&command.dir, command.from);
    let Verified {
        segments,
        lines,
        hash,
        findings,
    } = verified.map_err(|error| Failure::new(error.to_string()))?;
    for finding in &findings {
        say(&finding.to_string());
    }
    if findings.is_empty() {
        say(&format!(
            "{segments} segments with {lines} lines are as they were written, up to {hash}"
        ));
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(NO))
}

fn query(command: &Query) -> Outcome {
    let wanted = log::Query {
        client: parsed("--client", command.client.as_deref())?,
        system_user: parsed("--system-user", command.system_user.as_deref())?,
        resource: parsed("--resource", command.resource.as_deref())?,
        outcome: command.outcome.map(|outcome| match outcome {
            Ended::Permit => log::Outcome::Permit,
            Ended::Deny => log::Outcome::Deny,
            Ended::Error => log::Outcome::Error,
        }),
        from: parsed("--from", command.from.as_deref())?,
        until: parsed("--until", command.until.as_deref())?,
    };
    let mut shown = 0;
    let asked = log::query(&command.dir, &wanted, |logged| {
        if shown == command.limit {
            return false;
        }
        shown += 1;
        say(&serde_json::to_string(&logged).unwrap_or_default());
        true
    });
    asked.map_err(|error| Failure::new(error.to_string()))?;
    Ok(if shown == 0 {
        ExitCode::from(NO)
    } else {
        ExitCode::SUCCESS
    })
}

fn replay(command: &Replay) -> Outcome {
    let replayed = replay_log(&command.dir, &command.data, |differing| {
        let mut line = serde_json::to_value(&differing.logged).unwrap_or_default();
        if let Some(members) = line.as_object_mut() {
            members.insert("again".to_owned(), differing.again.into());
        }
        say(&line.to_string());
    });
    let Replayed {
        same,
        different,
        refused,
        masked,
    } = replayed.map_err(|error| Failure::new(error.to_string()))?;
    say(&format!(
        "{same} answers come out as they were logged, {different} otherwise; {refused} refused requests, {masked} questions with masked values"
    ));
    Ok(if different == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NO)
    })
}

fn parsed<T: FromStr<Err: Display>>(flag: &str, text: Option<&str>) -> Result<Option<T>, Failure> {
    let parsed = text.map(str::parse).transpose();
    parsed.map_err(|error| Failure::new(format!("{flag}: {error}")))
}
