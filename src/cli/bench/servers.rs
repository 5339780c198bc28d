//! The processes that are measured: the daemon, and the bare server.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
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
    child: Child,
    pub(crate) address: SocketAddr,
    /// The bearer token that it takes.
    pub(crate) token: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// The daemon on a store, with one caller that may ask about everything.
    pub(crate) fn daemon(data: &Path) -> Result<Self, Failure> {
        let token = Uuid::new_v4().to_string();
        let mut hash = ContentHash::default();
        hash.update(token.as_bytes());
        let config = format!(
            "[[caller]]\nid = \"bench\"\nkind = \"resource-api\"\nsha256 = \"{}\"\nresources = [\"*\"]\n",
            hash.finish()
        );
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
                child,
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
        let tasks = format!("/proc/{}/task", self.child.id());
        let tasks = std::fs::read_dir(tasks).into_iter().flatten().flatten();
        let nanos = tasks.filter_map(|task| {
            let times = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            times.split_whitespace().next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(nanos.sum())
    }

    /// Its memory in MiB: now, and at its most.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap_or_default();
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
