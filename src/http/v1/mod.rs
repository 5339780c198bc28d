//! What vendors, administrators and operators do. Unknown members are errors here.
#![allow(
    clippy::indexing_slicing,
    reason = "writing to a member of a JSON object makes it"
)]

pub(crate) mod authorized;
pub(crate) mod clients;
pub(crate) mod journal;
pub(crate) mod parties;
pub(crate) mod policies;
pub(crate) mod publish;
pub(crate) mod relations;
pub(crate) mod requests;
mod scratch;
pub(crate) mod search;
pub(crate) mod systems;
pub(crate) mod users;

use serde_json::{Map, Value, json};

use crate::engine::Page;
use crate::model::id::Revision;
use crate::model::party::Party;
use crate::model::system::SingleRight;

use super::exchange::{Exchange, packed};
use super::json::{self, Fields};
use super::problem::{FieldError, Problem};
use super::reply::Reply;
use super::router::Service;

/// The body of a request, which has to be an object.
fn body(service: &Service, exchange: &Exchange) -> Result<Map<String, Value>, Problem> {
    json::object(&exchange.body, service.limits.json_depth)
}

/// A page of a list.
fn page_reply<T>(page: &Page<T>, show: impl Fn(&T) -> Value) -> Reply {
    let items: Vec<_> = page.items.iter().map(show).collect();
    Reply::ok(&json!({ "items": items, "next": packed(&page.next) }))
}

/// The revision and what else a write answers.
fn written(revision: Revision, more: Value) -> Reply {
    let mut body = json!({ "revision": revision });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    Reply::ok(&body)
}

/// One single right of a body.
fn right(item: Value, at: &str, errors: &mut Vec<FieldError>) -> Option<SingleRight> {
    let Value::Object(members) = item else {
        let detail = format!("it is {}; it has to be an object", json::kind(&item));
        errors.push(FieldError {
            pointer: at.to_owned(),
            detail,
        });
        return None;
    };
    let mut fields = Fields::new(members, at, errors);
    let resource = fields.parse("resource");
    let actions = fields.parse_list("actions");
    fields.no_more(&["resource", "actions"]);
    Some(SingleRight::new(resource?, actions))
}

/// A party's name and form beside its number, where they are known.
fn put_party(into: &mut Value, party: Option<&Party>) {
    if let Some(party) = party {
        into["name"] = json!(party.name);
        into["form"] = json!(party.form);
    }
}
