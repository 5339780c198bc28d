//! `/v1/search`: reverse questions. An unknown resource or action is no access, as in a question; an unknown system user is
//! told, as everywhere else under `/v1`.
#![allow(
    clippy::indexing_slicing,
    reason = "writing to a member of a JSON object makes it"
)]

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::engine::{
    Count, Found, NoSystemUser, Reaching, SearchAbout, Snapshot, Sought, ViewError,
};
use crate::model::caller::Caller;
use crate::model::id::{OrgNo, ResourceId, SystemUserId, shown};

use super::super::exchange::{Exchange, number, packed, page_of};
use super::super::problem::{FieldError, Problem, none_wrong};
use super::super::reply::Reply;
use super::super::router::Service;

pub(crate) fn clients(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let query = exchange.query(&["systemUser", "action", "resource", "level", "limit", "page"])?;
    let snapshot = service.engine.snapshot();
    let (user, sought) = of_clients(&snapshot, exchange, &query)?;
    let found = snapshot.search_clients(user, sought.as_ref(), &page_of(&query)?, exchange.now)?;
    let by = exchange.by()?;
    Ok(page_reply(&snapshot, &found, |client| {
        shown_client(&snapshot, by, *client)
    }))
}

pub(crate) fn count_clients(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let query = exchange.query(&["systemUser", "action", "resource", "level"])?;
    let snapshot = service.engine.snapshot();
    let (user, sought) = of_clients(&snapshot, exchange, &query)?;
    let count = snapshot.count_clients(user, sought.as_ref(), exchange.now);
    Ok(count_reply(&snapshot, count))
}

pub(crate) fn system_users(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let query = exchange.query(&["client", "action", "resource", "level", "limit", "page"])?;
    let snapshot = service.engine.snapshot();
    let (client, sought) = of_system_users(&snapshot, exchange, &query)?;
    let page = page_of(&query)?;
    let found = snapshot.search_system_users(client, sought.as_ref(), &page, exchange.now)?;
    Ok(page_reply(&snapshot, &found, shown_user))
}

pub(crate) fn count_system_users(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let query = exchange.query(&["client", "action", "resource", "level"])?;
    let snapshot = service.engine.snapshot();
    let (client, sought) = of_system_users(&snapshot, exchange, &query)?;
    let count = snapshot.count_system_users(client, sought.as_ref(), exchange.now);
    Ok(count_reply(&snapshot, count))
}

pub(crate) fn actions(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let query = exchange.query(&["systemUser", "client", "resource", "level"])?;
    let snapshot = service.engine.snapshot();
    let mut errors = Vec::new();
    let user = needed::<SystemUserId>(&query, "systemUser", &mut errors);
    let client = needed::<OrgNo>(&query, "client", &mut errors);
    let resource = needed::<ResourceId>(&query, "resource", &mut errors);
    let context = context(&query, &mut errors);
    none_wrong(errors)?;
    let (Some(user), Some(client), Some(resource)) = (user, client, resource) else {
        return Err(Problem::malformed("the question is incomplete"));
    };
    let about = SearchAbout {
        resource: Some(&resource),
        system_user: Some(user),
        client: Some(client),
    };
    snapshot.may_search(exchange.by()?, about)?;
    check_known(&snapshot, user)?;
    let open = snapshot.search_actions(user, client, &resource, &context, exchange.now)?;
    let items: Vec<_> = open
        .iter()
        .map(|action| json!({ "action": action }))
        .collect();
    let body = json!({ "items": items, "next": "", "revision": snapshot.revision() });
    Ok(Reply::ok(&body))
}

/// The question whose clients are searched, by one who may.
fn of_clients(
    snapshot: &Snapshot,
    exchange: &Exchange,
    query: &HashMap<String, String>,
) -> Result<(SystemUserId, Option<Sought>), Problem> {
    let mut errors = Vec::new();
    let user = needed::<SystemUserId>(query, "systemUser", &mut errors);
    let sought = sought(snapshot, query, errors)?;
    let Some(user) = user else {
        return Err(Problem::malformed("the question is incomplete"));
    };
    let about = SearchAbout {
        resource: sought.as_ref().map(|sought| &sought.resource),
        system_user: Some(user),
        client: None,
    };
    snapshot.may_search(exchange.by()?, about)?;
    check_known(snapshot, user)?;
    Ok((user, sought))
}

/// The question whose system users are searched, by one who may.
fn of_system_users(
    snapshot: &Snapshot,
    exchange: &Exchange,
    query: &HashMap<String, String>,
) -> Result<(OrgNo, Option<Sought>), Problem> {
    let mut errors = Vec::new();
    let client = needed::<OrgNo>(query, "client", &mut errors);
    let sought = sought(snapshot, query, errors)?;
    let Some(client) = client else {
        return Err(Problem::malformed("the question is incomplete"));
    };
    let about = SearchAbout {
        resource: sought.as_ref().map(|sought| &sought.resource),
        system_user: None,
        client: Some(client),
    };
    snapshot.may_search(exchange.by()?, about)?;
    Ok((client, sought))
}

fn check_known(snapshot: &Snapshot, user: SystemUserId) -> Result<(), Problem> {
    if snapshot.knows(user) {
        Ok(())
    } else {
        Err(ViewError::from(NoSystemUser::Unknown(user)).into())
    }
}

/// What mandates must allow, if anything, once the rest of the query was read without an error.
fn sought(
    snapshot: &Snapshot,
    query: &HashMap<String, String>,
    mut errors: Vec<FieldError>,
) -> Result<Option<Sought>, Problem> {
    let action = given(query, "action", &mut errors);
    let resource = given(query, "resource", &mut errors);
    let context = context(query, &mut errors);
    let has = |name| query.contains_key(name);
    for (name, needs) in [
        ("action", "resource"),
        ("resource", "action"),
        ("level", "action"),
    ] {
        if has(name) && !has(needs) {
            wrong(
                &mut errors,
                name,
                format!("`{name}` needs `{needs}` beside it"),
            );
        }
    }
    none_wrong(errors)?;
    let (Some(action), Some(resource)) = (action, resource) else {
        return Ok(None);
    };
    let asked = snapshot.context(&action, &context)?;
    Ok(Some(Sought {
        action,
        resource,
        asked,
    }))
}

fn context(query: &HashMap<String, String>, errors: &mut Vec<FieldError>) -> Map<String, Value> {
    let mut context = Map::new();
    let Some(text) = query.get("level") else {
        return context;
    };
    if let Some(level) = number(text) {
        context.insert("authenticationLevel".to_owned(), json!(level));
    } else {
        let detail = format!("`level` is `{}`; it has to be a number", shown(text));
        wrong(errors, "level", detail);
    }
    context
}

fn given<T: FromStr<Err: Display>>(
    query: &HashMap<String, String>,
    name: &str,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    match query.get(name)?.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            wrong(errors, name, T::Err::to_string(&error));
            None
        }
    }
}

fn needed<T: FromStr<Err: Display>>(
    query: &HashMap<String, String>,
    name: &str,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    if !query.contains_key(name) {
        wrong(errors, name, format!("query parameter `{name}` is missing"));
    }
    given(query, name, errors)
}

fn wrong(errors: &mut Vec<FieldError>, name: &str, detail: String) {
    let pointer = format!("query:{name}");
    errors.push(FieldError { pointer, detail });
}

fn page_reply<T>(snapshot: &Snapshot, found: &Found<T>, show: impl Fn(&T) -> Value) -> Reply {
    let items: Vec<_> = found.items.iter().map(show).collect();
    let next = packed(&found.next);
    Reply::ok(&json!({ "items": items, "next": next, "revision": snapshot.revision() }))
}

fn count_reply(snapshot: &Snapshot, count: Count) -> Reply {
    Reply::ok(&json!({
        "count": count.count,
        "exact": count.is_exact,
        "revision": snapshot.revision(),
    }))
}

/// A client, with its name for who may read it.
fn shown_client(snapshot: &Snapshot, by: &Caller, client: OrgNo) -> Value {
    let mut shown = json!({ "client": client });
    super::put_party(&mut shown, snapshot.party(by, client).ok().as_ref());
    shown
}

fn shown_user(user: &Reaching) -> Value {
    json!({
        "systemUser": user.system_user,
        "kind": user.kind,
        "owner": user.owner,
        "system": user.system,
    })
}
