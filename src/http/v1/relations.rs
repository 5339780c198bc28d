//! `/v1/relations`.

use serde_json::{Value, json};

use crate::engine::RelationWritten;
use crate::model::relation::RelationKey;

use super::super::exchange::Exchange;
use super::super::json::Fields;
use super::super::problem::{Problem, none_wrong};
use super::super::reply::Reply;
use super::super::router::Service;

pub(crate) fn show(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let key = key(exchange)?;
    let view = service.engine.snapshot().relation(exchange.by()?, key)?;
    let RelationKey { client, firm, role } = view.key;
    let shown = json!({ "client": client, "firm": firm, "role": role, "packages": view.packages, "revision": view.revision });
    Ok(Reply::ok(&shown))
}

pub(crate) fn put(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let key = key(exchange)?;
    let mut packages = Vec::new();
    if !exchange.body.trim_ascii().is_empty() {
        let mut errors = Vec::new();
        let mut fields = Fields::new(super::body(service, exchange)?, "", &mut errors);
        packages = fields.texts("packages");
        fields.no_more(&["packages"]);
        none_wrong(errors)?;
    }
    let done = service
        .engine
        .put_relation(&exchange.call()?, key, packages)?;
    Ok(super::written(
        done.revision,
        json!({ "ended": lost(&done.value) }),
    ))
}

pub(crate) fn end(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let key = key(exchange)?;
    let done = service.engine.end_relation(&exchange.call()?, key)?;
    Ok(super::written(
        done.revision,
        json!({ "ended": lost(&done.value) }),
    ))
}

fn key(exchange: &Exchange) -> Result<RelationKey, Problem> {
    exchange.query(&[])?;
    Ok(RelationKey {
        client: exchange.path("client")?,
        firm: exchange.path("firm")?,
        role: exchange.path("role")?,
    })
}

/// What delegations lost: each with the packages it lost, and whether it ended.
fn lost(written: &RelationWritten) -> Value {
    let losses = written.lost.iter().map(|loss| {
        json!({ "systemUser": loss.system_user, "client": loss.client, "lost": loss.packages, "ended": loss.ended })
    });
    losses.collect()
}
