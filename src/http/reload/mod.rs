//! The policy folder while the daemon serves: changes are taken when they are whole, checked and tested, and what is
//! refused is told. Decisions never wait for any of it, and never see a half of a folder.

mod judge;
mod look;
mod stillness;
mod watch;

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::engine::Engine;
use crate::model::id::Revision;
use crate::model::time::Timestamp;

use super::answer::now;
use super::edge_metrics::EdgeMetrics;
use watch::Watch;

pub(crate) use judge::{Content, Refused};

/// A policy folder to watch.
#[derive(Debug, Clone)]
pub struct PolicyWatch {
    /// The folder.
    pub folder: PathBuf,
    /// A folder of the daemon's own, for the stores that the folder's tests run on.
    pub scratch: PathBuf,
}

/// A folder that is refused, and why.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) since: Timestamp,
    /// The folder's hash, if it could be read.
    pub(crate) hash: Option<String>,
    pub(crate) why: Refused,
}

/// What came of the changes of the folder.
#[derive(Debug, Default)]
pub(crate) struct Reloads {
    refusal: Mutex<Option<Refusal>>,
    /// The hash of the folder as it was last taken.
    taken: Mutex<Option<Box<str>>>,
    edge: EdgeMetrics,
}

impl Reloads {
    pub(crate) fn new(edge: EdgeMetrics) -> Self {
        Self {
            refusal: Mutex::default(),
            taken: Mutex::default(),
            edge,
        }
    }

    /// What is refused now, if something is.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.held().clone()
    }

    /// The hash of the folder as it was last taken, if one is watched and was.
    pub(crate) fn taken(&self) -> Option<Box<str>> {
        let taken = self.taken.lock();
        taken.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The folder is in force: from this revision on, or as it was; or it is what it was when others were put in its place.
    fn accept(&self, hash: &str, from: Option<Revision>) {
        *self.held() = None;
        let taken = self.taken.lock();
        *taken.unwrap_or_else(PoisonError::into_inner) = Some(hash.into());
        if from.is_some() {
            self.edge.policies_read(true);
        }
        self.edge.policies_refused(false);
    }

    fn refuse(&self, content: Content, why: Refused) {
        *self.held() = Some(Refusal {
            since: now(),
            hash: content.folder.ok().map(|folder| folder.hash()),
            why,
        });
        self.edge.policies_read(false);
        self.edge.policies_refused(true);
    }

    fn held(&self) -> MutexGuard<'_, Option<Refusal>> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that watches a folder, until this is dropped: which waits for what it is doing.
#[derive(Debug)]
pub(crate) struct Watching {
    // Dropped first of all, so that the thread ends.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watching {
    /// Looks at the folder once, and then for as long as this is held. Blocks while it reads and compiles.
    pub(crate) fn begin(
        engine: Arc<Engine>,
        reloads: Arc<Reloads>,
        of: &PolicyWatch,
    ) -> std::io::Result<Self> {
        let watch = Watch::new(engine, reloads, of);
        let (stop, stopping) = channel();
        let thread = std::thread::Builder::new().name("fullmakt-policies".to_owned());
        let thread = thread.spawn(move || watch.run(&stopping))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
