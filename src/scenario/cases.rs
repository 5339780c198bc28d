//! Questions with their expected answers: written one by one, or as the rows of a table.

use std::fmt::Write;

use std::collections::BTreeMap;

use serde_json::Map;

use super::own;
use crate::engine::OwnQuestion;
use crate::model::id::{ActionName, OrgNo, ResourceId, SystemUserId};
use crate::model::question::{Asked, Obligations, Question};
use crate::model::reason::Code;
use crate::model::system::nearest;
use crate::model::table::{Fields, Findings, Located};
use crate::model::time::Timestamp;

/// What a case says.
const CASE: [&str; 19] = [
    "name",
    "system_user",
    "client",
    "subject",
    "subject_type",
    "subject_properties",
    "action",
    "action_properties",
    "resource_type",
    "resource_properties",
    "resource",
    "level",
    "at",
    "context",
    "answer",
    "minimum_level",
    "minimum_level_org",
    "policies",
    "about",
];
/// What a table says besides.
const TABLE: [&str; 2] = ["columns", "rows"];
/// Where a list stands for a case each.
const LISTED: [&str; 6] = [
    "system_user",
    "client",
    "subject",
    "action",
    "resource",
    "level",
];

/// What an answer has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Permit, or the reason why not; none for a denial about own types, which has no code.
    pub code: Option<Code>,
    /// What a permit obliges to: exactly this.
    pub obligations: Obligations,
    /// The policies that decide, sorted, if the case names them.
    pub policies: Option<Vec<String>>,
}

/// What a case asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Asks {
    /// About a mandate.
    Mandate(Question),
    /// About types of the administrators' own.
    Own(Box<OwnQuestion>),
}

/// A question with its expected answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The line that it is written at, from 1.
    pub line: usize,
    /// The name that it was given, if any.
    pub name: Option<String>,
    /// The question in the file's words.
    pub said: String,
    /// When it is asked.
    pub at: Timestamp,
    /// What is asked. Members of the context are looked at when it is asked.
    pub question: Asks,
    /// What has to come of it.
    pub expected: Expected,
}

/// What names in questions stand for.
pub(super) struct Known {
    pub(super) now: Timestamp,
    pub(super) users: BTreeMap<String, SystemUserId>,
    pub(super) clients: BTreeMap<String, OrgNo>,
}

/// All cases of a file, in its order.
pub(super) fn read(fields: &mut Fields<'_>, known: &Known, found: &mut Findings<'_>) -> Vec<Case> {
    let mut cases = Vec::new();
    for own in fields.tables("case", found) {
        own.known_only(&CASE, " of a case", found);
        push_each(own, known, found, &mut cases);
    }
    for mut shared in fields.tables("table", found) {
        shared.known_only(&[&CASE[..], &TABLE[..]].concat(), " of a table", found);
        let columns = columns(&mut shared, found);
        for mut row in shared.rows(&columns, found) {
            row.complete_from(&shared);
            push_each(row, known, found, &mut cases);
        }
    }
    cases.sort_by_key(|case| case.line);
    cases
}

fn columns(table: &mut Fields<'_>, found: &mut Findings<'_>) -> Vec<String> {
    let Some(columns) = table.texts("columns", found) else {
        table.missing("columns", found);
        return Vec::new();
    };
    for Located { byte, value } in &columns.value {
        if !CASE.contains(&value.as_str()) {
            let near = nearest(value, CASE.into_iter()).unwrap_or_default();
            let message =
                format!("`columns`: `{value}` is nothing that a case says; did you mean `{near}`?");
            table.wrong(*byte, message, found);
        }
    }
    columns
        .value
        .into_iter()
        .map(|column| column.value)
        .collect()
}

/// A case for each combination of what is listed.
fn push_each(fields: Fields<'_>, known: &Known, found: &mut Findings<'_>, into: &mut Vec<Case>) {
    let mut each = vec![fields];
    for key in LISTED {
        each = each
            .into_iter()
            .flat_map(|fields| fields.for_each(key))
            .collect();
    }
    into.extend(each.into_iter().filter_map(|fields| {
        if own::is_own(&fields) {
            own::case(fields, known, found)
        } else {
            case(fields, known, found)
        }
    }));
}

fn case(mut fields: Fields<'_>, known: &Known, found: &mut Findings<'_>) -> Option<Case> {
    for key in ["system_user", "client", "action", "resource", "answer"] {
        if fields.place(key).is_none() {
            fields.missing(key, found);
        }
    }
    let line = found.line(fields.byte);
    let name = fields.text("name", found).map(|name| name.value);
    fields.text("about", found);
    let user = named(&mut fields, "system_user", &known.users, found);
    let client = named(&mut fields, "client", &known.clients, found);
    let action = fields.parsed::<ActionName>("action", found);
    let resource = fields.parsed::<ResourceId>("resource", found);
    let level = fields.number("level", i64::MIN..=i64::MAX, found);
    let at = fields.instant("at", found);
    let members = if fields.place("context").is_some() {
        fields.members("context", found)?
    } else {
        Map::new()
    };
    let expected = expected(&mut fields, found);
    let ((user_name, system_user), (client_name, client)) = (user?, client?);
    let (action, resource) = (action?.value, resource?.value);
    let asked = Asked {
        authentication_level: level,
        members,
    };
    let mut said = format!("{user_name}: {action} on {resource} for {client_name}");
    push_circumstances(&mut said, &asked, at);
    Some(Case {
        line,
        name,
        said,
        at: at.unwrap_or(known.now),
        question: Asks::Mandate(Question {
            system_user,
            action,
            resource,
            client,
            asked,
        }),
        expected: expected?,
    })
}

/// What else is asked besides who, what and for whom, as far as there is anything.
fn push_circumstances(said: &mut String, asked: &Asked, at: Option<Timestamp>) {
    if let Some(level) = asked.authentication_level {
        let _ = write!(said, ", level {level}");
    }
    if let Some(at) = at {
        let _ = write!(said, ", at {at}");
    }
    if !asked.members.is_empty() {
        let members = serde_json::Value::from(asked.members.clone());
        let _ = write!(said, ", context {members}");
    }
}

/// What a name of the file stands for; an id may be written in its place.
fn named<T: Copy + std::str::FromStr>(
    fields: &mut Fields<'_>,
    key: &str,
    known: &BTreeMap<String, T>,
    found: &mut Findings<'_>,
) -> Option<(String, T)> {
    let Located { byte, value } = fields.text(key, found)?;
    let meant = known.get(&value).copied().or_else(|| value.parse().ok());
    if meant.is_none() {
        let is_number = value.starts_with(|first: char| first.is_ascii_digit());
        let near = nearest(&value, known.keys().map(String::as_str)).filter(|_| !is_number);
        let near = near.map(|near| format!("; did you mean `{near}`?"));
        let message = format!(
            "`{key}` is `{value}`, which is neither named in this file nor an id{}",
            near.unwrap_or_default()
        );
        fields.wrong(byte, message, found);
    }
    meant.map(|meant| (value, meant))
}

fn expected(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Option<Expected> {
    let (obligations, policies) = (obligations(fields, found), policies(fields, found));
    let answer = fields.text("answer", found)?;
    let codes = Code::ALL.iter();
    let code = codes.copied().find(|code| code.as_str() == answer.value);
    let Some(code) = code else {
        let near = nearest(&answer.value, Code::ALL.iter().map(|code| code.as_str()));
        let message = format!(
            "`answer` is `{}`, which is neither `permit` nor a reason; did you mean `{}`?",
            answer.value,
            near.unwrap_or_default()
        );
        fields.wrong(answer.byte, message, found);
        return None;
    };
    if code != Code::Permit && !obligations.is_none() {
        fields.wrong(
            answer.byte,
            "only a permit obliges to a `minimum_level`; take it out, or expect `permit`",
            found,
        );
    }
    Some(Expected {
        code: Some(code),
        obligations,
        policies,
    })
}

/// What a permit has to oblige to.
pub(super) fn obligations(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Obligations {
    let mut level = |key: &str| {
        let level = fields.number(key, 0..=4, found)?;
        u8::try_from(level).ok()
    };
    Obligations {
        minimum_authentication_level: level("minimum_level"),
        minimum_authentication_level_org: level("minimum_level_org"),
    }
}

/// The policies that have to decide, sorted, if they are named.
pub(super) fn policies(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Option<Vec<String>> {
    let policies = fields.texts("policies", found)?;
    let mut ids: Vec<_> = policies.value.into_iter().map(|id| id.value).collect();
    ids.sort_unstable();
    Some(ids)
}
