//! The files that come with the program: the catalogue as it can be read, the core policies as they have to be.

use once_cell::sync::Lazy;

use super::located::{about_file, line_and_column, place_of_named};
use super::policy::{self, Written};
use crate::model::catalogue::{Catalogue, CatalogueError};
use crate::model::finding::{Finding, FindingCode};
use crate::model::policy::{PolicyFile, PolicyFolder};

/// The core policies, as they have to be.
const CORE: &str = include_str!("../../policies/core.cedar");

/// What a folder without delegations may lack: the catalogue and the policies about callers are then the program's, and of
/// core policies and templates there are none.
static PLAIN: Lazy<[PolicyFile; 5]> = Lazy::new(|| {
    let file = |path: &str, text: &str| PolicyFile {
        path: path.into(),
        text: text.into(),
    };
    [
        file(
            PolicyFolder::CATALOGUE,
            include_str!("../../policies/catalogue.json"),
        ),
        file(
            PolicyFolder::ADMIN,
            include_str!("../../policies/admin.cedar"),
        ),
        file(
            PolicyFolder::ADMIN_SCHEMA,
            include_str!("../../policies/admin.cedarschema"),
        ),
        file(PolicyFolder::CORE, ""),
        file(PolicyFolder::TEMPLATES, ""),
    ]
});

/// What stands in a folder without delegations for a file that it lacks.
pub(super) fn in_place_of(path: &str) -> Option<&'static PolicyFile> {
    PLAIN.iter().find(|file| &*file.path == path)
}

/// The catalogue; or what is wrong with it, at its place.
pub(super) fn catalogue(file: &PolicyFile) -> Result<Catalogue, Vec<Finding>> {
    Catalogue::parse(&file.text, None).map_err(|refused| {
        let mut finding = about_file(
            &file.path,
            FindingCode::Catalogue,
            refused.to_string(),
            "correct the file, or take it as the program ships it",
        );
        if let CatalogueError::Shape(json) = &refused {
            finding.at = Some((json.line(), json.column().max(1)));
        } else {
            finding.at = place_of_named(&file.text, &finding.message);
        }
        vec![finding]
    })
}

/// That the core policies say what they have to, each in its place. Comments and layout are free.
pub(super) fn core(file: &PolicyFile, written: &[Written]) -> Vec<Finding> {
    let shipped = policy::read(&PolicyFile {
        path: file.path.clone(),
        text: CORE.into(),
    });
    let say = |written: &[Written]| -> Vec<_> {
        written
            .iter()
            .map(|policy| (policy.info.id.clone(), policy.body.as_json()))
            .collect()
    };
    let shipped = shipped.map(|shipped| say(&shipped));
    if shipped.is_ok_and(|shipped| shipped == say(written)) {
        return Vec::new();
    }
    let changed = written
        .first()
        .map(|first| line_and_column(&file.text, first.offset));
    vec![Finding {
        file: file.path.clone(),
        at: changed,
        code: FindingCode::CoreChanged,
        message: "the core policies are not as they are compiled into the program".to_owned(),
        help: "put the file back as the program ships it; policies of your own go beneath `resources/`".to_owned(),
    }]
}
