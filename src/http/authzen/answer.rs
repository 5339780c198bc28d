//! Answers as `AuthZEN` has them: bare, unless there is an obligation or a reason was asked for.

use serde_json::{Map, Value, json};

use crate::engine::Snapshot;
use crate::model::id::shown;
use crate::model::question::{Decision, Explanation, Obligations, Question};
use crate::model::reason::{Code, Names};
use crate::model::time::Timestamp;

use super::super::problem::Problem;

/// Why a subject that is no system user has no access: as for a system user that does not exist, under its own id.
pub(super) fn unknown(
    snapshot: &Snapshot,
    question: &Question,
    stranger: &str,
    now: Timestamp,
) -> Result<Explanation, Problem> {
    let found = snapshot.explain(question, now)?.explanation.code;
    // These two links are looked at before the subject.
    let code = if matches!(found, Code::UnknownResource | Code::ActionNotOpened) {
        found
    } else {
        Code::UnknownSystemUser
    };
    let names = Names {
        system_user: shown(stranger),
        client: question.client.to_string(),
        firm: String::new(),
        resource: question.resource.to_string(),
        action: question.action.to_string(),
        opening: String::new(),
        instant: String::new(),
        is_standard: false,
    };
    Ok(Explanation {
        revision: snapshot.revision(),
        code,
        reason: code.said(&names),
        mend: code.mend(&names),
        policies: Vec::new(),
        quotes: Vec::new(),
        chain: Vec::new(),
    })
}

/// The answer to one evaluation.
pub(super) fn answer(decision: &Decision, explanation: Option<&Explanation>) -> Value {
    let mut context = match explanation.map(serde_json::to_value) {
        Some(Ok(Value::Object(members))) => members,
        Some(_) | None => Map::new(),
    };
    let obligations = shown_obligations(decision.obligations);
    if decision.permit && !obligations.is_empty() {
        context.insert("obligations".to_owned(), obligations.into());
    }
    if context.is_empty() {
        json!({ "decision": decision.permit })
    } else {
        json!({ "decision": decision.permit, "context": context })
    }
}

/// Obligations as they go out; none, if there is none.
pub(crate) fn shown_obligations(obligations: Obligations) -> Vec<Value> {
    let levels = [
        (
            "minimum-authentication-level",
            obligations.minimum_authentication_level,
        ),
        (
            "minimum-authentication-level-org",
            obligations.minimum_authentication_level_org,
        ),
    ];
    levels
        .into_iter()
        .filter_map(|(id, value)| {
            Some(json!({ "id": id, "type": "custom", "properties": { "value": value? } }))
        })
        .collect()
}
