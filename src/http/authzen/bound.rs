//! Questions of a token that speaks for system users, as Maskinporten gives it to a vendor's system.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

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
    let detail = "the token speaks for another system user than the subject";
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "other-system-user",
        detail,
    ))
}
