//! What an administrator's policies may speak of: the shipped schema with types, attributes, tags and context members of
//! their own. The schema's text is made from these tables, so the two never differ.

use std::fmt::Write;

/// The types of entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Mandate,
    SystemUser,
    System,
    Organization,
    Resource,
    AccessPackage,
    Area,
    Shelf,
    Action,
}

/// The types of single values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum One {
    Bool,
    Long,
    Text,
    Decimal,
    Ip,
    Instant,
    Span,
    Of(Kind),
}

/// The types of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    One(One),
    Set(One),
    /// `{code: Long, words: Set<String>}`
    Plain,
    /// `{code: Long, who?: SystemUser, deep?: {level: Long}}`
    Rich,
}

/// An attribute or a context member.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) of: Type,
    pub(crate) is_required: bool,
}

const fn has(name: &'static str, of: Type) -> Member {
    Member {
        name,
        of,
        is_required: true,
    }
}

const fn may(name: &'static str, of: Type) -> Member {
    Member {
        name,
        of,
        is_required: false,
    }
}

const fn of(kind: Kind) -> Type {
    Type::One(One::Of(kind))
}

const BOOL: Type = Type::One(One::Bool);
const LONG: Type = Type::One(One::Long);
const TEXT: Type = Type::One(One::Text);
const INSTANT: Type = Type::One(One::Instant);

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Resource,
        Self::Mandate,
        Self::SystemUser,
        Self::System,
        Self::Organization,
        Self::AccessPackage,
        Self::Area,
        Self::Shelf,
    ];

    /// Its attributes.
    pub(crate) fn attributes(self) -> &'static [Member] {
        match self {
            Self::Mandate => {
                const {
                    &[
                        has("party", of(Kind::Organization)),
                        may("systemUser", of(Kind::SystemUser)),
                        may("via", of(Kind::Organization)),
                        may("validFrom", INSTANT),
                        may("validUntil", INSTANT),
                        may("remark", TEXT),
                    ]
                }
            }
            Self::SystemUser => {
                const {
                    &[
                        has("owner", of(Kind::Organization)),
                        has("system", of(Kind::System)),
                        has("kind", TEXT),
                    ]
                }
            }
            Self::System => const { &[has("vendor", of(Kind::Organization))] },
            Self::Organization => {
                const {
                    &[
                        may("trusted", BOOL),
                        may("size", LONG),
                        may("parent", of(Kind::Organization)),
                        may("partner", of(Kind::Mandate)),
                        may("helper", of(Kind::SystemUser)),
                    ]
                }
            }
            Self::Resource => {
                const {
                    &[
                        has("owner", of(Kind::Organization)),
                        may("open", BOOL),
                        may("limit", LONG),
                        may("sector", TEXT),
                        may("odd name", TEXT),
                        may("fee", Type::One(One::Decimal)),
                        may("net", Type::One(One::Ip)),
                        may("opens", INSTANT),
                        may("lasts", Type::One(One::Span)),
                        may("words", Type::Set(One::Text)),
                        may("numbers", Type::Set(One::Long)),
                        may("plain", Type::Plain),
                        may("rich", Type::Rich),
                        may("allowed", of(Kind::Mandate)),
                        may("mandates", Type::Set(One::Of(Kind::Mandate))),
                        may("users", Type::Set(One::Of(Kind::SystemUser))),
                        may("package", of(Kind::AccessPackage)),
                        may("packages", Type::Set(One::Of(Kind::AccessPackage))),
                        may("shelf", of(Kind::Shelf)),
                        may("groups", Type::Set(One::Of(Kind::Resource))),
                        may("parties", Type::Set(One::Of(Kind::Organization))),
                    ]
                }
            }
            Self::AccessPackage => {
                const { &[may("keeper", of(Kind::SystemUser)), may("level", LONG)] }
            }
            Self::Area => {
                const {
                    &[
                        may("allowed", Type::Set(One::Of(Kind::Mandate))),
                        may("lead", of(Kind::System)),
                    ]
                }
            }
            Self::Shelf => {
                const {
                    &[
                        may("keeper", of(Kind::SystemUser)),
                        may("mandate", of(Kind::Mandate)),
                        may("next", of(Kind::Shelf)),
                        may("packages", Type::Set(One::Of(Kind::AccessPackage))),
                    ]
                }
            }
            Self::Action => const { &[] },
        }
    }

    /// What its tags are.
    pub(crate) const fn tags(self) -> Option<Type> {
        match self {
            Self::Organization => Some(TEXT),
            Self::Resource => Some(of(Kind::System)),
            Self::AccessPackage => Some(LONG),
            Self::Shelf => Some(Type::Set(One::Text)),
            Self::Mandate | Self::SystemUser | Self::System | Self::Area | Self::Action => None,
        }
    }

    /// The types that it may stand beneath.
    pub(crate) const fn above(self) -> &'static [Kind] {
        match self {
            Self::Mandate => &[Self::AccessPackage, Self::SystemUser, Self::Area],
            Self::Organization => &[Self::Organization, Self::Area],
            Self::AccessPackage => &[Self::AccessPackage, Self::Area],
            Self::Resource => &[Self::Resource, Self::Shelf],
            Self::Area => &[Self::Area],
            Self::Shelf => &[Self::Shelf],
            Self::SystemUser => &[Self::SystemUser, Self::Mandate],
            Self::System => &[Self::System],
            Self::Action => &[Self::Action],
        }
    }
}

/// The context members of `read` and `write`, besides the clock.
pub(crate) const ASKED: &[Member] = &[
    may("authenticationLevel", LONG),
    may("channel", TEXT),
    may("trusted", BOOL),
    may("words", Type::Set(One::Text)),
    may("from", Type::One(One::Ip)),
    may("amount", Type::One(One::Decimal)),
    may("since", INSTANT),
    may("within", Type::One(One::Span)),
    may("plain", Type::Plain),
    may("rich", Type::Rich),
    may("on", of(Kind::Mandate)),
    may("sender", of(Kind::Organization)),
    may("shelf", of(Kind::Shelf)),
    may("other", of(Kind::Resource)),
    may("users", Type::Set(One::Of(Kind::SystemUser))),
];

/// The context members of `archive`, besides the clock: two of them are of another type there.
pub(crate) const BRIEF: &[Member] = &[
    may("authenticationLevel", LONG),
    may("channel", TEXT),
    may("amount", LONG),
    may("on", TEXT),
    may("note", TEXT),
];

/// The actions that a mandate can ask about; the last has the context [`BRIEF`].
pub(crate) const ACTIONS: [&str; 3] = ["read", "write", "archive"];

fn type_text(of: Type) -> String {
    let one = |one: One| match one {
        One::Bool => "Bool".to_owned(),
        One::Long => "Long".to_owned(),
        One::Text => "String".to_owned(),
        One::Decimal => "decimal".to_owned(),
        One::Ip => "ipaddr".to_owned(),
        One::Instant => "datetime".to_owned(),
        One::Span => "duration".to_owned(),
        One::Of(kind) => format!("{kind:?}"),
    };
    match of {
        Type::One(of) => one(of),
        Type::Set(of) => format!("Set<{}>", one(of)),
        Type::Plain => "Plain".to_owned(),
        Type::Rich => "Rich".to_owned(),
    }
}

fn members_text(members: &[Member]) -> String {
    let mut text = String::from("{\n");
    for Member {
        name,
        of,
        is_required,
    } in members
    {
        let absent = if *is_required { "" } else { "?" };
        let _ = writeln!(text, "  \"{name}\"{absent}: {},", type_text(*of));
    }
    text + "}"
}

/// The schema that these tables are.
pub(crate) fn schema() -> String {
    let mut text = String::from(
        "type Plain = {code: Long, words: Set<String>};\n\
         type Rich = {code: Long, who?: SystemUser, deep?: {level: Long}};\n\
         entity Person;\n",
    );
    for kind in Kind::ALL {
        let beneath = match kind {
            // A mandate is in areas by its packages only.
            Kind::Mandate => vec!["AccessPackage".to_owned(), "SystemUser".to_owned()],
            Kind::SystemUser | Kind::System => vec![],
            _ => kind
                .above()
                .iter()
                .map(|kind| format!("{kind:?}"))
                .collect(),
        };
        let _ = write!(text, "entity {kind:?}");
        if !beneath.is_empty() {
            let _ = write!(text, " in [{}]", beneath.join(", "));
        }
        let mut attributes = members_text(kind.attributes());
        if kind == Kind::Mandate {
            attributes.insert_str(1, "\n  person?: Person,");
        }
        let _ = write!(text, " = {attributes}");
        if let Some(tags) = kind.tags() {
            let _ = write!(text, " tags {}", type_text(tags));
        }
        text.push_str(";\n");
    }
    let context = |members| members_text(members).replacen('{', "{\n  now: datetime,", 1);
    let _ = write!(
        text,
        "type Asked = {};\ntype Brief = {};\n\
         action any;\n\
         action read, write in [any] appliesTo {{principal: [Mandate], resource: [Resource], context: Asked}};\n\
         action archive in [any] appliesTo {{principal: [Mandate], resource: [Resource], context: Brief}};\n",
        context(ASKED),
        context(BRIEF)
    );
    text
}
