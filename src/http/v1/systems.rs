//! `/v1/systems`.
#![allow(
    clippy::indexing_slicing,
    reason = "writing to a member of a JSON object makes it"
)]

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::engine::SystemView;
use crate::model::id::SystemId;
use crate::model::system::{SystemDraft, Title};

use super::super::exchange::Exchange;
use super::super::json::Fields;
use super::super::problem::{Problem, none_wrong};
use super::super::reply::Reply;
use super::super::router::Service;

const MEMBERS: [&str; 5] = ["id", "name", "packages", "rights", "redirectUrls"];

pub(crate) fn list(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let page = service
        .engine
        .snapshot()
        .systems(exchange.by()?, &exchange.page()?)?;
    Ok(super::page_reply(&page, shown))
}

pub(crate) fn show(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let view = service
        .engine
        .snapshot()
        .system(exchange.by()?, &exchange.path("id")?)?;
    Ok(Reply::ok(&shown(&view)))
}

pub(crate) fn register(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let draft = draft(service, exchange, None)?;
    let id = draft.id.clone();
    let done = service.engine.register_system(&exchange.call()?, draft)?;
    let reply = super::written(done.revision, json!({ "id": id }));
    Ok(if done.value {
        Reply {
            status: StatusCode::CREATED,
            ..reply
        }
    } else {
        reply
    })
}

pub(crate) fn change(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let id: SystemId = exchange.path("id")?;
    let draft = draft(service, exchange, Some(id.clone()))?;
    let done = service.engine.change_system(&exchange.call()?, draft)?;
    Ok(super::written(done.revision, json!({ "id": id })))
}

pub(crate) fn delete(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let id: SystemId = exchange.path("id")?;
    let done = service
        .engine
        .delete_system(&exchange.call()?, id.clone())?;
    Ok(super::written(
        done.revision,
        json!({ "id": id, "deleted": true }),
    ))
}

/// The system of a body. Where the path names it, the body may leave the id out, and may not say another.
fn draft(
    service: &Service,
    exchange: &Exchange,
    of_path: Option<SystemId>,
) -> Result<SystemDraft, Problem> {
    let mut errors = Vec::new();
    let mut fields = Fields::new(super::body(service, exchange)?, "", &mut errors);
    let id = match of_path {
        None => fields.parse("id"),
        Some(of_path) => {
            let said = fields.parse_optional::<SystemId>("id");
            if let Some(said) = said.filter(|said| *said != of_path) {
                fields.wrong(
                    "id",
                    format!("`id` is `{said}`, but the path names `{of_path}`"),
                );
            }
            Some(of_path)
        }
    };
    let mut name = None;
    if let Some(mut texts) = fields.object("name") {
        let (nb, en) = (texts.text("nb"), texts.text("en"));
        if let (Some(nb), Some(en)) = (nb, en) {
            match Title::new(&nb, &en) {
                Ok(title) => name = Some(title),
                Err(error) => texts.wrong("nb", error.to_string()),
            }
        }
        texts.no_more(&["nb", "en"]);
    }
    let packages = fields.texts("packages");
    let rights = fields.list("rights", super::right);
    let redirect_urls = fields.parse_list("redirectUrls");
    fields.no_more(&MEMBERS);
    none_wrong(errors)?;
    let (Some(id), Some(name)) = (id, name) else {
        return Err(Problem::malformed("the system is incomplete"));
    };
    Ok(SystemDraft {
        id,
        name,
        packages,
        rights,
        redirect_urls,
    })
}

fn shown(view: &SystemView) -> Value {
    let system = &view.system;
    let mut shown = json!({
        "id": system.id,
        "vendor": system.vendor(),
        "name": system.name,
        "packages": system.packages,
        "rights": system.rights,
        "redirectUrls": system.redirect_urls,
        "registered": view.registered,
    });
    if let Some(deleted) = view.deleted {
        shown["deleted"] = json!(deleted);
    }
    shown
}
