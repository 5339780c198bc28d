//! Callers by certificate: who is known, and every way not to be.

use std::path::{Path, PathBuf};

use super::super::{Daemon, path, store};
use super::Authority;
use super::authority::Issued;
use super::over_tls::curl;

/// A daemon whose one TLS listener asks for certificates of `clients`; what else of its listener, what else of all.
fn asks(
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
    let file = dir.join("c.toml");
    std::fs::write(&file, config).unwrap();
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    Daemon::start(&[
        "--config",
        path(&file),
        "--data",
        path(&dir.join("data")),
        "--policies",
        path(&policies),
    ])
}

/// Asks who may see a party: status and body, or that the handshake failed.
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

fn operator(known: &str) -> String {
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
    let foreign = Authority::new("clients").issue("foreign", "/CN=ops", "DNS:ops.example");
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
        (&foreign, "unknown ca"),
        (&withdrawn, "revoked"),
    ] {
        let (done, said) = ask(&daemon, &servers, Some(client), &[]);
        assert!(!done && said.contains(alert), "{alert}: {said}");
    }
    let (done, said) = ask(&daemon, &servers, Some(&revoked), &[]);
    assert!(
        done && said.ends_with(" 401") && said.contains("the certificate is revoked"),
        "{said}"
    );
}
