//! How far a policy looks: at a mandate's packages only, at the context too, or further.
//!
//! A whitelist on the policy as it was written. A policy that it passes says the same of every mandate with the same
//! packages, whatever other grants there are; one that it passes with a constant for each context member says the same
//! in equal contexts; what it does not know looks further, and is asked for each mandate.

use std::collections::BTreeSet;

use cedar_policy::{Policy, PrincipalConstraint};
use serde_json::{Map, Value};

use super::context_use::without_context;
use super::entity::Names;

/// What a policy's answer depends on, besides the action and the resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    /// The mandate's packages.
    Packages,
    /// The packages and these members of the context.
    Context(BTreeSet<String>),
    /// Anything.
    Further,
}

/// How far a policy looks. `is_plain` tells of a context member whether none of its values can name an entity.
pub(super) fn reach(policy: &Policy, is_plain: &dyn Fn(&str) -> bool) -> Reach {
    let Some(conditions) = conditions(policy) else {
        return Reach::Further;
    };
    if !principal_fits(policy) || !literals_fit(policy) {
        return Reach::Further;
    }
    if conditions.iter().all(fits) {
        return Reach::Packages;
    }
    let mut members = BTreeSet::new();
    let fit = conditions
        .iter()
        .all(|condition| fits(&without_context(condition, &mut members)));
    if fit && members.iter().all(|member| is_plain(member)) {
        Reach::Context(members)
    } else {
        Reach::Further
    }
}

fn principal_fits(policy: &Policy) -> bool {
    let names = Names::get();
    match policy.principal_constraint() {
        PrincipalConstraint::Any => true,
        PrincipalConstraint::Is(of) => of == names.mandate,
        PrincipalConstraint::In(parent) => *parent.type_name() == names.package,
        PrincipalConstraint::IsIn(of, parent) => {
            of == names.mandate && *parent.type_name() == names.package
        }
        PrincipalConstraint::Eq(_) => false,
    }
}

/// Scope and conditions name packages, actions and resources only.
fn literals_fit(policy: &Policy) -> bool {
    let names = Names::get();
    let known = [&names.package, &names.action, &names.resource];
    policy
        .entity_literals()
        .iter()
        .all(|literal| known.contains(&literal.type_name()))
}

/// The expressions of its `when` and `unless`.
fn conditions(policy: &Policy) -> Option<Vec<Value>> {
    let json = policy.to_json().ok()?;
    let conditions = json.get("conditions")?.as_array()?;
    conditions
        .iter()
        .map(|condition| condition.get("body").cloned())
        .collect()
}

/// The one key of an expression in Cedar's JSON form, and what stands under it.
fn operator(expression: &Value) -> Option<(&str, &Value)> {
    let members = expression.as_object()?;
    match members.iter().next() {
        Some((operator, of)) if members.len() == 1 => Some((operator, of)),
        Some(_) | None => None,
    }
}

fn fits(expression: &Value) -> bool {
    let Some((operator, of)) = operator(expression) else {
        return false;
    };
    match operator {
        "Value" => is_constant(of),
        "Var" => is_resource_or_action(of),
        "!" | "neg" | "isEmpty" => only(of, &["arg"]),
        "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||" | "+" | "-" | "*" | "contains"
        | "containsAll" | "containsAny" => only(of, &["left", "right"]),
        "if-then-else" => only(of, &["if", "then", "else"]),
        "like" => has_members(of, &["left", "pattern"]) && of.get("left").is_some_and(fits),
        "Set" => of
            .as_array()
            .is_some_and(|elements| elements.iter().all(fits)),
        "Record" => of
            .as_object()
            .is_some_and(|members| members.values().all(fits)),
        "." | "has" => is_attribute_of_resource(of),
        "getTag" | "hasTag" => {
            has_members(of, &["left", "right"])
                && of.get("left").is_some_and(is_resource)
                && of.get("right").is_some_and(fits)
        }
        "in" => {
            has_members(of, &["left", "right"]) && is_fitting_in(of.get("left"), of.get("right"))
        }
        "is" => is_fitting_is(of),
        _ => false,
    }
}

/// These members and no others.
fn has_members(of: &Value, members: &[&str]) -> bool {
    let found = of.as_object().map(Map::len);
    found == Some(members.len()) && members.iter().all(|member| of.get(member).is_some())
}

/// These members and no others, each an expression that fits.
fn only(of: &Value, members: &[&str]) -> bool {
    has_members(of, members)
        && members
            .iter()
            .all(|member| of.get(member).is_some_and(fits))
}

/// A number, a string, a truth value, or a literal entity: `literals_fit` has looked at its type.
fn is_constant(value: &Value) -> bool {
    value.is_boolean() || value.is_i64() || value.is_string() || literal_type(value).is_some()
}

/// The type of a literal entity.
fn literal_type(value: &Value) -> Option<&str> {
    let entity = value
        .get("__entity")
        .filter(|_| has_members(value, &["__entity"]))?;
    entity.get("type").and_then(Value::as_str)
}

fn is_resource_or_action(name: &Value) -> bool {
    name == "resource" || name == "action"
}

fn is_variable(expression: &Value, name: &str) -> bool {
    operator(expression).is_some_and(|(operator, of)| operator == "Var" && of == name)
}

fn is_resource(expression: &Value) -> bool {
    is_variable(expression, "resource")
}

/// `resource.name`, `resource has name`. Not `resource.name.other`: it may go through another entity.
fn is_attribute_of_resource(of: &Value) -> bool {
    has_members(of, &["left", "attr"])
        && of.get("left").is_some_and(is_resource)
        && of.get("attr").is_some_and(Value::is_string)
}

/// `principal in` packages; or the ancestors of something that no grant has put anywhere: a resource, an action, a
/// literal. An entity that an attribute names may be a mandate, whose ancestors are grants.
fn is_fitting_in(left: Option<&Value>, right: Option<&Value>) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        return false;
    };
    if is_variable(left, "principal") {
        return is_packages(right);
    }
    let plain = match operator(left) {
        Some(("Var", of)) => is_resource_or_action(of),
        Some(("Value", of)) => literal_type(of).is_some(),
        Some(_) | None => false,
    };
    plain && fits(right)
}

/// `principal is Mandate`, `principal is Mandate in` packages; or what anything else that fits is.
fn is_fitting_is(of: &Value) -> bool {
    let (left, right) = (of.get("left"), of.get("in"));
    let members: &[&str] = if right.is_some() {
        &["left", "entity_type", "in"]
    } else {
        &["left", "entity_type"]
    };
    let principal = left.is_some_and(|left| is_variable(left, "principal"));
    has_members(of, members)
        && (!principal || of.get("entity_type").is_some_and(|of| of == "Mandate"))
        && (principal || left.is_some_and(fits))
        && (right.is_none() || is_fitting_in(left, right))
}

/// `AccessPackage::"…"`, or an array of such.
fn is_packages(expression: &Value) -> bool {
    match operator(expression) {
        Some(("Value", of)) => literal_type(of) == Some("AccessPackage"),
        Some(("Set", of)) => of
            .as_array()
            .is_some_and(|elements| !elements.is_empty() && elements.iter().all(is_package)),
        Some(_) | None => false,
    }
}

fn is_package(expression: &Value) -> bool {
    operator(expression).is_some_and(|(operator, of)| {
        operator == "Value" && literal_type(of) == Some("AccessPackage")
    })
}
