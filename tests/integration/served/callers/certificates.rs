//! Callers by certificate: who is known, and every way not to be.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::{Daemon, configuration, path, store};
use super::Authority;
use super::authority::Issued;
use super::over_tls::{curl, hang_up, wait_for};

/// A daemon whose one TLS listener asks for certificates of `clients`; what else of its listener, what else of all.
pub(super) fn asks(
    dir: &Path,
    servers: &Authority,
    clients: &Authority,
    listener: &str,
    more: &str,
) -> Daemon {
    let server = servers.issue("server", "/CN=localhost", "DNS:localhost,IP:127.0.0.1");
    let config = format!(
        "{more}\n[[listener]]\naddress = \"127.0.0.1:0\"\ncertificate = \"{}\"\nkey = \"{}\"\nclient_ca = \"{}\"\n{listener}\n",
        path(&server.certificate),
        path(&server.key),
        path(&clients.certificate()),
    );
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    Daemon::with(&config, &dir.join("data"), &policies)
}

/// Asks what has changed, by curl: whether the handshake succeeded, and what was said.
fn ask(
    daemon: &Daemon,
    servers: &Authority,
    client: Option<&Issued>,
    more: &[&str],
) -> (bool, String) {
    let url = format!("{}/v1/changes", daemon.secure());
    let mut args = vec!["-w", " %{http_code}"];
    if let Some(client) = client {
        args.extend([
            "--cert",
            path(&client.certificate),
            "--key",
            path(&client.key),
        ]);
    }
    args.extend(more);
    args.push(&url);
    curl(servers, &args)
}

/// As [`ask`], by `openssl s_client` in one version of TLS: all that it and the daemon said.
pub(super) fn s_client(
    daemon: &Daemon,
    servers: &Authority,
    client: Option<&Issued>,
    version: &str,
) -> String {
    let ca = servers.certificate();
    let address = daemon.secure().replace("https://", "");
    let mut command = Command::new("openssl");
    command.args([
        "s_client",
        "-connect",
        &address,
        "-CAfile",
        path(&ca),
        "-verify_return_error",
    ]);
    command.args(["-quiet", "-ign_eof", version]);
    if let Some(client) = client {
        command.args([
            "-cert",
            path(&client.certificate),
            "-key",
            path(&client.key),
        ]);
    }
    let pipes = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut running = pipes
        .spawn()
        .expect("the package `openssl` is needed; `.ci/test` installs it");
    let request = b"GET /v1/changes HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    // Who was refused in the handshake may have hung up already.
    let _ = running.stdin.take().unwrap().write_all(request);
    let done = running.wait_with_output().unwrap();
    String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned()
}

pub(super) fn operator(known: &str) -> String {
    format!("[[caller]]\nid = \"ops\"\nkind = \"operator\"\n[[caller.certificate]]\n{known}\n")
}

#[test]
fn a_caller_is_known_by_the_certificate_its_subject_or_its_name() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let known = clients.issue(
        "known",
        "/O=Skatt/CN=ops",
        "DNS:ops.example,URI:spiffe://x/ops",
    );
    let other = clients.issue("other", "/O=Skatt/CN=else", "DNS:else.example");
    let by = [
        format!("sha256 = \"{}\"", known.sha256()),
        "subject = \"CN=ops,O=Skatt\"".to_owned(),
        "name = \"DNS:ops.example\"".to_owned(),
        "name = \"URI:spiffe://x/ops\"".to_owned(),
    ];
    for known_by in by {
        let (dir, _) = store();
        let daemon = asks(dir.path(), &servers, &clients, "", &operator(&known_by));
        let (done, said) = ask(&daemon, &servers, Some(&known), &[]);
        assert!(done && said.ends_with(" 200"), "{known_by}: {said}");
        let (done, said) = ask(&daemon, &servers, Some(&other), &[]);
        assert!(done && said.ends_with(" 401"), "{known_by}: {said}");
        assert!(said.contains("no known caller's"), "{said}");
        let (done, said) = ask(&daemon, &servers, None, &[]);
        assert!(done && said.ends_with(" 401"), "{said}");
    }
}

#[test]
fn expired_foreign_and_revoked_certificates_are_refused() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let known = clients.issue("known", "/CN=ops", "DNS:ops.example");
    let expired = clients.issue_expired("expired", "/CN=ops", "DNS:ops.example");
    // One of the same name, which is no proof, and one of another.
    let (false_one, others) = (Authority::new("clients"), Authority::new("others"));
    let forged = false_one.issue("forged", "/CN=ops", "DNS:ops.example");
    let foreign = others.issue("foreign", "/CN=ops", "DNS:ops.example");
    let withdrawn = clients.issue("withdrawn", "/CN=ops", "DNS:ops.example");
    let revoked = clients.issue("revoked", "/CN=ops", "DNS:ops.example");
    let crl: PathBuf = clients.revocations(Some(&withdrawn));
    let more = format!(
        "revoked_certificates = [\"{}\"]\n{}",
        revoked.sha256(),
        operator("subject = \"CN=ops\"")
    );
    let (dir, _) = store();
    let listener = format!("client_crl = \"{}\"", path(&crl));
    let daemon = asks(dir.path(), &servers, &clients, &listener, &more);
    let (done, said) = ask(&daemon, &servers, Some(&known), &[]);
    assert!(done && said.ends_with(" 200"), "{said}");
    for (client, alert) in [
        (&expired, "expired"),
        (&forged, "decrypt error"),
        (&foreign, "unknown ca"),
        (&withdrawn, "revoked"),
    ] {
        let (done, said) = ask(&daemon, &servers, Some(client), &[]);
        assert!(!done && said.contains(alert), "{alert}: {said}");
        for version in ["-tls1_2", "-tls1_3"] {
            let said = s_client(&daemon, &servers, Some(client), version);
            assert!(
                said.contains(&format!("alert {alert}"))
                    || said.contains(&format!("alert certificate {alert}")),
                "{alert}: {said}"
            );
            assert!(!said.contains("HTTP/1.1"), "{said}");
        }
    }
    for version in ["-tls1_2", "-tls1_3"] {
        let said = s_client(&daemon, &servers, Some(&known), version);
        assert!(said.contains("HTTP/1.1 200 OK"), "{said}");
        let said = s_client(&daemon, &servers, Some(&revoked), version);
        assert!(
            said.contains("HTTP/1.1 401 Unauthorized")
                && said.contains("the certificate is revoked"),
            "{said}"
        );
        let said = s_client(&daemon, &servers, None, version);
        assert!(said.contains("HTTP/1.1 401 Unauthorized"), "{said}");
    }
    wait_for(|| daemon.metric("pdp_tls_handshake_failures_total") == "12");
    let (done, said) = ask(&daemon, &servers, Some(&revoked), &[]);
    assert!(
        done && said.ends_with(" 401") && said.contains("the certificate is revoked"),
        "{said}"
    );
}

#[test]
fn a_listener_may_require_a_certificate_in_the_handshake() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let known = clients.issue("known", "/CN=ops", "DNS:ops.example");
    let (dir, _) = store();
    let (listener, more) = (
        "clients_required = true",
        operator("name = \"DNS:OPS.example\""),
    );
    let daemon = asks(dir.path(), &servers, &clients, listener, &more);
    let (done, said) = ask(&daemon, &servers, Some(&known), &[]);
    assert!(done && said.ends_with(" 200"), "{said}");
    let (done, said) = ask(&daemon, &servers, None, &[]);
    assert!(!done && said.contains("certificate required"), "{said}");
    let said = s_client(&daemon, &servers, None, "-tls1_2");
    assert!(
        said.contains("alert handshake failure") || said.contains("certificate required"),
        "{said}"
    );
}

#[test]
fn a_certificate_that_is_revoked_while_the_daemon_runs_is_refused_from_then_on() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let (known, other) = (
        clients.issue("known", "/CN=ops", "DNS:ops.example"),
        clients.issue("other", "/CN=ops", "DNS:ops.example"),
    );
    let listener = format!("client_crl = \"{}\"", path(&clients.revocations(None)));
    let (dir, _) = store();
    let daemon = asks(
        dir.path(),
        &servers,
        &clients,
        &listener,
        &operator("subject = \"CN=ops\""),
    );
    assert!(
        ask(&daemon, &servers, Some(&known), &[])
            .1
            .ends_with(" 200")
    );
    clients.revocations(Some(&known));
    hang_up(&daemon);
    wait_for(|| !ask(&daemon, &servers, Some(&known), &[]).0);
    assert!(
        ask(&daemon, &servers, Some(&other), &[])
            .1
            .ends_with(" 200")
    );
}

#[test]
fn a_certificate_counts_only_where_it_is_accepted_and_has_to_agree_with_a_token() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let known = clients.issue("known", "/CN=ops", "DNS:ops.example");
    let more = format!("{}{}", operator("subject = \"CN=ops\""), configuration());
    let (dir, _) = store();
    let daemon = asks(dir.path(), &servers, &clients, "", &more);
    let (_, said) = ask(
        &daemon,
        &servers,
        Some(&known),
        &["-H", "Authorization: Bearer vendor"],
    );
    assert!(
        said.ends_with(" 401") && said.contains("another caller's than the certificate"),
        "{said}"
    );
    let (dir, _) = store();
    let daemon = asks(
        dir.path(),
        &servers,
        &clients,
        "accepts = [\"token\"]",
        &more,
    );
    let (_, said) = ask(&daemon, &servers, Some(&known), &[]);
    assert!(
        said.ends_with(" 401") && said.contains("header is missing"),
        "{said}"
    );
    let (_, said) = ask(
        &daemon,
        &servers,
        Some(&known),
        &["-H", "Authorization: Bearer operator"],
    );
    assert!(said.ends_with(" 200"), "{said}");
    let (dir, _) = store();
    let daemon = asks(
        dir.path(),
        &servers,
        &clients,
        "accepts = [\"certificate\"]",
        &more,
    );
    let (_, said) = ask(
        &daemon,
        &servers,
        None,
        &["-H", "Authorization: Bearer operator"],
    );
    assert!(
        said.ends_with(" 401") && said.contains("the bearer token is not known"),
        "{said}"
    );
}
