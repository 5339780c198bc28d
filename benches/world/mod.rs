//! A synthetic world of any size, made through the same commands and imports as a real one.

pub(crate) mod cedar;

use std::path::Path;
use std::sync::Arc;

use fullmakt::engine::{Call, Engine, Import, Settings};
use fullmakt::model::caller::{Caller, CallerKind};
use fullmakt::model::id::{OrgNo, SystemUserId};
use fullmakt::model::policy::PolicyFolder;
use fullmakt::model::question::{Asked, Question};
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::system::SystemDraft;
use fullmakt::model::time::Timestamp;
use fullmakt::scenario::{Synthetic, SyntheticError};
use std::sync::LazyLock;

pub(crate) const RESOURCE: &str = Synthetic::RESOURCE;
/// Clients of one system user.
pub(crate) const CLIENTS_EACH: usize = Synthetic::CLIENTS_EACH;
const VENDOR: &str = "991825827";
/// Commands that are under way at once, so that they share their syncs.
const WRITERS: usize = 64;

pub(crate) static NOW: LazyLock<Timestamp> =
    LazyLock::new(|| Timestamp::from_millis(1_790_000_000_000));

/// Of which firms it is makes no difference to whom its system users are asked about.
static ASKED: LazyLock<Synthetic> = LazyLock::new(|| Synthetic::of(1));

pub(crate) fn numbers(from: u32, count: usize) -> Vec<OrgNo> {
    Synthetic::numbers(from, count)
}

pub(crate) fn call(kind: CallerKind) -> Call {
    Call {
        by: Caller {
            id: "bench".parse().unwrap(),
            kind,
        },
        now: *NOW,
        request_id: None,
    }
}

pub(crate) fn admin_of(firm: OrgNo) -> Call {
    let packages = ["klientadministrator", "tilgangsstyrer"].map(|code| code.parse().unwrap());
    call(CallerKind::Person {
        party: firm,
        packages: packages.to_vec(),
    })
}

pub(crate) fn vendor() -> Call {
    call(CallerKind::Vendor {
        party: VENDOR.parse().unwrap(),
    })
}

pub(crate) fn operator() -> Call {
    call(CallerKind::Operator)
}

/// Random numbers that are the same in each run.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }
}

pub(crate) fn user(nth: usize) -> SystemUserId {
    Synthetic::user(nth)
}

/// One of the two thousand numbers that a system user is asked about; it is a client if `place` is even.
pub(crate) fn asked_about(nth: usize, place: usize) -> OrgNo {
    ASKED.asked_about(nth, place).unwrap()
}

pub(crate) fn client(nth: usize, place: usize) -> OrgNo {
    asked_about(nth, place * 2)
}

pub(crate) fn question(user: SystemUserId, client: OrgNo) -> Question {
    Question {
        system_user: user,
        action: "read".parse().unwrap(),
        resource: RESOURCE.parse().unwrap(),
        client,
        asked: Asked::default(),
    }
}

pub(crate) struct World {
    pub(crate) engine: Arc<Engine>,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) firms: Vec<OrgNo>,
    synthetic: Synthetic,
}

pub(crate) fn open(dir: &Path, policies: PolicyFolder) -> Engine {
    Engine::open(dir, policies, Settings::default(), *NOW).unwrap()
}

impl World {
    /// A world with the shipped policies and system users, but without clients.
    pub(crate) fn approved(users: usize, policies: PolicyFolder) -> Self {
        Self::with(users * CLIENTS_EACH, policies, |synthetic, engine| {
            synthetic.approve(engine, *NOW)
        })
    }

    fn with(
        delegations: usize,
        policies: PolicyFolder,
        write: impl FnOnce(&Synthetic, &Engine) -> Result<(), SyntheticError>,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let engine = Arc::new(open(dir.path(), policies));
        let synthetic = Synthetic::of(delegations);
        write(&synthetic, &engine).unwrap();
        Self {
            engine,
            dir,
            firms: synthetic.firms().to_vec(),
            synthetic,
        }
    }

    /// A world of so many delegations and as many relations.
    pub(crate) fn of(delegations: usize, policies: PolicyFolder) -> Self {
        let world = Self::with(delegations, policies, |synthetic, engine| {
            synthetic.write(engine, *NOW)
        });
        world.engine.checkpoint().unwrap();
        world
    }

    pub(crate) fn users(&self) -> usize {
        self.firms.len()
    }

    /// The relations and delegations of these system users, as one import.
    pub(crate) fn facts(&self, users: &[usize]) -> Import {
        self.synthetic.facts(users).unwrap()
    }

    /// So many random pairs of a system user and a number, each with whether it is permitted: half of them are.
    pub(crate) fn pairs(&self, count: usize) -> Vec<(SystemUserId, OrgNo, bool)> {
        let pairs = self.synthetic.pairs(count).into_iter();
        pairs
            .map(|pair| (pair.system_user, pair.client, pair.permit))
            .collect()
    }
}

/// At most [`WRITERS`] calls at once, for each of so many.
pub(crate) fn at_once(count: usize, run: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let run = &run;
            scope.spawn(move || (writer..count).step_by(WRITERS).for_each(run));
        }
    });
}

pub(crate) fn system() -> SystemDraft {
    Synthetic::system().unwrap()
}

/// A request for an agent system user of a firm.
pub(crate) fn request(firm: OrgNo) -> RequestDraft {
    Synthetic::request(firm).unwrap()
}

/// A measure over rounds: its median, its least and its most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    pub(crate) fn of(mut all: Vec<f64>) -> Self {
        all.sort_by(f64::total_cmp);
        Self {
            median: all[all.len() / 2],
            least: all[0],
            most: all[all.len() - 1],
        }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:.0} ns ({:.0} to {:.0})",
            self.median, self.least, self.most
        )
    }
}

/// This process's memory, in MiB: now, and at its most.
pub(crate) fn resident() -> (f64, f64) {
    resident_of("self")
}

/// A process's memory, in MiB: now, and at its most. Nothing where the system does not tell.
pub(crate) fn resident_of(process: &str) -> (f64, f64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mib = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
        kib.unwrap_or_default() / 1024.0
    };
    (mib("VmRSS:"), mib("VmHWM:"))
}
