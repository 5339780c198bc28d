//! The demo's world: the seed's story up to the moment where a newcomer takes it over.
//!
//! It is made by the engine's own commands, each by whoever would really do it, at instants that have passed.

use std::path::Path;

use fullmakt::engine::{Call, Engine};
use fullmakt::http::Callers;
use fullmakt::model::caller::{BoundResources, Caller, CallerKind, TokenHash};
use fullmakt::model::id::{OrgNo, RequestId, SystemUserId};
use fullmakt::model::party::Party;
use fullmakt::model::relation::{RelationKey, Role};
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::system::{SystemDraft, Title};
use fullmakt::model::time::{Timestamp, Window};

use super::Failure;

const VENDOR: &str = "991825827";
const SYSTEM: &str = "991825827_smartcloud";
const FIRM: &str = "312001373";
const APPROVED: &str = "5ea1d000-0000-4000-8000-000000000001";
const WAITING: &str = "5ea1d000-0000-4000-8000-000000000002";
const RECEIPT: &str = "https://smartcloud.example/receipt";

/// A file beside the store that says that a demo made it.
const MARK: &str = "DEMO";
/// What the mark says while the demo's world is being made, and from then on.
const HALF: &str = "A demo was making its world in this store.\n";
const WHOLE: &str = "This store belongs to a demo.\n";

const PARTIES: [(&str, &str); 8] = [
    (VENDOR, "SMARTCLOUD AS"),
    (FIRM, "TILBAKEHOLDEN USYMMETRISK TIGER AS"),
    ("312002744", "NORDLYS BAKERI AS"),
    ("312004119", "FJELLREV SPORT AS"),
    ("312005018", "HAVGAPET FISK AS"),
    ("312005123", "STILLE SKOG TRE AS"),
    ("312005239", "GRØNN DAL HAGE AS"),
    ("312005344", "VINTERSOL REISER AS"),
];

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("the demo's world could not be made: {error}"))
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|error: T::Err| failed(&error))
}

fn person(id: &str, packages: &[&str]) -> Result<Caller, Failure> {
    let packages = packages
        .iter()
        .map(|code| parsed(code))
        .collect::<Result<_, _>>()?;
    Ok(Caller {
        id: parsed(id)?,
        kind: CallerKind::Person {
            party: parsed(FIRM)?,
            packages,
        },
    })
}

fn vendor() -> Result<Caller, Failure> {
    Ok(Caller {
        id: parsed("demo-vendor")?,
        kind: CallerKind::Vendor {
            party: parsed(VENDOR)?,
        },
    })
}

fn firm_admin() -> Result<Caller, Failure> {
    person(
        "demo-firm-admin",
        &["klientadministrator", "tilgangsstyrer"],
    )
}

fn operator() -> Result<Caller, Failure> {
    Ok(Caller {
        id: parsed("demo-operator")?,
        kind: CallerKind::Operator,
    })
}

/// The demo's callers. Their tokens are their names.
pub(crate) fn callers() -> Result<Callers, Failure> {
    let every = CallerKind::ResourceApi {
        resources: BoundResources::Every,
    };
    let resource_api = Caller {
        id: parsed("demo-resource-api")?,
        kind: every,
    };
    let client_admin = person("demo-client-admin", &["klientadministrator"])?;
    let mut callers = Callers::default();
    for caller in [
        resource_api,
        vendor()?,
        firm_admin()?,
        client_admin,
        operator()?,
    ] {
        let token = TokenHash::of(caller.id.as_str());
        callers
            .add(caller, &[token])
            .map_err(|error| failed(&error))?;
    }
    Ok(callers)
}

/// That a folder is empty, or an earlier demo's: the demo touches nobody's real store.
pub(crate) fn check_folder(data: &Path) -> Result<(), Failure> {
    let Ok(mut entries) = std::fs::read_dir(data) else {
        return Ok(());
    };
    if data.join(MARK).exists() || entries.next().is_none() {
        return Ok(());
    }
    let message = format!(
        "`{}` is neither empty nor an earlier demo's, and the demo leaves it alone",
        data.display()
    );
    Err(Failure::new(message)
        .help("name another folder with `--data`, or leave it out for a temporary one"))
}

/// Opens a demo's store: an earlier demo's as it was left, else one with the demo's world. `open` takes the instant that
/// the store is opened at: a new world begins before its first event.
pub(crate) fn open(
    data: &Path,
    now: Timestamp,
    open: impl Fn(Timestamp) -> Result<Engine, Failure>,
) -> Result<Engine, Failure> {
    let mark = data.join(MARK);
    let said = std::fs::read_to_string(&mark).ok();
    if said.as_deref() == Some(WHOLE) {
        return open(now);
    }
    let start = now.plus_days(-91);
    if said.is_some() {
        // A demo was killed while it made its world. Opening the store refuses if that demo is still at work.
        drop(open(start)?);
        clear(data).map_err(|error| failed(&error))?;
    }
    let engine = open(start)?;
    std::fs::write(&mark, HALF).map_err(|error| failed(&error))?;
    let world = World {
        engine: &engine,
        now,
    };
    world.parties_and_relations()?;
    world.system_user()?;
    world.clients()?;
    world.request(WAITING, "skattegrunnlag", "SmartCloud Skatt", 1)?;
    std::fs::write(&mark, WHOLE).map_err(|error| failed(&error))?;
    Ok(engine)
}

/// Takes everything out of a demo's folder, its mark last: until then the folder is a demo's to clear.
fn clear(data: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(data)? {
        let entry = entry?;
        if entry.file_name() == MARK {
            continue;
        }
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    std::fs::remove_file(data.join(MARK))
}

struct World<'a> {
    engine: &'a Engine,
    now: Timestamp,
}

impl World<'_> {
    fn call(&self, by: Caller, days_ago: i64) -> Call {
        Call {
            by,
            now: self.now.plus_days(-days_ago),
            request_id: None,
        }
    }

    fn parties_and_relations(&self) -> Result<(), Failure> {
        let by = self.call(operator()?, 90);
        for (org, name) in PARTIES {
            let party = Party {
                org: parsed(org)?,
                name: parsed(name)?,
                form: parsed("AS")?,
            };
            self.engine
                .put_party(&by, party)
                .map_err(|error| failed(&error))?;
        }
        let given = ["skattegrunnlag".to_owned(), "krav-og-utlegg".to_owned()].to_vec();
        let relations = [
            ("312002744", Role::Accountant, vec![]),
            ("312004119", Role::Accountant, vec![]),
            ("312005018", Role::Accountant, vec![]),
            ("312005123", Role::Auditor, vec![]),
            ("312005239", Role::RightHolder, given),
            ("312005344", Role::Accountant, vec![]),
        ];
        for (client, role, packages) in relations {
            self.engine
                .put_relation(&by, key(client, role)?, packages)
                .map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    fn system_user(&self) -> Result<(), Failure> {
        let draft = SystemDraft {
            id: parsed(SYSTEM)?,
            name: Title::new("SmartCloud", "SmartCloud").map_err(|error| failed(&error))?,
            packages: vec![
                "regnskapsforer-med-signeringsrettighet".to_owned(),
                "skattegrunnlag".to_owned(),
            ],
            rights: Vec::new(),
            redirect_urls: vec![parsed(RECEIPT)?],
        };
        self.engine
            .register_system(&self.call(vendor()?, 80), draft)
            .map_err(|error| failed(&error))?;
        self.request(
            APPROVED,
            "regnskapsforer-med-signeringsrettighet",
            "SmartCloud Regnskap",
            70,
        )?;
        let by = self.call(firm_admin()?, 69);
        let approved = self.engine.approve_request(&by, parsed(APPROVED)?);
        approved.map(|_| ()).map_err(|error| failed(&error))
    }

    fn request(&self, id: &str, package: &str, title: &str, days_ago: i64) -> Result<(), Failure> {
        let id: RequestId = parsed(id)?;
        let draft = RequestDraft {
            system: parsed(SYSTEM)?,
            firm: parsed(FIRM)?,
            kind: UserKind::Agent,
            packages: vec![package.to_owned()],
            rights: Vec::new(),
            external_ref: Some(parsed(package)?),
            redirect_url: None,
            title: Some(title.into()),
        };
        let made = self
            .engine
            .create_request(&self.call(vendor()?, days_ago), id, draft);
        made.map(|_| ()).map_err(|error| failed(&error))
    }

    fn clients(&self) -> Result<(), Failure> {
        let user: SystemUserId = parsed(APPROVED)?;
        let window =
            Window::new(None, Some(self.now.plus_days(-10))).map_err(|error| failed(&error))?;
        for (client, window) in [
            ("312002744", None),
            ("312005018", None),
            ("312005344", Some(window)),
        ] {
            let (by, client): (Call, OrgNo) = (self.call(firm_admin()?, 60), parsed(client)?);
            self.engine
                .add_client(&by, user, client, window)
                .map_err(|error| failed(&error))?;
        }
        let by = self.call(operator()?, 30);
        let ended = self
            .engine
            .end_relation(&by, key("312005018", Role::Accountant)?);
        ended.map(|_| ()).map_err(|error| failed(&error))
    }
}

fn key(client: &str, role: Role) -> Result<RelationKey, Failure> {
    Ok(RelationKey {
        client: parsed(client)?,
        firm: parsed(FIRM)?,
        role,
    })
}

/// What a newcomer reads: the address first, then what to try. No line is wider than a terminal's eighty columns.
pub(crate) fn what_to_try(url: &str) -> String {
    let program = std::env::args().next();
    let program = program.as_deref().unwrap_or("fullmakt");
    format!(
        r#"fullmakt listens on {url} (the demo's world; Ctrl-C stops it)

SmartCloud has a system user at TILBAKEHOLDEN USYMMETRISK TIGER AS (312001373):
  {APPROVED}

May it view the tax claims of client 312002744?
  curl -s {url}/access/v1/evaluation \
    -H 'Authorization: Bearer demo-resource-api' \
    -H 'Content-Type: application/json' \
    -d '{{"subject":{{"type":"systemuser",
          "id":"{APPROVED}"}},
         "action":{{"name":"read"}},
         "resource":{{"type":"ske-krav-og-betalinger","id":"312002744"}}}}'

The firm's administrator takes the client away, and adds it again:
  U={url}/v1/system-users/{APPROVED}
  curl -s -X DELETE $U/clients/312002744 \
    -H 'Authorization: Bearer demo-firm-admin'
  curl -s -X PUT $U/clients/312002744 \
    -H 'Authorization: Bearer demo-firm-admin'

The same from the command line, with its reasons:
  {program} ask read ske-krav-og-betalinger \
    --url {url} --token demo-resource-api \
    --system-user {APPROVED} \
    --client 312005018 --explain

Other clients to ask about:
  312004119, 312005018, 312005123, 312005239, 312005344
Tokens:
  demo-resource-api, demo-vendor, demo-firm-admin, demo-client-admin,
  demo-operator
What there is over HTTP: {url}/openapi.json
"#
    )
}
