//! The README's table of refusals: each line of it is brought about, in its order, and the answer compared.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fullmakt::model::hash::ContentHash;
use serde_json::{Value, json};

use super::super::readme::matches;
use super::super::{Daemon, configuration, path, question, store};
use super::Authority;
use super::authority::Issued;
use super::certificates::{asks, operator, s_client};
use super::issuer::{Key, key_file, now};
use super::jwt::{by_token, claims};
use super::limits::begun;
use super::maskinporten::details;
use super::over_tls::{curl, secure_with};

const FIRST: &str = "5ea1d000-0000-4000-8000-000000000001";
const ASK: &str = "/access/v1/evaluation";
const NOT_HTTP: &str = "—";

/// Status, code and what is told.
type Refusal = [String; 3];

fn refusal(status: &str, code: &str, told: &str) -> Refusal {
    [status.to_owned(), code.to_owned(), told.to_owned()]
}

/// The table of the README.
fn table() -> Vec<Refusal> {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let (_, after) = readme
        .split_once("| what is wrong | status | code | what is told |\n")
        .unwrap();
    let lines = after
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 4, "{line}");
            // Told in Markdown between two backticks, so that backticks in it stand.
            let told = cells[3].trim_start_matches("`` ").trim_end_matches(" ``");
            refusal(cells[1], cells[2].trim_matches('`'), told)
        })
        .collect()
}

/// What a caller is told to a request with these headers and this body.
fn told_to(daemon: &Daemon, method: &str, at: &str, headers: &str, body: &str) -> Refusal {
    let length = body.len();
    let head = format!(
        "{method} {at} HTTP/1.1\r\nhost: x\r\naccept: application/problem+json\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n{headers}\r\n"
    );
    let answer = daemon
        .bytes(&[head.as_bytes(), body.as_bytes()].concat())
        .unwrap();
    if answer.body.is_empty() {
        return refusal(&answer.status.to_string(), NOT_HTTP, "");
    }
    of_problem(answer.status, &answer.json())
}

fn of_problem(status: u16, problem: &Value) -> Refusal {
    let text = |member: &str| problem[member].as_str().unwrap_or_default().to_owned();
    [status.to_string(), text("code"), text("detail")]
}

fn get(daemon: &Daemon, headers: &str) -> Refusal {
    told_to(daemon, "GET", "/v1/changes", headers, "")
}

fn evaluate(daemon: &Daemon, token: &str, body: &Value) -> Refusal {
    let headers = format!("authorization: Bearer {token}\r\n");
    told_to(daemon, "POST", ASK, &headers, &body.to_string())
}

/// The last answer in what `openssl s_client` showed, or the alert that the handshake ended with.
fn shown(said: &str) -> Refusal {
    if let Some((_, answer)) = said.rsplit_once("HTTP/1.1 ") {
        let status = answer[..3].parse().unwrap();
        let from = answer.find('{').unwrap();
        let to = answer.rfind('}').unwrap();
        return of_problem(status, &serde_json::from_str(&answer[from..=to]).unwrap());
    }
    let alerts = [
        "certificate required",
        "certificate expired",
        "unknown ca",
        "certificate revoked",
    ];
    let alert = alerts
        .into_iter()
        .find(|alert| said.contains(&format!("alert {alert}")));
    refusal(
        NOT_HTTP,
        NOT_HTTP,
        &format!("alert: {}", alert.unwrap_or(said)),
    )
}

/// What comes of a connection on which these bytes are sent and no more.
fn closed(address: &str, bytes: &[u8]) -> Refusal {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.write_all(bytes).unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    let said = String::from_utf8_lossy(&said).into_owned();
    refusal(
        NOT_HTTP,
        NOT_HTTP,
        if said.is_empty() {
            "the connection is closed"
        } else {
            &said
        },
    )
}

/// What is told once a certificate is over that was good when its connection began.
fn over_while_connected(daemon: &Daemon, servers: &Authority, clients: &Authority) -> Refusal {
    let client = clients.issue_until("passing", "/CN=ops", 4);
    let mut command = Command::new("openssl");
    let address = daemon.secure().replace("https://", "");
    let pipes = command
        .args([
            "s_client",
            "-connect",
            &address,
            "-CAfile",
            path(&servers.certificate()),
            "-quiet",
        ])
        .args([
            "-cert",
            path(&client.certificate),
            "-key",
            path(&client.key),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut running = pipes.spawn().unwrap();
    let (mut to, mut from) = (
        running.stdin.take().unwrap(),
        running.stdout.take().unwrap(),
    );
    let begin = Instant::now();
    let refused = loop {
        to.write_all(b"GET /v1/changes HTTP/1.1\r\nhost: x\r\n\r\n")
            .unwrap();
        let mut some = vec![0; 4096];
        let length = from.read(&mut some).unwrap();
        let said = String::from_utf8_lossy(&some[..length]).into_owned();
        if !said.starts_with("HTTP/1.1 200") {
            break shown(&said);
        }
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "the certificate is never over"
        );
        std::thread::sleep(Duration::from_millis(200));
    };
    let _ = running.kill();
    let _ = running.wait();
    refused
}

/// The refusals in the handshake and by certificate.
fn by_certificate(
    servers: &Authority,
    clients: &Authority,
    config: &str,
) -> (Vec<Refusal>, Vec<Refusal>) {
    let issue = |name: &str| clients.issue(name, "/CN=ops", "DNS:ops.example");
    let (withdrawn, revoked) = (issue("withdrawn"), issue("revoked"));
    let stranger = clients.issue("stranger", "/CN=nobody", "DNS:nobody.example");
    let expired = clients.issue_expired("expired", "/CN=ops", "DNS:ops.example");
    let others = Authority::new("others");
    let foreign = others.issue("foreign", "/CN=ops", "DNS:ops.example");
    let known = issue("known");
    let crl = format!(
        "client_crl = \"{}\"",
        path(&clients.revocations(Some(&withdrawn)))
    );
    let config = format!(
        "revoked_certificates = [\"{}\"]\n{config}{}",
        revoked.sha256(),
        operator("subject = \"CN=ops\"")
    );
    let (dir, _) = store();
    let required = asks(
        dir.path(),
        servers,
        clients,
        "clients_required = true",
        &config,
    );
    let (dir, _) = store();
    let daemon = asks(dir.path(), servers, clients, &crl, &config);
    let ask = |daemon: &Daemon, client: Option<&Issued>| {
        shown(&s_client(daemon, servers, client, "-tls1_3"))
    };
    let in_handshake = vec![
        ask(&required, None),
        ask(&daemon, Some(&expired)),
        ask(&daemon, Some(&foreign)),
        ask(&daemon, Some(&withdrawn)),
    ];
    let with_token = {
        let url = format!("{}/v1/changes", daemon.secure());
        let certificate = [
            "--cert",
            path(&known.certificate),
            "--key",
            path(&known.key),
        ];
        let token = [
            "-H",
            "Authorization: Bearer vendor",
            "-H",
            "Accept: application/problem+json",
            &url,
        ];
        let (_, body) = curl(servers, &[&certificate[..], &token].concat());
        of_problem(401, &serde_json::from_str(&body).unwrap())
    };
    let after = vec![
        ask(&daemon, Some(&stranger)),
        ask(&daemon, Some(&revoked)),
        over_while_connected(&daemon, servers, clients),
        with_token,
    ];
    (in_handshake, after)
}

/// The refusals of connections that are slow, or one too many.
fn of_connections(servers: &Authority) -> Vec<Refusal> {
    let (dir, _) = store();
    let secure = secure_with(dir.path(), servers.dir.path(), "handshake_seconds = 1");
    let handshake = closed(&secure.secure().replace("https://", ""), &[22, 3, 1, 2, 0]);
    let start = |config: &str| {
        let (dir, _) = store();
        (
            super::jwt::daemon(dir.path(), &format!("{config}\n{}", configuration())),
            dir,
        )
    };
    let (one, _dir) = start("connections = 1");
    let first = TcpStream::connect(&one.address).unwrap();
    let second = closed(&one.address, b"");
    drop(first);
    let (slow, _dir) = start("header_seconds = 1");
    let head = closed(&slow.address, b"GET /livez HTTP/1.1\r\n");
    let (quiet, _dir) = start("idle_seconds = 1");
    let nothing = closed(&quiet.address, b"");
    vec![handshake, second, head, nothing]
}

/// The refusals of credentials in a header, and of what a known caller may not do.
fn by_header(daemon: &Daemon, key: &Key) -> Vec<Refusal> {
    let bearer = |token: &str| get(daemon, &format!("authorization: Bearer {token}\r\n"));
    let claiming = |member: &str, value: Value| {
        let mut claims = claims();
        claims[member] = value;
        bearer(&key.token(&claims))
    };
    let other = Key::new("1", "ES256");
    let unknown_key = Key::new("2", "ES256").token(&claims());
    let down = {
        let mut claims = claims();
        claims["iss"] = json!("https://down.example/");
        bearer(&key.token(&claims))
    };
    let mut endless = claims();
    endless.as_object_mut().unwrap().remove("exp");
    let user = |claims: &Value, body: &Value| evaluate(daemon, &key.token(claims), body);
    let asked = question(FIRST, "312002744");
    let mut nobody = asked.clone();
    nobody.as_object_mut().unwrap().remove("subject");
    let both = json!([FIRST, "5ea1d000-0000-4000-8000-000000000002"]);
    let another = question("5ea1d000-0000-4000-8000-000000000002", "312002744");
    let audience = {
        let mut claims = claims();
        claims["iss"] = json!("https://audience.example/");
        claims["aud"] = json!("else");
        bearer(&key.token(&claims))
    };
    let of_user = key.token(&details("ID", json!([FIRST])));
    vec![
        get(daemon, ""),
        get(daemon, "authorization: Basic b3BlcmF0b3I6\r\n"),
        get(
            daemon,
            "authorization: Bearer operator\r\nauthorization: Bearer operator\r\n",
        ),
        bearer("nobody"),
        bearer("a.b.c"),
        claiming("iss", json!("https://else.example/")),
        bearer(&other.token_as(&json!({ "alg": "RS256", "kid": "1" }), &claims())),
        bearer(&unknown_key),
        bearer(&other.token(&claims())),
        claiming("exp", json!(now() - 3600)),
        claiming("nbf", json!(now() + 3600)),
        audience,
        bearer(&key.token(&endless)),
        claiming("client_id", json!("else")),
        user(&details("ID", json!(["x"])), &asked),
        claiming("scope", json!("else")),
        bearer(&of_user),
        user(&details("ID", json!([FIRST])), &another),
        user(&details("ID", both), &nobody),
        told_to(
            daemon,
            "GET",
            "/v1/changes",
            "authorization: Bearer vendor\r\n",
            "",
        ),
        evaluate(daemon, "vendor", &asked),
        down,
    ]
}

/// The refusals of too much.
fn of_too_much(daemon: &Daemon) -> Vec<Refusal> {
    let operator = "authorization: Bearer operator\r\n";
    let slow = {
        let mut stream = begun(daemon, "operator");
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        shown(&said)
    };
    let long = told_to(
        daemon,
        "PUT",
        "/v1/parties/312002744",
        operator,
        &" ".repeat(2048),
    );
    let deep = format!("{{\"context\":{}{}}}", "[".repeat(40), "]".repeat(40));
    let deep = told_to(
        daemon,
        "POST",
        ASK,
        "authorization: Bearer resource-api\r\n",
        &deep,
    );
    let head = told_to(
        daemon,
        "GET",
        "/livez",
        &format!("x-filling: {}\r\n", "x".repeat(17_000)),
        "",
    );
    let once = "authorization: Bearer seldom\r\n";
    assert_eq!(get(daemon, once)[0], "200");
    let often = get(daemon, once);
    let first = begun(daemon, "alone");
    let second = get(daemon, "authorization: Bearer alone\r\n");
    drop(first);
    let (dir, _) = store();
    let config = format!("all_requests_at_once = 1\n{}", configuration());
    let full = super::jwt::daemon(dir.path(), &config);
    let first = begun(&full, "operator");
    let shed = get(&full, operator);
    drop(first);
    vec![slow, long, deep, head, often, second, shed]
}

#[test]
fn every_refusal_is_as_the_readme_says() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let key = Key::new("1", "ES256");
    let (dir, _) = store();
    let keys = format!(
        "jwks_file = \"{}\"\nalgorithms = [\"ES256\"]",
        path(&key_file(dir.path(), &[&key]))
    );
    let more = format!(
        "[[issuer]]\nissuer = \"https://audience.example/\"\n{keys}\naudiences = [\"fullmakt\"]\n\
         [[issuer]]\nissuer = \"https://down.example/\"\njwks_url = \"http://127.0.0.1:9/jwks\"\nalgorithms = [\"ES256\"]\naudiences = [\"fullmakt\"]\n"
    );
    let story = configuration();
    let limited = |(id, limit): (&str, &str)| {
        let mut hash = ContentHash::default();
        hash.update(id.as_bytes());
        let hash = hash.finish();
        format!(
            "[[caller]]\nid = \"{id}\"\nkind = \"operator\"\nsha256 = \"{hash}\"\n{limit} = 1\n"
        )
    };
    let limits = [
        ("seldom", "requests_per_minute"),
        ("alone", "requests_at_once"),
    ];
    let extra = limits.map(limited);
    let config = format!(
        "{}{more}{story}{}",
        by_token(&keys).replace("\"claims-api\"", "\"by-token\""),
        extra.concat()
    );
    let (dir, _) = store();
    let daemon = super::jwt::daemon(
        dir.path(),
        &format!("body_bytes = 1024\nbody_seconds = 1\n{config}"),
    );
    let (in_handshake, by_certificate) = by_certificate(&servers, &clients, &config);
    let found = [
        in_handshake,
        of_connections(&servers),
        by_certificate,
        by_header(&daemon, &key),
        of_too_much(&daemon),
    ]
    .concat();
    let table = table();
    for (nth, found) in found.iter().enumerate() {
        let Some([status, code, told]) = table.get(nth) else {
            panic!("the README lacks {found:?}");
        };
        let is_so = status == &found[0] && code == &found[1] && matches(told, &found[2]);
        assert!(
            is_so,
            "line {} of the README says {:?}, the daemon {found:?}",
            nth + 1,
            table[nth]
        );
    }
    assert_eq!(table.len(), found.len(), "{:?}", table.last());
}
