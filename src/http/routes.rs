//! The routes: one table, which the dispatcher, `405` answers and the test of the `OpenAPI` document read.

use hyper::Method;

use super::authzen;
use super::exchange::Exchange;
use super::problem::Problem;
use super::reply::Reply;
use super::router::Service;
use super::v1::{
    authorized, clients, journal, parties, policies, publish, relations, requests, search, systems,
    users,
};

/// Answers one request. Runs on a blocking thread unless its route says otherwise.
pub(crate) type Handler = fn(&Service, &Exchange) -> Result<Reply, Problem>;

/// Answers what is asked in the usual form, on the async thread; nothing if it is not.
pub(crate) type QuickHandler = fn(&Service, &Exchange) -> Option<Reply>;

/// How a route is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// On the async thread, with a known caller: it never waits.
    Quick,
    /// On a blocking thread, with a known caller: it reads the store, changes something, or looks at a whole list.
    Blocking,
    /// On a blocking thread, with a known caller: a question that takes long to answer. Nothing is changed by it.
    Question,
    /// On a blocking thread, with a known caller, who is still sending: the handler says first whether it wants the body.
    Upload,
    /// On the async thread, for anybody: how the daemon is.
    Open,
}

/// One route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) pattern: &'static str,
    pub(crate) kind: Kind,
    pub(crate) handler: Handler,
    /// What is tried before the handler.
    pub(crate) quick: Option<QuickHandler>,
}

impl Route {
    /// Whether it is about delegations, which a Cedar world of its own has none of.
    pub(crate) fn needs_delegations(&self) -> bool {
        const WITHOUT: [&str; 4] = [
            "/v1/is_authorized",
            "/v1/is_authorized/batch",
            "/v1/changes",
            "/v1/export",
        ];
        let is_about_policies = self.pattern.starts_with("/v1/policies");
        self.pattern.starts_with("/v1/") && !is_about_policies && !WITHOUT.contains(&self.pattern)
    }
}

fn route(method: Method, pattern: &'static str, kind: Kind, handler: Handler) -> Route {
    Route {
        method,
        pattern,
        kind,
        handler,
        quick: None,
    }
}

/// Every route of the daemon.
pub(crate) fn table() -> Vec<Route> {
    use Kind::{Blocking, Open, Question, Quick, Upload};
    let (get, put, post, delete) = (Method::GET, Method::PUT, Method::POST, Method::DELETE);
    let clients_of = "/v1/system-users/{id}/clients";
    let client = "/v1/system-users/{id}/clients/{org}";
    let relation = "/v1/relations/{client}/{firm}/{role}";
    let mut routes = searches();
    routes.extend(questions());
    routes.extend(policy_routes());
    routes.extend([
        route(post.clone(), "/v1/evaluation", Question, authzen::as_of),
        route(get.clone(), "/v1/parties/{org}", Quick, parties::show),
        route(put.clone(), "/v1/parties/{org}", Blocking, parties::put),
        route(get.clone(), "/v1/systems", Blocking, systems::list),
        route(post.clone(), "/v1/systems", Blocking, systems::register),
        route(get.clone(), "/v1/systems/{id}", Quick, systems::show),
        route(put.clone(), "/v1/systems/{id}", Blocking, systems::change),
        route(
            delete.clone(),
            "/v1/systems/{id}",
            Blocking,
            systems::delete,
        ),
        route(get.clone(), "/v1/requests", Blocking, requests::list),
        route(post.clone(), "/v1/requests", Blocking, requests::create),
        route(get.clone(), "/v1/requests/{id}", Quick, requests::show),
        route(
            delete.clone(),
            "/v1/requests/{id}",
            Blocking,
            requests::withdraw,
        ),
        route(
            post.clone(),
            "/v1/requests/{id}/approve",
            Blocking,
            requests::approve,
        ),
        route(
            post.clone(),
            "/v1/requests/{id}/reject",
            Blocking,
            requests::reject,
        ),
        route(
            post.clone(),
            "/v1/requests/{id}/escalate",
            Blocking,
            requests::escalate,
        ),
        route(get.clone(), "/v1/system-users", Blocking, users::list),
        route(get.clone(), "/v1/system-users/{id}", Quick, users::show),
        route(
            delete.clone(),
            "/v1/system-users/{id}",
            Blocking,
            users::delete,
        ),
        route(get.clone(), clients_of, Blocking, clients::list),
        route(
            get.clone(),
            "/v1/system-users/{id}/clients/available",
            Blocking,
            clients::available,
        ),
        route(
            post.clone(),
            "/v1/system-users/{id}/clients/batch",
            Blocking,
            clients::batch,
        ),
        route(get.clone(), client, Blocking, clients::show),
        route(put.clone(), client, Blocking, clients::add),
        route(delete.clone(), client, Blocking, clients::remove),
        route(get.clone(), relation, Quick, relations::show),
        route(put, relation, Blocking, relations::put),
        route(delete, relation, Blocking, relations::end),
        route(get.clone(), "/v1/changes", Blocking, journal::changes),
        route(post, "/v1/import", Upload, journal::import),
        route(get.clone(), "/v1/export", Blocking, journal::export),
        route(get.clone(), "/healthz", Open, super::router::healthz),
        route(get.clone(), "/livez", Open, super::router::livez),
        route(get.clone(), "/readyz", Open, super::router::readyz),
        route(get.clone(), "/metrics", Open, super::metrics::metrics),
        route(get, "/openapi.json", Open, super::router::openapi),
    ]);
    routes
}

/// What is in force, what was, and what is to be.
fn policy_routes() -> [Route; 9] {
    let of = |method, pattern, handler| route(method, pattern, Kind::Blocking, handler);
    let get = |pattern, handler| of(Method::GET, pattern, handler);
    [
        get("/v1/policies", policies::show as Handler),
        of(Method::PUT, "/v1/policies", publish::put as Handler),
        get("/v1/policies/status", policies::status),
        get("/v1/policies/versions", policies::versions),
        get("/v1/policies/versions/{version}", policies::one_version),
        get("/v1/policies/diff", policies::diff),
        of(Method::POST, "/v1/policies/rollback", publish::rollback),
        get("/v1/policies/proposals", publish::proposals),
        of(
            Method::POST,
            "/v1/policies/proposals/{revision}/approve",
            publish::approve,
        ),
    ]
}

/// Questions that are decided as they come in.
fn questions() -> [Route; 2] {
    let at = |pattern, handler, quick| Route {
        quick: Some(quick),
        ..route(Method::POST, pattern, Kind::Quick, handler)
    };
    [
        at(
            "/access/v1/evaluation",
            authzen::evaluation as Handler,
            authzen::quick::evaluation as QuickHandler,
        ),
        at(
            "/access/v1/evaluations",
            authzen::evaluations,
            authzen::quick::evaluations,
        ),
    ]
}

/// Reverse questions, and those in Cedar's own form: they look at whole lists. And where they are, for those who ask.
fn searches() -> Vec<Route> {
    let get: [(&'static str, Handler); 5] = [
        ("/v1/search/clients", search::clients),
        ("/v1/search/clients/count", search::count_clients),
        ("/v1/search/system-users", search::system_users),
        ("/v1/search/system-users/count", search::count_system_users),
        ("/v1/search/actions", search::actions),
    ];
    let post: [(&'static str, Handler); 5] = [
        ("/v1/is_authorized", authorized::one),
        ("/v1/is_authorized/batch", authorized::batch),
        ("/access/v1/search/subject", authzen::subject),
        ("/access/v1/search/resource", authzen::resource),
        ("/access/v1/search/action", authzen::action_names),
    ];
    let open = [
        "/.well-known/authzen-configuration",
        "/.well-known/authzen-configuration/{*tenant}",
    ];
    let open = open.map(|pattern| route(Method::GET, pattern, Kind::Open, authzen::metadata));
    let get = get.map(|(pattern, handler)| route(Method::GET, pattern, Kind::Question, handler));
    let post = post.map(|(pattern, handler)| route(Method::POST, pattern, Kind::Question, handler));
    open.into_iter().chain(get).chain(post).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::table;
    use crate::http::router::OPENAPI;

    fn document() -> Value {
        serde_json::from_str(OPENAPI).unwrap()
    }

    #[test]
    fn the_openapi_document_has_every_route_and_no_other() {
        let routes: BTreeSet<_> = table()
            .iter()
            .map(|route| {
                (
                    // A path of several parts is one parameter to the document, too.
                    route.pattern.replace("{*", "{"),
                    route.method.as_str().to_lowercase(),
                )
            })
            .collect();
        let document = document();
        let mut documented = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item
                .as_object()
                .unwrap()
                .keys()
                .filter(|key| *key != "parameters")
            {
                documented.insert((path.clone(), method.clone()));
            }
        }
        assert_eq!(documented, routes);
    }

    #[test]
    fn every_path_parameter_is_described_and_every_reference_resolves() {
        let document = document();
        for (path, item) in document["paths"].as_object().unwrap() {
            let named: BTreeSet<_> = path
                .split('{')
                .skip(1)
                .filter_map(|part| part.split('}').next())
                .collect();
            let described = item["parameters"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            let described: BTreeSet<_> = described
                .iter()
                .map(|parameter| resolved(&document, parameter)["name"].as_str().unwrap())
                .collect();
            assert_eq!(described, named, "{path}");
        }
        let mut references = 0;
        walk(&document, &document, &mut references);
        assert!(references > 50, "{references}");
    }

    fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
            return value;
        };
        document
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    fn walk(document: &Value, value: &Value, references: &mut usize) {
        match value {
            Value::Object(members) => {
                if value.get("$ref").is_some() {
                    resolved(document, value);
                    *references += 1;
                }
                members
                    .values()
                    .for_each(|member| walk(document, member, references));
            }
            Value::Array(items) => items
                .iter()
                .for_each(|item| walk(document, item, references)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
