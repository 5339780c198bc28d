//! Permits that another policy leaves without effect, where that can be told from scopes and conditions alone.
//!
//! A policy covers another if its scope is at least as wide and each of its conditions is, to the letter, a condition of
//! the other too: whatever satisfies the other then satisfies it. More than that is not claimed.

use cedar_policy::{
    Entities, EntityTypeName, EntityUid, Policy, PrincipalConstraint, ResourceConstraint,
};
use serde_json::Value;

use super::answer::{Effect, PolicyInfo};
use super::compile::Compiled;
use super::scope;

/// One side of a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Side {
    Any,
    Eq(EntityUid),
    In(EntityUid),
    Is(EntityTypeName),
    IsIn(EntityTypeName, EntityUid),
}

impl From<PrincipalConstraint> for Side {
    fn from(of: PrincipalConstraint) -> Self {
        match of {
            PrincipalConstraint::Any => Self::Any,
            PrincipalConstraint::Eq(one) => Self::Eq(one),
            PrincipalConstraint::In(group) => Self::In(group),
            PrincipalConstraint::Is(of) => Self::Is(of),
            PrincipalConstraint::IsIn(of, group) => Self::IsIn(of, group),
        }
    }
}

impl From<ResourceConstraint> for Side {
    fn from(of: ResourceConstraint) -> Self {
        match of {
            ResourceConstraint::Any => Self::Any,
            ResourceConstraint::Eq(one) => Self::Eq(one),
            ResourceConstraint::In(group) => Self::In(group),
            ResourceConstraint::Is(of) => Self::Is(of),
            ResourceConstraint::IsIn(of, group) => Self::IsIn(of, group),
        }
    }
}

impl Side {
    /// Whether everything that the other side matches, this one does.
    fn covers(&self, other: &Self, stored: &Entities) -> bool {
        let beneath = |child: &EntityUid, group: &EntityUid| {
            child == group || stored.is_ancestor_of(group, child)
        };
        match (self, other) {
            (Self::Any, _) => true,
            (Self::Eq(one), Self::Eq(other)) => one == other,
            (Self::In(group), Self::Eq(other) | Self::In(other) | Self::IsIn(_, other)) => {
                beneath(other, group)
            }
            (Self::Is(of), Self::Is(other) | Self::IsIn(other, _)) => of == other,
            (Self::Is(of), Self::Eq(other)) => of == other.type_name(),
            (Self::IsIn(of, group), Self::Eq(other)) => {
                of == other.type_name() && beneath(other, group)
            }
            (Self::IsIn(of, group), Self::IsIn(other, inner)) => {
                of == other && beneath(inner, group)
            }
            (Self::Eq(_) | Self::In(_) | Self::Is(_) | Self::IsIn(..), _) => false,
        }
    }
}

/// What is compared of a policy.
pub(super) struct Reach<'a> {
    pub(super) info: &'a PolicyInfo,
    principal: Side,
    resource: Side,
    /// Whether the scope leaves the action open.
    any_action: bool,
    /// For each action of mandates, whether the scope matches it.
    actions: Vec<bool>,
    conditions: Vec<Value>,
}

impl<'a> Reach<'a> {
    pub(super) fn of(compiled: &Compiled, info: &'a PolicyInfo, policy: &Policy) -> Self {
        let json = policy.to_json().unwrap_or_default();
        let conditions = json.get("conditions").and_then(Value::as_array);
        let matches = |action| scope::action_matches(policy, action, &compiled.stored);
        Self {
            info,
            principal: policy.principal_constraint().into(),
            resource: policy.resource_constraint().into(),
            any_action: policy.action_constraint() == cedar_policy::ActionConstraint::Any,
            actions: compiled.action_uids.iter().map(matches).collect(),
            conditions: conditions.cloned().unwrap_or_default(),
        }
    }

    fn covers(&self, other: &Self, stored: &Entities) -> bool {
        let mut actions = self.actions.iter().zip(&other.actions);
        // Actions of other principals are not among those compared.
        let known = self.any_action || (!other.any_action && other.actions.contains(&true));
        known
            && actions.all(|(own, others)| *own || !others)
            && self.principal.covers(&other.principal, stored)
            && self.resource.covers(&other.resource, stored)
            && self
                .conditions
                .iter()
                .all(|own| other.conditions.contains(own))
    }

    /// Whether a permit adds nothing beside this policy: a permit that obliges to no less, or a forbid. Of two permits
    /// that cover each other, the first one stands.
    pub(super) fn shadows(&self, permit: &Self, is_earlier: bool, stored: &Entities) -> bool {
        if !self.covers(permit, stored) {
            return false;
        }
        match self.info.effect {
            Effect::Forbid => true,
            Effect::Permit => {
                let obliges_no_less =
                    self.info.obligations.and(permit.info.obligations) == self.info.obligations;
                let both =
                    permit.covers(self, stored) && self.info.obligations == permit.info.obligations;
                obliges_no_less && (is_earlier || !both)
            }
        }
    }
}
