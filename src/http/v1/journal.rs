//! What concerns the whole store: what changed, imports, exports.

use serde_json::{Value, json};

use crate::engine::{ExportScope, Import};
use crate::model::caller::Act;
use crate::model::event::Recorded;
use crate::model::id::{OrgNo, Revision, SystemUserId};

use super::super::exchange::{Exchange, number, page_of};
use super::super::problem::Problem;
use super::super::reply::Reply;
use super::super::router::Service;

pub(crate) fn changes(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let query = exchange.query(&["after", "limit"])?;
    let after = match query.get("after").map(|text| (text, number(text))) {
        None => Revision::ZERO,
        Some((_, Some(number))) => Revision(number),
        Some((text, None)) => {
            let detail = format!(
                "`after` is `{}`; it has to be a revision",
                crate::model::id::shown(text)
            );
            return Err(Problem::of_field("query:after", detail));
        }
    };
    let limit = page_of(&query)?.limit;
    let snapshot = service.engine.snapshot();
    let changes = snapshot.changes(exchange.by()?, after, limit)?;
    let last = changes.last().map_or(after, |change| change.revision);
    // Here the token is the revision, so that a reader can go on from what it has at any time.
    let next = if last < snapshot.revision() {
        last.to_string()
    } else {
        String::new()
    };
    let items: Vec<_> = changes.iter().map(change).collect();
    Ok(Reply::ok(
        &json!({ "items": items, "next": next, "revision": last }),
    ))
}

fn change(recorded: &Recorded) -> Value {
    json!({
        "revision": recorded.revision,
        "at": recorded.at,
        "by": recorded.by,
        "cause": recorded.cause,
        "kind": recorded.event.name(),
        "event": recorded.event,
    })
}

pub(crate) fn import(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    service
        .engine
        .snapshot()
        .may_on_store(exchange.by()?, Act::Import)?;
    let nothing_sent = || Problem::malformed("the body is empty; an import has one fact a line");
    let mut upload = exchange.upload.take().ok_or_else(nothing_sent)?;
    let import = Import::read(&mut upload)
        .map_err(|error| upload.take_problem().unwrap_or_else(|| error.into()))?;
    let mut lines = 0;
    let revision = service
        .engine
        .import(&exchange.call()?, &import, |progress| {
            lines = progress.lines;
        })?;
    Ok(super::written(
        revision,
        json!({ "import": import.id(), "lines": lines }),
    ))
}

pub(crate) fn export(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let query = exchange.query(&["systemUser", "client"])?;
    let snapshot = service.engine.snapshot();
    snapshot.may_on_store(exchange.by()?, Act::Export)?;
    let wrong = |name: &str, error: &dyn std::fmt::Display| {
        Problem::of_field(format!("query:{name}"), error.to_string())
    };
    let user = query.get("systemUser").map(|text| {
        text.parse::<SystemUserId>()
            .map_err(|error| wrong("systemUser", &error))
    });
    let client = query.get("client").map(|text| {
        text.parse::<OrgNo>()
            .map_err(|error| wrong("client", &error))
    });
    let scope = match (user.transpose()?, client.transpose()?) {
        (None, None) => ExportScope::Whole,
        (Some(user), None) => ExportScope::SystemUser(user),
        (Some(user), Some(client)) => ExportScope::Mandate(user, client),
        (None, Some(_)) => {
            return Err(Problem::of_field(
                "query:client",
                "`client` needs `systemUser` beside it",
            ));
        }
    };
    let export = snapshot.export(scope);
    let revision = snapshot.revision();
    let body = json!({
        "revision": revision,
        "policies": export.policies,
        "entities": export.entities,
        "schema": export.schema,
    });
    Ok(Reply::ok(&body))
}
