//! What is found wrong or odd in a policy folder.

use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The folder cannot be put in force.
    Error,
    /// The folder can be put in force; it may not say what is meant.
    Warning,
}

impl Severity {
    /// The word, which is SARIF's level too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

macro_rules! codes {
    ($($name:ident = $code:literal, $severity:ident, $about:literal;)+) => {
        /// The kinds of findings, each with a stable name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingCode {
            $(#[doc = $about] $name,)+
        }

        impl FindingCode {
            /// All of them, errors first.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name, which stays as it is from version to version.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// How much findings of this kind matter.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)+ }
            }

            /// What the kind is, in a sentence.
            pub fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)+ }
            }
        }
    };
}

codes! {
    MissingFile = "missing-file", Error, "A file that every policy folder has is not there.";
    Parse = "parse", Error, "A file is not written in its language.";
    TooDeep = "too-deep", Error, "A file nests deeper, or a policy is larger, than is read.";
    Catalogue = "catalogue", Error, "The catalogue of access packages cannot be read, or names what it does not have.";
    Schema = "schema", Error, "A schema does not have what grants and questions are made of.";
    Entity = "entity", Error, "A stored entity does not fit the schema, or is not one to store.";
    CoreChanged = "core-changed", Error, "The core policies are not as they are compiled into the program.";
    Template = "template", Error, "A template stands where none may, or is not a plain single-right template.";
    DuplicateTemplate = "duplicate-template", Error, "Two single-right templates open the same actions.";
    DuplicateId = "duplicate-id", Error, "An id names two policies.";
    ReservedId = "reserved-id", Error, "An id is one of those that the program keeps for itself.";
    Annotation = "annotation", Error, "An annotation has a value that it cannot have.";
    UnknownPackage = "unknown-package", Error, "A policy names an access package that the catalogue does not have.";
    UnknownResource = "unknown-resource", Error, "A policy names a resource that has no entity.";
    UnknownAction = "unknown-action", Error, "A policy names an action that the schema does not have.";
    Validation = "validation", Error, "A policy does not fit the schema.";
    UnknownAnnotation = "unknown-annotation", Warning, "An annotation that means nothing here, perhaps a misspelt one.";
    NeverApplies = "never-applies", Warning, "A policy that no question can satisfy.";
    Shadowed = "shadowed", Warning, "A permit that another policy leaves without effect.";
    OpensNothing = "opens-nothing", Warning, "A permit for an access package that no system user can hold.";
    ConfusableText = "confusable-text", Warning, "A text that can be mistaken for another.";
    SchemaWarning = "schema-warning", Warning, "A declaration of a schema that hides another.";
}

impl std::fmt::Display for FindingCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something wrong or odd in a policy folder, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, by its path in the folder.
    pub file: Box<str>,
    /// The line, from 1, and the column in characters, from 1, where they are known.
    pub at: Option<(usize, usize)>,
    /// What kind of finding it is.
    pub code: FindingCode,
    /// What is wrong, one line.
    pub message: String,
    /// What mends it, one line.
    pub help: String,
}

impl Finding {
    /// How much it matters.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {} ({})", self.message, self.code)
    }
}
