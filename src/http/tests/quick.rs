//! The quick way of evaluations beside the general one: the same bytes, or nothing.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::HeaderValue;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::authzen::{self, quick};
use super::super::exchange::Exchange;
use super::super::reply::Reply;
use super::super::router::Service;
use super::super::{Limits, problem::Problem};
use super::{callers, engine};
use crate::model::id::SystemUserId;
use crate::model::time::Timestamp;
use crate::scenario::Synthetic;

const NOW: i64 = 1_790_000_000_000;

/// What is asked, and by whom.
#[derive(Debug, Clone)]
struct Asked {
    body: String,
    token: &'static str,
    /// Whether the token speaks for a system user.
    bound: bool,
}

fn exchange(service: &Service, asked: &Asked) -> Exchange {
    let place = service.callers.with_token(asked.token).unwrap();
    Exchange {
        caller: service.callers.at(place).cloned(),
        place,
        system_users: vec![SystemUserId(uuid::Uuid::nil()); usize::from(asked.bound)],
        trace: None,
        request_id: HeaderValue::from_static("example"),
        path: HashMap::new(),
        query: String::new(),
        if_match: None,
        body: asked.body.clone().into(),
        upload: Cell::new(None),
        now: Timestamp::from_millis(NOW),
    }
}

/// Both ways at both routes; how often the quick one answered.
fn compared(service: &Service, asked: &Asked) -> usize {
    type General = fn(&Service, &Exchange) -> Result<Reply, Problem>;
    type Quick = fn(&Service, &Exchange) -> Option<Reply>;
    let ways: [(Quick, General); 2] = [
        (quick::evaluation, authzen::evaluation),
        (quick::evaluations, authzen::evaluations),
    ];
    let answered = ways.map(|(quick, general)| {
        let Some(quickly) = quick(service, &exchange(service, asked)) else {
            return 0;
        };
        let generally = general(service, &exchange(service, asked));
        let generally = generally.unwrap_or_else(|problem| panic!("{asked:?}: {problem:?}"));
        assert_eq!(quickly.status, StatusCode::OK);
        assert_eq!(quickly.content_type, generally.content_type);
        assert!(generally.headers.is_empty());
        assert_eq!(quickly.body, generally.body, "{asked:?}");
        1
    });
    answered.into_iter().sum()
}

fn world() -> (Service, tempfile::TempDir, Synthetic) {
    let (engine, dir) = engine();
    let world = Synthetic::of(2000);
    world.write(&engine, Timestamp::from_millis(NOW)).unwrap();
    let service = Service::new(
        Arc::clone(&engine),
        callers(),
        Limits::default(),
        String::new(),
    );
    (service, dir, world)
}

/// A member's object: mostly as it should be.
fn object(members: Vec<(&'static str, Vec<String>)>) -> BoxedStrategy<String> {
    let usual: Vec<_> = members
        .iter()
        .map(|(name, values)| {
            let name = *name;
            select(values.clone()).prop_map(move |value| format!("\"{name}\": {value}"))
        })
        .collect();
    let odd = select(vec![
        r#""properties": {"a": 1}"#,
        r#""properties": {"a": 1, "a": 1}"#,
        r#""type": "again""#,
        r#""n\u0061me": "read""#,
        r#""extra": [1]"#,
    ]);
    (usual, prop::option::weighted(0.1, odd), 0..12u8)
        .prop_map(|(mut members, odd, shape)| {
            members.extend(odd.map(str::to_owned));
            match shape {
                0 => members.reverse(),
                1 => drop(members.pop()),
                2 => return format!("[{}]", members.join(",").replace(": ", ",")),
                _ => {}
            }
            format!("{{{}}}", members.join(", "))
        })
        .boxed()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn evaluation(world: &Synthetic) -> BoxedStrategy<Vec<(&'static str, String)>> {
    let pairs = world.pairs(30);
    let mut users: Vec<_> = pairs
        .iter()
        .map(|pair| format!("\"{}\"", pair.system_user))
        .collect();
    users.extend(texts(&[
        r#""5ea1d000-0000-4000-8000-00000000ffff""#,
        r#""nobody""#,
        "7",
    ]));
    let mut clients: Vec<_> = pairs
        .iter()
        .map(|pair| format!("\"{}\"", pair.client))
        .collect();
    clients.extend(texts(&[
        r#""312002745""#,
        "312002744",
        r#""3120027\u00344""#,
    ]));
    let kinds = texts(&[r#""systemuser""#; 9])
        .into_iter()
        .chain(texts(&[r#""user""#]));
    let mut resources = texts(&[r#""ske-krav-og-betalinger""#; 9]);
    resources.extend(texts(&[
        r#""mva-melding-innsending""#,
        r#""unknown""#,
        r#""Bad Name""#,
    ]));
    let mut actions = texts(&[r#""read""#; 9]);
    actions.extend(texts(&[r#""write""#, r#""fly""#, "null"]));
    let whole = (
        object(vec![("type", kinds.collect()), ("id", users)]),
        object(vec![("name", actions)]),
        object(vec![("type", resources), ("id", clients)]),
    );
    let left_out = prop::option::weighted(0.2, 0..3usize);
    let more = prop::option::weighted(
        0.1,
        select(vec![
            ("context", "{}"),
            ("context", r#"{"explain": true}"#),
            ("context", r#"{"authenticationLevel": 1}"#),
            ("extra", "1"),
            ("subject", "{}"),
            ("action", r#"{"name": "write"}"#),
            (
                "resource",
                r#"{"type": "ske-krav-og-betalinger", "id": "312002744"}"#,
            ),
        ]),
    );
    (whole, left_out, more)
        .prop_map(|((subject, action, resource), left_out, more)| {
            let mut members = vec![
                ("subject", subject),
                ("action", action),
                ("resource", resource),
            ];
            if let Some(place) = left_out {
                members.remove(place);
            }
            members.extend(more.map(|(name, value)| (name, value.to_owned())));
            members
        })
        .boxed()
}

fn written(members: &[(&'static str, String)]) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn asked(world: &Synthetic) -> impl Strategy<Value = Asked> + use<> {
    let items = prop::option::weighted(0.6, prop::collection::vec(evaluation(world), 0..4));
    let options = prop::option::weighted(
        0.1,
        Just(r#"{"evaluations_semantic": "deny_on_first_deny"}"#),
    );
    let tail = prop::option::weighted(0.05, select(vec![" ", "x", "{}"]));
    let token = select(vec!["api", "api", "api", "other-api", "vendor"]);
    (
        evaluation(world),
        items,
        options,
        tail,
        token,
        prop::bool::weighted(0.05),
    )
        .prop_map(|(mut whole, items, options, tail, token, bound)| {
            if let Some(items) = items {
                let items: Vec<_> = items.iter().map(|item| written(item)).collect();
                whole.push(("evaluations", format!("[{}]", items.join(","))));
            }
            whole.extend(options.map(|options| ("options", options.to_owned())));
            Asked {
                body: written(&whole) + tail.unwrap_or_default(),
                token,
                bound,
            }
        })
}

#[test]
fn the_quick_way_answers_as_the_general_one() {
    let (service, _dir, world) = world();
    let (mut runner, answered) = (
        proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(8000)),
        Cell::new(0),
    );
    runner
        .run(&asked(&world), |asked| {
            answered.set(answered.get() + compared(&service, &asked));
            Ok(())
        })
        .unwrap();
    assert!(answered.get() > 300, "{} were quick", answered.get());
}

#[test]
fn the_usual_forms_are_quick() {
    let (service, _dir, world) = world();
    let mut permits = 0;
    for pair in world.pairs(50) {
        let subject = format!(r#"{{"type":"systemuser","id":"{}"}}"#, pair.system_user);
        let resource = format!(
            r#"{{ "id": "{}", "type": "{}" }}"#,
            pair.client,
            Synthetic::RESOURCE
        );
        let action = r#"{"name":"read"}"#;
        let single = format!(r#"{{"subject":{subject},"action":{action},"resource":{resource}}}"#);
        let batch = format!(
            r#"{{"subject":{subject},"action":{action},"evaluations":[{{"resource":{resource}}},{single}]}}"#
        );
        for (body, quick, wanted) in [
            (
                single,
                quick::evaluation as fn(&Service, &Exchange) -> Option<Reply>,
                1,
            ),
            (batch, quick::evaluations, 2),
        ] {
            let asked = Asked {
                body,
                token: "api",
                bound: false,
            };
            let reply = quick(&service, &exchange(&service, &asked)).unwrap();
            let said = String::from_utf8(reply.body.to_vec()).unwrap();
            let number = said
                .matches(&format!("\"decision\":{}", pair.permit))
                .count();
            assert_eq!(number, wanted, "{said}");
            permits += usize::from(pair.permit);
            compared(&service, &asked);
        }
    }
    assert!(permits > 20 && permits < 80, "{permits}");
}

#[test]
fn what_one_caller_may_ask_is_never_anothers_at_the_same_place() {
    let (service, _dir, world) = world();
    let pair = world.pairs(1)[0];
    let body = format!(
        r#"{{"subject":{{"type":"systemuser","id":"{}"}},"action":{{"name":"read"}},"resource":{{"type":"{}","id":"{}"}}}}"#,
        pair.system_user,
        Synthetic::RESOURCE,
        pair.client
    );
    let of = |token| {
        let asked = Asked {
            body: body.clone(),
            token,
            bound: false,
        };
        exchange(&service, &asked)
    };
    let (entitled, other) = (of("api"), of("other-api"));
    assert!(quick::evaluation(&service, &entitled).is_some());
    let confused = Exchange {
        place: entitled.place,
        ..other
    };
    assert!(quick::evaluation(&service, &confused).is_none());
}
