//! `/v1/requests`.
#![allow(
    clippy::indexing_slicing,
    reason = "writing to a member of a JSON object makes it"
)]

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::engine::{RequestView, Snapshot, Written};
use crate::model::id::RequestId;
use crate::model::request::{Request, Status, UserKind};
use crate::model::request_draft::RequestDraft;
use crate::model::system::RedirectUrl;
use crate::model::time::Timestamp;

use super::super::exchange::Exchange;
use super::super::json::Fields;
use super::super::problem::{Problem, none_wrong};
use super::super::reply::Reply;
use super::super::router::Service;

const MEMBERS: [&str; 8] = [
    "system",
    "firm",
    "kind",
    "packages",
    "rights",
    "externalRef",
    "redirectUrl",
    "title",
];

pub(crate) fn list(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let snapshot = service.engine.snapshot();
    let page = snapshot.requests(exchange.by()?, &exchange.page()?)?;
    Ok(super::page_reply(&page, |view| {
        with_names(service, &snapshot, view, exchange.now)
    }))
}

pub(crate) fn show(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let snapshot = service.engine.snapshot();
    let view = snapshot.request(exchange.by()?, exchange.path("id")?)?;
    Ok(Reply::ok(&with_names(
        service,
        &snapshot,
        &view,
        exchange.now,
    )))
}

pub(crate) fn create(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let draft = draft(service, exchange)?;
    let id = RequestId(uuid::Uuid::new_v4());
    let done = service
        .engine
        .create_request(&exchange.call()?, id, draft)?;
    let mut body = shown(
        service,
        &done.value.request,
        &done.value.warnings,
        exchange.now,
    );
    body["revision"] = json!(done.revision);
    let status = if done.value.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(Reply::json(status, &body))
}

pub(crate) fn withdraw(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let id = exchange.path("id")?;
    let done = service.engine.withdraw_request(&exchange.call()?, id)?;
    Ok(super::written(
        done.revision,
        json!({ "id": id, "status": Status::Withdrawn }),
    ))
}

pub(crate) fn approve(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let id = decided(exchange)?;
    let done = service.engine.approve_request(&exchange.call()?, id)?;
    let more = json!({ "id": id, "status": Status::Approved, "systemUser": id });
    Ok(with_redirect(&done, more))
}

pub(crate) fn reject(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let id = decided(exchange)?;
    let done = service.engine.reject_request(&exchange.call()?, id)?;
    Ok(with_redirect(
        &done,
        json!({ "id": id, "status": Status::Rejected }),
    ))
}

pub(crate) fn escalate(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let id = decided(exchange)?;
    let done = service.engine.escalate_request(&exchange.call()?, id)?;
    Ok(super::written(
        done.revision,
        json!({ "id": id, "status": Status::New, "escalated": true }),
    ))
}

/// The request that a body-less route decides.
fn decided(exchange: &Exchange) -> Result<RequestId, Problem> {
    exchange.query(&[])?;
    let body = exchange.body.trim_ascii();
    if body.is_empty() || body == b"{}" {
        return exchange.path("id");
    }
    Err(Problem::malformed("this route takes no body"))
}

fn with_redirect(done: &Written<Option<RedirectUrl>>, mut more: Value) -> Reply {
    if let Some(url) = &done.value {
        more["redirectUrl"] = json!(url);
    }
    super::written(done.revision, more)
}

fn draft(service: &Service, exchange: &Exchange) -> Result<RequestDraft, Problem> {
    let mut errors = Vec::new();
    let mut fields = Fields::new(super::body(service, exchange)?, "", &mut errors);
    let (system, firm) = (fields.parse("system"), fields.parse("firm"));
    let kind = match fields.text("kind").as_deref() {
        Some("agent") => Some(UserKind::Agent),
        Some("standard") => Some(UserKind::Standard),
        Some(other) => {
            fields.wrong(
                "kind",
                format!(
                    "`kind` is `{}`; it has to be `agent` or `standard`",
                    crate::model::id::shown(other)
                ),
            );
            None
        }
        None => None,
    };
    let packages = fields.texts("packages");
    let rights = fields.list("rights", super::right);
    let (external_ref, redirect_url) = (
        fields.parse_optional("externalRef"),
        fields.parse_optional("redirectUrl"),
    );
    let title = fields.optional_text("title");
    if let Some(title) = &title
        && let Err(error) = crate::model::id::text_of("title", title, 128)
    {
        fields.wrong("title", error.to_string());
    }
    fields.no_more(&MEMBERS);
    none_wrong(errors)?;
    let (Some(system), Some(firm), Some(kind)) = (system, firm, kind) else {
        return Err(Problem::malformed("the request is incomplete"));
    };
    let title = title.map(Into::into);
    Ok(RequestDraft {
        system,
        firm,
        kind,
        packages,
        rights,
        external_ref,
        redirect_url,
        title,
    })
}

fn shown(service: &Service, request: &Request, warnings: &[String], now: Timestamp) -> Value {
    let mut shown = json!({
        "id": request.id,
        "status": request.status_at(now),
        "escalated": request.escalated,
        "created": request.created,
        "expires": request.expires,
        "confirmUrl": format!("{}/v1/requests/{}", service.public_url, request.id),
        "warnings": warnings,
        "system": request.key.system,
        "firm": request.key.firm,
        "kind": request.kind,
        "packages": request.packages,
        "rights": request.rights,
        "externalRef": request.key.external_ref,
    });
    if let Some(url) = &request.redirect_url {
        shown["redirectUrl"] = json!(url);
    }
    if let Some(title) = &request.title {
        shown["title"] = json!(title);
    }
    if let Some(decided) = &request.decided {
        shown["decided"] = json!({ "by": decided.by, "at": decided.at });
    }
    shown
}

/// A request as the person who decides it should see it: who asks, for which system, which packages in words.
fn with_names(service: &Service, snapshot: &Snapshot, view: &RequestView, now: Timestamp) -> Value {
    let mut shown = shown(service, &view.request, &view.warnings, now);
    let mut vendor = json!({ "org": view.system.vendor() });
    super::put_party(&mut vendor, view.vendor.as_ref());
    shown["vendor"] = vendor;
    shown["systemName"] = json!(view.system.name);
    let catalogue = snapshot.catalogue();
    let names = view.request.packages.iter().filter_map(|code| {
        let package = catalogue.package(catalogue.find_stored(code)?);
        Some(json!({ "code": code, "nb": package.nb, "en": package.en }))
    });
    shown["packageNames"] = names.collect();
    shown
}
