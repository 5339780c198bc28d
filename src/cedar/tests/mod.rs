//! Policy folders and small worlds for the tests of this floor.

mod admin;
mod classes;
mod classify;
mod context;
mod coverage;
mod export;
mod findings;
mod findings_of_folders;
mod further;
mod limits;
mod shipped;
mod world;

use crate::model::id::{OrgNo, PackageCode, SystemUserId};
use crate::model::mandate::{Mandate, UserFacts};
use crate::model::policy::{PolicyFile, PolicyFolder};
use crate::model::request::UserKind;
use crate::model::system::SingleRight;
use crate::model::time::{Timestamp, Window};

use super::{ActionIdx, Compiled, Identity, ResourceSlot};

const VENDOR: &str = "991825827";
const FIRM: &str = "312001373";
const CLIENT: &str = "312002744";
const OTHER: &str = "312004119";
const TAX: &str = "ske-krav-og-betalinger";
const VAT: &str = "mva-melding-innsending";

/// The shipped folder, with one file for the test's own policies.
fn folder(own: &str) -> PolicyFolder {
    let mut files = vec![
        ("admin.cedar", include_str!("../../../policies/admin.cedar")),
        (
            "admin.cedarschema",
            include_str!("../../../policies/admin.cedarschema"),
        ),
        (
            "catalogue.json",
            include_str!("../../../policies/catalogue.json"),
        ),
        ("core.cedar", include_str!("../../../policies/core.cedar")),
        (
            "entities.json",
            include_str!("../../../policies/entities.json"),
        ),
        (
            "schema.cedarschema",
            include_str!("../../../policies/schema.cedarschema"),
        ),
        (
            "templates.cedar",
            include_str!("../../../policies/templates.cedar"),
        ),
        (
            "resources/ske-krav-og-betalinger.cedar",
            include_str!("../../../policies/resources/ske-krav-og-betalinger.cedar"),
        ),
        (
            "resources/ske-innrapportering-boligsameie.cedar",
            include_str!("../../../policies/resources/ske-innrapportering-boligsameie.cedar"),
        ),
        (
            "resources/mva-melding-innsending.cedar",
            include_str!("../../../policies/resources/mva-melding-innsending.cedar"),
        ),
    ];
    if !own.is_empty() {
        files.push(("resources/own.cedar", own));
    }
    let files = files.into_iter().map(|(path, text)| file(path, text));
    PolicyFolder::new(files.collect())
}

fn file(path: &str, text: &str) -> PolicyFile {
    PolicyFile {
        path: path.into(),
        text: text.into(),
    }
}

/// A folder in which one file says something else.
fn replaced(folder: &PolicyFolder, path: &str, text: &str) -> PolicyFolder {
    let others = folder
        .files()
        .iter()
        .filter(|file| &*file.path != path)
        .cloned();
    PolicyFolder::new(others.chain([file(path, text)]).collect())
}

/// A folder in which a piece of one file says something else.
fn edited(folder: &PolicyFolder, path: &str, from: &str, to: &str) -> PolicyFolder {
    let text = folder.text(path).unwrap();
    assert!(text.contains(from), "`{path}` has no `{from}`");
    replaced(folder, path, &text.replacen(from, to, 1))
}

fn compiled(folder: &PolicyFolder) -> Compiled {
    Compiled::compile(folder).unwrap_or_else(|wrong| {
        let told: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        panic!("{}", told.join("\n"))
    })
}

fn org(number: &str) -> OrgNo {
    number.parse().unwrap()
}

fn user(number: u128, kind: UserKind) -> UserFacts {
    UserFacts {
        id: SystemUserId(uuid::Uuid::from_u128(number)),
        owner: org(FIRM),
        system: format!("{VENDOR}_smartcloud").parse().unwrap(),
        kind,
    }
}

fn codes(packages: &[&str]) -> Vec<PackageCode> {
    let mut codes: Vec<PackageCode> = packages.iter().map(|code| code.parse().unwrap()).collect();
    codes.sort_unstable();
    codes
}

/// An agent system user's mandate.
fn agent(number: u128, party: &str, packages: &[&str]) -> Mandate {
    Mandate {
        user: user(number, UserKind::Agent),
        party: org(party),
        packages: codes(packages),
        window: Window::ALWAYS,
        rights: Vec::new(),
    }
}

/// A standard system user's mandate for its owner.
fn standard(number: u128, packages: &[&str], rights: &[(&str, &[&str])]) -> Mandate {
    Mandate {
        user: user(number, UserKind::Standard),
        party: org(FIRM),
        packages: codes(packages),
        window: Window::ALWAYS,
        rights: rights
            .iter()
            .map(|(resource, actions)| right(resource, actions))
            .collect(),
    }
}

fn right(resource: &str, actions: &[&str]) -> SingleRight {
    let actions = actions.iter().map(|action| action.parse().unwrap());
    SingleRight::new(resource.parse().unwrap(), actions.collect())
}

fn within(mandate: Mandate, from: Option<i64>, until: Option<i64>) -> Mandate {
    let at = |millis: Option<i64>| millis.map(Timestamp::from_millis);
    Mandate {
        window: Window::new(at(from), at(until)).unwrap(),
        ..mandate
    }
}

fn read(compiled: &Compiled) -> ActionIdx {
    compiled.action("read").unwrap()
}

fn ids(compiled: &Compiled, policies: &[super::PolicyIdx]) -> Vec<String> {
    policies
        .iter()
        .map(|idx| compiled.policy(*idx).id.to_string())
        .collect()
}

fn slot(compiled: &Compiled, resource: &str) -> ResourceSlot {
    compiled.resource_slot(resource)
}

/// Nobody is in force besides the mandate that is asked about.
fn nobody(_: &Identity) -> Option<super::Found> {
    None
}
