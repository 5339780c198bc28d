//! Putting policies in force over HTTP, going back to earlier ones, and approving what others proposed.
#![allow(
    clippy::indexing_slicing,
    reason = "writing to a member of a JSON object makes it"
)]

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use crate::cedar::{Difference, differences};
use crate::engine::{PublishError, Published, Snapshot, Written};
use crate::model::caller::Act;
use crate::model::id::Revision;
use crate::model::policy::{PolicyFile, PolicyFolder};
use crate::model::publication::{LONGEST_NOTE, Publication};
use crate::policies;

use super::super::exchange::Exchange;
use super::super::json::{self, Fields};
use super::super::problem::{FieldError, Problem, none_wrong};
use super::super::reload::{Content, Refused};
use super::super::reply::Reply;
use super::super::router::Service;
use super::body;
use super::policies::{findings, version};
use super::scratch::Scratch;

/// What a body says beside the policies.
struct Wanted {
    note: Option<Box<str>>,
    is_dry: bool,
}

/// `PUT /v1/policies`: a whole folder, checked, tested and put in force or proposed.
pub(crate) fn put(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let snapshot = service.engine.snapshot();
    let follows = may_publish(&snapshot, exchange)?;
    let mut errors = Vec::new();
    let mut fields = Fields::new(body(service, exchange)?, "", &mut errors);
    let sent = fields.raw("files");
    let wanted = wanted(&mut fields);
    fields.no_more(&["files", "note", "dryRun"]);
    let files = files(sent, &mut errors);
    none_wrong(errors)?;
    let (folder, tests) = policies::of_files(files).map_err(|error| {
        let pointer = json::pointer("/files", error.file());
        Problem::of_field(pointer, error.to_string())
    })?;
    let content = Content::of(folder, tests);
    publish(
        service, exchange, &snapshot, content, &follows, wanted, None,
    )
}

/// `POST /v1/policies/rollback`: the policies of an earlier version, in force again or proposed.
pub(crate) fn rollback(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let snapshot = service.engine.snapshot();
    let follows = may_publish(&snapshot, exchange)?;
    let mut errors = Vec::new();
    let mut fields = Fields::new(body(service, exchange)?, "", &mut errors);
    let to = named(&mut fields);
    let wanted = wanted(&mut fields);
    fields.no_more(&["to", "note", "dryRun"]);
    none_wrong(errors)?;
    let found = snapshot.policy_version(exchange.by()?, &to.unwrap_or_default());
    let (recorded, folder) = found.map_err(|error| Problem::from(error).at("/to"))?;
    // What was in force has passed its tests, which are not kept.
    let content = Content::of(folder, Vec::new());
    let restores = Some(recorded.revision);
    publish(
        service, exchange, &snapshot, content, &follows, wanted, restores,
    )
}

/// `POST /v1/policies/proposals/{revision}/approve`.
pub(crate) fn approve(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let proposal = Revision(exchange.path("revision")?);
    let folder = folder_taken(service, &service.engine.snapshot())?;
    let written = service
        .engine
        .approve_policies(&exchange.call()?, proposal, folder)?;
    let snapshot = service.engine.snapshot();
    let body = json!({
        "result": "in-force",
        "revision": written.revision,
        "hash": snapshot.policy_hash(),
        "proposal": proposal,
    });
    Ok(Reply::ok(&body))
}

/// That the caller may do this, and the hash of the policies that theirs are to follow.
fn may_publish(snapshot: &Snapshot, exchange: &Exchange) -> Result<String, Problem> {
    let by = exchange.by()?;
    if snapshot.may_on_store(by, Act::ProposePolicies).is_err() {
        snapshot.may_on_store(by, Act::PublishPolicies)?;
    }
    let in_force = snapshot.policy_hash();
    let help = format!("send `If-Match: \"{in_force}\"` if they are to follow what is in force");
    let Some(given) = &exchange.if_match else {
        let detail =
            format!("`If-Match` is missing, so that others' changes could be lost; {help}");
        let status = StatusCode::PRECONDITION_REQUIRED;
        return Err(Problem::new(status, "if-match-missing", detail));
    };
    let given = given.to_str().unwrap_or_default().trim();
    let hash = given
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match hash {
        Some(hash) if hash == in_force => Ok(hash.to_owned()),
        Some(hash) => {
            let given = crate::model::id::shown(hash);
            let in_force = in_force.into();
            Err(PublishError::Changed { given, in_force }.into())
        }
        None => {
            let detail = format!(
                "`If-Match` is `{}`, which is not one hash in quotes; {help}",
                crate::model::id::shown(given)
            );
            Err(Problem::of_field("header:if-match", detail))
        }
    }
}

fn publish(
    service: &Service,
    exchange: &Exchange,
    snapshot: &Snapshot,
    content: Content,
    follows: &str,
    wanted: Wanted,
    restores: Option<Revision>,
) -> Result<Reply, Problem> {
    let in_force = snapshot.policy_folder();
    let scratch = Scratch::new().map_err(|error| {
        let said = format!("there is no temporary folder to test policies in: {error}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "no-scratch", said)
    })?;
    let staged = content.staged(in_force, scratch.path());
    let staged = staged.map_err(|refused| refusal(&refused))?;
    let differing = differences(in_force, staged.folder());
    let hash = staged.hash().to_owned();
    let may_publish = snapshot.may_on_store(exchange.by()?, Act::PublishPolicies);
    if wanted.is_dry {
        let would = match may_publish {
            _ if hash == snapshot.policy_hash() => Published::Already,
            Ok(()) => Published::InForce,
            Err(_) => Published::Proposed,
        };
        let mut body = told(would, &hash, &differing);
        body["dryRun"] = json!(true);
        body["revision"] = json!(snapshot.revision());
        return Ok(Reply::ok(&body));
    }
    let publication = Publication {
        note: wanted.note,
        restores,
        proposal: None,
        folder: folder_taken(service, snapshot)?,
    };
    let call = exchange.call()?;
    let Written { revision, value } =
        service
            .engine
            .publish(&call, staged, follows, publication)?;
    let mut body = told(value, &hash, &differing);
    body["revision"] = json!(revision);
    let status = match value {
        Published::InForce | Published::Already => StatusCode::OK,
        Published::Proposed => StatusCode::ACCEPTED,
    };
    Ok(Reply::json(status, &body))
}

fn told(published: Published, hash: &str, differing: &[Difference]) -> Value {
    let result = match published {
        Published::InForce => "in-force",
        Published::Already => "already",
        Published::Proposed => "proposed",
    };
    json!({ "result": result, "hash": hash, "differences": differing })
}

/// The hash of the watched folder as it is taken now; without one, as it was last taken.
fn folder_taken(service: &Service, snapshot: &Snapshot) -> Result<Option<Box<str>>, Problem> {
    match service.reloads.taken() {
        Some(taken) => Ok(Some(taken)),
        None => Ok(snapshot.folder_taken()?),
    }
}

fn refusal(refused: &Refused) -> Problem {
    let lines = refused.lines();
    let detail = format!(
        "the policies are refused: {}",
        lines.first().map(String::as_str).unwrap_or_default()
    );
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "policies-refused", detail)
        .with("why", json!(refused.code()))
        .with("reasons", json!(lines))
        .with("findings", findings(refused))
}

fn wanted(fields: &mut Fields<'_>) -> Wanted {
    let note = fields.optional_text("note");
    if note
        .as_ref()
        .is_some_and(|note| note.chars().count() > LONGEST_NOTE)
    {
        fields.wrong(
            "note",
            format!("`note` is longer than {LONGEST_NOTE} characters"),
        );
    }
    let is_dry = match fields.raw("dryRun") {
        None => false,
        Some(Value::Bool(is_dry)) => is_dry,
        Some(other) => {
            let detail = format!(
                "`dryRun` is {}; it has to be true or false",
                json::kind(&other)
            );
            fields.wrong("dryRun", detail);
            false
        }
    };
    Wanted {
        note: note.map(Into::into),
        is_dry,
    }
}

/// A version, by a revision or by its hash.
fn named(fields: &mut Fields<'_>) -> Option<String> {
    let told = match fields.raw("to") {
        Some(Value::String(named)) => return Some(named),
        Some(Value::Number(number)) => match number.as_u64() {
            Some(number) => return Some(number.to_string()),
            None => format!("`to` is {number}; a revision is a whole number from 1"),
        },
        Some(other) => format!(
            "`to` is {}; it has to be a revision or a hash",
            json::kind(&other)
        ),
        None => "`to` is missing; it has to be a revision or a hash".to_owned(),
    };
    fields.wrong("to", told);
    None
}

/// The texts of the files, by their paths in the folder.
fn files(sent: Option<Value>, errors: &mut Vec<FieldError>) -> Vec<PolicyFile> {
    let mut wrong = |pointer: String, detail: String| errors.push(FieldError { pointer, detail });
    let files: Map<String, Value> = match sent {
        Some(Value::Object(files)) => files,
        Some(other) => {
            let detail = format!(
                "`files` is {}; it has to be an object of texts",
                json::kind(&other)
            );
            wrong("/files".to_owned(), detail);
            return Vec::new();
        }
        None => {
            let detail = "`files` is missing; it has to be an object of texts".to_owned();
            wrong("/files".to_owned(), detail);
            return Vec::new();
        }
    };
    let mut read = Vec::with_capacity(files.len());
    for (path, text) in files {
        match text {
            Value::String(text) => read.push(PolicyFile {
                path: path.into(),
                text: text.into(),
            }),
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_)) => wrong(
                json::pointer("/files", &path),
                format!("it is {}; it has to be the file's text", json::kind(&other)),
            ),
        }
    }
    read
}

/// `GET /v1/policies/proposals`: what can still be approved.
pub(crate) fn proposals(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let snapshot = service.engine.snapshot();
    let open = snapshot.policy_proposals(exchange.by()?)?;
    let mut items = Vec::with_capacity(open.len());
    for recorded in &open {
        let (_, folder) =
            snapshot.policy_version(exchange.by()?, &recorded.revision.to_string())?;
        let mut item = version(recorded, None);
        item["differences"] = json!(differences(snapshot.policy_folder(), &folder));
        items.push(item);
    }
    Ok(Reply::ok(
        &json!({ "items": items, "next": "", "revision": snapshot.revision() }),
    ))
}

/// The texts of a folder, by their paths.
pub(super) fn texts(folder: &PolicyFolder) -> Map<String, Value> {
    let files = folder.files().iter();
    files
        .map(|file| (file.path.to_string(), Value::from(&*file.text)))
        .collect()
}
