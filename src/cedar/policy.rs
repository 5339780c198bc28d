//! One policy file: its policies and templates with their ids, obligations and places.

use cedar_policy::ffi::DetailedError;
use cedar_policy::{Policy, PolicyId, PolicySet, Template};

use super::answer::{Effect, PolicyInfo};
use super::limits::{self, Language};
use super::located::{findings, line_and_column};
use crate::model::finding::{Finding, FindingCode};
use crate::model::policy::PolicyFile;
use crate::model::question::Obligations;

/// A policy or a template, as Cedar has it.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Static(Policy),
    Template(Template),
}

/// A policy of a file, under its own id.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) info: PolicyInfo,
    pub(super) body: Body,
    /// Whether its `@id` names it; if not, its file and number do.
    pub(super) has_id: bool,
    /// Where its text begins in the file.
    pub(super) offset: usize,
}

impl Written {
    /// A finding about this policy, at its first line.
    pub(super) fn finding(
        &self,
        file: &PolicyFile,
        code: FindingCode,
        message: String,
        help: String,
    ) -> Finding {
        Finding {
            file: file.path.clone(),
            at: Some(line_and_column(&file.text, self.offset)),
            code,
            message,
            help,
        }
    }
}

/// The policies of a file, in their order; or all that is wrong with how they are written.
pub(super) fn read(file: &PolicyFile) -> Result<Vec<Written>, Vec<Finding>> {
    limits::check(file, Language::Policy).map_err(|finding| vec![finding])?;
    let set: PolicySet = file
        .text
        .parse()
        .map_err(|refused| parse_findings(file, &refused))?;
    let policies = set.policies().cloned().map(Body::Static);
    let templates = set.templates().cloned().map(Body::Template);
    let mut bodies: Vec<_> = policies
        .chain(templates)
        .map(|body| (body.number(), body))
        .collect();
    bodies.sort_by_key(|(number, _)| *number);

    let mut from = 0;
    let mut written = Vec::with_capacity(bodies.len());
    let mut wrong = Vec::new();
    for (place, (_, body)) in bodies.into_iter().enumerate() {
        let text = body.text();
        let offset = find_text(&file.text, &text, from);
        from = offset + text.len();
        match name(file, place + 1, offset, body, text) {
            Ok(policy) => written.push(policy),
            Err(finding) => wrong.push(*finding),
        }
    }
    if wrong.is_empty() {
        Ok(written)
    } else {
        Err(wrong)
    }
}

fn parse_findings(file: &PolicyFile, refused: &cedar_policy::ParseErrors) -> Vec<Finding> {
    let help =
        "see https://docs.cedarpolicy.com/policies/syntax-policy.html for how a policy is written";
    refused
        .iter()
        .flat_map(|error| {
            findings(
                &file.path,
                &file.text,
                FindingCode::Parse,
                &DetailedError::from(error),
                help,
            )
        })
        .collect()
}

fn name(
    file: &PolicyFile,
    number: usize,
    offset: usize,
    body: Body,
    text: String,
) -> Result<Written, Box<Finding>> {
    let at = line_and_column(&file.text, offset);
    let refuse = |key: &str, message: String, help: &str| {
        let place = text.find(&format!("@{key}")).unwrap_or(0);
        Box::new(Finding {
            file: file.path.clone(),
            at: Some(line_and_column(&file.text, offset + place)),
            code: FindingCode::Annotation,
            message,
            help: help.to_owned(),
        })
    };
    let given = body.annotation("id");
    if given.is_some_and(|id| id.is_empty() || id.chars().any(char::is_control)) {
        return Err(refuse(
            "id",
            "`@id` is empty or has control characters".to_owned(),
            "give the policy a name of its own: `@id(\"my-service/read\")`",
        ));
    }
    let has_id = given.is_some();
    let id = given.map_or_else(|| format!("{}#{number}", file.path), str::to_owned);
    let level = |key: &str| match body.annotation(key) {
        None => Ok(None),
        Some(value) => match value.parse::<u8>() {
            Ok(level) if level <= 4 && value.len() == 1 => Ok(Some(level)),
            Ok(_) | Err(_) => Err(refuse(
                key,
                format!("`@{key}` is `{value}`, which is not a level from 0 to 4"),
                &format!("write the level as a digit in quotes: `@{key}(\"3\")`"),
            )),
        },
    };
    let obligations = Obligations {
        minimum_authentication_level: level("minimum_authentication_level")?,
        minimum_authentication_level_org: level("minimum_authentication_level_org")?,
    };
    let effect = match body.effect() {
        cedar_policy::Effect::Permit => Effect::Permit,
        cedar_policy::Effect::Forbid => Effect::Forbid,
    };
    Ok(Written {
        body: body.under(&id),
        info: PolicyInfo {
            id: id.into(),
            effect,
            obligations,
            file: file.path.clone(),
            line: at.0,
            text: text.into(),
        },
        has_id,
        offset,
    })
}

/// Where a policy's text stands, at or after `from`. A copy that was commented out is not it.
fn find_text(text: &str, policy: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    rest.match_indices(policy)
        .map(|(place, _)| from + place)
        .find(|place| {
            let before = text.get(..*place).unwrap_or_default();
            let line = before.rsplit('\n').next().unwrap_or_default();
            !line.contains("//")
        })
        .unwrap_or(from)
}

impl Body {
    /// Its place among the policies of its file: Cedar names what it parses `policy0`, `policy1`, ….
    fn number(&self) -> usize {
        let digits = self.id().strip_prefix("policy").unwrap_or_default();
        digits.parse().unwrap_or(usize::MAX)
    }

    fn id(&self) -> &str {
        match self {
            Self::Static(policy) => policy.id().as_ref(),
            Self::Template(template) => template.id().as_ref(),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Static(policy) => policy.to_cedar().unwrap_or_default(),
            Self::Template(template) => template.to_cedar(),
        }
    }

    pub(super) fn annotations(&self) -> Vec<&str> {
        match self {
            Self::Static(policy) => policy.annotations().map(|(key, _)| key).collect(),
            Self::Template(template) => template.annotations().map(|(key, _)| key).collect(),
        }
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        match self {
            Self::Static(policy) => policy.annotation(key),
            Self::Template(template) => template.annotation(key),
        }
    }

    fn effect(&self) -> cedar_policy::Effect {
        match self {
            Self::Static(policy) => policy.effect(),
            Self::Template(template) => template.effect(),
        }
    }

    /// What it says, without comments and layout.
    pub(super) fn as_json(&self) -> Option<serde_json::Value> {
        match self {
            Self::Static(policy) => policy.to_json().ok(),
            Self::Template(template) => template.to_json().ok(),
        }
    }

    fn under(self, id: &str) -> Self {
        match self {
            Self::Static(policy) => Self::Static(policy.new_id(PolicyId::new(id))),
            Self::Template(template) => Self::Template(template.new_id(PolicyId::new(id))),
        }
    }
}
