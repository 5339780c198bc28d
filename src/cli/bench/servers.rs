//! The processes that are measured: the daemon, and the bare server.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fullmakt::model::hash::ContentHash;
use uuid::Uuid;

use super::super::Failure;
use super::failure;

/// A server, until it goes out of scope.
#[derive(Debug)]
pub(crate) struct Server {
    /// Nothing of one that somebody else has started.
    child: Option<Child>,
    /// Nothing if nobody has said which process it is.
    process: Option<u32>,
    pub(crate) address: SocketAddr,
    /// The bearer token that it takes.
    pub(crate) token: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Server {
    /// The daemon on a store, with one caller that may ask about everything; with a decision log where one is to be.
    pub(crate) fn daemon(data: &Path, log: Option<&Path>) -> Result<Self, Failure> {
        let token = Uuid::new_v4().to_string();
        let mut hash = ContentHash::default();
        hash.update(token.as_bytes());
        let mut config = format!(
            "[[caller]]\nid = \"bench\"\nkind = \"resource-api\"\nsha256 = \"{}\"\nresources = [\"*\"]\n",
            hash.finish()
        );
        if let Some(log) = log {
            // What compressing costs is measured apart.
            let dir = log.to_string_lossy();
            let table = format!("[decision_log]\ndir = {dir:?}\ncompress = false\n");
            config.push_str(&table);
        }
        let path = data.join("bench.toml");
        std::fs::write(&path, config).map_err(failure)?;
        let folder = data.join("bench-policies");
        write_policies(&folder)?;
        let mut command = this()?;
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(path)
            .arg("--data")
            .arg(data)
            .arg("--policies")
            .arg(folder)
            .env("FULLMAKT_LOG", "error");
        Self::start(command, token)
    }

    /// A daemon that runs already.
    pub(crate) fn running(
        url: &str,
        token: Option<String>,
        process: Option<u32>,
    ) -> Result<Self, Failure> {
        let address = url
            .strip_prefix("http://")
            .map(|rest| rest.trim_end_matches('/'));
        let address = address.and_then(|rest| rest.to_socket_addrs().ok()?.next());
        let wrong = || {
            Failure::new(format!(
                "--url: `{url}` is not an address of the form `http://127.0.0.1:8180`"
            ))
            .help("load is driven over plain HTTP; of a daemon with TLS name another listener")
        };
        Ok(Self {
            child: None,
            process,
            address: address.ok_or_else(wrong)?,
            token: token.ok_or_else(|| {
                Failure::new(
                    "--token is needed: that of a resource API which may ask about everything",
                )
            })?,
        })
    }

    /// A bare server that answers this.
    pub(crate) fn bare(answer: &str) -> Result<Self, Failure> {
        let mut command = this()?;
        command.args(["bench", "--bare", answer]);
        Self::start(command, String::new())
    }

    fn start(mut command: Command, token: String) -> Result<Self, Failure> {
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(failure)?;
        let mut said = String::new();
        if let Some(out) = child.stdout.take() {
            let mut lines = BufReader::new(out);
            while lines.read_line(&mut said).is_ok_and(|read| read > 0) {
                if said.contains("http://") {
                    // What it says later goes nowhere, and must not block it.
                    std::thread::spawn(move || lines.lines().count());
                    break;
                }
            }
        }
        let address = said.split("http://").nth(1).and_then(|rest| {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            rest.get(..end)?.parse().ok()
        });
        match address {
            Some(address) => Ok(Self {
                process: Some(child.id()),
                child: Some(child),
                address,
                token,
            }),
            None => Err(Failure::new(
                "the server that is to be measured did not start",
            )),
        }
    }

    /// What all its threads have had of the processors so far.
    pub(crate) fn processor(&self) -> Duration {
        let Some(process) = self.process else {
            return Duration::ZERO;
        };
        let tasks = format!("/proc/{process}/task");
        let tasks = std::fs::read_dir(tasks).into_iter().flatten().flatten();
        let nanos = tasks.filter_map(|task| {
            let times = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            times.split_whitespace().next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(nanos.sum())
    }

    /// Its memory in MiB: now, and at its most.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let status = self
            .process
            .map(|process| format!("/proc/{process}/status"));
        let status = status.and_then(|path| std::fs::read_to_string(path).ok());
        let status = status.unwrap_or_default();
        let mib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
            kib.unwrap_or_default() / 1024
        };
        (mib("VmRSS:"), mib("VmHWM:"))
    }
}

fn this() -> Result<Command, Failure> {
    std::env::current_exe().map(Command::new).map_err(failure)
}

/// The policies that are compiled in, as a folder.
fn write_policies(to: &Path) -> Result<(), Failure> {
    for file in fullmakt::policies::shipped().files() {
        let path = to.join(&*file.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failure)?;
        }
        std::fs::write(path, &*file.text).map_err(failure)?;
    }
    Ok(())
}
