//! The document's examples, put to the handlers that they are examples for.

use std::cell::Cell;
use std::collections::HashMap;

use serde_json::Value;

use super::super::exchange::Exchange;
use super::super::limits::Limits;
use super::super::router::{OPENAPI, Service};
use super::super::upload::Upload;
use super::{callers, engine};
use crate::model::caller::{Caller, CallerKind};
use crate::model::time::Timestamp;

/// Values for the parameters of paths.
const PARAMETERS: [(&str, &str); 6] = [
    ("{id}", "5ea1d000-0000-4000-8000-000000000001"),
    ("{org}", "312002744"),
    ("{client}", "312002744"),
    ("{firm}", "312001373"),
    ("{role}", "rettighetshaver"),
    (
        "/v1/systems/5ea1d000-0000-4000-8000-000000000001",
        "/v1/systems/991825827_smartcloud",
    ),
];

fn exchange(path: HashMap<String, String>, body: String, is_upload: bool) -> Exchange {
    let upload = is_upload.then(|| Upload::of(body.clone().into()));
    let caller = Caller {
        id: "operator".parse().unwrap(),
        kind: CallerKind::Operator,
    };
    Exchange {
        caller: Some(std::sync::Arc::new(caller)),
        place: 0,
        system_users: Vec::new(),
        trace: None,
        request_id: hyper::header::HeaderValue::from_static("example"),
        path,
        query: String::new(),
        if_match: None,
        body: if is_upload {
            Vec::new().into()
        } else {
            body.into()
        },
        upload: Cell::new(upload),
        now: Timestamp::from_millis(0),
    }
}

/// The query of a path's parameters that have an example.
fn query(document: &Value, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let resolved = parameters.map(|parameter| {
        let reference = parameter["$ref"].as_str().unwrap();
        document.pointer(reference.trim_start_matches('#')).unwrap()
    });
    let pairs = resolved.filter_map(|parameter| {
        let example = parameter.get("example")?;
        let value = example
            .as_str()
            .map_or_else(|| example.to_string(), str::to_owned);
        Some(format!("{}={value}", parameter["name"].as_str()?))
    });
    pairs.collect::<Vec<_>>().join("&")
}

#[test]
fn every_example_of_a_query_is_well_formed_to_its_handler() {
    let (engine, _dir) = engine();
    let service = Service::new(engine, callers(), Limits::default(), String::new());
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut tried = 0;
    for (pattern, item) in document["paths"].as_object().unwrap() {
        let query = query(&document, &item["get"]);
        if query.is_empty() {
            continue;
        }
        let found = service.find(&hyper::Method::GET, pattern);
        let found = found.unwrap_or_else(|problem| panic!("{pattern}: {problem:?}"));
        let exchange = Exchange {
            query,
            ..exchange(found.path, String::new(), false)
        };
        if let Err(problem) = (found.route.handler)(&service, &exchange) {
            assert_ne!(problem.status.as_u16(), 400, "{pattern}: {problem:?}");
        }
        tried += 1;
    }
    assert_eq!(tried, 6);
}

#[test]
fn every_example_of_a_body_is_well_formed_to_its_handler() {
    let (engine, _dir) = engine();
    let service = Service::new(engine, callers(), Limits::default(), String::new());
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut tried = 0;
    for (pattern, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(contents) = operation.pointer("/requestBody/content") else {
                continue;
            };
            for (kind, content) in contents.as_object().unwrap() {
                let name = format!("{method} {pattern}");
                let example = content
                    .get("example")
                    .unwrap_or_else(|| panic!("{name} has no example"));
                let body = example
                    .as_str()
                    .map_or_else(|| example.to_string(), str::to_owned);
                let path = PARAMETERS
                    .iter()
                    .fold(pattern.clone(), |path, (name, value)| {
                        path.replace(name, value)
                    });
                let found = service.find(&method.to_uppercase().parse().unwrap(), &path);
                let found = found.unwrap_or_else(|problem| panic!("{name}: {problem:?}"));
                let exchange = exchange(found.path, body, kind != "application/json");
                if let Err(problem) = (found.route.handler)(&service, &exchange) {
                    assert_ne!(problem.status.as_u16(), 400, "{name}: {problem:?}");
                    let is_line = problem.code == "lines-not-imported";
                    assert!(!is_line, "{name}: {problem:?}");
                }
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 18);
}
