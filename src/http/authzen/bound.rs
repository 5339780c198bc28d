//! Questions of a token that speaks for system users, as Maskinporten gives it to a vendor's system.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use crate::model::id::SystemUserId;

use super::super::exchange::Exchange;
use super::super::problem::Problem;
use super::read::{Evaluation, SYSTEM_USER};

/// A question with its subject: the token's one system user where the question names none.
pub(super) fn with_subject(
    exchange: &Exchange,
    mut members: Map<String, Value>,
) -> Result<Map<String, Value>, Problem> {
    if members.contains_key("subject") {
        return Ok(members);
    }
    match exchange.system_users.as_slice() {
        [] => Ok(members),
        [one] => {
            let subject = json!({ "type": SYSTEM_USER, "id": one.to_string() });
            members.insert("subject".to_owned(), subject);
            Ok(members)
        }
        several => {
            let number = several.len();
            let detail =
                format!("the token speaks for {number} system users; name one as the subject");
            Err(Problem::of_field("/subject", detail))
        }
    }
}

/// That a question is about a system user that the token speaks for, if it speaks for any.
pub(super) fn speaks_for(exchange: &Exchange, evaluation: &Evaluation) -> Result<(), Problem> {
    let users = &exchange.system_users;
    if users.is_empty() || evaluation.is_about(users) {
        return Ok(());
    }
    Err(another())
}

/// As [`speaks_for`], where the question is about types of the administrators' own.
pub(super) fn own_speaks_for(
    exchange: &Exchange,
    members: &Map<String, Value>,
) -> Result<(), Problem> {
    let users = &exchange.system_users;
    let of = |name: &str| members.get("subject")?.get(name)?.as_str();
    let id = of("id").filter(|_| of("type") == Some(SYSTEM_USER));
    let named = id.and_then(|id| id.parse::<SystemUserId>().ok());
    if users.is_empty() || named.is_some_and(|named| users.contains(&named)) {
        return Ok(());
    }
    Err(another())
}

fn another() -> Problem {
    let detail = "the token speaks for another system user than the subject";
    Problem::new(StatusCode::FORBIDDEN, "other-system-user", detail)
}
