//! Looking into a log.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::id::{OrgNo, ResourceId, SystemUserId};
use crate::model::time::Timestamp;

use super::error::ReadLogError;
use super::lines::Lines;
use super::names::segments;

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Permitted.
    Permit,
    /// No access.
    Deny,
    /// Refused or failed.
    Error,
}

/// What is looked for: all that is named has to be so.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// For whom.
    pub client: Option<OrgNo>,
    /// Who acts.
    pub system_user: Option<SystemUserId>,
    /// On what.
    pub resource: Option<ResourceId>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Not before this instant.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

/// One question of the log, or one request that was a search or went wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Logged {
    /// The segment that it stands in.
    pub segment: u64,
    /// The line, from one on.
    pub line: u64,
    /// How it ended; nothing for a search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Who acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_user: Option<String>,
    /// What it wanted to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// On what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// For whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<u32>,
    /// What the whole line says besides: `at`, `caller`, `request`, `revision` and the like.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Read {
    kind: Box<str>,
    at: Timestamp,
    #[serde(default)]
    asked: Vec<ReadRun>,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadRun {
    system_user: String,
    action: String,
    resource: String,
    clients: Vec<u32>,
    permits: String,
    request: Option<String>,
    trace: Option<String>,
}

impl ReadRun {
    /// What the line says, and the run besides.
    fn with(&self, rest: &serde_json::Map<String, Value>) -> serde_json::Map<String, Value> {
        let mut rest = rest.clone();
        for (name, value) in [("request", &self.request), ("trace", &self.trace)] {
            if let Some(value) = value {
                rest.insert(name.to_owned(), Value::from(value.as_str()));
            }
        }
        rest
    }
}

/// Shows `each` of what is looked for, oldest first, until it says that it has enough. What does not read as a line is
/// passed over: [`verify`](super::verify()) tells of it.
pub fn query(
    dir: &Path,
    query: &Query,
    mut each: impl FnMut(Logged) -> bool,
) -> Result<(), ReadLogError> {
    let io = |file: &Path| {
        let file = file.to_owned();
        move |source| ReadLogError::Io { file, source }
    };
    let files = segments(dir).map_err(io(dir))?;
    if files.is_empty() {
        return Err(ReadLogError::Empty(dir.to_owned()));
    }
    let needles = query.needles();
    let mut last = 0;
    for file in files {
        if file.number == last {
            continue;
        }
        last = file.number;
        let mut lines = Lines::find(dir, &file).map_err(io(&file.path))?;
        let mut number = 0;
        while let Some(line) = lines.next().map_err(io(&file.path))? {
            number += 1;
            if !needles
                .iter()
                .all(|needle| contains(line, needle.as_bytes()))
            {
                continue;
            }
            let Ok(read) = serde_json::from_slice::<Read>(line) else {
                continue;
            };
            for logged in query.among(read, file.number, number) {
                if !each(logged) {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

fn contains(line: &[u8], needle: &[u8]) -> bool {
    line.windows(needle.len()).any(|window| window == needle)
}

impl Query {
    /// Texts that a line has to have, which is quicker to see than what it says.
    fn needles(&self) -> Vec<String> {
        let client = self.client.map(|client| client.as_u32().to_string());
        let user = self.system_user.map(|user| user.to_string());
        let resource = self.resource.as_ref().map(ToString::to_string);
        client.into_iter().chain(user).chain(resource).collect()
    }

    fn among(&self, read: Read, segment: u64, line: u64) -> Vec<Logged> {
        let Read {
            kind,
            at,
            asked,
            mut rest,
        } = read;
        let is_in_time =
            self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until);
        if !is_in_time || !["decision", "search", "error"].contains(&&*kind) {
            return Vec::new();
        }
        rest.remove("hash");
        rest.insert("kind".to_owned(), Value::from(&*kind));
        rest.insert("at".to_owned(), Value::from(at.to_string()));
        let whole = match &*kind {
            "error" => Some(Outcome::Error),
            _ => rest.get("permit").and_then(Value::as_bool).map(outcome),
        };
        if asked.is_empty() {
            // A search says which clients it was about.
            let about = rest.get("clients").and_then(Value::as_array);
            let is_about = |client: OrgNo| {
                about.is_some_and(|about| about.contains(&Value::from(client.as_u32())))
            };
            let is_it = self.client.is_none_or(is_about)
                && self.system_user.is_none()
                && self.resource.is_none()
                && self.outcome.is_none_or(|outcome| whole == Some(outcome));
            let logged = is_it.then_some(Logged {
                segment,
                line,
                outcome: whole,
                system_user: None,
                action: None,
                resource: None,
                client: None,
                rest,
            });
            return logged.into_iter().collect();
        }
        let runs = asked.iter().filter(|run| self.is_of(run));
        let answers = runs.flat_map(|run| {
            let permits = run.permits.bytes().map(|permit| outcome(permit == b'1'));
            run.clients
                .iter()
                .zip(permits)
                .map(move |answer| (run, answer))
        });
        let wanted = answers.filter(|(_, (client, answer))| {
            self.client.is_none_or(|wanted| wanted.as_u32() == **client)
                && self.outcome.is_none_or(|wanted| wanted == *answer)
        });
        let logged = wanted.map(|(run, (client, answer))| Logged {
            segment,
            line,
            outcome: Some(answer),
            system_user: Some(run.system_user.clone()),
            action: Some(run.action.clone()),
            resource: Some(run.resource.clone()),
            client: Some(*client),
            rest: run.with(&rest),
        });
        logged.collect()
    }

    fn is_of(&self, run: &ReadRun) -> bool {
        let user = self.system_user.map(|user| user.to_string());
        user.is_none_or(|user| user == run.system_user)
            && self
                .resource
                .as_ref()
                .is_none_or(|resource| resource.as_str() == run.resource)
    }
}

fn outcome(permit: bool) -> Outcome {
    if permit {
        Outcome::Permit
    } else {
        Outcome::Deny
    }
}
