//! What validation finds in the policies of a file, and which of their annotations mean nothing.

use cedar_policy::ffi::DetailedError;
use cedar_policy::{PolicySet, ValidationError, ValidationWarning};

use super::located::{finding, line_and_column};
use super::policy::{Body, Written};
use crate::model::finding::{Finding, FindingCode};
use crate::model::policy::PolicyFile;
use crate::model::system::nearest;

/// The annotations that mean something here.
const ANNOTATIONS: [&str; 6] = [
    "id",
    "title_nb",
    "title_en",
    "owner",
    "minimum_authentication_level",
    "minimum_authentication_level_org",
];

/// Every annotation that means nothing here. Cedar leaves them be, so that a misspelt obligation would be silently none.
pub(super) fn unknown_annotations(file: &PolicyFile, policies: &[Written]) -> Vec<Finding> {
    let each = policies.iter().flat_map(|policy| {
        let keys = policy.body.annotations().into_iter();
        let unknown = keys.filter(|key| !ANNOTATIONS.contains(key));
        unknown.map(move |key| {
            let near = nearest(key, ANNOTATIONS.into_iter()).unwrap_or_default();
            let offset = policy.info.text.find(&format!("@{key}")).unwrap_or(0);
            Finding {
                file: file.path.clone(),
                at: Some(line_and_column(&file.text, policy.offset + offset)),
                code: FindingCode::UnknownAnnotation,
                message: format!("`@{key}` means nothing here; did you mean `@{near}`?"),
                help: format!(
                    "correct the name, or say it in a comment; known are {}",
                    ANNOTATIONS.map(|known| format!("`@{known}`")).join(", ")
                ),
            }
        })
    });
    each.collect()
}

/// That every policy of a file validates strictly; and what is odd but not wrong.
pub(super) fn policies(
    file: &PolicyFile,
    policies: &[Written],
    validator: &cedar_policy::Validator,
) -> (Vec<Finding>, Vec<Finding>) {
    let mut set = PolicySet::new();
    for policy in policies {
        // An id that stands in the file twice is found elsewhere; its first policy is validated here.
        let _ = match &policy.body {
            Body::Static(body) => set.add(body.clone()),
            Body::Template(body) => set.add_template(body.clone()),
        };
    }
    let result = validator.validate(&set, cedar_policy::ValidationMode::Strict);
    let wrong = result.validation_errors().map(|error| {
        let (code, help) = error_kind(error);
        let error = DetailedError::from(error);
        finding(&file.path, &file.text, code, &error, help)
    });
    let odd = result.validation_warnings().map(|warning| {
        let (code, help) = warning_kind(warning);
        let warning = DetailedError::from(warning);
        finding(&file.path, &file.text, code, &warning, help)
    });
    (wrong.collect(), odd.collect())
}

/// The kind of an error, and what mends it where Cedar does not say.
fn error_kind(error: &ValidationError) -> (FindingCode, &'static str) {
    if matches!(error, ValidationError::UnrecognizedActionId(_)) {
        (
            FindingCode::UnknownAction,
            "name an action of the schema, or declare this one there",
        )
    } else {
        (
            FindingCode::Validation,
            "make the policy fit the schema, or add what it speaks of to the schema",
        )
    }
}

/// The kind of a warning, and what mends it.
fn warning_kind(warning: &ValidationWarning) -> (FindingCode, &'static str) {
    match warning {
        ValidationWarning::ImpossiblePolicy(_) | ValidationWarning::InvalidActionApplication(_) => {
            (
                FindingCode::NeverApplies,
                "take the policy out, or mend what makes it false for every question",
            )
        }
        ValidationWarning::MixedScriptString(_)
        | ValidationWarning::BidiCharsInString(_)
        | ValidationWarning::BidiCharsInIdentifier(_)
        | ValidationWarning::MixedScriptIdentifier(_)
        | ValidationWarning::ConfusableIdentifier(_) => (
            FindingCode::ConfusableText,
            "write the text with the letters of one alphabet, or look closely whether it says what is meant",
        ),
        // Cedar may learn to warn of more.
        _ => (
            FindingCode::ConfusableText,
            "the policy is in force as it is; look whether it says what is meant",
        ),
    }
}
