//! Policy folders, compiled.

use crate::cedar::Compiled;
use crate::model::caller::Actor;
use crate::model::catalogue::Catalogue;
use crate::model::finding::{Finding, FindingCode};
use crate::model::policy::PolicyFolder;
use crate::policies::shipped;

use super::generation::Generation;

/// How the journal names what the daemon itself does.
pub(super) fn daemon() -> Actor {
    match "fullmakt".parse() {
        Ok(id) => Actor {
            kind: "daemon".into(),
            id,
            party: None,
        },
        Err(_) => unreachable!("the daemon's own name is well-formed"),
    }
}

/// A folder as a generation.
pub(super) fn compile(folder: PolicyFolder) -> Result<Generation, Vec<Finding>> {
    let policies = Compiled::compile(&folder)?;
    let catalogue = catalogue_of(&folder, None).map_err(|finding| vec![finding])?;
    Ok(Generation::new(policies, catalogue, folder))
}

/// A folder's catalogue; packages of the one before keep their places.
pub(super) fn catalogue_of(
    folder: &PolicyFolder,
    before: Option<&Catalogue>,
) -> Result<Catalogue, Finding> {
    let without = || {
        shipped()
            .text(PolicyFolder::CATALOGUE)
            .filter(|_| folder.is_plain())
    };
    let text = folder.text(PolicyFolder::CATALOGUE).or_else(without);
    let text = text.unwrap_or_default();
    Catalogue::parse(text, before).map_err(|error| Finding {
        file: PolicyFolder::CATALOGUE.into(),
        at: None,
        code: FindingCode::Catalogue,
        message: error.to_string(),
        help: "compare it with the catalogue that the project ships".to_owned(),
    })
}

/// All that is wrong with a policy folder, or odd about it; without an error it can be put in force.
pub fn check_policies(folder: &PolicyFolder) -> Vec<Finding> {
    Compiled::findings(folder)
}
