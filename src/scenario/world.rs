//! A file's world, made as worlds are made: each change is a command of the engine, by whoever would really do it.

use std::path::Path;

use super::read::{ClientText, Suite};
use super::run::RunError;
use super::users::UserText;
use crate::engine::{Call, Engine, Settings, Staged};
use crate::model::caller::{Caller, CallerKind};
use crate::model::id::{ActorId, OrgNo, RequestId, SystemId};
use crate::model::party::Party;
use crate::model::relation::{RelationKey, Role};
use crate::model::request_draft::RequestDraft;
use crate::model::system::{SystemDraft, Title};
use crate::model::time::Timestamp;

/// How long before the questions the world begins, in days.
const DAYS_BEFORE: i64 = 90;

/// An engine on a store of its own, in `data`, with the file's world.
pub(super) fn made(suite: &Suite, staged: &Staged, data: &Path) -> Result<Engine, RunError> {
    let begin = suite.now.plus_days(-DAYS_BEFORE);
    let engine = Engine::open_staged(data, staged, Settings::default(), begin)
        .map_err(|error| RunError::Engine(Box::new(error)))?;
    let world = World {
        engine: &engine,
        suite,
    };
    let first = begin.plus_millis(1);
    let mut refused = world.each(
        |client| world.client(client, first),
        |user| world.user(user, first),
    );
    if refused.is_empty() {
        let later = suite.now.plus_days(-1);
        refused = world.each(
            |client| world.client_later(client, later),
            |user| world.user_later(user, later),
        );
    }
    if refused.is_empty() {
        Ok(engine)
    } else {
        Err(RunError::World(refused))
    }
}

struct World<'a> {
    engine: &'a Engine,
    suite: &'a Suite,
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl World<'_> {
    /// Every client, then every system user; a line for each that the engine refused.
    fn each(
        &self,
        client: impl Fn(&ClientText) -> Result<(), String>,
        user: impl Fn(&UserText) -> Result<(), String>,
    ) -> Vec<String> {
        let told = |what: &str, line: usize, name: &str, why: &str| {
            format!("{}:{line}: {what} `{name}`: {why}", self.suite.file)
        };
        let clients = self.suite.clients.iter().filter_map(|one| {
            let why = client(one).err()?;
            Some(told("client", one.line, &one.name, &why))
        });
        let users = self.suite.users.iter().filter_map(|one| {
            let why = user(one).err()?;
            Some(told("system_user", one.line, &one.name, &why))
        });
        clients.chain(users).collect()
    }

    fn call(id: &str, kind: CallerKind, now: Timestamp) -> Result<Call, String> {
        let id: ActorId = id.parse().map_err(said)?;
        Ok(Call {
            by: Caller { id, kind },
            now,
            request_id: None,
        })
    }

    fn operator(at: Timestamp) -> Result<Call, String> {
        Self::call("operator", CallerKind::Operator, at)
    }

    fn vendor(&self, at: Timestamp) -> Result<Call, String> {
        let party = self.suite.vendor;
        Self::call("vendor", CallerKind::Vendor { party }, at)
    }

    /// Who may do everything at the firm.
    fn administrator(&self, at: Timestamp) -> Result<Call, String> {
        let packages = vec!["hovedadministrator".parse().map_err(said)?];
        let party = self.suite.firm;
        Self::call("administrator", CallerKind::Person { party, packages }, at)
    }

    fn key(&self, client: OrgNo, role: Role) -> RelationKey {
        RelationKey {
            client,
            firm: self.suite.firm,
            role,
        }
    }

    fn client(&self, client: &ClientText, at: Timestamp) -> Result<(), String> {
        let operator = Self::operator(at)?;
        let party = Party {
            org: client.org,
            name: client.name.parse().map_err(said)?,
            form: client.form,
        };
        self.engine.put_party(&operator, party).map_err(said)?;
        for role in &client.roles {
            let packages = match role {
                Role::RightHolder => client.packages.clone(),
                Role::Accountant | Role::Auditor | Role::BusinessManager => Vec::new(),
            };
            let key = self.key(client.org, *role);
            self.engine
                .put_relation(&operator, key, packages)
                .map_err(said)?;
        }
        Ok(())
    }

    fn client_later(&self, client: &ClientText, at: Timestamp) -> Result<(), String> {
        let operator = Self::operator(at)?;
        if let Some(packages) = &client.packages_later {
            let key = self.key(client.org, Role::RightHolder);
            let narrowed = self.engine.put_relation(&operator, key, packages.clone());
            narrowed.map_err(said)?;
        }
        for role in &client.ended {
            let key = self.key(client.org, *role);
            self.engine.end_relation(&operator, key).map_err(said)?;
        }
        Ok(())
    }

    /// A system of its own, the request for the system user, its approval, and its clients.
    fn user(&self, user: &UserText, at: Timestamp) -> Result<(), String> {
        let vendor = self.vendor(at)?;
        let system = self.system(user)?;
        let draft = SystemDraft {
            id: system.clone(),
            name: Title::new(&user.name, &user.name).map_err(said)?,
            packages: user.packages.clone(),
            rights: user.rights.clone(),
            redirect_urls: vec!["https://system.example/receipt".parse().map_err(said)?],
        };
        self.engine.register_system(&vendor, draft).map_err(said)?;
        let id = RequestId(user.id.0);
        let draft = RequestDraft {
            system,
            firm: self.suite.firm,
            kind: user.kind,
            packages: user.packages.clone(),
            rights: user.rights.clone(),
            external_ref: None,
            redirect_url: None,
            title: None,
        };
        self.engine
            .create_request(&vendor, id, draft)
            .map_err(said)?;
        let administrator = self.administrator(at)?;
        self.engine
            .approve_request(&administrator, id)
            .map_err(said)?;
        for (name, client) in &user.clients {
            let added = self
                .engine
                .add_client(&administrator, user.id, *client, user.window);
            added.map_err(|why| format!("`{name}` cannot be added: {why}"))?;
        }
        Ok(())
    }

    fn user_later(&self, user: &UserText, at: Timestamp) -> Result<(), String> {
        let administrator = self.administrator(at)?;
        for client in &user.removed {
            let removed = self.engine.remove_client(&administrator, user.id, *client);
            removed.map_err(said)?;
        }
        if user.deleted {
            self.engine
                .delete_system_user(&administrator, user.id)
                .map_err(said)?;
        }
        if user.system_deleted {
            let system = self.system(user)?;
            self.engine
                .delete_system(&self.vendor(at)?, system)
                .map_err(said)?;
        }
        Ok(())
    }

    /// The system of a system user: each has its own, so that deleting one leaves the others.
    fn system(&self, user: &UserText) -> Result<SystemId, String> {
        let nth = user.id.0.as_u128() & 0xffff;
        format!("{}_system-{nth}", self.suite.vendor)
            .parse()
            .map_err(said)
    }
}
