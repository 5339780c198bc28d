//! The system users of a test file.

use std::collections::BTreeMap;

use super::read::texts;
use crate::model::id::{ActionName, OrgNo, ResourceId, SystemUserId};
use crate::model::request::UserKind;
use crate::model::system::{SingleRight, nearest};
use crate::model::table::{Fields, Findings, Located};
use crate::model::time::Window;

const USER: [&str; 9] = [
    "kind",
    "packages",
    "rights",
    "clients",
    "from",
    "until",
    "removed",
    "deleted",
    "system_deleted",
];

/// A system user, by its approved request.
#[derive(Debug, Clone)]
pub(super) struct UserText {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) id: SystemUserId,
    pub(super) kind: UserKind,
    pub(super) packages: Vec<String>,
    pub(super) rights: Vec<SingleRight>,
    pub(super) clients: Vec<(String, OrgNo)>,
    pub(super) window: Option<Window>,
    pub(super) removed: Vec<OrgNo>,
    pub(super) deleted: bool,
    pub(super) system_deleted: bool,
}

/// The system users of a file, in its order.
pub(super) fn users(
    fields: &mut Fields<'_>,
    orgs: &BTreeMap<String, OrgNo>,
    found: &mut Findings<'_>,
) -> Vec<UserText> {
    let named = fields.named_tables("system_user", found);
    let mut users = Vec::new();
    for (nth, (name, mut own)) in named.into_iter().enumerate() {
        own.known_only(&USER, " of a system user", found);
        let kind = own.read_as("kind", kind, found).unwrap_or(UserKind::Agent);
        let clients = clients_of(&mut own, "clients", orgs, found);
        let removed = clients_of(&mut own, "removed", orgs, found);
        let window = window(&mut own, name.byte, found);
        if kind == UserKind::Standard && !clients.is_empty() {
            let message = "a standard system user acts for the firm alone; take `clients` out, or make it an agent";
            own.wrong(name.byte, message, found);
        }
        let rights = own.texts("rights", found).map(|rights| rights.value);
        let rights = rights.unwrap_or_default().into_iter();
        users.push(UserText {
            line: found.line(name.byte),
            id: SystemUserId(uuid::Uuid::from_u128(
                0x5ea1_d000_0000_4000_8000_0000_0000_0001 + nth as u128,
            )),
            name: name.value,
            kind,
            packages: texts(&mut own, "packages", found),
            rights: rights
                .filter_map(|text| right(&own, &text, found))
                .collect(),
            clients,
            window,
            removed: removed.into_iter().map(|(_, org)| org).collect(),
            deleted: own.flag("deleted", found),
            system_deleted: own.flag("system_deleted", found),
        });
    }
    users
}

/// The window of a system user's clients, if it has one.
fn window(own: &mut Fields<'_>, byte: usize, found: &mut Findings<'_>) -> Option<Window> {
    let (from, until) = (own.instant("from", found), own.instant("until", found));
    if from.is_none() && until.is_none() {
        return None;
    }
    match Window::new(from, until) {
        Ok(window) => Some(window),
        Err(error) => {
            own.wrong(byte, error, found);
            None
        }
    }
}

fn kind(text: &str) -> Result<UserKind, String> {
    match text {
        "agent" => Ok(UserKind::Agent),
        "standard" => Ok(UserKind::Standard),
        other => Err(format!("`{other}` is neither `agent` nor `standard`")),
    }
}

fn clients_of(
    own: &mut Fields<'_>,
    key: &str,
    orgs: &BTreeMap<String, OrgNo>,
    found: &mut Findings<'_>,
) -> Vec<(String, OrgNo)> {
    let texts = own
        .texts(key, found)
        .map(|texts| texts.value)
        .unwrap_or_default();
    let mut clients = Vec::new();
    for Located { byte, value } in texts {
        if let Some(org) = orgs.get(&value) {
            clients.push((value, *org));
        } else {
            let near = nearest(&value, orgs.keys().map(String::as_str)).unwrap_or_default();
            let message =
                format!("`{key}`: this file has no client `{value}`; did you mean `{near}`?");
            own.wrong(byte, message, found);
        }
    }
    clients
}

/// `RESOURCE:ACTION[,ACTION]`, as on the command line.
fn right(
    own: &Fields<'_>,
    text: &Located<String>,
    found: &mut Findings<'_>,
) -> Option<SingleRight> {
    let read = || {
        let (resource, actions) = text.value.rsplit_once(':')?;
        let resource: ResourceId = resource.parse().ok()?;
        let actions: Option<Vec<ActionName>> = actions
            .split(',')
            .map(|action| action.trim().parse().ok())
            .collect();
        Some(SingleRight::new(resource, actions?))
    };
    let right = read();
    if right.is_none() {
        let message = format!(
            "`rights`: `{}` is not of the form `ske-krav-og-betalinger:read`, with a comma between actions",
            text.value
        );
        own.wrong(text.byte, message, found);
    }
    right
}
