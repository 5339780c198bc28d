//! Worlds for tests: a real engine on a real store in a folder that goes away, driven by its own commands.
#![allow(dead_code, reason = "a builder offers what tests will want")]

use std::sync::Arc;

use fullmakt::engine::{
    Call, ClientError, ClientOutcome, ClientView, CreateRequestError, Engine, OpenEngineError,
    PageRequest, RequestMade, Settings,
};
use fullmakt::model::caller::{BoundResources, Caller, CallerKind};
use fullmakt::model::event::Recorded;
use fullmakt::model::id::{OrgNo, RequestId, Revision, SystemUserId};
use fullmakt::model::party::Party;
use fullmakt::model::policy::{PolicyFile, PolicyFolder};
use fullmakt::model::question::{Asked, Explained, Question};
use fullmakt::model::reason::Code;
use fullmakt::model::relation::{RelationKey, Role};
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::system::{SingleRight, SystemDraft, Title};
use fullmakt::model::time::{Timestamp, Window};
use fullmakt::policies;

/// The firm, as in the seed.
pub(crate) const FIRM: &str = "312001373";
/// The vendor, as in the seed.
pub(crate) const VENDOR: &str = "991825827";
/// The vendor's system.
pub(crate) const SYSTEM: &str = "991825827_smartcloud";

/// When worlds begin, in milliseconds.
pub(crate) const BEGIN: i64 = 1_790_000_000_000;

pub(crate) fn org(number: &str) -> OrgNo {
    number.parse().unwrap()
}

/// The nth organisation number there is, from 0.
pub(crate) fn nth_org(nth: u32) -> OrgNo {
    let mut valid =
        (92_000_000u32..).filter_map(|eight| Some(eight * 10 + OrgNo::check_digit(eight)?));
    OrgNo::from_u32(valid.nth(nth as usize).unwrap()).unwrap()
}

pub(crate) fn user(nth: u32) -> SystemUserId {
    format!("5ea1d000-0000-4000-8000-{nth:012}")
        .parse()
        .unwrap()
}

pub(crate) fn person(id: &str, party: &str, packages: &[&str]) -> Caller {
    let packages = packages.iter().map(|code| code.parse().unwrap()).collect();
    Caller {
        id: id.parse().unwrap(),
        kind: CallerKind::Person {
            party: org(party),
            packages,
        },
    }
}

pub(crate) fn firm_admin() -> Caller {
    person(
        "firm-admin",
        FIRM,
        &["klientadministrator", "tilgangsstyrer"],
    )
}

pub(crate) fn client_admin() -> Caller {
    person("client-admin", FIRM, &["klientadministrator"])
}

pub(crate) fn access_manager() -> Caller {
    person("access-manager", FIRM, &["tilgangsstyrer"])
}

pub(crate) fn vendor_of(number: &str) -> Caller {
    Caller {
        id: "vendor".parse().unwrap(),
        kind: CallerKind::Vendor { party: org(number) },
    }
}

pub(crate) fn vendor() -> Caller {
    vendor_of(VENDOR)
}

pub(crate) fn operator() -> Caller {
    Caller {
        id: "operator".parse().unwrap(),
        kind: CallerKind::Operator,
    }
}

pub(crate) fn resource_api() -> Caller {
    let kind = CallerKind::ResourceApi {
        resources: BoundResources::Every,
    };
    Caller {
        id: "resource-api".parse().unwrap(),
        kind,
    }
}

/// The shipped policies with these files put in or replaced.
pub(crate) fn policies_with(files: &[(&str, &str)]) -> PolicyFolder {
    let shipped = policies::shipped()
        .files()
        .iter()
        .filter(|file| files.iter().all(|(path, _)| **path != *file.path));
    let added = files.iter().map(|(path, text)| PolicyFile {
        path: (*path).into(),
        text: (*text).into(),
    });
    PolicyFolder::new(shipped.cloned().chain(added).collect())
}

/// An engine on a store of its own.
pub(crate) struct World {
    pub(crate) engine: Arc<Engine>,
    pub(crate) now: i64,
    pub(crate) folder: PolicyFolder,
    dir: tempfile::TempDir,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::under(policies::shipped().clone())
    }

    pub(crate) fn under(folder: PolicyFolder) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let begin = Timestamp::from_millis(BEGIN);
        let engine = Engine::open(dir.path(), folder.clone(), Settings::default(), begin).unwrap();
        Self {
            engine: Arc::new(engine),
            now: BEGIN,
            folder,
            dir,
        }
    }

    /// The same store, closed and opened again.
    pub(crate) fn reopened(self) -> Self {
        let Self {
            engine,
            now,
            folder,
            dir,
        } = self;
        drop(Arc::into_inner(engine).expect("nobody else holds the engine"));
        let engine = Engine::open(
            dir.path(),
            folder.clone(),
            Settings::default(),
            Timestamp::from_millis(now),
        )
        .unwrap();
        Self {
            engine: Arc::new(engine),
            now,
            folder,
            dir,
        }
    }

    /// The same store, opened again with other policies.
    pub(crate) fn reopened_under(mut self, folder: PolicyFolder) -> Self {
        self.folder = folder;
        self.reopened()
    }

    pub(crate) fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// The instant of the world's clock.
    pub(crate) fn instant(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    pub(crate) fn call(&self, by: Caller) -> Call {
        Call {
            by,
            now: self.instant(),
            request_id: None,
        }
    }

    /// Moves the clock.
    pub(crate) fn later(mut self, millis: i64) -> Self {
        self.now += millis;
        self
    }

    pub(crate) fn party(self, number: &str, form: &str) -> Self {
        let party = Party {
            org: org(number),
            name: format!("PARTY {number}").parse().unwrap(),
            form: form.parse().unwrap(),
        };
        self.engine
            .put_party(&self.call(operator()), party)
            .unwrap();
        self
    }

    /// Registers the vendor's system with these packages.
    pub(crate) fn system(self, packages: &[&str]) -> Self {
        self.system_with(packages, Vec::new())
    }

    pub(crate) fn system_with(self, packages: &[&str], rights: Vec<SingleRight>) -> Self {
        self.engine
            .register_system(&self.call(vendor()), system_draft(packages, rights))
            .unwrap();
        self
    }

    /// Makes and approves the nth agent request of the vendor to the firm.
    pub(crate) fn agent(self, nth: u32, packages: &[&str]) -> Self {
        self.requested(nth, UserKind::Agent, packages).approved(nth)
    }

    pub(crate) fn requested(self, nth: u32, kind: UserKind, packages: &[&str]) -> Self {
        self.engine
            .create_request(
                &self.call(vendor()),
                RequestId(user(nth).0),
                draft(nth, kind, packages),
            )
            .unwrap();
        self
    }

    pub(crate) fn approved(self, nth: u32) -> Self {
        self.engine
            .approve_request(&self.call(firm_admin()), RequestId(user(nth).0))
            .unwrap();
        self
    }

    pub(crate) fn relation(self, client: &str, role: Role) -> Self {
        self.relation_of(client, role, &[])
    }

    pub(crate) fn relation_of(self, client: &str, role: Role, packages: &[&str]) -> Self {
        let packages = packages.iter().map(|code| (*code).to_owned()).collect();
        self.engine
            .put_relation(&self.call(operator()), relation_key(client, role), packages)
            .unwrap();
        self
    }

    pub(crate) fn relation_ended(self, client: &str, role: Role) -> Self {
        self.engine
            .end_relation(&self.call(operator()), relation_key(client, role))
            .unwrap();
        self
    }

    /// Adds a client to the nth system user.
    pub(crate) fn client(self, nth: u32, client: &str) -> Self {
        self.engine
            .add_client(&self.call(firm_admin()), user(nth), org(client), None)
            .unwrap();
        self
    }

    pub(crate) fn client_within(self, nth: u32, client: &str, window: Window) -> Self {
        self.engine
            .add_client(
                &self.call(firm_admin()),
                user(nth),
                org(client),
                Some(window),
            )
            .unwrap();
        self
    }

    pub(crate) fn client_removed(self, nth: u32, client: &str) -> Self {
        self.engine
            .remove_client(&self.call(firm_admin()), user(nth), org(client))
            .unwrap();
        self
    }

    /// The answer to `read` on the tax claims of a client, with its reasons, now.
    pub(crate) fn ask(&self, nth: u32, client: &str) -> Explained {
        self.explain(&question(nth, "read", "ske-krav-og-betalinger", client))
    }

    pub(crate) fn explain(&self, question: &Question) -> Explained {
        let snapshot = self.engine.snapshot();
        let explained = snapshot.explain(question, self.instant()).unwrap();
        assert_eq!(
            snapshot.decide(question, self.instant()),
            explained.decision
        );
        assert_eq!(
            explained.decision.permit,
            explained.explanation.code == Code::Permit
        );
        explained
    }

    /// The code of the answer to `read` on the tax claims of a client.
    pub(crate) fn code(&self, nth: u32, client: &str) -> Code {
        self.ask(nth, client).explanation.code
    }
}

pub(crate) fn question(nth: u32, action: &str, resource: &str, client: &str) -> Question {
    Question {
        system_user: user(nth),
        action: action.parse().unwrap(),
        resource: resource.parse().unwrap(),
        client: org(client),
        asked: Asked::default(),
    }
}

pub(crate) fn relation_key(client: &str, role: Role) -> RelationKey {
    RelationKey {
        client: org(client),
        firm: org(FIRM),
        role,
    }
}

pub(crate) fn system_draft(packages: &[&str], rights: Vec<SingleRight>) -> SystemDraft {
    SystemDraft {
        id: SYSTEM.parse().unwrap(),
        name: Title::new("SmartCloud", "SmartCloud").unwrap(),
        packages: packages.iter().map(|code| (*code).to_owned()).collect(),
        rights,
        redirect_urls: vec!["https://smartcloud.example/receipt".parse().unwrap()],
    }
}

pub(crate) fn draft(nth: u32, kind: UserKind, packages: &[&str]) -> RequestDraft {
    RequestDraft {
        system: SYSTEM.parse().unwrap(),
        firm: org(FIRM),
        kind,
        packages: packages.iter().map(|code| (*code).to_owned()).collect(),
        rights: Vec::new(),
        external_ref: Some(format!("ref-{nth}").parse().unwrap()),
        redirect_url: None,
        title: None,
    }
}

pub(crate) fn right(resource: &str, actions: &[&str]) -> SingleRight {
    SingleRight::new(
        resource.parse().unwrap(),
        actions
            .iter()
            .map(|action| action.parse().unwrap())
            .collect(),
    )
}

/// What tests of rules lean on.
impl World {
    /// The revision of what is published now.
    pub(crate) fn revision(&self) -> u64 {
        self.engine.snapshot().revision().0
    }

    /// The journal from its beginning.
    pub(crate) fn journal(&self) -> Vec<Recorded> {
        self.engine
            .snapshot()
            .changes(&operator(), Revision::ZERO, Some(1000))
            .unwrap()
    }

    /// The text that a command is refused with. Nothing may have been written.
    pub(crate) fn refused<T: std::fmt::Debug, E: std::fmt::Display>(
        &self,
        command: impl FnOnce(&Engine) -> Result<T, E>,
    ) -> String {
        let before = self.revision();
        let refusal = command(&self.engine).map(|_| ()).map_err(|e| e.to_string());
        assert_eq!(self.revision(), before, "a refused command wrote something");
        refusal.expect_err("the command was not refused")
    }

    /// What adding a client came to, by the firm's administrator.
    pub(crate) fn add(&self, nth: u32, client: &str) -> Result<ClientOutcome, ClientError> {
        self.add_by(firm_admin(), nth, client)
    }

    pub(crate) fn add_by(
        &self,
        by: Caller,
        nth: u32,
        client: &str,
    ) -> Result<ClientOutcome, ClientError> {
        let written = self
            .engine
            .add_client(&self.call(by), user(nth), org(client), None)?;
        Ok(written.value)
    }

    /// Makes a request of this draft, under the nth id.
    pub(crate) fn request(
        &self,
        nth: u32,
        draft: RequestDraft,
    ) -> Result<RequestMade, CreateRequestError> {
        let id = RequestId(user(nth).0);
        let written = self
            .engine
            .create_request(&self.call(vendor()), id, draft)?;
        Ok(written.value)
    }

    /// The numbers of the clients that a list offers, all pages of it.
    pub(crate) fn offered(&self, by: &Caller, nth: u32) -> Vec<OrgNo> {
        let snapshot = self.engine.snapshot();
        let mut page = PageRequest {
            limit: Some(2),
            page: None,
        };
        let mut offered = Vec::new();
        loop {
            let got = snapshot
                .available_clients(by, user(nth), &page, self.instant())
                .unwrap();
            offered.extend(got.items.iter().map(|item| item.client));
            if got.next.is_empty() {
                return offered;
            }
            page.page = Some(got.next);
        }
    }

    /// The clients that a system user has, with the packages that each holds.
    pub(crate) fn clients(&self, nth: u32) -> Vec<ClientView> {
        let page = PageRequest {
            limit: Some(1000),
            page: None,
        };
        self.engine
            .snapshot()
            .clients(&firm_admin(), user(nth), &page)
            .unwrap()
            .items
    }

    /// Another engine on a copy of the store as it lies on disk now: without a clean stop, and so without pages.
    pub(crate) fn as_after_a_crash(&self) -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy_all(self.dir.path(), dir.path());
        let folder = self.folder.clone();
        let engine = Engine::open(
            dir.path(),
            folder.clone(),
            Settings::default(),
            self.instant(),
        );
        Self {
            engine: Arc::new(engine.unwrap()),
            now: self.now,
            folder,
            dir,
        }
    }
}

/// Stores that many worlds begin with.
impl World {
    /// The world's store, closed.
    pub(crate) fn closed(self) -> tempfile::TempDir {
        drop(Arc::into_inner(self.engine).expect("nobody else holds the engine"));
        self.dir
    }

    /// A world that begins with a copy of a closed store; or why the engine does not open under these policies.
    pub(crate) fn on_a_copy_of(
        store: &tempfile::TempDir,
        folder: PolicyFolder,
    ) -> Result<Self, OpenEngineError> {
        let dir = tempfile::tempdir().unwrap();
        copy_all(store.path(), dir.path());
        let begin = Timestamp::from_millis(BEGIN);
        let engine = Engine::open(dir.path(), folder.clone(), Settings::default(), begin)?;
        Ok(Self {
            engine: Arc::new(engine),
            now: BEGIN,
            folder,
            dir,
        })
    }
}

fn copy_all(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy_all(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The id of the nth request.
pub(crate) fn request_id(nth: u32) -> RequestId {
    RequestId(user(nth).0)
}
