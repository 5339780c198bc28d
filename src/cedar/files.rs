//! The files of a folder by what they are for.

use super::located::about_file;
use super::shipped;
use crate::model::finding::{Finding, FindingCode};
use crate::model::policy::{PolicyFile, PolicyFolder};

/// The files that take part in decisions.
pub(super) struct Files<'a> {
    pub(super) schema: &'a PolicyFile,
    pub(super) catalogue: &'a PolicyFile,
    pub(super) core: &'a PolicyFile,
    pub(super) templates: &'a PolicyFile,
    pub(super) entities: &'a PolicyFile,
    pub(super) admin: &'a PolicyFile,
    pub(super) admin_schema: &'a PolicyFile,
    pub(super) resources: Vec<&'a PolicyFile>,
    /// Whether the folder has no delegations: what it lacks of their files is the program's, or empty.
    pub(super) is_plain: bool,
}

impl<'a> Files<'a> {
    pub(super) fn of(folder: &'a PolicyFolder) -> Result<Self, Vec<Finding>> {
        let is_plain = folder.is_plain();
        let mut missing = Vec::new();
        let mut required = |path: &'static str| {
            let file = folder.files().iter().find(|file| &*file.path == path);
            let file = file.or_else(|| shipped::in_place_of(path).filter(|_| is_plain));
            if file.is_none() {
                missing.push(about_file(
                    path,
                    FindingCode::MissingFile,
                    format!("`{path}` is missing"),
                    "put the file back; every policy folder has it",
                ));
            }
            file
        };
        let found = (
            required(PolicyFolder::SCHEMA),
            required(PolicyFolder::CATALOGUE),
            required(PolicyFolder::CORE),
            required(PolicyFolder::TEMPLATES),
            required(PolicyFolder::ENTITIES),
            required(PolicyFolder::ADMIN),
            required(PolicyFolder::ADMIN_SCHEMA),
        );
        let (
            Some(schema),
            Some(catalogue),
            Some(core),
            Some(templates),
            Some(entities),
            Some(admin),
            Some(admin_schema),
        ) = found
        else {
            return Err(missing);
        };
        let resources = folder.files().iter();
        let resources = resources.filter(|file| file.path.starts_with(PolicyFolder::RESOURCES));
        Ok(Self {
            schema,
            catalogue,
            core,
            templates,
            entities,
            admin,
            admin_schema,
            resources: resources.collect(),
            is_plain,
        })
    }
}
