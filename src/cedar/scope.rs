//! Whether a policy's scope can match, without its conditions.

use cedar_policy::{
    ActionConstraint, Entities, EntityTypeName, EntityUid, Policy, PrincipalConstraint,
    ResourceConstraint,
};

use super::entity::Names;

/// Whether `child in parent`, by the stored entities. A child without an entity is in itself only.
fn is_in(entities: &Entities, child: &EntityUid, parent: &EntityUid) -> bool {
    child == parent || entities.is_ancestor_of(parent, child)
}

/// Whether the action scope matches.
pub(super) fn action_matches(policy: &Policy, action: &EntityUid, entities: &Entities) -> bool {
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(one) => one == *action,
        ActionConstraint::In(groups) => groups.iter().any(|group| is_in(entities, action, group)),
    }
}

/// Whether the resource scope matches.
pub(super) fn resource_matches(policy: &Policy, resource: &EntityUid, entities: &Entities) -> bool {
    let is_in = |group: &EntityUid| is_in(entities, resource, group);
    match policy.resource_constraint() {
        ResourceConstraint::Any => true,
        ResourceConstraint::Eq(one) => one == *resource,
        ResourceConstraint::In(group) => is_in(&group),
        ResourceConstraint::Is(of) => of == *resource.type_name(),
        ResourceConstraint::IsIn(of, group) => of == *resource.type_name() && is_in(&group),
    }
}

/// Whether the principal scope could match some mandate.
pub(super) fn could_be_a_mandate(policy: &Policy) -> bool {
    could_be(policy, &Names::get().mandate)
}

/// Whether the principal scope could match some entity of a type.
pub(super) fn could_be(policy: &Policy, kind: &EntityTypeName) -> bool {
    match policy.principal_constraint() {
        PrincipalConstraint::Any | PrincipalConstraint::In(_) => true,
        PrincipalConstraint::Eq(one) => one.type_name() == kind,
        PrincipalConstraint::Is(of) | PrincipalConstraint::IsIn(of, _) => of == *kind,
    }
}

/// Whether the principal scope matches a mandate with these parents.
pub(super) fn principal_matches(
    policy: &Policy,
    mandate: &EntityUid,
    parents: &[EntityUid],
    entities: &Entities,
) -> bool {
    let is_in = |group: &EntityUid| {
        mandate == group || parents.iter().any(|parent| is_in(entities, parent, group))
    };
    match policy.principal_constraint() {
        PrincipalConstraint::Any => true,
        PrincipalConstraint::Eq(one) => one == *mandate,
        PrincipalConstraint::In(group) => is_in(&group),
        PrincipalConstraint::Is(of) => of == *mandate.type_name(),
        PrincipalConstraint::IsIn(of, group) => of == *mandate.type_name() && is_in(&group),
    }
}

/// The package that the principal scope names.
pub(super) fn package_in_scope(policy: &Policy) -> Option<EntityUid> {
    match policy.principal_constraint() {
        PrincipalConstraint::In(group) | PrincipalConstraint::IsIn(_, group) => {
            (*group.type_name() == Names::get().package).then_some(group)
        }
        PrincipalConstraint::Any | PrincipalConstraint::Eq(_) | PrincipalConstraint::Is(_) => None,
    }
}
