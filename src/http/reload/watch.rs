//! Watching a policy folder: looked at often, read when it has been still, put in force whole or not at all.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::engine::{Engine, Staged};
use crate::model::id::Revision;

use super::super::answer::now;
use super::judge::{Content, Refused};
use super::look::Look;
use super::stillness::stillness;
use super::{PolicyWatch, Reloads};

/// Between two looks, at least.
const PAUSE: Duration = Duration::from_millis(25);
/// Between two readings of a folder that looks as it was: on some network folders a change cannot be seen.
const READ_AGAIN: Duration = Duration::from_secs(1);
/// How long a change that only reading shows has to be the same.
const SAME: Duration = Duration::from_millis(150);
/// Looking and reading take at most one in so many parts of one processor's time.
const SHARE: u32 = 20;

pub(super) struct Watch {
    engine: Arc<Engine>,
    reloads: Arc<Reloads>,
    folder: PathBuf,
    scratch: PathBuf,
    /// As it was when it was last read.
    read: Look,
    now: Look,
    since: Instant,
    /// What was read and compiled of a change while it has yet to be still for longer.
    ready: Option<Ready>,
    /// The hash of what was last judged.
    judged: Option<String>,
    read_at: Instant,
    read_again: Duration,
    /// What reading showed that looking did not, and since when.
    suspect: Option<(String, Instant)>,
}

/// A folder that was read as it looked, and what it came to.
struct Ready {
    look: Look,
    content: Content,
    staged: Result<Staged, Refused>,
}

impl Watch {
    /// A watch of a folder that was just put in force, or is broken: that it is broken is known when this returns.
    pub(super) fn new(engine: Arc<Engine>, reloads: Arc<Reloads>, of: &PolicyWatch) -> Self {
        let now = Look::at(&of.folder);
        let mut watch = Self {
            engine,
            reloads,
            folder: of.folder.clone(),
            scratch: of.scratch.clone(),
            read: now.clone(),
            now,
            since: Instant::now(),
            ready: None,
            judged: None,
            read_at: Instant::now(),
            read_again: READ_AGAIN,
            suspect: None,
        };
        watch.first();
        watch
    }

    /// Says at once what is wrong with the folder of the start. What is right is taken when it has been still.
    fn first(&mut self) {
        let content = Content::read(&self.folder);
        if self.is_taken(&content) {
            self.accept(content, None);
            return;
        }
        match self.stage(&content) {
            Ok(_) => self.read = Look::default(),
            Err(refused) => self.refuse(content, refused),
        }
    }

    /// Whether the folder is in force, or is as it was when a caller put others in its place.
    fn is_taken(&self, content: &Content) -> bool {
        let Ok(folder) = &content.folder else {
            return false;
        };
        let snapshot = self.engine.snapshot();
        if folder == snapshot.policy_folder() {
            return true;
        }
        let taken = self.reloads.taken();
        let taken = taken.or_else(|| snapshot.folder_taken().ok().flatten());
        taken.is_some_and(|taken| *taken == *folder.hash())
    }

    /// Watches until nobody is left who could say that it should stop.
    pub(super) fn run(mut self, stop: &Receiver<()>) {
        let mut pause = PAUSE;
        while stop.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            let begun = Instant::now();
            let look = Look::at(&self.folder);
            pause = PAUSE.max(begun.elapsed() * SHARE);
            self.step(look);
        }
    }

    fn step(&mut self, look: Look) {
        if look != self.now {
            self.now = look;
            self.since = Instant::now();
        } else if self.now != self.read {
            self.changed();
        } else if self.suspect.is_some() || self.read_at.elapsed() >= self.read_again {
            self.read_again();
        }
    }

    /// Reads and compiles a folder that changed, and judges it when it has been still for long enough.
    ///
    /// Compiling does not wait for that, so that the longer of the two is all that it takes.
    fn changed(&mut self) {
        if self
            .ready
            .as_ref()
            .is_none_or(|ready| ready.look != self.now)
        {
            self.ready = self.get_ready();
        }
        if self.since.elapsed() < stillness(&self.read, &self.now) {
            return;
        }
        let look = Look::at(&self.folder);
        let Some(ready) = self.ready.take_if(|ready| ready.look == look) else {
            // It changed while it was read: what was read may be half of this and half of that.
            self.now = look;
            self.since = Instant::now();
            return;
        };
        self.read = look;
        self.suspect = None;
        self.judge(ready.content, ready.staged);
    }

    /// What the folder holds, compiled; nothing if it changed meanwhile.
    fn get_ready(&self) -> Option<Ready> {
        let content = Content::read(&self.folder);
        let is_whole = Look::at(&self.folder) == self.now;
        is_whole.then(|| Ready {
            look: self.now.clone(),
            staged: self.stage(&content),
            content,
        })
    }

    /// Compiles what was read, or says why it may not be put in force.
    fn stage(&self, content: &Content) -> Result<Staged, Refused> {
        content.staged(self.engine.snapshot().policy_folder(), &self.scratch)
    }

    /// Reads a folder that looks as it did. A change is taken when it is read twice.
    fn read_again(&mut self) {
        let begun = Instant::now();
        let content = Content::read(&self.folder);
        self.read_at = Instant::now();
        self.read_again = READ_AGAIN.max(begun.elapsed() * SHARE);
        if self.judged.as_ref() == Some(&content.hash) {
            self.suspect = None;
            return;
        }
        match &self.suspect {
            Some((hash, since)) if *hash == content.hash => {
                if since.elapsed() >= SAME {
                    self.suspect = None;
                    let staged = self.stage(&content);
                    self.judge(content, staged);
                }
            }
            Some(_) | None => self.suspect = Some((content.hash, Instant::now())),
        }
    }

    /// Puts what was read in force, or says why not.
    fn judge(&mut self, content: Content, staged: Result<Staged, Refused>) {
        if self.judged.as_ref() == Some(&content.hash) {
            return;
        }
        if self.is_taken(&content) {
            self.accept(content, None);
            return;
        }
        let put = staged.and_then(|staged| {
            let put = self.engine.put_staged(staged, now());
            put.map_err(|error| Refused::Store(error.to_string()))
        });
        match put {
            Ok(written) => self.accept(content, Some(written.revision)),
            Err(refused) => self.refuse(content, refused),
        }
    }

    /// The folder is in force: from a revision on, or as it was.
    fn accept(&mut self, content: Content, from: Option<Revision>) {
        let hash = content.folder.map(|folder| folder.hash());
        let hash = hash.unwrap_or_default();
        if let Some(revision) = from {
            tracing::info!(%revision, hash, "the policy folder changed and is in force");
        }
        self.judged = Some(content.hash);
        self.reloads.accept(&hash, from);
    }

    fn refuse(&mut self, content: Content, refused: Refused) {
        let lines = refused.lines();
        tracing::warn!(
            why = refused.code(),
            first = lines.first().map(String::as_str).unwrap_or_default(),
            reasons = lines.len(),
            in_force = self.engine.snapshot().policy_hash(),
            "the policy folder is refused; the policies before it stay in force"
        );
        // A store that takes no changes now may do so later.
        let for_good = !matches!(refused, Refused::Store(_));
        self.judged = for_good.then(|| content.hash.clone());
        self.reloads.refuse(content, refused);
    }
}
