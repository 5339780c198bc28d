//! Which conditions of a policy a question meets, and whether each was true: the same tree that Cedar evaluates, followed
//! left to right and no further than it takes.

use std::collections::BTreeMap;

use cedar_policy::{Entities, Policy, Request};
use cedar_policy_core::ast::{Expr, ExprKind};

use super::branches::{Shape, Span, clauses, span, truth};

/// How often a condition was seen true, and how often false.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) yes: u64,
    pub(super) no: u64,
}

/// Every condition whose truth is worth a test: each operand of `&&` and `||`, each test and outcome of an `if`, each
/// clause that is neither. Constants are none.
pub(super) fn conditions(policy: &Policy) -> Vec<Span> {
    let mut found = Vec::new();
    for clause in clauses(policy) {
        collect(clause, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn collect(expr: &Expr, found: &mut Vec<Span>) {
    match Shape::of(expr) {
        Shape::And(left, right) | Shape::Or(left, right) => {
            collect(left, found);
            collect(right, found);
        }
        Shape::Not(inner) => collect(inner, found),
        Shape::If(test, yes, no) => {
            for part in [test, yes, no] {
                collect(part, found);
            }
        }
        Shape::Leaf => {
            if is_constant(expr) {
                return;
            }
            found.extend(span(expr));
            for part in parts(expr) {
                collect_beneath(part, found);
            }
        }
    }
}

/// Conditions that stand in something that is no condition: `(if a then 1 else 2) == 1`.
fn collect_beneath(expr: &Expr, found: &mut Vec<Span>) {
    match Shape::of(expr) {
        Shape::And(..) | Shape::Or(..) | Shape::Not(_) => collect(expr, found),
        Shape::If(test, yes, no) => {
            collect(test, found);
            collect_beneath(yes, found);
            collect_beneath(no, found);
        }
        Shape::Leaf => {
            for part in parts(expr) {
                collect_beneath(part, found);
            }
        }
    }
}

fn is_constant(expr: &Expr) -> bool {
    matches!(expr.expr_kind(), ExprKind::Lit(_))
}

/// What a leaf is made of.
fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr.expr_kind() {
        ExprKind::Lit(_) | ExprKind::Var(_) | ExprKind::Slot(_) | ExprKind::Unknown(_) => {
            Vec::new()
        }
        ExprKind::If {
            test_expr,
            then_expr,
            else_expr,
        } => vec![test_expr, then_expr, else_expr],
        ExprKind::And { left, right } | ExprKind::Or { left, right } => vec![left, right],
        ExprKind::UnaryApp { arg, .. } => vec![arg],
        ExprKind::BinaryApp { arg1, arg2, .. } => vec![arg1, arg2],
        ExprKind::ExtensionFunctionApp { args, .. } => args.iter().collect(),
        ExprKind::GetAttr { expr, .. }
        | ExprKind::HasAttr { expr, .. }
        | ExprKind::ExtHasAttr { expr, .. }
        | ExprKind::Like { expr, .. }
        | ExprKind::Is { expr, .. } => vec![expr],
        ExprKind::Set(elements) => elements.iter().collect(),
        ExprKind::Record(members) => members.values().collect(),
    }
}

/// One question, and the conditions that were met on the way to its answer.
pub(super) struct Walk<'a> {
    pub(super) request: &'a Request,
    pub(super) entities: &'a Entities,
    pub(super) seen: &'a mut BTreeMap<Span, Seen>,
}

impl Walk<'_> {
    /// What a condition comes to; nothing if it cannot be evaluated.
    pub(super) fn truth(&mut self, expr: &Expr) -> Option<bool> {
        match Shape::of(expr) {
            Shape::And(left, right) => Some(self.truth(left)? && self.truth(right)?),
            Shape::Or(left, right) => Some(self.truth(left)? || self.truth(right)?),
            Shape::Not(inner) => Some(!self.truth(inner)?),
            Shape::If(test, yes, no) => {
                let outcome = if self.truth(test)? { yes } else { no };
                self.truth(outcome)
            }
            Shape::Leaf => {
                for part in parts(expr) {
                    self.beneath(part);
                }
                let truth = truth(expr, self.request, self.entities)?;
                if let Some(span) = span(expr).filter(|_| !is_constant(expr)) {
                    let seen = self.seen.entry(span).or_default();
                    if truth {
                        seen.yes += 1;
                    } else {
                        seen.no += 1;
                    }
                }
                Some(truth)
            }
        }
    }

    fn beneath(&mut self, expr: &Expr) {
        match Shape::of(expr) {
            Shape::And(..) | Shape::Or(..) | Shape::Not(_) => {
                self.truth(expr);
            }
            Shape::If(test, yes, no) => match self.truth(test) {
                Some(true) => self.beneath(yes),
                Some(false) => self.beneath(no),
                None => {}
            },
            Shape::Leaf => {
                for part in parts(expr) {
                    self.beneath(part);
                }
            }
        }
    }
}

/// Follows a policy's clauses as far as Cedar does: to the first that is not true. Whether all are.
pub(super) fn walk(policy: &Policy, on_the_way: &mut Walk<'_>) -> bool {
    let mut clauses = clauses(policy).into_iter();
    clauses.all(|clause| on_the_way.truth(clause) == Some(true))
}
