//! Policy folders as text, and what is found wrong with them.

use serde::{Deserialize, Serialize};

use super::hash::ContentHash;

/// One file of a policy folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyFile {
    /// Its path in the folder, with `/` between its parts: `resources/ske-krav-og-betalinger.cedar`.
    pub path: Box<str>,
    /// What it says.
    pub text: Box<str>,
}

/// A policy folder: every file that takes part in decisions, in the order of their paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyFolder {
    // INVARIANT: sorted by path, each once, so that the hash is of the folder and not of a listing's order.
    files: Vec<PolicyFile>,
}

impl PolicyFolder {
    /// The schema of resources, mandates and actions.
    pub const SCHEMA: &str = "schema.cedarschema";
    /// The access-package catalogue.
    pub const CATALOGUE: &str = "catalogue.json";
    /// What callers may do.
    pub const ADMIN: &str = "admin.cedar";
    /// The schema of [`Self::ADMIN`].
    pub const ADMIN_SCHEMA: &str = "admin.cedarschema";
    /// The core policies, which must be as they are compiled in.
    pub const CORE: &str = "core.cedar";
    /// The single-right templates.
    pub const TEMPLATES: &str = "templates.cedar";
    /// Stored entities, in Cedar's JSON form: resources, and the administrators' own.
    pub const ENTITIES: &str = "entities.json";
    /// Every `.cedar` file beneath holds policies about resources.
    pub const RESOURCES: &str = "resources/";

    /// A folder of these files.
    pub fn new(mut files: Vec<PolicyFile>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Self { files }
    }

    /// Its files, in the order of their paths.
    pub fn files(&self) -> &[PolicyFile] {
        &self.files
    }

    /// What one file says.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files
            .iter()
            .find(|file| &*file.path == path)
            .map(|file| &*file.text)
    }

    /// Whether this is a Cedar world of its own: without catalogue, core policies and templates there are no delegations,
    /// only the types that the schema declares.
    pub fn is_plain(&self) -> bool {
        let of_delegations = [Self::CATALOGUE, Self::CORE, Self::TEMPLATES];
        of_delegations.iter().all(|file| self.text(file).is_none())
    }

    /// The SHA-256 of all paths and texts, in lower-case hexadecimal.
    pub fn hash(&self) -> String {
        let mut hash = ContentHash::default();
        for file in &self.files {
            for part in [&file.path, &file.text] {
                hash.update(&(part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
        }
        hash.finish()
    }
}
