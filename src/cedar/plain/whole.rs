//! Every policy in force, asked together.

use cedar_policy::{
    AuthorizationError, Authorizer, Entities, PolicyId, PolicySet, Request, Response,
};
use once_cell::sync::Lazy;

use super::super::answer::{Effect, PolicyIdx};
use super::super::cell::idx;
use super::super::compile::{InForce, Kind};

static AUTHORIZER: Lazy<Authorizer> = Lazy::new(Authorizer::new);

/// All policies, the core policies too. Permits and forbids apart: asked together, Cedar names only those that decide.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    permits: PolicySet,
    forbids: PolicySet,
}

/// What Cedar found.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) permits: Vec<PolicyIdx>,
    pub(super) forbids: Vec<PolicyIdx>,
    /// Policies that could not be evaluated, and why.
    pub(super) erring: Vec<(PolicyIdx, String)>,
    pub(super) forbid_erred: bool,
}

impl Judged {
    /// A permit is satisfied, no forbid is, and none could not be evaluated.
    pub(super) fn permits(&self) -> bool {
        !self.permits.is_empty() && self.forbids.is_empty() && !self.forbid_erred
    }
}

impl Whole {
    pub(super) fn of(policies: &[InForce]) -> Self {
        let mut whole = Self::default();
        for (place, policy) in policies.iter().enumerate() {
            let body = match &policy.kind {
                Kind::Core(body)
                | Kind::Class(body)
                | Kind::Context(body, _)
                | Kind::Further(body) => body.new_id(PolicyId::new(place.to_string())),
                // A single right opens what its template does; that is known without asking.
                Kind::Template => continue,
            };
            let set = match policy.info.effect {
                Effect::Permit => &mut whole.permits,
                Effect::Forbid => &mut whole.forbids,
            };
            // Indices are ids here, and each is there once.
            let _ = set.add(body);
        }
        whole
    }

    pub(super) fn ask(&self, request: &Request, entities: &Entities) -> Judged {
        let permits = AUTHORIZER.is_authorized(request, &self.permits, entities);
        let forbids = AUTHORIZER.is_authorized(request, &self.forbids, entities);
        let forbids_erring = erring(&forbids);
        Judged {
            permits: satisfied(&permits),
            forbids: satisfied(&forbids),
            forbid_erred: !forbids_erring.is_empty(),
            erring: [erring(&permits), forbids_erring].concat(),
        }
    }
}

fn satisfied(response: &Response) -> Vec<PolicyIdx> {
    let mut found: Vec<_> = response.diagnostics().reason().filter_map(idx).collect();
    found.sort_unstable();
    found
}

fn erring(response: &Response) -> Vec<(PolicyIdx, String)> {
    let errors = response.diagnostics().errors();
    let mut found: Vec<_> = errors
        .filter_map(|error| match error {
            AuthorizationError::PolicyEvaluationError(error) => {
                Some((idx(error.policy_id())?, error.inner().to_string()))
            }
        })
        .collect();
    found.sort_unstable();
    found
}
