//! The real binary as a child process, spoken to over real sockets by a client that shares no code with it.

mod administration;
mod approval;
mod authzen;
mod bench;
mod callers;
mod command_line;
mod config;
mod decision_log;
mod demo;
mod examples;
mod findings;
mod foreign;
mod is_authorized;
mod nothing_lost;
mod official_cedar;
mod policy;
mod publish;
mod readme;
mod reload;
mod replay;
mod stop;
mod story;
mod strict;
mod transfer;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use fullmakt::model::hash::ContentHash;
use serde_json::{Value, json};

/// The command under test.
pub(crate) const FULLMAKT: &str = env!("CARGO_BIN_EXE_fullmakt");

/// The story's callers: id, kind, what else; the token of each is its id.
const CALLERS: [(&str, &str, &str); 8] = [
    ("resource-api", "resource-api", "resources = [\"*\"]"),
    (
        "claims-api",
        "resource-api",
        "resources = [\"ske-krav-og-betalinger\"]",
    ),
    ("vendor", "vendor", "party = \"991825827\""),
    ("other-vendor", "vendor", "party = \"312004119\""),
    (
        "firm-admin",
        "person",
        "party = \"312001373\"\npackages = [\"klientadministrator\", \"tilgangsstyrer\"]",
    ),
    (
        "client-admin",
        "person",
        "party = \"312001373\"\npackages = [\"klientadministrator\"]",
    ),
    (
        "other-admin",
        "person",
        "party = \"312004119\"\npackages = [\"hovedadministrator\"]",
    ),
    ("operator", "operator", ""),
];

/// A configuration with the story's callers.
pub(crate) fn configuration() -> String {
    let caller = |(id, kind, more): &(&str, &str, &str)| {
        let mut hash = ContentHash::default();
        hash.update(id.as_bytes());
        let hash = hash.finish();
        format!("[[caller]]\nid = \"{id}\"\nkind = \"{kind}\"\nsha256 = \"{hash}\"\n{more}\n")
    };
    CALLERS.iter().map(caller).collect()
}

/// A daemon that is killed when it goes out of scope.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) address: String,
    /// What it said of where it listens.
    listens: String,
    // What it keeps in a temporary folder goes with it.
    _temporary: tempfile::TempDir,
}

impl Daemon {
    /// A daemon with the story's callers on a store.
    pub(crate) fn on(data: &Path) -> Self {
        let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        Self::with(&configuration(), data, &policies)
    }

    /// A daemon with a configuration, which is written beside its store, and a policy folder.
    pub(crate) fn with(configuration: &str, data: &Path, policies: &Path) -> Self {
        let config = data.with_extension("toml");
        std::fs::write(&config, configuration).unwrap();
        Self::start(&[
            "--config",
            path(&config),
            "--data",
            path(data),
            "--policies",
            path(policies),
        ])
    }

    /// The demo.
    pub(crate) fn demo() -> Self {
        Self::start(&["--demo"])
    }

    /// A daemon with these arguments, on a free port, once it has said where it listens.
    pub(crate) fn start(args: &[&str]) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut child = Command::new(FULLMAKT)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            .env("TMPDIR", temporary.path())
            .env("FULLMAKT_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let address = line
            .split("http://")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next());
        let address = address
            .unwrap_or_else(|| panic!("no address in `{line}`"))
            .to_owned();
        // What else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self {
            child,
            address,
            listens: line,
            _temporary: temporary,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The address that it is reached at by TLS, if it has one.
    pub(crate) fn secure(&self) -> String {
        let address = self
            .listens
            .split_whitespace()
            .find(|word| word.starts_with("https://"));
        address.expect("a listener with TLS").to_owned()
    }

    /// The value of a metric, by its name and labels; nothing if it never counted.
    pub(crate) fn metric(&self, name: &str) -> String {
        let answer = self.raw("", "GET", "/metrics", "text/plain", b"").unwrap();
        let text = String::from_utf8(answer.body).unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name));
        value.unwrap_or_default().trim().to_owned()
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the daemon to stop.
    pub(crate) fn ask_to_stop(&self) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(asked.success());
    }

    /// Asks the daemon to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.ask_to_stop();
        self.child.wait().unwrap()
    }

    /// One request as a caller: status and body.
    pub(crate) fn call(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = self
            .raw(token, method, path, "application/json", body.as_bytes())
            .unwrap();
        (answer.status, answer.json())
    }

    /// One request that has to succeed.
    pub(crate) fn done(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Value {
        let (status, answer) = self.call(token, method, path, body);
        assert!(
            (200..300).contains(&status),
            "{method} {path}: {status} {answer}"
        );
        answer
    }

    pub(crate) fn raw(
        &self,
        token: &str,
        method: &str,
        path: &str,
        kind: &str,
        body: &[u8],
    ) -> std::io::Result<Answer> {
        let authorization = if token.is_empty() {
            String::new()
        } else {
            format!("authorization: Bearer {token}\r\n")
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\n{authorization}content-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            self.address,
            body.len()
        );
        self.bytes(&[head.as_bytes(), body].concat())
    }

    /// What the daemon answers to these bytes.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> std::io::Result<Answer> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.write_all(bytes)?;
        let mut all = Vec::new();
        stream.read_to_end(&mut all)?;
        Answer::read(&all).ok_or_else(|| {
            std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "no whole answer")
        })
    }

    /// The decision on the tax claims of a client, with its reasons.
    pub(crate) fn ask(&self, token: &str, user: &str, client: &str) -> Value {
        self.done(
            token,
            "POST",
            "/access/v1/evaluation",
            Some(&question(user, client)),
        )
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The seed's question, with its reasons.
pub(crate) fn question(user: &str, client: &str) -> Value {
    json!({
        "subject": { "type": "systemuser", "id": user },
        "action": { "name": "read" },
        "resource": { "type": "ske-krav-og-betalinger", "id": client },
        "context": { "explain": true },
    })
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn read(all: &[u8]) -> Option<Self> {
        let end = all.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&all[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let answer = Self {
            status,
            headers,
            body: all[end + 4..].to_vec(),
        };
        let length: usize = answer.header("content-length")?.parse().ok()?;
        (answer.body.len() == length || answer.body.is_empty()).then_some(answer)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(held, _)| held == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        if self.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&self.body).unwrap()
        }
    }
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A command of `fullmakt`, run to its end: exit code, standard output, standard error.
pub(crate) fn run(args: &[&str], directory: &Path) -> (i32, String, String) {
    let done = Command::new(FULLMAKT)
        .args(args)
        .current_dir(directory)
        .env_remove("FULLMAKT_TOKEN")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        done.status.code().unwrap(),
        text(done.stdout),
        text(done.stderr),
    )
}

/// A folder that goes away, with a place for a store in it.
pub(crate) fn store() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    (dir, data)
}
