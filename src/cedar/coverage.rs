//! Which policies questions satisfy and refuse, and which branches of their conditions they take: for tests alone, off
//! the path of decisions.
//!
//! Each policy is looked at as Cedar looks at it in an export: the core policies too, on the mandate whatever its window,
//! and single rights as links of their templates.

use std::collections::BTreeMap;

use cedar_policy::{
    Authorizer, Entities, EntityUid, Policy, PolicySet, PrincipalConstraint, Request,
};

use super::answer::{ActionIdx, Found, Identity, PolicyIdx};
use super::compile::{Compiled, InForce, Kind};
use super::context::CheckedContext;
use super::entity::{self, Names, uid};
use super::located::line_and_column;
use super::scope;
use super::slice;
use super::walk::{Seen, Walk, conditions, walk};
use crate::model::id::{OrgNo, ResourceId, SystemUserId};
use crate::model::mandate::{Mandate, mandate_id};
use crate::model::policy::PolicyFolder;
use crate::model::time::Timestamp;

/// What questions have met so far, of the policies of one folder.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    policies: BTreeMap<PolicyIdx, Met>,
}

#[derive(Debug, Clone, Default)]
struct Met {
    satisfied: u64,
    refused: u64,
    conditions: BTreeMap<(usize, usize), Seen>,
}

/// A policy, and what questions have met of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveredPolicy {
    /// Its id.
    pub id: Box<str>,
    /// The file, by its path in the folder.
    pub file: Box<str>,
    /// The line that it begins at, from 1.
    pub line: usize,
    /// How many questions satisfied it.
    pub satisfied: u64,
    /// How many questions of its action and resource did not.
    pub refused: u64,
    /// Whether a question of its action and resource can fail to satisfy it.
    pub can_refuse: bool,
    /// Each condition of it.
    pub conditions: Vec<CoveredCondition>,
}

/// A condition of a policy, and what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveredCondition {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// As it was written, on one line.
    pub text: String,
    /// How often it was true.
    pub yes: u64,
    /// How often it was false.
    pub no: u64,
}

/// A question as policies see it, and the grants that it reaches.
#[derive(Clone, Copy)]
pub struct CoverQuestion<'a> {
    /// Who asks, for whom.
    pub principal: (SystemUserId, OrgNo),
    /// What is held, whatever the window; nothing if the client was not added, or was removed.
    pub mandate: Option<&'a Mandate>,
    /// What is asked.
    pub action: ActionIdx,
    /// On what.
    pub resource: &'a ResourceId,
    /// With what context.
    pub asked: &'a CheckedContext,
    /// When.
    pub now: Timestamp,
    /// What is in force under a name.
    pub find: &'a dyn Fn(&Identity) -> Option<Found>,
}

impl std::fmt::Debug for CoverQuestion<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CoverQuestion")
            .field("principal", &self.principal)
            .field("action", &self.action)
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

impl Compiled {
    /// Adds what a question meets. A question that cannot be put to Cedar meets nothing.
    pub fn cover(&self, question: &CoverQuestion<'_>, into: &mut Coverage) {
        if self
            .put(question, |asked| self.cover_with(asked, into))
            .is_none()
        {
            return;
        }
        for (place, policy) in (0..).map(PolicyIdx).zip(&self.policies) {
            if let Kind::Template = policy.kind {
                self.cover_template(place, question, into);
            }
        }
    }

    /// Puts a question to Cedar, with the entities that it reaches; nothing if it cannot be put.
    pub(super) fn put<T>(
        &self,
        question: &CoverQuestion<'_>,
        ask: impl FnOnce(&Put<'_>) -> T,
    ) -> Option<T> {
        let (user, party) = question.principal;
        let principal = uid(&Names::get().mandate, mandate_id(user, party));
        let resource = uid(&Names::get().resource, question.resource);
        let action = self.action_uid(question.action)?;
        let entities = match question.mandate {
            Some(mandate) => {
                slice::for_mandate(self, mandate, question.asked.mentioned(), question.find)
            }
            None => slice::for_nobody(self, question.asked.mentioned(), question.find),
        }?;
        let context = question.asked.at(question.now)?;
        let request = Request::new(
            principal.clone(),
            action.clone(),
            resource.clone(),
            context,
            None,
        );
        let held = question.mandate.into_iter().flat_map(|mandate| {
            let packages = mandate.packages.iter();
            let packages = packages.map(|code| uid(&Names::get().package, code));
            packages.chain([entity::user_uid(mandate.user.id)])
        });
        Some(ask(&Put {
            compiled: self,
            request: &request.ok()?,
            entities: &entities,
            principal: &principal,
            parents: held.collect(),
            action,
            resource: &resource,
        }))
    }

    /// Adds what every policy but the templates meets of a question that is put to Cedar.
    pub(super) fn cover_with(&self, asked: &Put<'_>, into: &mut Coverage) {
        for (place, policy) in (0..).map(PolicyIdx).zip(&self.policies) {
            match &policy.kind {
                Kind::Core(body)
                | Kind::Class(body)
                | Kind::Context(body, _)
                | Kind::Further(body) => asked.of_policy(place, body, into),
                Kind::Template => {}
            }
        }
    }

    /// A template is looked at by each right that is a link of it.
    fn cover_template(
        &self,
        template: PolicyIdx,
        question: &CoverQuestion<'_>,
        into: &mut Coverage,
    ) {
        let Some(of) = self.templates.iter().find(|right| right.idx == template) else {
            return;
        };
        let rights = question
            .mandate
            .into_iter()
            .flat_map(|mandate| &mandate.rights);
        for right in rights.filter(|right| right.actions == of.actions) {
            let opens = self.ask_right(right, question.action) == Some(template);
            let met = into.policies.entry(template).or_default();
            met.count(opens && right.resource == *question.resource);
        }
    }

    /// Every policy of the folder that was compiled, with what was met of it; in the order of files and lines.
    pub fn covered(&self, coverage: &Coverage, folder: &PolicyFolder) -> Vec<CoveredPolicy> {
        let none = Met::default();
        let mut all: Vec<_> = (0..)
            .map(PolicyIdx)
            .zip(&self.policies)
            .map(|(place, policy)| {
                let met = coverage.policies.get(&place).unwrap_or(&none);
                covered(policy, met, folder, self.is_plain)
            })
            .collect();
        all.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        all
    }
}

impl Coverage {
    /// Adds what other questions have met of the same folder.
    pub fn add(&mut self, other: &Self) {
        for (place, more) in &other.policies {
            let met = self.policies.entry(*place).or_default();
            met.satisfied += more.satisfied;
            met.refused += more.refused;
            for (span, more) in &more.conditions {
                let seen = met.conditions.entry(*span).or_default();
                seen.yes += more.yes;
                seen.no += more.no;
            }
        }
    }
}

impl Met {
    fn count(&mut self, satisfied: bool) {
        if satisfied {
            self.satisfied += 1;
        } else {
            self.refused += 1;
        }
    }
}

/// A question put to Cedar.
pub(super) struct Put<'a> {
    pub(super) compiled: &'a Compiled,
    pub(super) request: &'a Request,
    pub(super) entities: &'a Entities,
    pub(super) principal: &'a EntityUid,
    pub(super) parents: Vec<EntityUid>,
    pub(super) action: &'a EntityUid,
    pub(super) resource: &'a EntityUid,
}

impl Put<'_> {
    fn of_policy(&self, place: PolicyIdx, policy: &Policy, into: &mut Coverage) {
        let stored = &self.compiled.stored;
        let is_looked_at = scope::could_be(policy, self.principal.type_name())
            && scope::action_matches(policy, self.action, stored)
            && scope::resource_matches(policy, self.resource, stored);
        if !is_looked_at {
            return;
        }
        let met = into.policies.entry(place).or_default();
        met.count(self.satisfies(policy));
        if scope::principal_matches(policy, self.principal, &self.parents, stored) {
            let mut on_the_way = Walk {
                request: self.request,
                entities: self.entities,
                seen: &mut met.conditions,
            };
            walk(policy, &mut on_the_way);
        }
    }

    /// Whether Cedar says that the policy is satisfied.
    fn satisfies(&self, policy: &Policy) -> bool {
        let Ok(alone) = PolicySet::from_policies([policy.clone()]) else {
            return false;
        };
        let response = Authorizer::new().is_authorized(self.request, &alone, self.entities);
        response.diagnostics().reason().next().is_some()
    }
}

fn covered(policy: &InForce, met: &Met, folder: &PolicyFolder, is_plain: bool) -> CoveredPolicy {
    let text = folder.text(&policy.info.file).unwrap_or_default();
    let (spans, can_refuse) = match &policy.kind {
        Kind::Core(body) | Kind::Class(body) | Kind::Context(body, _) | Kind::Further(body) => {
            let open = match body.principal_constraint() {
                PrincipalConstraint::Any => true,
                PrincipalConstraint::Is(of) => is_plain || of == Names::get().mandate,
                PrincipalConstraint::Eq(_)
                | PrincipalConstraint::In(_)
                | PrincipalConstraint::IsIn(..) => false,
            };
            (conditions(body), !open || body.has_non_scope_constraint())
        }
        Kind::Template => (Vec::new(), true),
    };
    let conditions = spans.into_iter().map(|span| {
        let seen = met.conditions.get(&span).copied().unwrap_or_default();
        let (line, column) = line_and_column(text, span.0);
        let written = text.get(span.0..span.1).unwrap_or_default();
        CoveredCondition {
            line,
            column,
            text: super::located::on_one_line(written),
            yes: seen.yes,
            no: seen.no,
        }
    });
    CoveredPolicy {
        id: policy.info.id.clone(),
        file: policy.info.file.clone(),
        line: policy.info.line,
        satisfied: met.satisfied,
        refused: met.refused,
        can_refuse,
        conditions: conditions.collect(),
    }
}
