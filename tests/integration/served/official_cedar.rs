//! The official `cedar` command, given the demo's export, answers every question as the daemon does.

use cedar_policy_cli::{CedarExitCode, Cli, Commands, authorize};
use clap::Parser;
use serde_json::json;

use super::{Daemon, path, run};

const USER: &str = "5ea1d000-0000-4000-8000-000000000001";

#[test]
fn the_official_command_answers_the_demos_export_as_the_daemon_does() {
    let daemon = Daemon::demo();
    let dir = tempfile::tempdir().unwrap();
    let url = format!("http://{}", daemon.address);
    let (code, said, complaint) = run(
        &[
            "export",
            "--cedar",
            "out",
            "--url",
            &url,
            "--token",
            "demo-operator",
        ],
        dir.path(),
    );
    assert_eq!((code, complaint.as_str()), (0, ""), "{said}");
    let mut permits = 0;
    for client in [
        "312001373",
        "312002744",
        "312004119",
        "312005018",
        "312005123",
        "312005239",
        "312005344",
    ] {
        for (action, resource) in [
            ("read", "ske-krav-og-betalinger"),
            ("write", "ske-krav-og-betalinger"),
            ("read", "mva-melding-innsending"),
            ("read", "finnes-ikke"),
        ] {
            for level in [None, Some("2"), Some("4")] {
                let mut args = vec![
                    "ask",
                    action,
                    resource,
                    "--system-user",
                    USER,
                    "--client",
                    client,
                ];
                args.extend(level.iter().flat_map(|level| ["--level", level]));
                let (code, request, _) = run(
                    &[args.clone(), vec!["--cedar-request"]].concat(),
                    dir.path(),
                );
                assert_eq!(code, 0);
                std::fs::write(dir.path().join("Q.json"), request).unwrap();
                let (ours, _, complaint) = run(
                    &[args, vec!["--url", &url, "--token", "demo-resource-api"]].concat(),
                    dir.path(),
                );
                assert!(ours < 2, "{complaint}");
                assert_eq!(
                    cedar_permits(dir.path()),
                    ours == 0,
                    "{action} {resource} {client} {level:?}"
                );
                assert_eq!(
                    in_cedars_form(&daemon, dir.path()),
                    ours == 0,
                    "is_authorized: {action} {resource} {client} {level:?}"
                );
                permits += usize::from(ours == 0);
            }
        }
    }
    assert!(permits >= 6, "{permits}");
    assert_eq!(
        daemon.ask("demo-resource-api", USER, "312002744")["decision"],
        json!(true)
    );
}

/// What the daemon answers to the same request, without the clock, which is its own.
fn in_cedars_form(daemon: &Daemon, dir: &std::path::Path) -> bool {
    let request = std::fs::read(dir.join("Q.json")).unwrap();
    let mut request: serde_json::Value = serde_json::from_slice(&request).unwrap();
    request["context"].as_object_mut().unwrap().remove("now");
    let answer = daemon.done(
        "demo-resource-api",
        "POST",
        "/v1/is_authorized",
        Some(&request),
    );
    answer["decision"] == json!("allow")
}

fn cedar_permits(dir: &std::path::Path) -> bool {
    let file = |name: &str| dir.join(name);
    let (policies, entities, schema) = (
        file("out/policies.cedar"),
        file("out/entities.json"),
        file("out/schema.cedarschema"),
    );
    let request = file("Q.json");
    let cli = Cli::try_parse_from([
        "cedar",
        "authorize",
        "--policies",
        path(&policies),
        "--entities",
        path(&entities),
        "--schema",
        path(&schema),
        "--request-json",
        path(&request),
    ]);
    let Commands::Authorize(args) = cli.unwrap().command else {
        panic!("another command")
    };
    match authorize(&args) {
        CedarExitCode::Success => true,
        CedarExitCode::AuthorizeDeny => false,
        CedarExitCode::Failure | CedarExitCode::ValidationFailure => panic!("the command failed"),
    }
}
