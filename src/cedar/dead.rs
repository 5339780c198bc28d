//! Policies that no question can satisfy: what is known of their conditions before anybody asks leaves none.
//!
//! For each action and resource that a policy's scope matches, what names neither the principal nor the context is
//! evaluated by Cedar, and everything else may come to anything. If no combination can be true, no question can.

use cedar_policy::{Context, EntityUid, Policy, Request};
use cedar_policy_core::ast::{Expr, ExprKind, Literal, Var};

use super::branches::{self, Shape};
use super::compile::Compiled;
use super::entity::{Names, uid};
use super::scope;

/// What an expression may come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct May {
    be_true: bool,
    be_false: bool,
}

impl May {
    const ANYTHING: Self = Self {
        be_true: true,
        be_false: true,
    };

    fn only(truth: bool) -> Self {
        Self {
            be_true: truth,
            be_false: !truth,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            be_true: self.be_true || other.be_true,
            be_false: self.be_false || other.be_false,
        }
    }
}

/// Whether no question of a mandate about a resource can satisfy a policy. Of a policy about anything else nothing is
/// said.
pub(super) fn never_applies(compiled: &Compiled, policy: &Policy) -> bool {
    let names = Names::get();
    let mut kinds = policy.get_valid_request_envs(&compiled.schema);
    let others =
        kinds.any(|kind| *kind.principal() != names.mandate || *kind.resource() != names.resource);
    if others || !scope::could_be_a_mandate(policy) {
        return false;
    }
    // Resources without an entity are alike; one of them stands for all.
    let resources = compiled.resources.iter().map(|id| uid(&names.resource, id));
    let resources: Vec<_> = resources
        .map(|resource| (resource, true))
        .chain([(uid(&names.resource, "any other"), false)])
        .collect();
    !compiled.action_uids.iter().any(|action| {
        scope::action_matches(policy, action, &compiled.stored)
            && resources.iter().any(|(resource, has_entity)| {
                scope::resource_matches(policy, resource, &compiled.stored)
                    && could_hold(compiled, policy, action, resource, *has_entity)
            })
    })
}

fn could_hold(
    compiled: &Compiled,
    policy: &Policy,
    action: &EntityUid,
    resource: &EntityUid,
    has_entity: bool,
) -> bool {
    let anybody = uid(&Names::get().mandate, "anybody");
    let asked = Request::new(
        anybody,
        action.clone(),
        resource.clone(),
        Context::empty(),
        None,
    );
    let Ok(request) = asked else { return true };
    let known = Known {
        compiled,
        request: &request,
        has_entity,
    };
    let mut clauses = branches::clauses(policy).into_iter();
    clauses.all(|clause| known.may(clause).be_true)
}

struct Known<'a> {
    compiled: &'a Compiled,
    request: &'a Request,
    has_entity: bool,
}

impl Known<'_> {
    fn may(&self, expr: &Expr) -> May {
        match Shape::of(expr) {
            Shape::And(left, right) => {
                let (left, right) = (self.may(left), self.may(right));
                May {
                    be_true: left.be_true && right.be_true,
                    be_false: left.be_false || (left.be_true && right.be_false),
                }
            }
            Shape::Or(left, right) => {
                let (left, right) = (self.may(left), self.may(right));
                May {
                    be_true: left.be_true || (left.be_false && right.be_true),
                    be_false: left.be_false && right.be_false,
                }
            }
            Shape::Not(inner) => {
                let inner = self.may(inner);
                May {
                    be_true: inner.be_false,
                    be_false: inner.be_true,
                }
            }
            Shape::If(test, yes, no) => {
                let test = self.may(test);
                let nothing = May {
                    be_true: false,
                    be_false: false,
                };
                let yes = if test.be_true { self.may(yes) } else { nothing };
                let no = if test.be_false { self.may(no) } else { nothing };
                yes.or(no)
            }
            Shape::Leaf => self.leaf(expr),
        }
    }

    fn leaf(&self, expr: &Expr) -> May {
        if expr.subexpressions().any(depends_on_the_question) {
            return May::ANYTHING;
        }
        match branches::truth(expr, self.request, &self.compiled.stored) {
            Some(truth) => May::only(truth),
            // An attribute of what has no entity errs, and what errs satisfies nothing.
            None if !self.has_entity && expr.subexpressions().any(is_attribute_of_resource) => {
                May {
                    be_true: false,
                    be_false: false,
                }
            }
            None => May::ANYTHING,
        }
    }
}

/// Whether an expression turns on who asks, on what they bring, or on a grant.
fn depends_on_the_question(expr: &Expr) -> bool {
    if let ExprKind::Lit(Literal::EntityUID(named)) = expr.expr_kind() {
        let of = named.entity_type().to_string();
        return ["Mandate", "SystemUser", "System"].contains(&of.as_str());
    }
    matches!(
        expr.expr_kind(),
        ExprKind::Var(Var::Principal | Var::Context)
    )
}

fn is_attribute_of_resource(expr: &Expr) -> bool {
    if let ExprKind::GetAttr { expr, .. } = expr.expr_kind() {
        matches!(expr.expr_kind(), ExprKind::Var(Var::Resource))
    } else {
        false
    }
}
