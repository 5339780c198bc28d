//! A policy folder as an administrator may write it, from the parts that a plan chose.

use fullmakt::model::finding::Finding;
use fullmakt::model::policy::{PolicyFile, PolicyFolder};
use fullmakt::policies;
use serde_json::Value;

use super::words;
use crate::deeds::PACKAGES;

/// The package that the smaller catalogue lacks.
const DROPPED: &str = "skattegrunnlag";

/// The policies of one part of a plan.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// Each a file of its own, beneath `resources/`.
    pub(crate) policies: Vec<String>,
    pub(crate) entities: String,
    /// Whether the catalogue lacks a package that grants hold.
    pub(crate) is_smaller: bool,
    /// The levels that the single-right templates oblige to.
    pub(crate) levels: [usize; 3],
}

/// The packages that policies can name.
pub(crate) fn packages(is_smaller: bool) -> Vec<&'static str> {
    let all = PACKAGES.into_iter();
    all.filter(|code| !(is_smaller && *code == DROPPED))
        .collect()
}

impl Written {
    /// Puts the folder in force by `put`, without the policies that it is refused for; tells how many those were.
    pub(crate) fn put<T>(
        &self,
        mut put: impl FnMut(PolicyFolder) -> Result<T, Vec<Finding>>,
    ) -> (T, usize) {
        let mut left: Vec<_> = self
            .policies
            .iter()
            .enumerate()
            .map(|(place, text)| (format!("resources/own-{place}.cedar"), text.as_str()))
            .collect();
        loop {
            let findings = match put(self.with(&left)) {
                Ok(done) => return (done, self.policies.len() - left.len()),
                Err(findings) => findings,
            };
            let before = left.len();
            left.retain(|(path, _)| findings.iter().all(|finding| *finding.file != **path));
            assert!(
                left.len() < before,
                "the folder itself is broken: {findings:?}"
            );
        }
    }

    fn with(&self, policies: &[(String, &str)]) -> PolicyFolder {
        let shipped = policies::shipped();
        let kept = [
            PolicyFolder::ADMIN,
            PolicyFolder::ADMIN_SCHEMA,
            PolicyFolder::CORE,
        ];
        let kept = kept.map(|path| (path.to_owned(), shipped.text(path).unwrap().to_owned()));
        let own = [
            (PolicyFolder::SCHEMA.to_owned(), words::schema()),
            (PolicyFolder::ENTITIES.to_owned(), self.entities.clone()),
            (PolicyFolder::CATALOGUE.to_owned(), self.catalogue()),
            (PolicyFolder::TEMPLATES.to_owned(), self.templates()),
        ];
        let policies = policies
            .iter()
            .map(|(path, text)| (path.clone(), (*text).to_owned()));
        let files = kept.into_iter().chain(own).chain(policies);
        let files = files.map(|(path, text)| PolicyFile {
            path: path.into(),
            text: text.into(),
        });
        PolicyFolder::new(files.collect())
    }

    fn catalogue(&self) -> String {
        let text = policies::shipped().text(PolicyFolder::CATALOGUE).unwrap();
        if !self.is_smaller {
            return text.to_owned();
        }
        let mut catalogue: Value = serde_json::from_str(text).unwrap();
        let packages = catalogue["packages"].as_array_mut().unwrap();
        packages.retain(|package| package["code"] != DROPPED);
        for role in catalogue["relations"].as_object_mut().unwrap().values_mut() {
            let gives = role["gives"].as_array_mut().unwrap();
            gives.retain(|gift| gift["package"] != DROPPED);
        }
        catalogue.to_string()
    }

    fn templates(&self) -> String {
        let [read, write, both] = self.levels;
        let template = |id: &str, level: usize, actions: &str| {
            format!(
                "@id(\"core/single-right/{id}\")\n@minimum_authentication_level(\"{level}\")\n\
                 permit (principal == ?principal, {actions}, resource == ?resource);\n"
            )
        };
        [
            template("read", read, "action == Action::\"read\""),
            template("write", write, "action == Action::\"write\""),
            template(
                "read-write",
                both,
                "action in [Action::\"read\", Action::\"write\"]",
            ),
        ]
        .concat()
    }
}
