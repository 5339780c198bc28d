//! The written conditions of a policy, and what each branch of them comes to.
//!
//! Cedar's own tree of a policy is read, with the places of its parts, and its leaves are evaluated by Cedar. Only `&&`,
//! `||`, `!` and `if` are followed here, each as Cedar's language reference has it: left to right, and no further than it
//! takes.

use cedar_policy::{Entities, EvalResult, Expression, Policy, Request, eval_expression};
use cedar_policy_core::ast::{Expr, ExprKind, UnaryOp};

/// Where an expression stands in its file: its first byte, and the one after its last.
pub(super) type Span = (usize, usize);

/// An expression as it was written, by what it is made of.
pub(super) enum Shape<'a> {
    And(&'a Expr, &'a Expr),
    Or(&'a Expr, &'a Expr),
    Not(&'a Expr),
    If(&'a Expr, &'a Expr, &'a Expr),
    /// Anything else, asked whole.
    Leaf,
}

pub(super) fn span(of: &Expr) -> Option<Span> {
    of.source_loc().map(|loc| (loc.start(), loc.end()))
}

impl<'a> Shape<'a> {
    pub(super) fn of(expr: &'a Expr) -> Self {
        // `a >= b` is a `!` to Cedar, and `x is T in y` an `&&`; such parts have the place of the whole.
        let as_whole = |part: &Expr| span(part) == span(expr);
        if let ExprKind::And { left, right } = expr.expr_kind() {
            if !as_whole(right) {
                return Self::And(left, right);
            }
        } else if let ExprKind::Or { left, right } = expr.expr_kind() {
            return Self::Or(left, right);
        } else if let ExprKind::UnaryApp {
            op: UnaryOp::Not,
            arg,
        } = expr.expr_kind()
        {
            if !as_whole(arg) {
                return Self::Not(arg);
            }
        } else if let ExprKind::If {
            test_expr,
            then_expr,
            else_expr,
        } = expr.expr_kind()
        {
            return Self::If(test_expr, then_expr, else_expr);
        }
        Self::Leaf
    }
}

/// The expressions of a policy's `when` and `unless`, in their order; that of an `unless` as it was written.
pub(super) fn clauses(policy: &Policy) -> Vec<&Expr> {
    let policy = policy.as_ref();
    let whole = policy.loc().map(|loc| (loc.start(), loc.end()));
    let Some(mut rest) = policy.non_scope_constraints() else {
        return Vec::new();
    };
    let mut clauses = Vec::new();
    // Cedar joins clauses with an `&&` that has the place of the policy.
    while let (ExprKind::And { left, right }, true) = (rest.expr_kind(), span(rest) == whole) {
        clauses.push(&**left);
        rest = right;
    }
    clauses.push(rest);
    clauses
}

/// What Cedar says of an expression; nothing if it errs or is no truth value.
pub(super) fn truth(expr: &Expr, request: &Request, entities: &Entities) -> Option<bool> {
    match eval_expression(request, entities, &Expression::from(expr.clone())) {
        Ok(EvalResult::Bool(truth)) => Some(truth),
        Ok(_) | Err(_) => None,
    }
}
