//! Callers by an issuer's tokens: which are believed, which not, and whose keys they are checked with.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::{Daemon, path, question, store};
use super::Authority;
use super::issuer::{Issuer, Key, base64url, key_file, now};
use super::over_tls::wait_for;

pub(super) const ISSUER: &str = "https://issuer.example/";
pub(super) const CLIENT: &str = "e6c868ef-d9d6-4847-ba25-409bbd040540";

/// A caller whose tokens one issuer gives.
pub(super) fn by_token(issuer: &str) -> String {
    format!(
        "[[issuer]]\nissuer = \"{ISSUER}\"\nscopes = [\"fullmakt:ask\"]\n{issuer}\n\
         [[caller]]\nid = \"claims-api\"\nkind = \"resource-api\"\nresources = [\"*\"]\n\
         [[caller.jwt]]\nissuer = \"{ISSUER}\"\nclient_id = \"{CLIENT}\"\n"
    )
}

pub(super) fn daemon(dir: &Path, config: &str) -> Daemon {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    daemon_with(dir, config, &policies)
}

pub(super) fn daemon_with(dir: &Path, config: &str, policies: &Path) -> Daemon {
    Daemon::with(config, &dir.join("data"), policies)
}

/// What a good token claims.
pub(super) fn claims() -> Value {
    json!({
        "iss": ISSUER, "client_id": CLIENT, "scope": "other fullmakt:ask",
        "iat": now(), "exp": now() + 120, "jti": "1",
    })
}

fn with(member: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[member] = value;
    claims
}

fn without(member: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(member);
    claims
}

/// The status of a question, and what it is told if that is not an answer.
fn ask(daemon: &Daemon, token: &str) -> (u16, String) {
    let user = "5ea1d000-0000-4000-8000-000000000001";
    let body = question(user, "312002744");
    let (status, said) = daemon.call(token, "POST", "/access/v1/evaluation", Some(&body));
    (status, said.as_str().unwrap_or_default().to_owned())
}

fn told(status: u16, said: &str) -> (u16, String) {
    (status, said.to_owned())
}

#[test]
fn tokens_are_good_with_each_algorithm_that_their_issuer_may_use_and_no_other() {
    let keys = ["RS256", "RS384", "PS256", "ES256", "ES384", "EdDSA"];
    let keys = keys.map(|algorithm| Key::new(algorithm, algorithm));
    let all: Vec<&Key> = keys.iter().collect();
    let (dir, _) = store();
    let file = key_file(dir.path(), &all);
    let names: Vec<_> = keys[..5].iter().map(|key| key.algorithm).collect();
    let issuer = format!("jwks_file = \"{}\"\nalgorithms = {names:?}", path(&file));
    let daemon = daemon(dir.path(), &by_token(&issuer));
    for key in &keys[..5] {
        assert_eq!(
            ask(&daemon, &key.token(&claims())),
            told(200, ""),
            "{}",
            key.algorithm
        );
        let of_another = Key::new(&key.id, key.algorithm).token(&claims());
        let refused = told(401, "the token's signature is not its issuer's");
        assert_eq!(ask(&daemon, &of_another), refused, "{}", key.algorithm);
    }
    let refused = "the token is signed with an algorithm that its issuer is not to use";
    assert_eq!(ask(&daemon, &keys[5].token(&claims())), told(401, refused));
    // A secret that is the public key, which everybody knows.
    let secret = json!({ "alg": "HS256", "kid": "RS256" });
    assert_eq!(
        ask(&daemon, &keys[0].token_as(&secret, &claims())),
        told(401, refused)
    );
    // No signature at all.
    let part = |value: Value| base64url(value.to_string().as_bytes());
    let unsigned = format!("{}.{}.", part(json!({ "alg": "none" })), part(claims()));
    let malformed = "the token is not a JSON Web Token that can be read";
    assert_eq!(ask(&daemon, &unsigned), told(401, malformed));
    // Another's algorithm for a key: its issuer has said what each is for.
    for (algorithm, kid) in [
        ("PS256", "RS256"),
        ("RS256", "RS384"),
        ("RS256", "ES256"),
        ("ES256", "ES384"),
    ] {
        let header = json!({ "alg": algorithm, "kid": kid });
        let token = keys
            .iter()
            .find(|key| key.id == kid)
            .unwrap()
            .token_as(&header, &claims());
        let refused = told(401, "the token's key is none of its issuer's");
        assert_eq!(ask(&daemon, &token), refused, "{algorithm} by {kid}");
    }
    // Without a name of a key, the only one that could be meant is.
    let nameless = keys[3].token_as(&json!({ "alg": "ES256" }), &claims());
    assert_eq!(ask(&daemon, &nameless), told(200, ""));
    let critical = json!({ "alg": "ES256", "kid": "ES256", "crit": ["x"], "x": 1 });
    assert_eq!(
        ask(&daemon, &keys[3].token_as(&critical, &claims())),
        told(401, malformed)
    );
}

#[test]
fn what_a_token_claims_has_to_hold() {
    let key = Key::new("1", "ES256");
    let (dir, _) = store();
    let file = key_file(dir.path(), &[&key]);
    let issuer = format!(
        "jwks_file = \"{}\"\nalgorithms = [\"ES256\"]\naudiences = [\"fullmakt\", \"pdp\"]\nleeway_seconds = 60",
        path(&file)
    );
    let daemon = daemon(dir.path(), &by_token(&issuer));
    let with = |member: &str, value: Value| {
        let mut claims = with(member, value);
        if member != "aud" {
            claims["aud"] = json!("fullmakt");
        }
        claims
    };
    let good = [
        with("aud", json!("pdp")),
        with("aud", json!(["else", "fullmakt"])),
        with("scope", json!(["a", "fullmakt:ask"])),
        with("exp", json!(now() - 30)),
        with("nbf", json!(now() + 30)),
        with("iat", json!(now() + 30)),
    ];
    for claims in good {
        assert_eq!(ask(&daemon, &key.token(&claims)), told(200, ""), "{claims}");
    }
    let over = "the token is over; get a new one";
    let not_yet = "the token does not hold yet";
    let audience = "the token is for another audience";
    let unknown = "the token is good, but its claims are no known caller's, or more than one's";
    let bad = [
        (with("exp", json!(now() - 90)), over),
        (with("nbf", json!(now() + 120)), not_yet),
        (with("iat", json!(now() + 120)), not_yet),
        (with("aud", json!("else")), audience),
        (claims(), "the token lacks the claim `aud`"),
        (
            with("iss", json!("https://issuer.example")),
            "the token's issuer is not one of those that are believed here",
        ),
        (with("client_id", json!("another")), unknown),
        (with("client_id", Value::Null), unknown),
    ];
    for (claims, said) in bad {
        assert_eq!(
            ask(&daemon, &key.token(&claims)),
            told(401, said),
            "{claims}"
        );
    }
    let mut timeless = without("exp");
    timeless["aud"] = json!("pdp");
    assert_eq!(
        ask(&daemon, &key.token(&timeless)),
        told(401, "the token lacks the claim `exp`")
    );
    for scope in [json!("fullmakt:as"), json!("fullmakt:asking"), Value::Null] {
        let token = key.token(&with("scope", scope));
        assert_eq!(
            ask(&daemon, &token),
            told(403, "the token lacks a scope that is needed here")
        );
    }
}

#[test]
fn keys_rotate_and_those_that_are_known_serve_on_while_the_issuer_is_down() {
    let keys = ["1", "2", "3"].map(|id| Key::new(id, "RS256"));
    let tokens = keys.each_ref().map(|key| key.token(&claims()));
    let mut issuer = Issuer::new(&[&keys[0]]);
    let (dir, _) = store();
    let source = format!(
        "jwks_url = \"http://{}/jwks\"\nrefresh_seconds = 86400\nunknown_key_seconds = 1",
        issuer.address
    );
    let daemon = daemon(dir.path(), &by_token(&source));
    assert_eq!(ask(&daemon, &tokens[0]).0, 200);
    // Both are good until the old one goes.
    issuer.publish(&[&keys[0], &keys[1]]);
    wait_for(|| ask(&daemon, &tokens[1]).0 == 200);
    assert_eq!(ask(&daemon, &tokens[0]).0, 200);
    issuer.publish(&[&keys[1]]);
    wait_for(|| {
        ask(&daemon, &tokens[2]);
        ask(&daemon, &tokens[0]).0 == 401
    });
    assert_eq!(ask(&daemon, &tokens[1]).0, 200);
    issuer.publish(&[&keys[1], &keys[2]]);
    issuer.go_down();
    let failed = r#"pdp_issuer_key_fetches_total{outcome="failed"}"#;
    wait_for(|| {
        assert_eq!(ask(&daemon, &tokens[1]).0, 200);
        let unknown = told(401, "the token's key is none of its issuer's");
        assert_eq!(ask(&daemon, &tokens[2]), unknown);
        !daemon.metric(failed).is_empty()
    });
    assert_eq!(ask(&daemon, &tokens[1]).0, 200);
    issuer.come_up();
    wait_for(|| ask(&daemon, &tokens[2]).0 == 200);
    assert_eq!(ask(&daemon, &tokens[1]).0, 200);
}

#[test]
fn stale_keys_are_used_only_for_as_long_as_they_may_be() {
    let key = Key::new("1", "ES256");
    let token = key.token(&claims());
    let mut issuer = Issuer::new(&[&key]);
    let source = |stale: u32| {
        let address = issuer.address;
        by_token(&format!(
            "jwks_url = \"http://{address}/jwks\"\nalgorithms = [\"ES256\"]\nrefresh_seconds = 1\nstale_seconds = {stale}"
        ))
    };
    let (long, _) = store();
    let (short, _) = store();
    let (long, short) = (
        daemon(long.path(), &source(3600)),
        daemon(short.path(), &source(0)),
    );
    wait_for(|| ask(&long, &token).0 == 200 && ask(&short, &token).0 == 200);
    issuer.go_down();
    let gone = "the keys of the token's issuer cannot be fetched; try again later";
    wait_for(|| ask(&short, &token) == told(503, gone));
    assert_eq!(ask(&long, &token).0, 200);
    issuer.come_up();
    wait_for(|| ask(&short, &token).0 == 200);
}

#[test]
fn unknown_keys_ask_the_issuer_no_more_often_than_it_is_told() {
    let (key, other) = (Key::new("1", "ES256"), Key::new("2", "ES256"));
    let issuer = Issuer::new(&[&key]);
    let source = |gap: u32| {
        let address = issuer.address;
        by_token(&format!(
            "jwks_url = \"http://{address}/jwks\"\nalgorithms = [\"ES256\"]\nunknown_key_seconds = {gap}"
        ))
    };
    let (dir, _) = store();
    let seldom = daemon(dir.path(), &source(3600));
    assert_eq!(ask(&seldom, &key.token(&claims())).0, 200);
    for _ in 0..20 {
        assert_eq!(ask(&seldom, &other.token(&claims())).0, 401);
    }
    assert_eq!(issuer.asked(), 1);
    drop(seldom);
    let (dir, _) = store();
    let often = daemon(dir.path(), &source(2));
    assert_eq!(
        (ask(&often, &key.token(&claims())).0, issuer.asked()),
        (200, 2)
    );
    // Many at once, while the issuer takes its time: one fetch serves them all.
    issuer.take_its_time(Duration::from_millis(300));
    let unknown = other.token(&claims());
    wait_for(|| {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(ask(&often, &unknown).0, 401));
            }
        });
        issuer.asked() > 2
    });
    // A second fetch would have begun when the first ended.
    for _ in 0..20 {
        assert_eq!(ask(&often, &key.token(&claims())).0, 200);
    }
    assert_eq!(issuer.asked(), 3);
}

#[test]
fn keys_come_from_who_the_authority_vouches_for_only() {
    let authority = Authority::new("servers");
    let by = authority.issue("server", "/CN=localhost", "DNS:localhost");
    let key = Key::new("1", "RS256");
    let issuer = Issuer::secure(&[&key], &by);
    let port = issuer.address.port();
    let source = |authority: &Authority| {
        let ca = authority.certificate();
        by_token(&format!(
            "jwks_url = \"https://localhost:{port}/jwks\"\nca = \"{}\"",
            path(&ca)
        ))
    };
    let (dir, _) = store();
    let token = key.token(&claims());
    assert_eq!(ask(&daemon(dir.path(), &source(&authority)), &token).0, 200);
    let (dir, _) = store();
    let others = Authority::new("servers");
    let fooled = daemon(dir.path(), &source(&others));
    let gone = "the keys of the token's issuer cannot be fetched; try again later";
    assert_eq!(ask(&fooled, &token), told(503, gone));
}
