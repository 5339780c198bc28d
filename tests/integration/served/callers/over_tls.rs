//! TLS and what is agreed on in its handshake.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::super::{Daemon, configuration, path, store};
use super::Authority;

const PATIENCE: Duration = Duration::from_secs(20);

/// A daemon with the story's callers and one listener with TLS, whose files are `server.pem` and `server.key` of a folder.
fn secure(dir: &Path, files: &Path) -> Daemon {
    secure_with(dir, files, "")
}

/// As [`secure`], with what else stands at the top of the configuration.
pub(super) fn secure_with(dir: &Path, files: &Path, before: &str) -> Daemon {
    let file = |name: &str| files.join(name).display().to_string();
    let config = format!(
        "{before}\n{}[[listener]]\naddress = \"127.0.0.1:0\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
        configuration(),
        file("server.pem"),
        file("server.key"),
    );
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    Daemon::with(&config, &dir.join("data"), &policies)
}

/// What curl answers with these arguments beside those for TLS: whether it succeeded, and what it printed.
pub(super) fn curl(authority: &Authority, args: &[&str]) -> (bool, String) {
    let ca = authority.certificate();
    let done = Command::new("curl")
        .args(["-sS", "--max-time", "20", "--cacert", path(&ca)])
        .args(args)
        .output();
    let done = done.expect("the package `curl` is needed; `.ci/test` installs it");
    let said = [done.stdout, done.stderr].concat();
    (
        done.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn both_protocols_are_agreed_on_in_the_handshake_and_answer_alike() {
    let authority = Authority::new("servers");
    authority.issue("server", "/CN=localhost", "DNS:localhost,IP:127.0.0.1");
    let (dir, _) = store();
    let daemon = secure(dir.path(), authority.dir.path());
    let url = format!("{}/v1/parties/312002744", daemon.secure());
    let token = "Authorization: Bearer operator";
    let body = r#"{"name":"NORDLYS BAKERI AS","form":"AS"}"#;
    let shown = [
        "-w",
        " HTTP/%{http_version} %{http_code}",
        "-H",
        token,
        "-H",
        "Content-Type: application/json",
    ];
    for (flag, version) in [("--http2", "2"), ("--http1.1", "1.1")] {
        let (done, said) = curl(
            &authority,
            &[&shown[..], &[flag, "-X", "PUT", "-d", body, &url]].concat(),
        );
        assert!(
            done && said.ends_with(&format!(" HTTP/{version} 200")),
            "{said}"
        );
        let (done, said) = curl(&authority, &["-w", " %{http_code}", flag, &url]);
        assert!(done && said.ends_with(" 401"), "{said}");
    }
    let (done, said) = curl(&Authority::new("others"), &[&url]);
    assert!(
        !done,
        "an authority that did not sign it believes it: {said}"
    );
}

#[test]
fn http_2_is_spoken_without_tls_too_by_who_knows() {
    let (_dir, data) = store();
    let daemon = Daemon::on(&data);
    let url = format!("http://{}/healthz", daemon.address);
    let (done, said) = curl(
        &Authority::new("none"),
        &["--http2-prior-knowledge", "-w", " %{http_version}", &url],
    );
    assert!(done && said == "ok 2", "{said}");
}

type Session = StreamOwned<ClientConnection, TcpStream>;

fn connect(address: &str, authority: &Authority) -> Session {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(authority.certificate()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    StreamOwned::new(ClientConnection::new(config, name).unwrap(), stream)
}

/// One request on a connection that stays open: what the server's certificate is.
fn ask(session: &mut Session) -> Vec<u8> {
    session
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nok") {
        let mut some = [0; 1024];
        let length = session.read(&mut some).unwrap();
        assert!(
            length > 0,
            "the connection was dropped after {}",
            String::from_utf8_lossy(&answer)
        );
        answer.extend_from_slice(&some[..length]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    session.conn.peer_certificates().unwrap()[0].to_vec()
}

/// Ends the load, also when what it was for has failed.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn certificates_are_replaced_under_load_and_no_connection_is_dropped() {
    let authority = Authority::new("servers");
    authority.issue("server", "/CN=localhost", "DNS:localhost");
    let (dir, _) = store();
    let daemon = secure(dir.path(), authority.dir.path());
    let address = daemon.secure().strip_prefix("https://").unwrap().to_owned();
    let (is_over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let ends = Ends(&is_over);
        let load = || {
            let mut session = connect(&address, &authority);
            let first = ask(&mut session);
            while !is_over.load(Ordering::Relaxed) {
                assert_eq!(ask(&mut session), first);
                asked.fetch_add(1, Ordering::Relaxed);
            }
        };
        let busy: Vec<_> = (0..4).map(|_| scope.spawn(load)).collect();
        let old = ask(&mut connect(&address, &authority));
        // A key that does not fit, for a moment: what was good serves on.
        std::fs::write(authority.dir.path().join("server.key"), "").unwrap();
        hang_up(&daemon);
        wait_for(|| daemon.metric(r#"pdp_certificate_reloads_total{outcome="failed"}"#) == "1");
        assert_eq!(ask(&mut connect(&address, &authority)), old);
        authority.issue("server", "/CN=localhost", "DNS:localhost");
        hang_up(&daemon);
        wait_for(|| ask(&mut connect(&address, &authority)) != old);
        let before = asked.load(Ordering::Relaxed);
        wait_for(|| asked.load(Ordering::Relaxed) > before + 100);
        drop(ends);
        for thread in busy {
            thread.join().unwrap();
        }
    });
}

pub(super) fn hang_up(daemon: &Daemon) {
    let id = daemon.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-HUP", &id])
            .status()
            .unwrap()
            .success()
    );
}

pub(super) fn wait_for(mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "it did not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}
