//! Questions in Cedar's own form by a token that speaks for system users.

use std::cell::Cell;
use std::collections::HashMap;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::super::exchange::Exchange;
use super::super::limits::Limits;
use super::super::router::Service;
use super::{CLIENT, callers, engine};
use crate::model::caller::{BoundResources, Caller, CallerKind};
use crate::model::id::SystemUserId;
use crate::model::time::Timestamp;

const USER: &str = "5ea1d000-0000-4000-8000-000000000001";
const OTHER: &str = "5ea1d000-0000-4000-8000-000000000002";

/// What is answered to a body from a caller whose token speaks for these.
fn asked(
    service: &Service,
    path: &str,
    body: &Value,
    speaks_for: &[&str],
) -> Result<Value, (StatusCode, &'static str)> {
    let users: Vec<SystemUserId> = speaks_for.iter().map(|id| id.parse().unwrap()).collect();
    let found = service.find(&Method::POST, path).unwrap();
    let exchange = Exchange {
        caller: Some(std::sync::Arc::new(Caller {
            id: "maskinporten".parse().unwrap(),
            kind: CallerKind::ResourceApi {
                resources: BoundResources::Every,
            },
        })),
        place: 0,
        system_users: users,
        trace: None,
        request_id: hyper::header::HeaderValue::from_static("test"),
        path: HashMap::new(),
        query: String::new(),
        if_match: None,
        body: body.to_string().into(),
        upload: Cell::new(None),
        now: Timestamp::from_millis(0),
    };
    let answered = (found.route.handler)(service, &exchange);
    let answered = answered.map_err(|problem| (problem.status, problem.code))?;
    Ok(serde_json::from_slice(&answered.body).unwrap())
}

#[test]
fn a_token_of_system_users_asks_about_their_mandates_alone() {
    let (engine, _dir) = engine();
    let service = Service::new(engine, callers(), Limits::default(), String::new());
    let question = |principal: String| json!({ "principal": principal, "action": "Action::\"read\"", "resource": "Resource::\"ske-krav-og-betalinger\"" });
    let own = question(format!("Mandate::\"{USER}@{CLIENT}\""));
    let others = question(format!("Mandate::\"{OTHER}@{CLIENT}\""));
    let stranger = question(format!("User::\"{USER}@{CLIENT}\""));
    let one = "/v1/is_authorized";
    assert!(asked(&service, one, &own, &[USER]).is_ok());
    assert!(asked(&service, one, &own, &[OTHER, USER]).is_ok());
    assert!(asked(&service, one, &others, &[]).is_ok());
    let refused = Err((StatusCode::FORBIDDEN, "other-system-user"));
    assert_eq!(asked(&service, one, &others, &[USER]), refused);
    assert_eq!(asked(&service, one, &stranger, &[USER]), refused);
    let batch = json!({ "requests": [own, others] });
    let answers = asked(&service, "/v1/is_authorized/batch", &batch, &[USER]).unwrap();
    assert_eq!(answers["responses"][0]["error"], Value::Null);
    assert_eq!(
        answers["responses"][1]["error"]["code"],
        "other-system-user"
    );
}
