//! The whitelist: each form that it knows, and the neighbours that it does not.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "one form for all policies of a table"
)]

use cedar_policy::Policy;

use crate::cedar::classify::{Reach, reach};

const CLASS_ONLY: &[&str] = &[
    // Scopes.
    r#"permit(principal, action, resource);"#,
    r#"permit(principal is Mandate, action, resource);"#,
    r#"permit(principal in AccessPackage::"a", action, resource);"#,
    r#"permit(principal is Mandate in AccessPackage::"a", action, resource);"#,
    r#"permit(principal, action == Action::"read", resource == Resource::"r");"#,
    r#"permit(principal, action in [Action::"read", Action::"write"], resource is Resource);"#,
    r#"forbid(principal, action in Action::"all", resource is Resource in Resource::"group");"#,
    // Conditions on the principal.
    r#"permit(principal, action, resource) when { principal in AccessPackage::"a" };"#,
    r#"permit(principal, action, resource) when { principal in [AccessPackage::"a", AccessPackage::"b"] };"#,
    r#"permit(principal, action, resource) when { principal is Mandate };"#,
    r#"permit(principal, action, resource) when { principal is Mandate in AccessPackage::"a" };"#,
    r#"permit(principal, action, resource) when { principal is Mandate in [AccessPackage::"a"] };"#,
    r#"forbid(principal, action, resource) unless { principal in AccessPackage::"a" };"#,
    r#"permit(principal, action, resource) when { !(principal in AccessPackage::"a") && (principal in AccessPackage::"b" || 1 == 2) };"#,
    r#"permit(principal, action, resource) when { if principal in AccessPackage::"a" then true else false };"#,
    // Conditions on the resource's own attributes and tags.
    r#"permit(principal, action, resource) when { resource has sector && resource.sector == "tax" };"#,
    r#"permit(principal, action, resource) when { resource.level > -3 && resource.level * 2 <= 4 + 1 - 0 };"#,
    r#"permit(principal, action, resource) when { resource.name like "ske-*" };"#,
    r#"permit(principal, action, resource) when { resource.tags.contains("open") };"#,
    r#"permit(principal, action, resource) when { ["a"].containsAny(resource.tags) && [1].containsAll([1]) };"#,
    r#"permit(principal, action, resource) when { resource.tags.isEmpty() };"#,
    r#"permit(principal, action, resource) when { resource.hasTag("x") && resource.getTag("x") == "y" };"#,
    r#"permit(principal, action, resource) when { resource["odd name"] == {a: 1, "b": [2]} };"#,
    r#"permit(principal, action, resource) when { resource in Resource::"group" };"#,
    r#"permit(principal, action, resource) when { resource in [Resource::"group"] && resource in resource.groups };"#,
    r#"permit(principal, action, resource) when { resource is Resource in Resource::"group" };"#,
    r#"permit(principal, action, resource) when { resource == Resource::"r" || resource != Resource::"s" };"#,
    r#"permit(principal, action, resource) when { action == Action::"read" || action in [Action::"all"] };"#,
    r#"permit(principal, action, resource) when { AccessPackage::"a" in AccessPackage::"b" };"#,
    r#"permit(principal, action, resource) when { resource.allowed is Mandate };"#,
    // An erring constant errs for every mandate alike.
    r#"permit(principal, action, resource) when { 9223372036854775807 + 1 == 0 };"#,
];

const FURTHER: &[&str] = &[
    // Scopes.
    r#"permit(principal == Mandate::"u@p", action, resource);"#,
    r#"permit(principal in SystemUser::"u", action, resource);"#,
    r#"permit(principal in Mandate::"u@p", action, resource);"#,
    r#"permit(principal in Area::"tax", action, resource);"#,
    r#"permit(principal in Other::AccessPackage::"a", action, resource);"#,
    r#"permit(principal is Person, action, resource);"#,
    r#"permit(principal is Other::Mandate, action, resource);"#,
    r#"permit(principal is Mandate in SystemUser::"u", action, resource);"#,
    r#"permit(principal is Person in AccessPackage::"a", action, resource);"#,
    r#"permit(principal, action, resource == Other::Resource::"r");"#,
    r#"permit(principal, action, resource in Organization::"974761076");"#,
    // The principal anywhere else.
    r#"permit(principal, action, resource) when { principal == resource.allowed };"#,
    r#"permit(principal, action, resource) when { principal in resource.allowed };"#,
    r#"permit(principal, action, resource) when { principal in resource };"#,
    r#"permit(principal, action, resource) when { principal in [AccessPackage::"a", resource.group] };"#,
    r#"permit(principal, action, resource) when { principal in [AccessPackage::"a", Area::"b"] };"#,
    r#"permit(principal, action, resource) when { principal in [] };"#,
    r#"permit(principal, action, resource) when { principal in (if true then AccessPackage::"a" else AccessPackage::"b") };"#,
    r#"permit(principal, action, resource) when { principal in SystemUser::"u" };"#,
    r#"permit(principal, action, resource) when { principal is Person };"#,
    r#"permit(principal, action, resource) when { principal is Mandate in resource.packages };"#,
    r#"permit(principal, action, resource) when { principal is Mandate in SystemUser::"u" };"#,
    r#"permit(principal, action, resource) when { principal == principal };"#,
    r#"permit(principal, action, resource) when { [principal].contains(principal) };"#,
    r#"permit(principal, action, resource) when { {a: principal} == {a: resource} };"#,
    r#"permit(principal, action, resource) when { principal has via };"#,
    r#"permit(principal, action, resource) when { principal.party == resource.owner };"#,
    r#"permit(principal, action, resource) when { principal.hasTag("x") };"#,
    r#"permit(principal, action, resource) when { resource.hasTag(principal.name) };"#,
    r#"permit(principal, action, resource) when { (if true then principal else principal) in AccessPackage::"a" };"#,
    r#"permit(principal, action, resource) when { (if true then principal else resource) has party };"#,
    r#"permit(principal, action, resource) when { resource in principal };"#,
    r#"permit(principal, action, resource) when { AccessPackage::"a" in principal };"#,
    // The context as a whole, members that may name an entity, and what is looked up by them.
    r#"permit(principal, action, resource) when { resource.contains(context) };"#,
    r#"permit(principal, action, resource) when { context == context };"#,
    r#"permit(principal, action, resource) when { context.on == resource.owner };"#,
    r#"permit(principal, action, resource) when { context.now > datetime("2026-01-01") && context has on };"#,
    r#"permit(principal, action, resource) when { context.plain.further == 1 };"#,
    r#"permit(principal, action, resource) when { context.plain has further };"#,
    r#"permit(principal, action, resource) when { (if true then context else context).plain };"#,
    r#"permit(principal, action, resource) when { context.plain in AccessPackage::"a" };"#,
    r#"permit(principal, action, resource) when { principal in context.plain };"#,
    r#"permit(principal, action, resource) when { {"Value": context.plain} == {a: 1} };"#,
    // The context and something further.
    r#"permit(principal, action, resource) when { context.plain == 1 && principal has via };"#,
    r#"permit(principal, action, resource) when { context.plain == principal.name };"#,
    r#"permit(principal == Mandate::"u@p", action, resource) when { context.plain == 1 };"#,
    r#"permit(principal, action, resource) when { context.plain == 1 } unless { principal.party == resource.owner };"#,
    // Attributes of others, and attributes reached through another entity.
    r#"permit(principal, action, resource) when { resource.owner.name == "x" };"#,
    r#"permit(principal, action, resource) when { resource has owner.name };"#,
    r#"permit(principal, action, resource) when { resource.owner has name };"#,
    r#"permit(principal, action, resource) when { resource.owner.hasTag("x") };"#,
    r#"permit(principal, action, resource) when { Resource::"r".owner == resource.owner };"#,
    r#"permit(principal, action, resource) when { Resource::"r" has owner };"#,
    r#"permit(principal, action, resource) when { AccessPackage::"a".hasTag("x") };"#,
    r#"permit(principal, action, resource) when { action.kind == 1 };"#,
    r#"permit(principal, action, resource) when { {a: 1}.a == 1 };"#,
    r#"permit(principal, action, resource) when { (if true then resource else resource).x };"#,
    // Ancestors of what an attribute names: it may be a mandate.
    r#"permit(principal, action, resource) when { resource.allowed in AccessPackage::"a" };"#,
    r#"permit(principal, action, resource) when { resource.allowed is Mandate in AccessPackage::"a" };"#,
    r#"permit(principal, action, resource) when { resource.getTag("x") in AccessPackage::"a" };"#,
    r#"permit(principal, action, resource) when { (if true then resource else resource) in Resource::"r" };"#,
    // Literals of other types, wherever.
    r#"permit(principal, action, resource) when { resource.owner == Organization::"974761076" };"#,
    r#"permit(principal, action, resource) when { resource == Mandate::"u@p" };"#,
    r#"permit(principal, action, resource) when { [SystemUser::"u"].contains(resource.user) };"#,
    r#"permit(principal, action, resource) when { Mandate::"u@p" in AccessPackage::"a" };"#,
    r#"permit(principal, action, resource) when { System::"s".vendor == resource.owner };"#,
    // One clause of several is enough.
    r#"permit(principal in AccessPackage::"a", action, resource) when { true } unless { principal has via };"#,
];

/// Each with the context members that it looks at.
const BY_CONTEXT: &[(&str, &[&str])] = &[
    (
        r#"permit(principal, action, resource) when { context.now > datetime("2026-01-01") };"#,
        &["now"],
    ),
    (
        r#"permit(principal, action, resource) when { context has plain };"#,
        &["plain"],
    ),
    (
        r#"permit(principal in AccessPackage::"a", action, resource) when { context.plain >= 3 };"#,
        &["plain"],
    ),
    (
        r#"forbid(principal, action, resource) unless { context has plain && context.plain >= 3 };"#,
        &["plain"],
    ),
    (
        r#"permit(principal, action, resource) when { context.plain == resource.level && context.other like "a*" };"#,
        &["other", "plain"],
    ),
    (
        r#"permit(principal, action, resource) when { resource.tags.containsAny(context.plain) && resource.hasTag(context.other) };"#,
        &["other", "plain"],
    ),
    (
        r#"permit(principal, action, resource) when { ip(context.plain).isInRange(ip("10.0.0.0/8")) };"#,
        &["plain"],
    ),
    (
        r#"permit(principal, action, resource) when { context.now.toTime() < duration("8h") || {a: context.plain} == {a: 1} };"#,
        &["now", "plain"],
    ),
    (
        r#"permit(principal, action, resource) when { principal in AccessPackage::"a" } unless { context["plain"] };"#,
        &["plain"],
    ),
    // Functions of extensions, of the resource's own attributes: nothing of the context, but not class-only.
    (
        r#"permit(principal, action, resource) when { resource.ip.isLoopback() };"#,
        &[],
    ),
    (
        r#"permit(principal, action, resource) when { resource.limit.lessThan(decimal("1.0")) };"#,
        &[],
    ),
];

fn policy(text: &str) -> Policy {
    Policy::parse(None, text).unwrap_or_else(|refused| panic!("{text}: {refused}"))
}

fn reach_of(text: &str) -> Reach {
    reach(&policy(text), &|member| member != "on")
}

#[test]
fn what_looks_only_at_packages_is_class_only() {
    for text in CLASS_ONLY {
        assert_eq!(reach_of(text), Reach::Packages, "{text}");
    }
}

#[test]
fn what_looks_at_packages_and_plain_context_is_asked_once_a_context() {
    for (text, members) in BY_CONTEXT {
        let members = members.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(reach_of(text), Reach::Context(members), "{text}");
    }
}

#[test]
fn whatever_else_a_policy_says_makes_it_look_further() {
    for text in FURTHER {
        assert_eq!(reach_of(text), Reach::Further, "{text}");
    }
}
