//! What a condition takes from the context, and what is left of it with a constant in each such place.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Functions of Cedar's extension types. All are pure: equal arguments, equal results.
const FUNCTIONS: &[&str] = &[
    "datetime",
    "decimal",
    "duration",
    "durationSince",
    "greaterThan",
    "greaterThanOrEqual",
    "ip",
    "isInRange",
    "isIpv4",
    "isIpv6",
    "isLoopback",
    "isMulticast",
    "lessThan",
    "lessThanOrEqual",
    "offset",
    "toDate",
    "toDays",
    "toHours",
    "toMilliseconds",
    "toMinutes",
    "toSeconds",
    "toTime",
];

/// An expression in Cedar's JSON form with `true` for each member that it takes from the context, and with an array of
/// its arguments for each function of an extension type. The members' names are added to `members`.
pub(super) fn without_context(expression: &Value, members: &mut BTreeSet<String>) -> Value {
    if let Some(member) = member_of_context(expression) {
        members.insert(member.to_owned());
        return json!({"Value": true});
    }
    match expression {
        Value::Object(of) => match of.iter().next() {
            // What stands in a constant is no expression.
            Some((operator, _)) if operator == "Value" => expression.clone(),
            Some((operator, arguments)) if FUNCTIONS.contains(&operator.as_str()) => {
                json!({"Set": without_context(arguments, members)})
            }
            Some(_) | None => {
                let inner = of
                    .iter()
                    .map(|(name, of)| (name.clone(), without_context(of, members)));
                Value::Object(inner.collect::<Map<_, _>>())
            }
        },
        Value::Array(of) => of
            .iter()
            .map(|element| without_context(element, members))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => expression.clone(),
    }
}

/// The member in `context.member` and `context has member`.
fn member_of_context(expression: &Value) -> Option<&str> {
    let of = expression.as_object().filter(|of| of.len() == 1)?;
    let access = of.get(".").or_else(|| of.get("has"))?;
    let is_context = access.get("left")? == &json!({"Var": "context"});
    is_context.then(|| access.get("attr")?.as_str())?
}
