//! A synthetic world of any size, for measuring: made by the same commands and imports as a real one.
//!
//! Each system user has a firm of its own and a thousand clients, drawn from four hundred thousand organisations, so that a
//! client has up to some twenty-five firms. Of the two thousand numbers that a system user is asked about every other one is
//! its client.

use std::io::{BufReader, Read};

use crate::engine::{Call, Engine, Import};
use crate::model::caller::{Caller, CallerKind};
use crate::model::id::{OrgNo, RequestId, SystemUserId};
use crate::model::request::UserKind;
use crate::model::request_draft::RequestDraft;
use crate::model::system::{SystemDraft, Title};
use crate::model::time::Timestamp;

const PACKAGE: &str = "regnskapsforer-med-signeringsrettighet";
const SYSTEM: &str = "991825827_smartcloud";
const VENDOR: &str = "991825827";
/// Organisations that are anybody's clients.
const POPULATION: usize = 400_000;
const STRIDE: usize = 199;
/// Commands that are under way at once, so that they share their syncs.
const WRITERS: usize = 64;
/// System users whose facts are one import: a million delegations.
const USERS_AN_IMPORT: usize = 1000;

/// Why a synthetic world could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the synthetic world could not be made: {0}")]
pub struct SyntheticError(String);

impl SyntheticError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// A synthetic world.
#[derive(Debug, Clone)]
pub struct Synthetic {
    firms: Vec<OrgNo>,
    clients: Vec<OrgNo>,
}

/// One question of a synthetic world: may this system user read the claims of this client?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Who acts.
    pub system_user: SystemUserId,
    /// For whom.
    pub client: OrgNo,
    /// Whether it is permitted.
    pub permit: bool,
}

impl Synthetic {
    /// The action of all questions.
    pub const ACTION: &'static str = "read";
    /// The resource of all questions.
    pub const RESOURCE: &'static str = "ske-krav-og-betalinger";
    /// Clients of one system user.
    pub const CLIENTS_EACH: usize = 1000;

    /// A world of so many delegations, rounded up to whole thousands, and as many relations. Nothing is written yet.
    pub fn of(delegations: usize) -> Self {
        Self {
            firms: Self::numbers(31_000_000, delegations.div_ceil(Self::CLIENTS_EACH)),
            clients: Self::numbers(92_000_000, POPULATION),
        }
    }

    /// Delegations, all told.
    pub fn delegations(&self) -> usize {
        self.firms.len() * Self::CLIENTS_EACH
    }

    /// Writes the world into an engine that has none of it, durably. Ten million delegations take half a minute.
    pub fn write(&self, engine: &Engine, now: Timestamp) -> Result<(), SyntheticError> {
        self.approve(engine, now)?;
        let operator = call(CallerKind::Operator, now)?;
        let users: Vec<usize> = (0..self.firms.len()).collect();
        for users in users.chunks(USERS_AN_IMPORT) {
            engine
                .import(&operator, &self.facts(users)?, |_| ())
                .map_err(SyntheticError::of)?;
        }
        Ok(())
    }

    /// Writes its system and system users alone, without relations and clients.
    pub fn approve(&self, engine: &Engine, now: Timestamp) -> Result<(), SyntheticError> {
        let party = VENDOR.parse().map_err(SyntheticError::of)?;
        let vendor = call(CallerKind::Vendor { party }, now)?;
        engine
            .register_system(&vendor, Self::system()?)
            .map_err(SyntheticError::of)?;
        self.approve_all(engine, &vendor, now)
    }

    /// The relations and delegations of these system users, as one import.
    pub fn facts(&self, users: &[usize]) -> Result<Import, SyntheticError> {
        let lines = BufReader::with_capacity(1 << 20, self.lines(users));
        Import::read(lines).map_err(SyntheticError::of)
    }

    /// The firms of its system users.
    pub fn firms(&self) -> &[OrgNo] {
        &self.firms
    }

    fn approve_all(
        &self,
        engine: &Engine,
        vendor: &Call,
        now: Timestamp,
    ) -> Result<(), SyntheticError> {
        let of_writer = |writer: usize| {
            let firms = self.firms.iter().enumerate().skip(writer);
            for (nth, firm) in firms.step_by(WRITERS) {
                let id = RequestId(Self::user(nth).0);
                engine
                    .create_request(vendor, id, Self::request(*firm)?)
                    .map_err(SyntheticError::of)?;
                engine
                    .approve_request(&admin_of(*firm, now)?, id)
                    .map_err(SyntheticError::of)?;
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| scope.spawn(move || of_writer(writer)))
                .collect();
            let broke = || SyntheticError("a writer broke".to_owned());
            writers
                .into_iter()
                .try_for_each(|writer| writer.join().map_err(|_| broke())?)
        })
    }

    /// So many random questions, the same in each run; half of them are permitted.
    pub fn pairs(&self, count: usize) -> Vec<Pair> {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut pair = || {
            let nth = random.below(self.firms.len());
            self.pair(nth, random.below(Self::CLIENTS_EACH * 2))
        };
        (0..count).filter_map(|_| pair()).collect()
    }

    /// So many random questions about one system user, as a batch asks them.
    pub fn pairs_of_one(&self, nth: usize, count: usize) -> Vec<Pair> {
        let nth = nth % self.firms.len().max(1);
        let mut random = Random(0x1234_5678_9abc_def1 ^ nth as u64);
        let pairs = (0..count).map(|_| self.pair(nth, random.below(Self::CLIENTS_EACH * 2)));
        pairs.flatten().collect()
    }

    /// The question of a system user about one of the numbers that it is asked about.
    fn pair(&self, nth: usize, place: usize) -> Option<Pair> {
        Some(Pair {
            system_user: Self::user(nth),
            client: self.asked_about(nth, place)?,
            permit: place.is_multiple_of(2),
        })
    }

    /// Its one system, as it is registered.
    pub fn system() -> Result<SystemDraft, SyntheticError> {
        Ok(SystemDraft {
            id: SYSTEM.parse().map_err(SyntheticError::of)?,
            name: Title::new("SmartCloud", "SmartCloud").map_err(SyntheticError::of)?,
            packages: vec![PACKAGE.to_owned()],
            rights: Vec::new(),
            redirect_urls: Vec::new(),
        })
    }

    /// A request for an agent system user of a firm.
    pub fn request(firm: OrgNo) -> Result<RequestDraft, SyntheticError> {
        Ok(RequestDraft {
            system: SYSTEM.parse().map_err(SyntheticError::of)?,
            firm,
            kind: UserKind::Agent,
            packages: vec![PACKAGE.to_owned()],
            rights: Vec::new(),
            external_ref: None,
            redirect_url: None,
            title: None,
        })
    }

    /// Organisation numbers from this one on, by their first eight digits.
    pub fn numbers(from: u32, count: usize) -> Vec<OrgNo> {
        let valid = (from..)
            .filter_map(|eight| OrgNo::from_u32(eight * 10 + OrgNo::check_digit(eight)?).ok());
        valid.take(count).collect()
    }

    /// The id of a system user: spread as the daemon's random ones are.
    pub fn user(nth: usize) -> SystemUserId {
        let mut mixed = (nth as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = mixed ^ (mixed >> 31);
        SystemUserId(
            uuid::Builder::from_random_bytes((u128::from(high) << 64 | nth as u128).to_be_bytes())
                .into_uuid(),
        )
    }

    /// One of the two thousand numbers that a system user is asked about; it is a client if `place` is even.
    pub fn asked_about(&self, nth: usize, place: usize) -> Option<OrgNo> {
        let place = (nth * 7919 + place * STRIDE) % POPULATION;
        self.clients.get(place).copied()
    }

    /// The relations and delegations of these system users as NDJSON, made as it is read.
    fn lines<'a>(&'a self, users: &'a [usize]) -> impl Read + 'a {
        let clients = move |nth: usize| {
            let places = (0..Self::CLIENTS_EACH).map(|place| place * 2);
            places.filter_map(move |place| self.asked_about(nth, place))
        };
        let relations = users.iter().flat_map(move |nth| {
            let firm = self.firms.get(*nth);
            let firm = firm.map(ToString::to_string).unwrap_or_default();
            clients(*nth).map(move |client| {
                format!(
                    r#"{{"relation":{{"client":"{client}","firm":"{firm}","role":"regnskapsforer"}}}}"#
                )
            })
        });
        let delegations = users.iter().flat_map(move |nth| {
            let user = Self::user(*nth);
            clients(*nth).map(move |client| {
                format!(r#"{{"delegation":{{"systemUser":"{user}","client":"{client}"}}}}"#)
            })
        });
        Lines {
            lines: relations.chain(delegations),
            line: Vec::new(),
            read: 0,
        }
    }
}

fn call(kind: CallerKind, now: Timestamp) -> Result<Call, SyntheticError> {
    let by = Caller {
        id: "synthetic".parse().map_err(SyntheticError::of)?,
        kind,
    };
    Ok(Call {
        by,
        now,
        request_id: None,
    })
}

fn admin_of(firm: OrgNo, now: Timestamp) -> Result<Call, SyntheticError> {
    let packages = ["klientadministrator", "tilgangsstyrer"]
        .into_iter()
        .map(|code| code.parse().map_err(SyntheticError::of))
        .collect::<Result<_, _>>()?;
    call(
        CallerKind::Person {
            party: firm,
            packages,
        },
        now,
    )
}

/// Random numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below.max(1) as u64).unwrap_or_default()
    }
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
        let mut rest = self.line.get(self.read..).unwrap_or_default();
        let count = rest.read(into)?;
        self.read += count;
        Ok(count)
    }
}
