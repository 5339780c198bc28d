//! `/v1/parties`.

use serde_json::json;

use crate::model::party::Party;

use super::super::exchange::Exchange;
use super::super::json::Fields;
use super::super::problem::{Problem, none_wrong};
use super::super::reply::Reply;
use super::super::router::Service;

pub(crate) fn show(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let party = service
        .engine
        .snapshot()
        .party(exchange.by()?, exchange.path("org")?)?;
    Ok(Reply::ok(&json!(party)))
}

pub(crate) fn put(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let org = exchange.path("org")?;
    let mut errors = Vec::new();
    let mut fields = Fields::new(super::body(service, exchange)?, "", &mut errors);
    let (name, form) = (fields.parse("name"), fields.parse("form"));
    fields.no_more(&["name", "form"]);
    none_wrong(errors)?;
    let (Some(name), Some(form)) = (name, form) else {
        return Err(Problem::malformed("the party is incomplete"));
    };
    let done = service
        .engine
        .put_party(&exchange.call()?, Party { org, name, form })?;
    Ok(super::written(done.revision, json!({})))
}
