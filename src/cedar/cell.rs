//! Policies that are asked together: those whose scope can match one action and resource.

use std::collections::BTreeSet;

use cedar_policy::{
    AuthorizationError, Authorizer, Entities, EntityUid, Policy, PolicyId, PolicySet, Request,
};
use once_cell::sync::Lazy;

use super::answer::{Effect, PolicyIdx, Satisfied};
use super::compile::{Compiled, Kind};
use super::scope;

static AUTHORIZER: Lazy<Authorizer> = Lazy::new(Authorizer::new);

/// The policies whose scope can match one action and resource slot.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) class: Sets,
    pub(super) context: Sets,
    /// The context members that `context` looks at; sorted.
    pub(super) members: Box<[Box<str>]>,
    pub(super) further: Sets,
}

/// Policies that are asked together. Permits and forbids apart: asked together, Cedar names only those that decide.
#[derive(Debug, Default)]
pub(super) struct Sets {
    permits: PolicySet,
    forbids: PolicySet,
}

impl Cell {
    pub(super) fn fill(compiled: &Compiled, action: &EntityUid, resource: &EntityUid) -> Self {
        let mut cell = Self {
            class: Sets::default(),
            context: Sets::default(),
            members: Box::default(),
            further: Sets::default(),
        };
        let mut seen = BTreeSet::new();
        for policy in &compiled.policies {
            let (sets, body, members) = match &policy.kind {
                Kind::Class(body) => (&mut cell.class, body, None),
                Kind::Context(body, members) => (&mut cell.context, body, Some(members)),
                Kind::Further(body) => (&mut cell.further, body, None),
                Kind::Core(_) | Kind::Template => continue,
            };
            // What a scope excludes is not satisfied and cannot err, so leaving it out changes no answer.
            let applies = scope::could_be_a_mandate(body)
                && scope::action_matches(body, action, &compiled.stored)
                && scope::resource_matches(body, resource, &compiled.stored);
            if applies {
                let set = match policy.info.effect {
                    Effect::Permit => &mut sets.permits,
                    Effect::Forbid => &mut sets.forbids,
                };
                // Indices are ids here, and each is there once.
                let _ = set.add(body.clone());
                seen.extend(
                    members
                        .into_iter()
                        .flatten()
                        .map(|name| name.as_str().into()),
                );
            }
        }
        cell.members = seen.into_iter().collect();
        cell
    }

    pub(super) fn permits(&self) -> impl Iterator<Item = &Policy> {
        let sets = [&self.class, &self.context, &self.further];
        sets.into_iter().flat_map(|sets| sets.permits.policies())
    }
}

impl Sets {
    pub(super) fn is_empty(&self) -> bool {
        self.permits.is_empty() && self.forbids.is_empty()
    }

    pub(super) fn ask(&self, request: &Request, entities: &Entities) -> Satisfied {
        let permits = Findings::of(&self.permits, request, entities);
        let forbids = Findings::of(&self.forbids, request, entities);
        let (Some(permits), Some(forbids)) = (permits, forbids) else {
            return Satisfied::undecidable();
        };
        let mut erring = [permits.erring, forbids.erring.clone()].concat();
        erring.sort_unstable();
        Satisfied {
            permits: permits.satisfied.into(),
            forbids: forbids.satisfied.into(),
            erring: erring.into(),
            forbid_erred: !forbids.erring.is_empty(),
        }
    }
}

/// What Cedar found among policies of one effect.
#[derive(Default)]
struct Findings {
    satisfied: Vec<PolicyIdx>,
    erring: Vec<PolicyIdx>,
}

impl Findings {
    /// Nothing if Cedar names a policy that is not ours, which denies.
    fn of(set: &PolicySet, request: &Request, entities: &Entities) -> Option<Self> {
        if set.is_empty() {
            return Some(Self::default());
        }
        let response = AUTHORIZER.is_authorized(request, set, entities);
        let found = response.diagnostics();
        let mut satisfied = found.reason().map(idx).collect::<Option<Vec<_>>>()?;
        let erring = found.errors().map(|error| match error {
            AuthorizationError::PolicyEvaluationError(error) => idx(error.policy_id()),
        });
        let mut erring = erring.collect::<Option<Vec<_>>>()?;
        satisfied.sort_unstable();
        erring.sort_unstable();
        Some(Self { satisfied, erring })
    }
}

pub(super) fn idx(id: &PolicyId) -> Option<PolicyIdx> {
    AsRef::<str>::as_ref(id).parse().ok().map(PolicyIdx)
}
