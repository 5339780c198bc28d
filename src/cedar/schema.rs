//! What has to hold of the two schemas: that grants, questions and callers fit them.

use std::collections::BTreeMap;

use cedar_policy::ffi::DetailedError;
use cedar_policy::{Context, Entities, Entity, EntityUid, Schema, SchemaFragment};
use serde_json::Value;

use super::entity::{self, Names, datetime};
use super::limits::{self, Language};
use super::located::{about_file, findings, place_of_declared};
use crate::model::catalogue::Catalogue;
use crate::model::finding::{Finding, FindingCode};
use crate::model::id::{ActionName, OrgNo, SystemId, SystemUserId};
use crate::model::mandate::{Mandate, UserFacts};
use crate::model::policy::{PolicyFile, PolicyFolder};
use crate::model::request::UserKind;
use crate::model::time::{Timestamp, Window};

/// A schema that parses, with its warnings.
pub(super) fn parse(file: &PolicyFile) -> Result<(Schema, Vec<Finding>), Vec<Finding>> {
    limits::check(file, Language::Schema).map_err(|finding| vec![finding])?;
    match Schema::from_cedarschema_str(&file.text) {
        Ok((schema, warnings)) => {
            let odd = warnings.flat_map(|warning| {
                let help = "the schema is in force as it is; look whether it says what is meant";
                findings(
                    &file.path,
                    &file.text,
                    FindingCode::SchemaWarning,
                    &DetailedError::from(&warning),
                    help,
                )
            });
            Ok((schema, odd.collect()))
        }
        Err(refused) => {
            let help = "see https://docs.cedarpolicy.com/schema/human-readable-schema.html for how a schema is written";
            Err(findings(
                &file.path,
                &file.text,
                FindingCode::Parse,
                &DetailedError::from(&refused),
                help,
            ))
        }
    }
}

/// The actions that a mandate can ask about resources, by name.
pub(super) fn actions(schema: &Schema) -> BTreeMap<ActionName, EntityUid> {
    let (mandate, resource) = (&Names::get().mandate, &Names::get().resource);
    schema
        .actions_for_principal_and_resource(mandate, resource)
        .filter(|action| *action.type_name() == Names::get().action)
        .filter_map(|action| {
            let name: &str = action.id().as_ref();
            Some((name.parse().ok()?, action.clone()))
        })
        .collect()
}

/// That whatever grants compile to fits the schema, and that a bare question does.
pub(super) fn check(
    file: &PolicyFile,
    schema: &Schema,
    catalogue: &Catalogue,
    actions: &BTreeMap<ActionName, EntityUid>,
) -> Vec<Finding> {
    let mut wrong = Vec::new();
    if let Err(refused) = Entities::from_entities(samples(catalogue), Some(schema)) {
        let mut finding = about_file(
            PolicyFolder::SCHEMA,
            FindingCode::Schema,
            format!(
                "what grants compile to does not fit: {}",
                DetailedError::from(&refused).message
            ),
            "keep `Mandate`, `SystemUser` and `System` as the program ships them; own attributes of theirs have to be optional",
        );
        let of = ["SystemUser", "System", "Mandate"]
            .into_iter()
            .find(|of| finding.message.contains(&format!("{of}::")));
        finding.at = of.and_then(|of| place_of_declared(&file.text, "entity", of));
        wrong.push(finding);
    }
    if actions.is_empty() {
        wrong.push(about_file(
            PolicyFolder::SCHEMA,
            FindingCode::Schema,
            "no action applies to `Mandate` and `Resource`",
            "declare one: `action read appliesTo { principal: [Mandate], resource: [Resource], context: Asked };`",
        ));
    }
    for (name, action) in actions {
        let bare = Context::from_pairs([("now".to_owned(), datetime(Timestamp::from_millis(0)))]);
        let Ok(bare) = bare else { continue };
        if let Err(refused) = bare.validate(schema, action) {
            let mut finding = about_file(
                PolicyFolder::SCHEMA,
                FindingCode::Schema,
                format!(
                    "a question that brings only the clock does not fit action `{name}`: {}",
                    DetailedError::from(&refused).message
                ),
                "give the action the context type `Asked`, with `now: datetime`; own members have to be optional",
            );
            finding.at = place_of_declared(&file.text, "action", name.as_str());
            wrong.push(finding);
        }
    }
    wrong
}

/// One of everything that grants compile to, in every package that there is.
fn samples(catalogue: &Catalogue) -> Vec<Entity> {
    let (Ok(firm), Ok(client)) = (OrgNo::from_u32(991_825_827), OrgNo::from_u32(974_761_076))
    else {
        return Vec::new();
    };
    let Ok(system) = format!("{firm}_sample").parse::<SystemId>() else {
        return Vec::new();
    };
    let window = Window::new(Some(Timestamp::MIN), Some(Timestamp::MAX)).unwrap_or_default();
    let user = |kind, id: u128| UserFacts {
        id: SystemUserId(uuid::Uuid::from_u128(id)),
        owner: firm,
        system: system.clone(),
        kind,
    };
    let mandate = |user: UserFacts, party, window| Mandate {
        user,
        party,
        packages: catalogue.all().0,
        window,
        rights: Vec::new(),
    };
    let agent = mandate(user(UserKind::Agent, 1), client, window);
    let standard = mandate(user(UserKind::Standard, 2), firm, Window::ALWAYS);
    let made = [
        entity::mandate(&agent),
        entity::mandate(&standard),
        entity::system_user(&agent.user),
        entity::system_user(&standard.user),
        entity::system(&system),
    ];
    made.into_iter().flatten().collect()
}

/// What a context member has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MemberType {
    /// In words.
    pub(super) said: String,
    /// Whether no value of it can name an entity.
    pub(super) is_plain: bool,
}

/// That the authentication level is a number wherever the schema has it.
pub(super) fn check_level(
    file: &PolicyFile,
    actions: &[ActionName],
    members: &[BTreeMap<String, MemberType>],
) -> Vec<Finding> {
    let wrong = actions.iter().zip(members).filter(|(_, members)| {
        let level = members.get(super::context::LEVEL);
        level.is_some_and(|level| level.said != "a whole number")
    });
    wrong
        .map(|(action, _)| Finding {
            at: place_of_declared(&file.text, "action", action.as_str()),
            ..about_file(
                PolicyFolder::SCHEMA,
                FindingCode::Schema,
                format!("`authenticationLevel` of action `{action}` is not a Long"),
                "declare it as `authenticationLevel?: Long`",
            )
        })
        .collect()
}

/// The context members of each action that mandates can ask about, besides `now`.
pub(super) fn members(text: &str, actions: &[ActionName]) -> Vec<BTreeMap<String, MemberType>> {
    let json = SchemaFragment::from_cedarschema_str(text)
        .ok()
        .and_then(|(fragment, _)| fragment.to_json_value().ok())
        .unwrap_or_default();
    // Mandates and resources, and so what a question is about, stand outside every namespace.
    let root = json.get("").cloned().unwrap_or_default();
    actions
        .iter()
        .map(|action| {
            let context = root
                .get("actions")
                .and_then(|all| all.get(action.as_str()))
                .and_then(|action| action.get("appliesTo"))
                .and_then(|applies| applies.get("context"));
            context
                .map(|context| attributes(&json, context))
                .unwrap_or_default()
        })
        .collect()
}

/// The type that a name stands for, by however many other names.
fn resolved<'a>(json: &'a Value, mut of: &'a Value) -> &'a Value {
    // Cedar refuses types that are declared in a circle, and a name takes a declaration each.
    for _ in 0..=limits::MOST_TYPES {
        let Some(name) = named(of) else { return of };
        let (namespace, own) = name.rsplit_once("::").unwrap_or(("", name));
        let declared = json
            .get(namespace)
            .and_then(|namespace| namespace.get("commonTypes"))
            .and_then(|types| types.get(own));
        match declared {
            Some(declared) => of = declared,
            None => return of,
        }
    }
    of
}

/// The name of a type that is given by name.
fn named(of: &Value) -> Option<&str> {
    let kind = of.get("type").and_then(Value::as_str)?;
    match kind {
        "EntityOrCommon" => of.get("name").and_then(Value::as_str),
        "Record" | "Set" | "Entity" | "Extension" | "Long" | "String" | "Boolean" => None,
        name => Some(name),
    }
}

fn attributes(json: &Value, context: &Value) -> BTreeMap<String, MemberType> {
    let record = resolved(json, context);
    let attributes = record.get("attributes").and_then(Value::as_object);
    attributes
        .into_iter()
        .flatten()
        .filter(|(name, _)| *name != "now")
        .map(|(name, of)| {
            let said = described(json, of);
            let is_plain = is_plain(json, of);
            (name.clone(), MemberType { said, is_plain })
        })
        .collect()
}

pub(super) fn described(json: &Value, of: &Value) -> String {
    let of = resolved(json, of);
    let kind = of.get("type").and_then(Value::as_str).unwrap_or_default();
    let name = of.get("name").and_then(Value::as_str).unwrap_or(kind);
    let name = name.strip_prefix("__cedar::").unwrap_or(name);
    match (kind, name) {
        (_, "Long") => "a whole number".to_owned(),
        (_, "String") => "a string".to_owned(),
        (_, "Boolean" | "Bool") => "true or false".to_owned(),
        ("Record", _) => "a record of the schema's shape".to_owned(),
        ("Set", _) => match of.get("element") {
            Some(element) => format!("an array, each of it {}", described(json, element)),
            None => "an array".to_owned(),
        },
        (_, "datetime" | "duration" | "decimal" | "ipaddr") => format!("a {name}, as a string"),
        (_, name) => format!("an entity of type `{name}`"),
    }
}

/// Whether values of a type are numbers, texts, truth values, extension values or sets of such. Of a record it is not
/// asked.
fn is_plain(json: &Value, of: &Value) -> bool {
    let of = resolved(json, of);
    let kind = of.get("type").and_then(Value::as_str).unwrap_or_default();
    let name = of.get("name").and_then(Value::as_str).unwrap_or(kind);
    match name.strip_prefix("__cedar::").unwrap_or(name) {
        "Set" => of
            .get("element")
            .is_some_and(|element| is_plain(json, element)),
        "Long" | "String" | "Boolean" | "Bool" | "datetime" | "duration" | "decimal" | "ipaddr" => {
            true
        }
        _ => false,
    }
}
