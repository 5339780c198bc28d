//! The three searches about types of the administrators' own: which stored entities, or which actions, Cedar permits.
//!
//! Properties of what is searched for are laid over each candidate, as an evaluation about it would. What the schema lacks,
//! and what is not stored, is found nowhere, and is no error.

use serde_json::{Map, Value, json};

use crate::cedar::{EntityName, Side};
use crate::engine::{OwnQuestion, SearchAbout, Snapshot};

use super::super::exchange::Exchange;
use super::super::json::Fields;
use super::super::problem::{Problem, none_wrong};
use super::super::reply::Reply;
use super::own::{self, Open};
use super::page::{Paging, paging};
use super::read;
use super::search::{cut, sorted};

/// The stored subjects of a type that may do this.
pub(super) fn subject(
    exchange: &Exchange,
    snapshot: &Snapshot,
    members: Map<String, Value>,
) -> Result<Reply, Problem> {
    ids(exchange, snapshot, members, Open::Subject)
}

/// The stored resources of a type that this may be done on.
pub(super) fn resource(
    exchange: &Exchange,
    snapshot: &Snapshot,
    members: Map<String, Value>,
) -> Result<Reply, Problem> {
    ids(exchange, snapshot, members, Open::Resource)
}

/// What a subject may do on a resource.
pub(super) fn action(
    exchange: &Exchange,
    snapshot: &Snapshot,
    members: Map<String, Value>,
) -> Result<Reply, Problem> {
    let (own, paging) = allowed(exchange, snapshot, members, Open::Action)?;
    let start = paging.start(text("action", &own))?;
    let open = snapshot.search_own_actions(&snapshot.own_question(&own), exchange.now)?;
    let found = cut(open, &start.request());
    Ok(start.answer(&found, |name| json!({ "name": name })))
}

fn ids(
    exchange: &Exchange,
    snapshot: &Snapshot,
    members: Map<String, Value>,
    open: Open,
) -> Result<Reply, Problem> {
    let (own, paging) = allowed(exchange, snapshot, members, open)?;
    let (name, side, sought) = match open {
        Open::Resource => ("resource", Side::Resource, &own.resource),
        Open::Subject | Open::Action => ("subject", Side::Principal, &own.subject),
    };
    let start = paging.start(text(name, &own))?;
    let question = snapshot.own_question(&own);
    let found = snapshot.search_own(&question, side, &start.request(), exchange.now)?;
    Ok(start.answer(&found, |id| json!({ "type": sought.of, "id": id })))
}

/// A search that the caller may make, and its page.
fn allowed(
    exchange: &Exchange,
    snapshot: &Snapshot,
    members: Map<String, Value>,
    open: Open,
) -> Result<(OwnQuestion, Paging), Problem> {
    let mut errors = Vec::new();
    let mut fields = Fields::new(members, "", &mut errors);
    let own = own::own(&mut fields, Some(open));
    let paging = paging(&mut fields);
    none_wrong(errors)?;
    let (Some(mut own), Some(paging)) = (own, paging) else {
        return Err(Problem::malformed("the search is incomplete"));
    };
    // Of an evaluation it asks for reasons; what is found needs none.
    read::take_explain(&mut own.context)?;
    let about = SearchAbout {
        resource: Some(&own::about(&own.resource.of)),
        ..SearchAbout::default()
    };
    snapshot.may_search(exchange.by()?, about)?;
    Ok((own, paging))
}

/// All that the answer depends on, as one text: what a token is bound to.
fn text(of: &str, own: &OwnQuestion) -> String {
    let entity = |name: &EntityName, properties| json!([name.of, name.id, sorted(properties)]);
    json!([
        "own",
        of,
        entity(&own.subject, &own.subject_properties),
        [json!(own.action), json!(sorted(&own.action_properties))],
        entity(&own.resource, &own.resource_properties),
        sorted(&own.context),
    ])
    .to_string()
}
