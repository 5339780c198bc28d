//! Single-right templates: that they are plain, and which actions each opens.

use std::collections::HashMap;

use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicyId,
    PolicySet, Request, SlotId, Template, TemplatePrincipalConstraint, TemplateResourceConstraint,
};

use super::answer::{Effect, PolicyIdx};
use super::entity::{Names, uid};
use super::policy::{Body, Written};
use crate::model::finding::{Finding, FindingCode};
use crate::model::id::ActionName;
use crate::model::policy::PolicyFile;

/// What every template's id begins with, and so every link's.
pub(super) const TEMPLATE_PREFIX: &str = "core/single-right/";

/// A template, and what a link of it opens.
#[derive(Debug, Clone)]
pub(super) struct RightTemplate {
    pub(super) idx: PolicyIdx,
    pub(super) template: Template,
    /// The actions that it names; sorted, each once.
    pub(super) actions: Vec<ActionName>,
    /// For each action of the schema, whether Cedar permits it by a link, on the link's own resource.
    pub(super) opens: Vec<bool>,
}

/// A plain template and the actions that it names, sorted, each once; or why it is not plain.
pub(super) fn check<'a>(
    file: &PolicyFile,
    written: &'a Written,
    known: &[ActionName],
) -> Result<(&'a Template, Vec<ActionName>), Finding> {
    let refuse = |message: &str, help: &str| {
        written.finding(
            file,
            FindingCode::Template,
            message.to_owned(),
            help.to_owned(),
        )
    };
    let Body::Template(template) = &written.body else {
        return Err(refuse(
            "a policy without slots stands among the single-right templates",
            "move it to a file beneath `resources/`",
        ));
    };
    let own = written.info.id.strip_prefix(TEMPLATE_PREFIX);
    if !own.is_some_and(|own| !own.is_empty() && !own.contains('/')) {
        return Err(refuse(
            &format!(
                "the id `{}` is not one of a single-right template",
                written.info.id
            ),
            "name it `@id(\"core/single-right/…\")`, without a further `/`",
        ));
    }
    let slots = template.principal_constraint() == TemplatePrincipalConstraint::Eq(None)
        && template.resource_constraint() == TemplateResourceConstraint::Eq(None);
    if written.info.effect != Effect::Permit || !slots || template.has_non_scope_constraint() {
        return Err(refuse(
            "a single-right template is not plain",
            "write it as `permit (principal == ?principal, action == Action::\"…\", resource == ?resource);`, without conditions",
        ));
    }
    let named = match template.action_constraint() {
        ActionConstraint::Any => Vec::new(),
        ActionConstraint::Eq(one) => vec![one],
        ActionConstraint::In(several) => several,
    };
    if named.is_empty() {
        return Err(refuse(
            "a single-right template names no action",
            "name each: `action == Action::\"read\"` or `action in [Action::\"read\", Action::\"write\"]`",
        ));
    }
    let mut actions = Vec::with_capacity(named.len());
    for action in &named {
        let id: &str = action.id().as_ref();
        let own = *action.type_name() == Names::get().action;
        match known.iter().find(|name| own && name.as_str() == id) {
            Some(name) => actions.push(name.clone()),
            None => {
                return Err(refuse(
                    &format!(
                        "a single-right template names {action}, which is no action of mandates on resources"
                    ),
                    "name actions that the schema gives to `Mandate` and `Resource`",
                ));
            }
        }
    }
    actions.sort_unstable();
    actions.dedup();
    Ok((template, actions))
}

/// For each action, whether a link of the template permits it to its mandate on its resource, as Cedar says.
pub(super) fn opens(template: &Template, actions: &[EntityUid], stored: &Entities) -> Vec<bool> {
    let mandate = uid(&Names::get().mandate, "linked");
    let resource = uid(&Names::get().resource, "linked");
    let mut set = PolicySet::new();
    let values = HashMap::from([
        (SlotId::principal(), mandate.clone()),
        (SlotId::resource(), resource.clone()),
    ]);
    let added = set.add_template(template.clone()).is_ok();
    let linked = added
        && set
            .link(template.id().clone(), PolicyId::new("link"), values)
            .is_ok();
    let present = stored
        .clone()
        .add_entities([Entity::with_uid(mandate.clone())], None);
    let (true, Ok(present)) = (linked, present) else {
        return vec![false; actions.len()];
    };
    let permits = |action: &EntityUid| {
        let asked = Request::new(
            mandate.clone(),
            action.clone(),
            resource.clone(),
            Context::empty(),
            None,
        );
        asked.is_ok_and(|asked| {
            Authorizer::new()
                .is_authorized(&asked, &set, &present)
                .decision()
                == Decision::Allow
        })
    };
    actions.iter().map(permits).collect()
}
