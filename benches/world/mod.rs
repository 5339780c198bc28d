//! A synthetic world of any size, made through the same commands and imports as a real one.
//!
//! Each system user has a firm of its own and a thousand clients, drawn from four hundred thousand organisations so that a
//! client has up to some twenty-five firms. Of the two thousand numbers that a system user is asked about every other
//! one is its client.

pub(crate) mod cedar;

use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use fullmakt::engine::{Call, Engine, Import, Settings};
use fullmakt::model::caller::{Caller, CallerKind};
use fullmakt::model::id::{OrgNo, RequestId, SystemUserId};
use fullmakt::model::policy::PolicyFolder;
use fullmakt::model::question::{Asked, Question};
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::system::{SystemDraft, Title};
use fullmakt::model::time::Timestamp;
use std::sync::LazyLock;

pub(crate) const PACKAGE: &str = "regnskapsforer-med-signeringsrettighet";
pub(crate) const SYSTEM: &str = "991825827_smartcloud";
pub(crate) const RESOURCE: &str = "ske-krav-og-betalinger";
/// Clients of one system user.
pub(crate) const CLIENTS_EACH: usize = 1000;
/// Organisations that are anybody's clients.
pub(crate) const POPULATION: usize = 400_000;
const STRIDE: usize = 199;
const VENDOR: &str = "991825827";
/// Commands that are under way at once, so that they share their syncs.
const WRITERS: usize = 64;

pub(crate) static NOW: LazyLock<Timestamp> =
    LazyLock::new(|| Timestamp::from_millis(1_790_000_000_000));

static CLIENTS: LazyLock<Vec<OrgNo>> = LazyLock::new(|| numbers(92_000_000, POPULATION));

pub(crate) fn numbers(from: u32, count: usize) -> Vec<OrgNo> {
    let valid =
        (from..).filter_map(|eight| OrgNo::from_u32(eight * 10 + OrgNo::check_digit(eight)?).ok());
    valid.take(count).collect()
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

/// The id of a system user: spread as the daemon's random ones are.
pub(crate) fn user(nth: usize) -> SystemUserId {
    let mut mixed = (nth as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let low = mixed ^ (mixed >> 31);
    format!(
        "{:08x}-{:04x}-4000-8000-{nth:012x}",
        low >> 32,
        low & 0xffff
    )
    .parse()
    .unwrap()
}

/// One of the two thousand numbers that a system user is asked about; it is a client if `place` is even.
pub(crate) fn asked_about(nth: usize, place: usize) -> OrgNo {
    CLIENTS[(nth * 7919 + place * STRIDE) % POPULATION]
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
}

pub(crate) fn open(dir: &Path, policies: PolicyFolder) -> Engine {
    Engine::open(dir, policies, Settings::default(), *NOW).unwrap()
}

impl World {
    /// A world with the shipped policies and system users, but without clients.
    pub(crate) fn approved(users: usize, policies: PolicyFolder) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let engine = Arc::new(open(dir.path(), policies));
        engine.register_system(&vendor(), system()).unwrap();
        let firms = numbers(31_000_000, users);
        at_once(users, |nth| approve(&engine, nth, firms[nth]));
        Self { engine, dir, firms }
    }

    /// A world of so many delegations and as many relations.
    pub(crate) fn of(delegations: usize, policies: PolicyFolder) -> Self {
        let world = Self::approved(delegations.div_ceil(CLIENTS_EACH), policies);
        let users: Vec<usize> = (0..world.users()).collect();
        for users in users.chunks(1000) {
            let import = world.facts(users);
            world.engine.import(&operator(), &import, |_| ()).unwrap();
        }
        world.engine.checkpoint().unwrap();
        world
    }

    pub(crate) fn users(&self) -> usize {
        self.firms.len()
    }

    /// The relations and delegations of these system users, as one import.
    pub(crate) fn facts(&self, users: &[usize]) -> Import {
        Import::read(BufReader::with_capacity(1 << 20, self.lines(users))).unwrap()
    }

    /// The same as NDJSON, made as it is read.
    pub(crate) fn lines<'a>(&'a self, users: &'a [usize]) -> impl Read + 'a {
        let relations = users.iter().flat_map(|nth| {
            let firm = self.firms[*nth];
            let line = move |place| {
                let client = client(*nth, place);
                format!(
                    r#"{{"relation":{{"client":"{client}","firm":"{firm}","role":"regnskapsforer"}}}}"#
                )
            };
            (0..CLIENTS_EACH).map(line)
        });
        let delegations = users.iter().flat_map(|nth| {
            let user = user(*nth);
            let line = move |place| {
                let client = client(*nth, place);
                format!(r#"{{"delegation":{{"systemUser":"{user}","client":"{client}"}}}}"#)
            };
            (0..CLIENTS_EACH).map(line)
        });
        Lines {
            lines: relations.chain(delegations),
            line: Vec::new(),
            read: 0,
        }
    }

    /// So many random pairs of a system user and a number, each with whether it is permitted: half of them are.
    pub(crate) fn pairs(&self, count: usize) -> Vec<(SystemUserId, OrgNo, bool)> {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let pair = |_| {
            let (nth, place) = (random.below(self.users()), random.below(CLIENTS_EACH * 2));
            (user(nth), asked_about(nth, place), place % 2 == 0)
        };
        (0..count).map(pair).collect()
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
    SystemDraft {
        id: SYSTEM.parse().unwrap(),
        name: Title::new("SmartCloud", "SmartCloud").unwrap(),
        packages: vec![PACKAGE.to_owned()],
        rights: Vec::new(),
        redirect_urls: Vec::new(),
    }
}

/// A request for an agent system user of a firm.
pub(crate) fn request(firm: OrgNo) -> RequestDraft {
    RequestDraft {
        system: SYSTEM.parse().unwrap(),
        firm,
        kind: UserKind::Agent,
        packages: vec![PACKAGE.to_owned()],
        rights: Vec::new(),
        external_ref: None,
        redirect_url: None,
        title: None,
    }
}

fn approve(engine: &Engine, nth: usize, firm: OrgNo) {
    let id = RequestId(user(nth).0);
    engine.create_request(&vendor(), id, request(firm)).unwrap();
    engine.approve_request(&admin_of(firm), id).unwrap();
}

/// Lines as bytes.
struct Lines<I> {
    lines: I,
    line: Vec<u8>,
    read: usize,
}

impl<I: Iterator<Item = String>> Read for Lines<I> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.read == self.line.len() {
            let Some(line) = self.lines.next() else {
                return Ok(0);
            };
            self.line = line.into_bytes();
            self.line.push(b'\n');
            self.read = 0;
        }
        let rest = &self.line[self.read..];
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.read += count;
        Ok(count)
    }
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
