//! `/v1/system-users/{id}/clients`.
#![allow(
    clippy::indexing_slicing,
    reason = "writing to a member of a JSON object makes it"
)]

use serde_json::{Map, Value, json};

use crate::engine::{AvailableClient, Batch, BatchLine, ClientOutcome, ClientView};
use crate::model::id::{OrgNo, SystemUserId};
use crate::model::time::{Timestamp, Window};

use super::super::exchange::Exchange;
use super::super::json::Fields;
use super::super::problem::{Problem, none_wrong};
use super::super::reply::Reply;
use super::super::router::Service;

pub(crate) fn list(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let snapshot = service.engine.snapshot();
    let page = snapshot.clients(exchange.by()?, exchange.path("id")?, &exchange.page()?)?;
    Ok(super::page_reply(&page, shown))
}

pub(crate) fn available(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let snapshot = service.engine.snapshot();
    let user = exchange.path("id")?;
    let page = snapshot.available_clients(exchange.by()?, user, &exchange.page()?, exchange.now)?;
    Ok(super::page_reply(&page, offered))
}

pub(crate) fn show(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let snapshot = service.engine.snapshot();
    let view = snapshot.client(exchange.by()?, exchange.path("id")?, exchange.path("org")?)?;
    Ok(Reply::ok(&shown(&view)))
}

pub(crate) fn add(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let (user, client): (SystemUserId, OrgNo) = (exchange.path("id")?, exchange.path("org")?);
    let window = window(service, exchange)?;
    let done = service
        .engine
        .add_client(&exchange.call()?, user, client, window)?;
    Ok(super::written(
        done.revision,
        json!({ "client": client, "result": word(&done.value) }),
    ))
}

pub(crate) fn remove(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let (user, client): (SystemUserId, OrgNo) = (exchange.path("id")?, exchange.path("org")?);
    let done = service
        .engine
        .remove_client(&exchange.call()?, user, client)?;
    Ok(super::written(
        done.revision,
        json!({ "client": client, "result": word(&done.value) }),
    ))
}

pub(crate) fn batch(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let user = exchange.path("id")?;
    let mut errors = Vec::new();
    let mut fields = Fields::new(super::body(service, exchange)?, "", &mut errors);
    let (add, remove) = (fields.parse_list("add"), fields.parse_list("remove"));
    fields.no_more(&["add", "remove"]);
    none_wrong(errors)?;
    let done = service
        .engine
        .change_clients(&exchange.call()?, user, Batch { add, remove })?;
    let results: Vec<_> = done.value.iter().map(line).collect();
    Ok(super::written(done.revision, json!({ "results": results })))
}

/// The window of a body; nothing is said by an empty one.
fn window(service: &Service, exchange: &Exchange) -> Result<Option<Window>, Problem> {
    if exchange.body.trim_ascii().is_empty() {
        return Ok(None);
    }
    let members = super::body(service, exchange)?;
    if members.is_empty() {
        return Ok(None);
    }
    let mut errors = Vec::new();
    let mut fields = Fields::new(members, "", &mut errors);
    let (from, until): (Option<Timestamp>, Option<Timestamp>) = (
        fields.parse_optional("from"),
        fields.parse_optional("until"),
    );
    fields.no_more(&["from", "until"]);
    none_wrong(errors)?;
    Window::new(from, until)
        .map(Some)
        .map_err(|error| Problem::of_field("/until", error.to_string()))
}

fn word(outcome: &ClientOutcome) -> &'static str {
    match outcome {
        ClientOutcome::Added => "added",
        ClientOutcome::Already => "already",
        ClientOutcome::Removed => "removed",
        ClientOutcome::Absent => "absent",
        ClientOutcome::Refused(_) => "refused",
    }
}

fn line(line: &BatchLine) -> Value {
    let mut shown = json!({ "client": line.client, "result": word(&line.outcome) });
    if let ClientOutcome::Refused(refused) = &line.outcome {
        shown["code"] = json!(refused.code());
        shown["missing"] = json!(refused.missing());
        shown["detail"] = json!(refused.to_string());
    }
    shown
}

fn shown(view: &ClientView) -> Value {
    let mut shown = json!({ "client": view.client });
    super::put_party(&mut shown, view.party.as_ref());
    let mut more = Map::new();
    more.insert(
        "added".to_owned(),
        json!({ "by": view.added_by.id, "at": view.added, "revision": view.revision }),
    );
    for (name, instant) in [("from", view.window.from()), ("until", view.window.until())] {
        if let Some(instant) = instant {
            more.insert(name.to_owned(), json!(instant));
        }
    }
    more.insert("packages".to_owned(), json!(view.packages));
    more.insert("lost".to_owned(), json!(view.lost));
    more.insert("roles".to_owned(), json!(view.roles));
    more.insert("self".to_owned(), json!(view.is_self));
    if let Value::Object(members) = &mut shown {
        members.extend(more);
    }
    shown
}

fn offered(client: &AvailableClient) -> Value {
    let mut shown = json!({ "client": client.client });
    super::put_party(&mut shown, client.party.as_ref());
    shown["roles"] = json!(client.roles);
    shown["self"] = json!(client.is_self);
    shown
}
