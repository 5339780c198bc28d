//! The entities that a question can see: what is stored, and the grants that it can reach.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::ffi::DetailedError;
use cedar_policy::{Entities, Entity, EntityUid, Schema};

use super::answer::{Found, Identity};
use super::compile::Compiled;
use super::entity::{self, Names};
use super::located::{about_file, finding, place_of_named};
use crate::model::finding::{Finding, FindingCode};
use crate::model::id::ResourceId;
use crate::model::mandate::Mandate;
use crate::model::policy::PolicyFile;

/// The stored entities, with the schema's actions.
pub(super) fn stored(
    file: &PolicyFile,
    schema: &Schema,
    is_plain: bool,
) -> Result<Entities, Vec<Finding>> {
    if let Err(refused) = serde_json::from_str::<Vec<serde::de::IgnoredAny>>(&file.text) {
        return Err(vec![Finding {
            file: file.path.clone(),
            at: Some((refused.line(), refused.column().max(1))),
            code: FindingCode::Parse,
            message: format!("not a JSON array of entities: {refused}"),
            help: "see https://docs.cedarpolicy.com/auth/entities-syntax.html for how entities are written".to_owned(),
        }]);
    }
    let entities = Entities::from_json_str(&file.text, Some(schema)).map_err(|refused| {
        let help = "make the entity fit the schema, or declare its type and attributes there";
        let mut finding = finding(
            &file.path,
            &file.text,
            FindingCode::Entity,
            &DetailedError::from(&refused),
            help,
        );
        finding.at = finding
            .at
            .or_else(|| place_of_named(&file.text, &finding.message.replace('`', "")));
        vec![finding]
    })?;
    let wrong: Vec<_> = entities
        .iter()
        .filter(|_| !is_plain)
        .filter_map(|entity| refusal(&entities, &entity.uid()))
        .map(|(message, help)| Finding {
            at: place_of_named(&file.text, message.split(" is ").next().unwrap_or_default()),
            ..about_file(&file.path, FindingCode::Entity, message, help)
        })
        .collect();
    if wrong.is_empty() {
        Ok(entities)
    } else {
        Err(wrong)
    }
}

/// Why an entity cannot be stored, and what mends it.
fn refusal(entities: &Entities, uid: &EntityUid) -> Option<(String, &'static str)> {
    let names = Names::get();
    if names.is_compiled(uid.type_name()) {
        return Some((
            format!(
                "{uid} cannot be stored: the program makes such entities from what was approved and delegated"
            ),
            "take the entity out; grant it by a request, an approval and a client instead",
        ));
    }
    let mut ancestors = entities.ancestors(uid).into_iter().flatten();
    if let Some(grant) = ancestors.find(|ancestor| names.is_compiled(ancestor.type_name())) {
        return Some((
            format!(
                "{uid} is beneath {grant}, which the program makes from what was approved and delegated"
            ),
            "name the grant in an attribute instead of as a parent",
        ));
    }
    let id: &str = uid.id().as_ref();
    if *uid.type_name() == names.resource && id.parse::<ResourceId>().is_err() {
        return Some((
            format!(
                "{uid} cannot be asked about: its id is not 1 to 256 characters of a-z, A-Z, 0-9, `-`, `_`, `.`, `:` and `/`"
            ),
            "give the resource another id",
        ));
    }
    None
}

/// The resources that have an entity, sorted.
pub(super) fn resources(stored: &Entities) -> Vec<ResourceId> {
    let of_type = stored.iter().map(Entity::uid);
    let mut resources: Vec<ResourceId> = of_type
        .filter(|uid| *uid.type_name() == Names::get().resource)
        .filter_map(|uid| AsRef::<str>::as_ref(uid.id()).parse().ok())
        .collect();
    resources.sort_unstable();
    resources
}

/// Everything that a question about this mandate can see.
///
/// A policy reaches an entity by its literals, by the mandate, the resource and the context, and from each of those by
/// attributes, tags and parents. Stored entities are all here; of the grants, those that anything here names. From a
/// grant only its own system user and system lead on, so that one round closes it.
pub(super) fn for_mandate(
    compiled: &Compiled,
    mandate: &Mandate,
    by_context: &BTreeSet<Identity>,
    find: &dyn Fn(&Identity) -> Option<Found>,
) -> Option<Entities> {
    let mut grants = Grants(HashMap::new());
    grants.put(&Found::Mandate(mandate.clone()))?;
    for identity in compiled.mentioned().iter().chain(by_context) {
        if grants.0.contains_key(&identity.uid()) {
            continue;
        }
        if let Some(found) = find(identity) {
            grants.put(&found)?;
        }
    }
    compiled
        .stored
        .clone()
        .add_entities(grants.0.into_values(), None)
        .ok()
}

/// What a question about a mandate that is not there can see.
pub(super) fn for_nobody(
    compiled: &Compiled,
    by_context: &BTreeSet<Identity>,
    find: &dyn Fn(&Identity) -> Option<Found>,
) -> Option<Entities> {
    let mut grants = Grants(HashMap::new());
    for identity in compiled.mentioned().iter().chain(by_context) {
        if let Some(found) = find(identity) {
            grants.put(&found)?;
        }
    }
    compiled
        .stored
        .clone()
        .add_entities(grants.0.into_values(), None)
        .ok()
}

struct Grants(HashMap<EntityUid, Entity>);

impl Grants {
    /// A grant, and what its entity names. Nothing if one cannot be made an entity, which the folder's check excludes.
    fn put(&mut self, found: &Found) -> Option<()> {
        self.one(found.entity())?;
        match found {
            Found::Mandate(mandate) => {
                self.one(entity::system_user(&mandate.user))?;
                self.one(entity::system(&mandate.user.system))
            }
            Found::SystemUser(user) => self.one(entity::system(&user.system)),
            Found::System(_) => Some(()),
        }
    }

    fn one(&mut self, entity: Option<Entity>) -> Option<()> {
        let entity = entity?;
        self.0.insert(entity.uid(), entity);
        Some(())
    }
}
