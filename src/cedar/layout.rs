//! The official layout of policy files, by Cedar's own formatter, held to change nothing but layout.

use cedar_policy_formatter::{Config, policies_str_to_pretty};

use super::limits::comments;
use super::policy;
use crate::model::finding::Finding;
use crate::model::policy::PolicyFile;

/// The official line width and indentation.
const LAYOUT: Config = Config {
    line_width: 80,
    indent_width: 2,
};

/// Why a policy file was not laid out. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// It is not written in Cedar.
    #[error("the file does not parse; `fullmakt policy check` says where")]
    Parse(Vec<Finding>),
    /// The formatter gave up.
    #[error("`{file}` cannot be laid out: {why}")]
    Refused {
        /// The file, by its path in the folder.
        file: Box<str>,
        /// What the formatter said.
        why: String,
    },
    /// The formatter's text does not say the same.
    #[error(
        "`{file}` would not say the same when laid out: its {what} would change; it was left as it is"
    )]
    Changed {
        /// The file, by its path in the folder.
        file: Box<str>,
        /// What would change.
        what: &'static str,
    },
}

/// A policy file in the official layout. Policies, annotations and comments stay as they are, which is looked at.
pub fn laid_out(file: &PolicyFile) -> Result<String, LayoutError> {
    let before = said(file)?;
    if before.is_empty() {
        // Nothing but comments: the formatter would drop nothing, and add an empty line.
        return Ok(file.text.to_string());
    }
    let text =
        policies_str_to_pretty(&file.text, &LAYOUT).map_err(|error| LayoutError::Refused {
            file: file.path.clone(),
            why: error.to_string(),
        })?;
    let changed = |what| LayoutError::Changed {
        file: file.path.clone(),
        what,
    };
    let after = PolicyFile {
        path: file.path.clone(),
        text: text.as_str().into(),
    };
    match said(&after) {
        Ok(after) if after == before => {}
        Ok(_) | Err(_) => return Err(changed("meaning")),
    }
    if comments(&file.text) != comments(&text) {
        return Err(changed("comments"));
    }
    Ok(text)
}

/// What each policy of a file says, annotations included, in their order.
fn said(file: &PolicyFile) -> Result<Vec<Option<serde_json::Value>>, LayoutError> {
    let written = policy::read(file).map_err(LayoutError::Parse)?;
    Ok(written.iter().map(|policy| policy.body.as_json()).collect())
}

#[cfg(test)]
mod tests {
    use super::{LayoutError, laid_out};
    use crate::model::policy::PolicyFile;

    fn file(text: &str) -> PolicyFile {
        PolicyFile {
            path: "resources/own.cedar".into(),
            text: text.into(),
        }
    }

    #[test]
    fn comments_and_meaning_stay_and_a_second_time_changes_nothing() {
        let text = "// first\n@id(\"a\")permit(principal,action,// who\nresource) when{context has authenticationLevel// if known\n&&context.authenticationLevel>=4};\n// last\n";

        let once = laid_out(&file(text)).unwrap();

        for comment in ["// first", "// who", "// if known", "// last"] {
            assert_eq!(once.matches(comment).count(), 1, "{once}");
        }
        assert!(once.contains("context.authenticationLevel >= 4"), "{once}");
        assert_eq!(laid_out(&file(&once)).unwrap(), once);
    }

    #[test]
    fn what_does_not_parse_is_left_alone_and_told_of() {
        let told = laid_out(&file("permit (principal, action);")).unwrap_err();
        let LayoutError::Parse(findings) = told else {
            panic!("{told}");
        };
        assert_eq!(findings.len(), 1);
    }

    #[test]
    fn a_file_of_comments_is_as_it_should_be() {
        assert_eq!(
            laid_out(&file("// nothing yet\n")).unwrap(),
            "// nothing yet\n"
        );
        assert_eq!(laid_out(&file("")).unwrap(), "");
    }
}
