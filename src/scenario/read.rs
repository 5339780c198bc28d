//! A test file: its world and its cases. Everything wrong in it is told at once, each with its line.

use std::collections::BTreeMap;

use super::cases::{self, Case, Known};
use super::users::{UserText, users};
use crate::model::id::OrgNo;
use crate::model::party::LegalForm;
use crate::model::relation::Role;
use crate::model::system::nearest;
use crate::model::table::{Fields, Findings, Located};
use crate::model::time::Timestamp;

/// When questions are asked, unless the file says otherwise.
const NOW: &str = "2026-01-01T12:00:00Z";
/// The firm and the vendor, unless the file says otherwise: the seed's.
const FIRM: &str = "312001373";
const VENDOR: &str = "991825827";
/// How the firm itself is named in questions and among clients.
const THE_FIRM: &str = "firm";

const FILE: [&str; 8] = [
    "about",
    "now",
    "firm",
    "vendor",
    "client",
    "system_user",
    "case",
    "table",
];
const CLIENT: [&str; 6] = [
    "org",
    "form",
    "relation",
    "packages",
    "packages_later",
    "ended",
];

/// A test file, read.
#[derive(Debug, Clone)]
pub struct Suite {
    /// The file, as people know it.
    pub file: String,
    pub(super) now: Timestamp,
    pub(super) firm: OrgNo,
    pub(super) vendor: OrgNo,
    pub(super) clients: Vec<ClientText>,
    pub(super) users: Vec<UserText>,
    /// What is asked.
    pub cases: Vec<Case>,
}

/// A client of the firm.
#[derive(Debug, Clone)]
pub(super) struct ClientText {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) org: OrgNo,
    pub(super) form: LegalForm,
    pub(super) roles: Vec<Role>,
    /// What a right holder is given.
    pub(super) packages: Vec<String>,
    /// What the right holder is left with once every client was added.
    pub(super) packages_later: Option<Vec<String>>,
    /// The relations that end once every client was added.
    pub(super) ended: Vec<Role>,
}

impl Suite {
    /// Reads a test file; or all that is wrong with it, a line each: `file:line: field, value and mend`.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<String>> {
        let mut found = Findings::of(file, text);
        let mut fields = Fields::parse(text, &mut found);
        fields.known_only(&FILE, "", &mut found);
        fields.text("about", &mut found);
        let fallback = |text: &str| text.parse().ok();
        let now = fields
            .instant("now", &mut found)
            .or_else(|| NOW.parse().ok());
        let firm = fields.parsed("firm", &mut found).map(|firm| firm.value);
        let vendor = fields
            .parsed("vendor", &mut found)
            .map(|vendor| vendor.value);
        let (Some(now), Some(firm), Some(vendor)) = (
            now,
            firm.or_else(|| fallback(FIRM)),
            vendor.or_else(|| fallback(VENDOR)),
        ) else {
            unreachable!("what is compiled in is well-formed");
        };
        let clients = clients(&mut fields, &mut found);
        let mut orgs: BTreeMap<String, OrgNo> = clients
            .iter()
            .map(|client| (client.name.clone(), client.org))
            .collect();
        orgs.insert(THE_FIRM.to_owned(), firm);
        let users = users(&mut fields, &orgs, &mut found);
        let known = Known {
            now,
            users: users
                .iter()
                .map(|user| (user.name.clone(), user.id))
                .collect(),
            clients: orgs,
        };
        let cases = cases::read(&mut fields, &known, &mut found);
        found.into_result()?;
        Ok(Self {
            file: file.to_owned(),
            now,
            firm,
            vendor,
            clients,
            users,
            cases,
        })
    }
}

/// The nth organisation number of those that are given to clients without one.
fn nth_org(nth: usize) -> Option<OrgNo> {
    let mut valid =
        (92_000_000_u32..).filter_map(|eight| Some(eight * 10 + OrgNo::check_digit(eight)?));
    OrgNo::from_u32(valid.nth(nth)?).ok()
}

fn clients(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Vec<ClientText> {
    let named = fields.named_tables("client", found).into_iter().enumerate();
    named
        .filter_map(|(nth, (name, mut own))| {
            own.known_only(&CLIENT, " of a client", found);
            if name.value == THE_FIRM {
                let message =
                    "the firm itself is there without being named; name the client otherwise";
                own.wrong(name.byte, message, found);
            }
            let org = own.parsed("org", found).map(|org| org.value);
            let form = own.parsed("form", found).map(|form| form.value);
            let roles = roles(&mut own, "relation", found);
            let ended = roles_ended(&mut own, &roles, found);
            let packages = texts(&mut own, "packages", found);
            let packages_later = own.place("packages_later").map(|byte| {
                if !roles.contains(&Role::RightHolder) {
                    let message = "`packages_later` goes with the relation `rettighetshaver`";
                    own.wrong(byte, message, found);
                }
                texts(&mut own, "packages_later", found)
            });
            Some(ClientText {
                line: found.line(name.byte),
                name: name.value,
                org: org.or_else(|| nth_org(nth))?,
                form: form.or_else(|| "AS".parse().ok())?,
                roles,
                packages,
                packages_later,
                ended,
            })
        })
        .collect()
}

pub(super) fn texts(own: &mut Fields<'_>, key: &str, found: &mut Findings<'_>) -> Vec<String> {
    let texts = own
        .texts(key, found)
        .map(|texts| texts.value)
        .unwrap_or_default();
    texts.into_iter().map(|text| text.value).collect()
}

/// One text, or a list of them.
fn one_or_more(own: &mut Fields<'_>, key: &str, found: &mut Findings<'_>) -> Vec<Located<String>> {
    if own.is_list(key) {
        own.texts(key, found)
            .map(|texts| texts.value)
            .unwrap_or_default()
    } else {
        own.text(key, found).into_iter().collect()
    }
}

fn roles(own: &mut Fields<'_>, key: &str, found: &mut Findings<'_>) -> Vec<Role> {
    let texts = one_or_more(own, key, found);
    let role = |text: Located<String>| {
        let role = text.value.parse().ok();
        if role.is_none() {
            let near = nearest(&text.value, Role::ALL.iter().map(|role| role.code()));
            let message = format!(
                "`{key}` is `{}`, which is no role; did you mean `{}`?",
                text.value,
                near.unwrap_or_default()
            );
            own.wrong(text.byte, message, found);
        }
        role
    };
    texts.into_iter().filter_map(role).collect()
}

/// `true` for all relations, or the roles.
fn roles_ended(own: &mut Fields<'_>, held: &[Role], found: &mut Findings<'_>) -> Vec<Role> {
    let Some(byte) = own.place("ended") else {
        return Vec::new();
    };
    let ended = if own.is_list("ended") {
        roles(own, "ended", found)
    } else if own.flag("ended", found) {
        held.to_vec()
    } else {
        Vec::new()
    };
    if let Some(other) = ended.iter().find(|role| !held.contains(role)) {
        own.wrong(
            byte,
            format!("`ended`: the client has no relation `{other}`"),
            found,
        );
    }
    ended
}
