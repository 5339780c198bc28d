//! `/v1/system-users`.
#![allow(
    clippy::indexing_slicing,
    reason = "writing to a member of a JSON object makes it"
)]

use serde_json::{Value, json};

use crate::engine::SystemUserView;
use crate::model::id::SystemUserId;

use super::super::exchange::Exchange;
use super::super::problem::Problem;
use super::super::reply::Reply;
use super::super::router::Service;

pub(crate) fn list(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let page = service
        .engine
        .snapshot()
        .system_users(exchange.by()?, &exchange.page()?)?;
    Ok(super::page_reply(&page, shown))
}

pub(crate) fn show(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let view = service
        .engine
        .snapshot()
        .system_user(exchange.by()?, exchange.path("id")?)?;
    Ok(Reply::ok(&shown(&view)))
}

pub(crate) fn delete(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let id: SystemUserId = exchange.path("id")?;
    let done = service.engine.delete_system_user(&exchange.call()?, id)?;
    Ok(super::written(
        done.revision,
        json!({ "id": id, "deleted": true }),
    ))
}

fn shown(view: &SystemUserView) -> Value {
    let mut shown = json!({
        "id": view.id,
        "kind": view.kind,
        "owner": view.owner,
        "system": view.system,
        "packages": view.packages,
        "rights": view.rights,
        "approved": { "by": view.approved_by.id, "at": view.approved },
        "clients": view.clients,
    });
    if let Some(title) = &view.title {
        shown["title"] = json!(title);
    }
    if let Some(external_ref) = &view.external_ref {
        shown["externalRef"] = json!(external_ref);
    }
    if let Some(deleted) = view.deleted {
        shown["deleted"] = json!(deleted);
    }
    if view.system_deleted {
        shown["systemDeleted"] = json!(true);
    }
    shown
}
