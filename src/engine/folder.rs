//! Policy folders, compiled.

use crate::cedar::Compiled;
use crate::model::caller::Actor;
use crate::model::catalogue::Catalogue;
use crate::model::finding::{Finding, FindingCode};
use crate::model::policy::PolicyFolder;

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
    let text = folder.text(PolicyFolder::CATALOGUE).unwrap_or_default();
    let catalogue = Catalogue::parse(text, None).map_err(|error| {
        let file = PolicyFolder::CATALOGUE.into();
        let help = "compare it with the catalogue that the project ships".to_owned();
        vec![Finding {
            file,
            at: None,
            code: FindingCode::Catalogue,
            message: error.to_string(),
            help,
        }]
    })?;
    Ok(Generation::new(policies, catalogue, folder))
}

/// All that is wrong with a policy folder, or odd about it; without an error it can be put in force.
pub fn check_policies(folder: &PolicyFolder) -> Vec<Finding> {
    Compiled::findings(folder)
}
