//! What is malformed is a precise error, and nothing is written.

use serde_json::{Value, json};

use super::Daemon;

const USER: &str = "5ea1d000-0000-4000-8000-000000000001";

fn revision(daemon: &Daemon) -> Value {
    let head = daemon.done("demo-operator", "GET", "/v1/changes?limit=1&after=0", None);
    let _ = head;
    let metrics = daemon
        .bytes(
            format!(
                "GET /metrics HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
                daemon.address
            )
            .as_bytes(),
        )
        .unwrap();
    let text = String::from_utf8(metrics.body).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("pdp_store_revision "))
        .unwrap()
        .to_owned();
    json!(line)
}

#[test]
fn malformed_questions_name_the_field() {
    let daemon = Daemon::demo();
    let whole = |client: &str| super::question(USER, client);
    let cases: Vec<(Value, &str)> = vec![
        (
            whole("31200274"),
            "organisation number `31200274` is not nine digits",
        ),
        (
            whole("312002745"),
            "organisation number `312002745` has a wrong check digit (MOD11)",
        ),
        (
            super::question("5ea1d000", "312002744"),
            "`5ea1d000` is not a UUID of the form `5ea1d000-0000-4000-8000-000000000001`",
        ),
        (
            json!({ "subject": 1, "action": { "name": "read" }, "resource": { "type": "x", "id": "312002744" } }),
            "`subject` is a number; it has to be an object",
        ),
        (
            json!({ "subject": { "type": "systemuser", "id": USER }, "resource": { "type": "x", "id": "312002744" } }),
            "`action` is missing; it has to be an object",
        ),
    ];
    for (body, expected) in cases {
        let (status, said) = daemon.call(
            "demo-resource-api",
            "POST",
            "/access/v1/evaluation",
            Some(&body),
        );
        assert_eq!((status, &said), (400, &json!(expected)));
    }
    let mut with_now = whole("312002744");
    with_now["context"] = json!({ "now": "2026-01-01T00:00:00Z" });
    let (status, said) = daemon.call(
        "demo-resource-api",
        "POST",
        "/access/v1/evaluation",
        Some(&with_now),
    );
    assert_eq!(
        (status, &said),
        (
            400,
            &json!("context member `now` cannot be sent: the clock is the daemon's")
        )
    );
    with_now["context"] = json!({ "authenticationLevel": "high", "unknown": 1 });
    assert_eq!(
        daemon
            .call(
                "demo-resource-api",
                "POST",
                "/access/v1/evaluation",
                Some(&with_now)
            )
            .0,
        400
    );
    with_now["context"] = json!({ "unknown": 1 });
    assert_eq!(
        daemon
            .call(
                "demo-resource-api",
                "POST",
                "/access/v1/evaluation",
                Some(&with_now)
            )
            .1["decision"],
        json!(true)
    );
}

#[test]
fn bodies_that_are_not_json_as_it_has_to_be_change_nothing() {
    let daemon = Daemon::demo();
    let before = revision(&daemon);
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    let not_json = |why: &str| format!("the body is not JSON as it has to be: {why}");
    let cases = [
        (
            "{",
            "malformed",
            not_json("EOF while parsing an object at line 1 column 1"),
        ),
        (
            "",
            "malformed",
            "the body is empty; a JSON object is needed".to_owned(),
        ),
        (
            "[]",
            "malformed",
            "the body is an array; a JSON object is needed".to_owned(),
        ),
        (
            "{\"name\":\"A\",\"name\":\"B\",\"form\":\"AS\"}",
            "malformed",
            not_json("member `name` stands twice in one object at line 1 column 18"),
        ),
        (
            "{\"name\":\"A\",\"form\":\"AS\"} x",
            "malformed",
            not_json("trailing characters at line 1 column 26"),
        ),
        (
            "{\"name\":1,\"form\":\"AS\"}",
            "invalid-field",
            "`name` is a number; it has to be a string".to_owned(),
        ),
        (
            "{\"name\":\"A\",\"form\":\"ASA\",\"colour\":\"red\"}",
            "invalid-field",
            "`colour` is not known here; did you mean `form`?".to_owned(),
        ),
        (
            "{\"name\":\"A\",\"form\":\"XX\"}",
            "invalid-field",
            "legal form `XX` is not a code of the register; did you mean `AS`?".to_owned(),
        ),
        (
            &*format!("{{\"name\":{deep}}}"),
            "malformed",
            not_json("it is nested too deep at line 1 column 40"),
        ),
    ];
    let refused = |kind: &str, body: &[u8]| {
        let answer = daemon
            .raw("demo-operator", "PUT", "/v1/parties/312002744", kind, body)
            .unwrap();
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        let problem = answer.json();
        (
            answer.status,
            problem["code"].clone(),
            problem["detail"].clone(),
        )
    };
    for (body, code, detail) in cases {
        let told = refused("application/json", body.as_bytes());
        assert_eq!(told, (400, json!(code), json!(detail)), "{body}");
    }
    let long = vec![b' '; 1024 * 1024 + 1];
    assert_eq!(
        refused("application/json", &long),
        (
            413,
            json!("too-large"),
            json!("the body is longer than 1048576 bytes")
        )
    );
    assert_eq!(
        refused("text/plain", b"{}"),
        (
            400,
            json!("content-type"),
            json!("`Content-Type` has to be `application/json`")
        )
    );
    assert_eq!(revision(&daemon), before);
}

#[test]
fn every_wrong_field_of_a_body_is_told_with_its_pointer() {
    let daemon = Daemon::demo();
    let body = json!({ "system": "smartcloud", "firm": "1", "kind": "agnt", "packages": ["x", 2], "externalref": "y" });
    let (status, problem) = daemon.call("demo-vendor", "POST", "/v1/requests", Some(&body));
    assert_eq!(status, 400);
    assert_eq!(
        problem["errors"],
        json!([
            { "pointer": "/system", "detail": "system id `smartcloud` is not `<vendor organisation number>_<name>`, with a name of a-z, 0-9, `-` and `_`" },
            { "pointer": "/firm", "detail": "organisation number `1` is not nine digits" },
            { "pointer": "/kind", "detail": "`kind` is `agnt`; it has to be `agent` or `standard`" },
            { "pointer": "/packages/1", "detail": "it is a number; it has to be a string" },
            { "pointer": "/externalref", "detail": "`externalref` is not known here; did you mean `externalRef`?" },
        ])
    );
    let (_, problem) = daemon.call(
        "demo-vendor",
        "POST",
        "/v1/requests",
        Some(&json!({ "a/b~c": 1 })),
    );
    assert_eq!(
        problem["errors"][3]["pointer"],
        json!("/a~1b~0c"),
        "{problem}"
    );
    let body = json!({ "system": "991825827_smartcloud", "firm": "312001373", "kind": "agent", "packages": ["skattegrunnlg"] });
    let (status, problem) = daemon.call("demo-vendor", "POST", "/v1/requests", Some(&body));
    assert_eq!((status, &problem["code"]), (422, &json!("unknown-package")));
    assert_eq!(
        problem["detail"],
        json!(
            "access package `skattegrunnlg` is not in the catalogue; did you mean `skattegrunnlag`?"
        )
    );
}

#[test]
fn routes_methods_and_queries_are_told_apart() {
    let daemon = Daemon::demo();
    let (status, problem) = daemon.call("demo-operator", "GET", "/v1/partis/312002744", None);
    assert_eq!((status, &problem["code"]), (404, &json!("unknown-route")));
    assert_eq!(
        problem["detail"],
        json!("there is no `/v1/partis/312002744`; /openapi.json lists what there is")
    );
    let answer = daemon
        .raw(
            "demo-operator",
            "POST",
            "/v1/parties/312002744",
            "application/json",
            b"",
        )
        .unwrap();
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, HEAD, PUT"))
    );
    assert_eq!(
        answer.json()["detail"],
        json!("`POST` is not served here; allowed: GET, HEAD, PUT")
    );
    let queries = [
        (
            "/v1/systems?limit=0",
            "`limit` is `0`; it has to be a number from 1 to 1000",
        ),
        (
            "/v1/systems?limt=5",
            "query parameter `limt` is not known here; did you mean `limit`?",
        ),
        (
            "/v1/systems?limit=5&limit=6",
            "query parameter `limit` stands twice",
        ),
        (
            "/v1/systems?page=zz",
            "`page` is `zz`, which is not a token that a list has answered",
        ),
        (
            "/v1/requests/abc",
            "`abc` is not a UUID of the form `5ea1d000-0000-4000-8000-000000000001`",
        ),
        (
            "/v1/relations/312002744/312001373/regnskapsforr",
            "role `regnskapsforr` is not one of `regnskapsforer`, `revisor`, `forretningsforer`, `rettighetshaver`; did you mean `regnskapsforer`?",
        ),
    ];
    for (path, expected) in queries {
        let (status, problem) = daemon.call("demo-vendor", "GET", path, None);
        assert_eq!(
            (status, &problem["detail"]),
            (400, &json!(expected)),
            "{path}"
        );
    }
    let clients = format!("/v1/system-users/{USER}/clients/312004119");
    let windows = [
        (
            json!({ "until": "tomorrow" }),
            "`tomorrow` is not an instant of the form `2026-11-24T12:00:00Z` (RFC 3339)",
        ),
        (
            json!({ "from": "2030-01-02T00:00:00Z", "until": "2030-01-01T00:00:00Z" }),
            "the window ends at `2030-01-01T00:00:00Z`, which is not after it begins at `2030-01-02T00:00:00Z`",
        ),
    ];
    for (window, expected) in windows {
        let (status, problem) = daemon.call("demo-firm-admin", "PUT", &clients, Some(&window));
        assert_eq!((status, &problem["detail"]), (400, &json!(expected)));
    }
}

#[test]
fn no_token_one_that_is_malformed_and_one_that_is_not_known_are_told_apart() {
    let daemon = Daemon::demo();
    let answer = daemon
        .raw("", "GET", "/v1/systems", "application/json", b"")
        .unwrap();
    assert_eq!(
        (answer.status, answer.header("www-authenticate")),
        (401, Some("Bearer realm=\"fullmakt\""))
    );
    assert_eq!(
        answer.json()["detail"],
        json!("the `Authorization` header is missing; send `Authorization: Bearer TOKEN`")
    );
    let (status, problem) = daemon.call("nobody", "GET", "/v1/systems", None);
    assert_eq!(
        (status, &problem["detail"]),
        (401, &json!("the bearer token is not known"))
    );
    for credential in ["Basic demo-operator", "demo-operator", "Bearer ", "Bearer"] {
        let head = format!(
            "GET /v1/systems HTTP/1.1\r\nhost: x\r\nauthorization: {credential}\r\nconnection: close\r\n\r\n"
        );
        let answer = daemon.bytes(head.as_bytes()).unwrap();
        assert_eq!(
            (answer.status, &answer.json()["detail"]),
            (
                401,
                &json!("the `Authorization` header is not `Bearer TOKEN`")
            ),
            "{credential}"
        );
    }
}

#[test]
fn a_request_id_comes_back_whatever_the_answer() {
    let daemon = Daemon::demo();
    for (path, status) in [("/healthz", 200), ("/v1/systems", 401), ("/nowhere", 404)] {
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nx-request-id: my id/7\r\nconnection: close\r\n\r\n"
        );
        let answer = daemon.bytes(head.as_bytes()).unwrap();
        assert_eq!(
            (answer.status, answer.header("x-request-id")),
            (status, Some("my id/7"))
        );
    }
    let head = "GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(daemon.bytes(head.as_bytes()).unwrap().body, b"ok");
}

#[test]
fn a_batch_answers_each_item_and_stops_where_it_is_told_to() {
    let daemon = Daemon::demo();
    let whole = super::question(USER, "312002744");
    let item =
        |client: &str| json!({ "resource": { "type": "ske-krav-og-betalinger", "id": client } });
    let items = json!([
        item("312002744"),
        item("312004119"),
        item("1"),
        item("312002744")
    ]);
    let mut body =
        json!({ "subject": whole["subject"], "action": whole["action"], "evaluations": items });
    let ask = |body: &Value| {
        daemon.done(
            "demo-resource-api",
            "POST",
            "/access/v1/evaluations",
            Some(body),
        )["evaluations"]
            .clone()
    };
    let decisions = |answers: &Value| {
        answers
            .as_array()
            .unwrap()
            .iter()
            .map(|answer| answer["decision"] == json!(true))
            .collect::<Vec<_>>()
    };
    let all = ask(&body);
    assert_eq!(decisions(&all), [true, false, false, true]);
    assert_eq!(
        all[2]["context"]["error"],
        json!({ "status": 400, "code": "invalid-field", "message": "organisation number `1` is not nine digits" })
    );
    body["options"] = json!({ "evaluations_semantic": "deny_on_first_deny" });
    assert_eq!(decisions(&ask(&body)), [true, false]);
    body["options"] = json!({ "evaluations_semantic": "permit_on_first_permit" });
    assert_eq!(decisions(&ask(&body)), [true]);
    body["options"] = json!({ "evaluations_semantic": "whatever" });
    assert_eq!(
        daemon
            .call(
                "demo-resource-api",
                "POST",
                "/access/v1/evaluations",
                Some(&body)
            )
            .0,
        400
    );
    let single = daemon.done(
        "demo-resource-api",
        "POST",
        "/access/v1/evaluations",
        Some(&whole),
    );
    assert_eq!(single["decision"], json!(true));
    assert_eq!(single.get("evaluations"), None);
}
