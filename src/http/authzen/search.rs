//! The three searches (section 8): who may do this, on what, and what may be done.
//!
//! The same questions as those of `/v1/search`, with an action and a resource named. What no system user, resource or
//! action can be is found nowhere, and is no error.

use serde_json::{Map, Value, json};

use crate::engine::{Found, PageRequest, SearchAbout, Snapshot, Sought, ViewError};
use crate::model::id::{ActionName, OrgNo, ResourceId, SystemUserId};
use crate::model::question::Asked;

use super::super::exchange::Exchange;
use super::super::json::{self, Fields};
use super::super::problem::{Problem, none_wrong};
use super::super::reply::Reply;
use super::super::router::Service;
use super::own;
use super::own_search;
use super::page::{Paging, paging};
use super::read::{SYSTEM_USER, action, context, properties, take_explain};

/// `POST /access/v1/search/subject`: the system users that may do this for a client.
pub(crate) fn subject(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let members = json::object(&exchange.body, service.limits.json_depth)?;
    let snapshot = service.engine.snapshot();
    if own::is_own(&snapshot, &members) {
        return own_search::subject(exchange, &snapshot, members);
    }
    let read = Read::of(members, &["subject/id"])?;
    let client = read.client(&snapshot)?;
    may_search(&snapshot, exchange, &read.resource, None, client)?;
    let sought = read.sought(&snapshot)?;
    let question = read.text("subject", &sought.asked);
    let start = read.paging.start(question)?;
    let found = match client {
        Some(client) if read.subject_type == SYSTEM_USER => {
            let page = start.request();
            let found = snapshot.search_system_users(client, Some(&sought), &page, exchange.now);
            found.map_err(of_token)?
        }
        Some(_) | None => Found::nothing(),
    };
    Ok(start.answer(
        &found,
        |user| json!({ "type": SYSTEM_USER, "id": user.system_user }),
    ))
}

/// `POST /access/v1/search/resource`: the clients that a system user may do this for.
pub(crate) fn resource(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let members = json::object(&exchange.body, service.limits.json_depth)?;
    let snapshot = service.engine.snapshot();
    if own::is_own(&snapshot, &members) {
        return own_search::resource(exchange, &snapshot, members);
    }
    let read = Read::of(members, &["resource/id"])?;
    let user = read.system_user()?;
    may_search(&snapshot, exchange, &read.resource, user, None)?;
    let sought = read.sought(&snapshot)?;
    let question = read.text("resource", &sought.asked);
    let start = read.paging.start(question)?;
    let found = match user {
        Some(user) => {
            let page = start.request();
            let found = snapshot.search_clients(user, Some(&sought), &page, exchange.now);
            found.map_err(of_token)?
        }
        None => Found::nothing(),
    };
    Ok(start.answer(
        &found,
        |client| json!({ "type": sought.resource, "id": client }),
    ))
}

/// `POST /access/v1/search/action`: what a system user may do for a client. An action that is sent is passed over.
pub(crate) fn action_names(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let members = json::object(&exchange.body, service.limits.json_depth)?;
    let snapshot = service.engine.snapshot();
    if own::is_own(&snapshot, &members) {
        return own_search::action(exchange, &snapshot, members);
    }
    let read = Read::of(members, &["action"])?;
    let (user, client) = (read.system_user()?, read.client(&snapshot)?);
    may_search(&snapshot, exchange, &read.resource, user, client)?;
    let asked = Asked {
        authentication_level: None,
        members: read.context.clone(),
    };
    let question = read.text("action", &asked);
    let open = match (user, client) {
        (Some(user), Some(client)) => {
            snapshot.search_actions(user, client, &read.resource, &read.context, exchange.now)?
        }
        (None, _) | (_, None) => Vec::new(),
    };
    let start = read.paging.start(question)?;
    let found = cut(open, &start.request());
    Ok(start.answer(&found, |action| json!({ "name": action })))
}

/// A page of a list that is short enough to be made whole.
pub(super) fn cut<N: AsRef<str>>(mut names: Vec<N>, page: &PageRequest) -> Found<N> {
    let after = page.page.as_deref().unwrap_or_default();
    names.retain(|name| name.as_ref() > after);
    let limit = page.limit.unwrap_or(usize::MAX).max(1);
    let mut found = Found::nothing();
    found.looked_at = names.len();
    if names.len() > limit {
        names.truncate(limit);
        let last = names.last().map(AsRef::as_ref);
        last.unwrap_or_default().clone_into(&mut found.next);
    }
    found.items = names;
    found
}

/// That the caller may search about any of what the question names.
fn may_search(
    snapshot: &Snapshot,
    exchange: &Exchange,
    resource: &ResourceId,
    system_user: Option<SystemUserId>,
    client: Option<OrgNo>,
) -> Result<(), Problem> {
    let about = SearchAbout {
        resource: Some(resource),
        system_user,
        client,
    };
    Ok(snapshot.may_search(exchange.by()?, about)?)
}

fn of_token(error: ViewError) -> Problem {
    if matches!(error, ViewError::PageToken(_)) {
        let detail = "`token` is not one that a search has answered";
        return Problem::of_field("/page/token", detail);
    }
    error.into()
}

/// A search as it came in. What is searched for has no id, or one that is passed over.
struct Read {
    subject_type: String,
    subject_id: Option<String>,
    action: Option<ActionName>,
    resource: ResourceId,
    resource_id: Option<String>,
    context: Map<String, Value>,
    paging: Paging,
}

impl Read {
    fn of(members: Map<String, Value>, without: &[&str]) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let mut fields = Fields::new(members, "", &mut errors);
        let needs = |name| !without.contains(&name);
        let subject = identity(&mut fields, "subject", needs("subject/id"));
        let action = needs("action").then(|| action(&mut fields)).flatten();
        let resource = identity(&mut fields, "resource", needs("resource/id"));
        let context = context(&mut fields);
        let paging = paging(&mut fields);
        none_wrong(errors)?;
        let (Some((subject_type, subject_id)), Some((resource, resource_id))) = (subject, resource)
        else {
            return Err(Problem::malformed("the search is incomplete"));
        };
        let resource = resource
            .parse()
            .map_err(|error: crate::model::id::IdError| {
                Problem::of_field("/resource/type", error.to_string())
            })?;
        let mut context = context.unwrap_or_default();
        // Of an evaluation it asks for reasons; what is found needs none.
        take_explain(&mut context)?;
        Ok(Self {
            subject_type,
            subject_id,
            action,
            resource,
            resource_id,
            context,
            paging: paging.unwrap_or_default(),
        })
    }

    /// The system user that acts; nobody if the subject is of another kind.
    fn system_user(&self) -> Result<Option<SystemUserId>, Problem> {
        let Some(id) = &self.subject_id else {
            return Ok(None);
        };
        if self.subject_type != SYSTEM_USER {
            return Ok(None);
        }
        let parsed = id.parse::<SystemUserId>();
        parsed
            .map(Some)
            .map_err(|error| Problem::of_field("/subject/id", error.to_string()))
    }

    /// The client that is acted for. What an unknown resource would call its instances nobody knows.
    fn client(&self, snapshot: &Snapshot) -> Result<Option<OrgNo>, Problem> {
        let Some(id) = &self.resource_id else {
            return Ok(None);
        };
        match id.parse::<OrgNo>() {
            Ok(client) => Ok(Some(client)),
            Err(error) if snapshot.knows_resource(&self.resource) => {
                Err(Problem::of_field("/resource/id", error.to_string()))
            }
            Err(_) => Ok(None),
        }
    }

    fn sought(&self, snapshot: &Snapshot) -> Result<Sought, Problem> {
        let Some(action) = self.action.clone() else {
            return Err(Problem::malformed("the search has no action"));
        };
        let asked = snapshot.context(&action, &self.context)?;
        Ok(Sought {
            action,
            resource: self.resource.clone(),
            asked,
        })
    }

    /// All that the answer depends on, as one text: what a token is bound to.
    fn text(&self, of: &str, asked: &Asked) -> String {
        let members: Map<_, _> = sorted(&asked.members);
        json!([
            of,
            self.subject_type,
            self.subject_id,
            self.action,
            self.resource,
            self.resource_id,
            asked.authentication_level,
            members,
        ])
        .to_string()
    }
}

/// The same members in one order, all the way down: the order of members in an object says nothing.
pub(super) fn sorted(members: &Map<String, Value>) -> Map<String, Value> {
    let mut names: Vec<_> = members.iter().collect();
    names.sort_unstable_by_key(|(name, _)| *name);
    names
        .into_iter()
        .map(|(name, value)| (name.clone(), sorted_within(value)))
        .collect()
}

fn sorted_within(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(sorted(members)),
        Value::Array(items) => items.iter().map(sorted_within).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The type of a subject or resource, and its id if that is needed.
fn identity(
    fields: &mut Fields<'_>,
    name: &str,
    with_id: bool,
) -> Option<(String, Option<String>)> {
    let mut object = fields.object(name)?;
    properties(&mut object);
    let kind = object.text("type");
    if !with_id {
        return Some((kind?, None));
    }
    let id = object.text("id");
    Some((kind?, Some(id?)))
}
