//! The daemon through [`serve`](super::serve), with limits small enough to reach.

mod at_least;
mod authorized;
mod collector;
mod decision_log;
mod decision_log_failing;
mod limits;
mod openapi;
mod questions;
mod quick;
mod search;
mod uploads;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::engine::{Engine, Settings};
use crate::model::caller::{BoundResources, Caller, CallerKind, TokenHash};
use crate::model::time::Timestamp;

use super::{Callers, Limits, ServeError, ServerConfig, serve};

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A daemon on a free port and a store that goes away. The token of a caller is its id.
struct Served {
    address: SocketAddr,
    engine: Arc<Engine>,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<Result<(), ServeError>>>,
    _dir: tempfile::TempDir,
}

const FIRM: &str = "312001373";
const CLIENT: &str = "312002744";

fn person(party: &str, packages: &[&str]) -> CallerKind {
    CallerKind::Person {
        party: party.parse().unwrap(),
        packages: packages.iter().map(|code| code.parse().unwrap()).collect(),
    }
}

fn callers() -> Callers {
    let administrators = ["klientadministrator", "tilgangsstyrer"];
    let kinds = [
        ("operator", CallerKind::Operator),
        (
            "vendor",
            CallerKind::Vendor {
                party: "991825827".parse().unwrap(),
            },
        ),
        (
            "api",
            CallerKind::ResourceApi {
                resources: BoundResources::Every,
            },
        ),
        (
            "other-api",
            CallerKind::ResourceApi {
                resources: BoundResources::These(vec!["mva-melding-innsending".parse().unwrap()]),
            },
        ),
        ("admin", person(FIRM, &administrators)),
        ("employee", person(FIRM, &["tilgangsstyrer"])),
        ("client", person(CLIENT, &[])),
        ("other-admin", person("312004119", &administrators)),
    ];
    let mut callers = Callers::default();
    for (id, kind) in kinds {
        let caller = Caller {
            id: id.parse().unwrap(),
            kind,
        };
        callers.add(caller, &[TokenHash::of(id)]).unwrap();
    }
    callers
}

fn engine() -> (Arc<Engine>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let (folder, begin) = (
        crate::policies::shipped().clone(),
        Timestamp::from_millis(0),
    );
    let engine = Engine::open(dir.path(), folder, Settings::default(), begin).unwrap();
    (Arc::new(engine), dir)
}

impl Served {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(set: impl FnOnce(&mut Limits)) -> Self {
        Self::configured(|config| set(&mut config.limits))
    }

    fn configured(set: impl FnOnce(&mut ServerConfig)) -> Self {
        let (engine, dir) = engine();
        let mut config = ServerConfig {
            callers: callers(),
            limits: Limits::default(),
            public_url: "http://fullmakt.example".to_owned(),
            decision_log: None,
            policies: None,
        };
        set(&mut config);
        let (stop, stopped) = oneshot::channel();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let served = Arc::clone(&engine);
        let serving = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                let shutdown = async { stopped.await.unwrap_or_default() };
                serve(listener, served, config, shutdown).await
            })
        });
        Self {
            address,
            engine,
            stop: Some(stop),
            serving: Some(serving),
            _dir: dir,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a head, with a body of this length to come.
    fn begin(&self, token: &str, method: &str, path: &str, length: usize) -> TcpStream {
        let mut stream = self.connect();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }

    fn call(&self, token: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut stream = self.begin(token, method, path, body.len());
        stream.write_all(body.as_bytes()).unwrap();
        answer(stream)
    }

    fn metric(&self, name: &str) -> String {
        let (_, text) = self.call("", "GET", "/metrics", "");
        let text = text.as_str().unwrap().to_owned();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {text}"))
            .trim()
            .to_owned()
    }

    /// Waits until so many requests are in flight; the one that asks is one of them.
    fn wait_for_in_flight(&self, wanted: &str) {
        let begin = Instant::now();
        let mut found = self.metric("pdp_http_requests_in_flight");
        while found != wanted {
            assert!(begin.elapsed() < PATIENCE, "{found} are in flight");
            found = self.metric("pdp_http_requests_in_flight");
        }
    }

    fn ask_to_stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    fn join(&mut self) -> Result<(), ServeError> {
        self.serving.take().unwrap().join().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(serving) = self.serving.take() {
            let _ = serving.join();
        }
    }
}

/// The status and body of the one answer that a connection gives; a body that is not JSON as a string.
fn answer(mut stream: TcpStream) -> (u16, Value) {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer, but `{text}`"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
    (status, body)
}
