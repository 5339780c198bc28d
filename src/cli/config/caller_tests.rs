//! Listeners, issuers and what callers are known by: what is wrong with each, its text whole.

use fullmakt::http::{CollectorConfig, DecisionLogConfig};
use fullmakt::model::catalogue::Catalogue;
use fullmakt::model::policy::PolicyFolder;
use fullmakt::policies;

use super::parse;
use super::tests::{caller, refused, told};

/// The first example of a section of the README.
fn example(section: &str) -> &'static str {
    let readme = include_str!("../../../README.md");
    let (_, section) = readme.split_once(section).unwrap();
    let (_, block) = section.split_once("```toml\n").unwrap();
    block.split_once("```").unwrap().0
}

#[test]
fn the_readmes_example_of_a_decision_log_states_what_holds_unsaid() {
    let config = parse(example("\n## The decision log\n"), "fullmakt.toml").unwrap();
    let mut said = config.decision_log.unwrap();
    let mut collector = said.collector.take().unwrap();
    let unsaid = DecisionLogConfig::to("decisions".into());
    assert_eq!(format!("{said:?}"), format!("{unsaid:?}"));
    let files = ["collector.token", "collector-ca.pem"];
    let taken = [collector.token.take(), collector.ca.take()];
    assert_eq!(taken, files.map(|file| Some(file.into())));
    let unsaid = CollectorConfig::to(collector.url.clone());
    assert_eq!(format!("{collector:?}"), format!("{unsaid:?}"));
}

#[test]
fn the_readmes_example_of_callers_is_a_configuration() {
    let text = example("\n## Callers\n");
    let config = parse(text, "fullmakt.toml").unwrap();
    let catalogue = policies::shipped().text(PolicyFolder::CATALOGUE).unwrap();
    let catalogue = Catalogue::parse(catalogue, None).unwrap();
    assert!(!config.callers(&catalogue).unwrap().is_empty());
    assert_eq!(config.listeners.len(), 1);
}

#[test]
fn listeners_are_whole_and_plain_ones_are_on_loopback() {
    let listener = |text: &str| format!("[[listener]]\n{text}\n");
    let plain = "`192.0.2.1:80` is no loopback address, and tokens would cross the network in the clear; give a `[[listener]]` with \
         `certificate` and `key`, or say `plain_http = true` where a proxy ends TLS";
    let cases = [
        ("address = \"192.0.2.1:80\"", format!("2: listener 1: `address`: {plain}")),
        ("certificate = \"c\"\nkey = \"k\"", "1: listener 1: `address` is missing".to_owned()),
        (
            "address = \"192.0.2.1:80\"\nkey = \"k\"",
            "3: listener 1: `key` needs `certificate` beside it".to_owned(),
        ),
        (
            "address = \"127.0.0.1:80\"\naccepts = [\"certificate\"]",
            "3: listener 1: `accepts` names `certificate`, but without `client_ca` none is asked for".to_owned(),
        ),
        (
            "address = \"127.0.0.1:80\"\naccepts = [\"tokens\"]",
            "3: listener 1: `accepts` names `tokens`; did you mean `token`? (token, jwt, certificate)".to_owned(),
        ),
        (
            "address = \"127.0.0.1:80\"\naccepts = []",
            "3: listener 1: `accepts` is an empty list, so nobody could call here".to_owned(),
        ),
    ];
    for (text, said) in cases {
        assert_eq!(refused(&listener(text)), [said], "{text}");
    }
    let meant = listener("address = \"192.0.2.1:80\"\nplain_http = true");
    assert!(parse(&meant, "fullmakt.toml").is_ok());
}

#[test]
fn issuers_say_enough_to_be_believed() {
    let issuer = |text: &str| format!("[[issuer]]\nissuer = \"x\"\n{text}\n");
    let cases = [
        (
            "jwks_file = \"k\"",
            "1: issuer 1: an issuer needs `audiences` or `scopes`, or tokens that it gave for others would do here",
        ),
        (
            "scopes = [\"s\"]",
            "1: issuer 1: an issuer needs `jwks_url` or `jwks_file`, one of them",
        ),
        (
            "scopes = [\"s\"]\njwks_url = \"http://issuer.example/\"",
            "4: issuer 1: `jwks_url`: `http://issuer.example/` is not an address that begins with https://; http is for loopback only",
        ),
        (
            "scopes = [\"s\"]\njwks_url = \"http://localhost:80@issuer.example/\"",
            "4: issuer 1: `jwks_url`: `http://localhost:80@issuer.example/` is not an address that begins with https://; http is for loopback only",
        ),
        (
            "scopes = [\"s\"]\njwks_file = \"k\"\nalgorithms = [\"HS256\"]",
            "5: issuer 1: `algorithms`: `HS256` is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA",
        ),
        (
            "scopes = [\"s\"]\njwks_file = \"k\"\nrefresh_seconds = 0",
            "5: issuer 1: `refresh_seconds` is `0`; it has to be a whole number from 1 to 86400",
        ),
    ];
    for (text, said) in cases {
        assert_eq!(refused(&issuer(text))[0], said, "{text}");
    }
    let whole = issuer("scopes = [\"s\"]\njwks_file = \"k\"");
    let twice = refused(&format!("{whole}{whole}"));
    assert_eq!(
        twice,
        ["5: issuer `x` stands twice; say all of it in one `[[issuer]]`"]
    );
    let caller = caller("kind = \"operator\"");
    let config = parse(
        &format!("{whole}{caller}[[caller.jwt]]\nissuer = \"y\"\nsubject = \"s\"\n"),
        "fullmakt.toml",
    );
    let catalogue = policies::shipped().text(PolicyFolder::CATALOGUE).unwrap();
    let catalogue = Catalogue::parse(catalogue, None).unwrap();
    assert_eq!(
        told(config.unwrap().callers(&catalogue).unwrap_err()),
        ["10: caller `c`: no `[[issuer]]` is `y`; did you mean `x`?"]
    );
    let anybody =
        format!("{whole}{caller}[[caller.jwt]]\nissuer = \"x\"\n[[caller.certificate]]\n");
    assert_eq!(
        refused(&anybody),
        [
            "9: jwt 1: a jwt needs `client_id`, `subject` or `consumer`, or anybody's would do",
            "11: certificate 1: a certificate needs `sha256`, `subject` or `name`, or anybody's would do",
        ]
    );
}
