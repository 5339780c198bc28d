//! Cases about types of the administrators' own: subject and resource by type and id, with the properties that are sent.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::cases::{Asks, Case, Expected, Known, obligations, policies};
use crate::cedar::EntityName;
use crate::engine::OwnQuestion;
use crate::model::reason::Code;
use crate::model::table::{Fields, Findings, Located};

/// What such a case cannot do without.
const NEEDED: [&str; 6] = [
    "subject",
    "subject_type",
    "action",
    "resource",
    "resource_type",
    "answer",
];
/// What is said of mandates alone.
const OF_MANDATES: [&str; 3] = ["system_user", "client", "level"];

/// Whether a case is about own types.
pub(super) fn is_own(fields: &Fields<'_>) -> bool {
    let of = ["subject", "subject_type", "resource_type"];
    of.iter().any(|key| fields.place(key).is_some())
}

pub(super) fn case(
    mut fields: Fields<'_>,
    known: &Known,
    found: &mut Findings<'_>,
) -> Option<Case> {
    for key in NEEDED {
        if fields.place(key).is_none() {
            fields.missing(key, found);
        }
    }
    for key in OF_MANDATES {
        if let Some(byte) = fields.place(key) {
            let message = format!("`{key}` is said of mandates, and the case has a `subject`");
            fields.wrong(byte, message, found);
        }
    }
    let line = found.line(fields.byte);
    let name = fields.text("name", found).map(|name| name.value);
    fields.text("about", found);
    let mut text = |key: &str| Some(fields.text(key, found)?.value);
    let (subject, subject_type) = (text("subject"), text("subject_type"));
    let (resource, resource_type) = (text("resource"), text("resource_type"));
    let action = text("action");
    let mut members = |key: &str| match fields.place(key) {
        Some(_) => fields.members(key, found),
        None => Some(Map::new()),
    };
    let subject_properties = members("subject_properties")?;
    let resource_properties = members("resource_properties")?;
    let action_properties = members("action_properties")?;
    let context = members("context")?;
    let at = fields.instant("at", found);
    let expected = expected(&mut fields, found)?;
    let question = OwnQuestion {
        subject: EntityName {
            of: subject_type?,
            id: subject?,
        },
        action: action?,
        resource: EntityName {
            of: resource_type?,
            id: resource?,
        },
        subject_properties,
        resource_properties,
        action_properties,
        context,
    };
    let mut said = said(&question);
    if let Some(at) = at {
        let _ = write!(said, ", at {at}");
    }
    Some(Case {
        line,
        name,
        said,
        at: at.unwrap_or(known.now),
        question: Asks::Own(Box::new(question)),
        expected,
    })
}

fn said(question: &OwnQuestion) -> String {
    let OwnQuestion {
        subject,
        action,
        resource,
        ..
    } = question;
    let mut said = format!(
        "{} {}: {action} on {} {}",
        subject.of, subject.id, resource.of, resource.id
    );
    let more = [
        ("subject", &question.subject_properties),
        ("resource", &question.resource_properties),
        ("action", &question.action_properties),
        ("context", &question.context),
    ];
    for (of, members) in more {
        if !members.is_empty() {
            let _ = write!(said, ", {of} {}", Value::from(members.clone()));
        }
    }
    said
}

fn expected(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Option<Expected> {
    let (obligations, policies) = (obligations(fields, found), policies(fields, found));
    let Located { byte, value } = fields.text("answer", found)?;
    let code = match value.as_str() {
        "permit" => Some(Code::Permit),
        "deny" => None,
        _ => {
            let message =
                format!("`answer` is `{value}`; about own types it is `permit` or `deny`");
            fields.wrong(byte, message, found);
            return None;
        }
    };
    if code.is_none() && !obligations.is_none() {
        let message = "only a permit obliges to a `minimum_level`; take it out, or expect `permit`";
        fields.wrong(byte, message, found);
    }
    Some(Expected {
        code,
        obligations,
        policies,
    })
}
