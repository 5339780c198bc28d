//! Grants as Cedar entities.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression as Value};
use once_cell::sync::Lazy;

use super::answer::{Found, Identity};
use crate::model::id::{OrgNo, SystemId, SystemUserId};
use crate::model::mandate::{Mandate, UserFacts, mandate_id};
use crate::model::time::Timestamp;

/// The names of the types that grants and questions are of.
pub(super) struct Names {
    pub(super) action: EntityTypeName,
    pub(super) package: EntityTypeName,
    pub(super) mandate: EntityTypeName,
    pub(super) organization: EntityTypeName,
    pub(super) resource: EntityTypeName,
    pub(super) system: EntityTypeName,
    pub(super) system_user: EntityTypeName,
}

static NAMES: Lazy<Names> = Lazy::new(|| Names {
    action: type_name("Action"),
    package: type_name("AccessPackage"),
    mandate: type_name("Mandate"),
    organization: type_name("Organization"),
    resource: type_name("Resource"),
    system: type_name("System"),
    system_user: type_name("SystemUser"),
});

impl Names {
    pub(super) fn get() -> &'static Self {
        &NAMES
    }

    /// Whether entities of a type are compiled from grants, and so are never stored.
    pub(super) fn is_compiled(&self, of: &EntityTypeName) -> bool {
        [&self.mandate, &self.system_user, &self.system].contains(&of)
    }
}

#[expect(
    clippy::unreachable,
    reason = "the names are written above, and every test makes them"
)]
pub(super) fn type_name(name: &'static str) -> EntityTypeName {
    match name.parse() {
        Ok(name) => name,
        Err(_) => unreachable!("`{name}` is a Cedar name"),
    }
}

pub(super) fn uid(of: &EntityTypeName, id: impl AsRef<str>) -> EntityUid {
    EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id))
}

pub(super) fn organization(org: OrgNo) -> EntityUid {
    uid(&NAMES.organization, org.to_string())
}

pub(super) fn datetime(at: Timestamp) -> Value {
    Value::new_datetime(at.to_string())
}

pub(super) fn reference(uid: EntityUid) -> Value {
    Value::new_entity_uid(uid)
}

impl Identity {
    /// Its entity's uid.
    pub(super) fn uid(&self) -> EntityUid {
        match self {
            Self::Mandate(user, party) => uid(&NAMES.mandate, mandate_id(*user, *party)),
            Self::SystemUser(user) => uid(&NAMES.system_user, user.to_string()),
            Self::System(system) => uid(&NAMES.system, system),
        }
    }

    /// The grant that a uid can name, if it is spelt exactly as its entity would be.
    pub(super) fn of(named: &EntityUid) -> Option<Self> {
        let id: &str = named.id().as_ref();
        let of = named.type_name();
        let identity = if *of == NAMES.mandate {
            let (user, party) = id.split_once('@')?;
            Self::Mandate(user.parse().ok()?, party.parse().ok()?)
        } else if *of == NAMES.system_user {
            Self::SystemUser(id.parse().ok()?)
        } else if *of == NAMES.system {
            Self::System(id.parse().ok()?)
        } else {
            return None;
        };
        (identity.uid() == *named).then_some(identity)
    }
}

/// A mandate's entity: in its system user, and in each package that it holds.
pub(super) fn mandate(mandate: &Mandate) -> Option<Entity> {
    let user = uid(&NAMES.system_user, mandate.user.id.to_string());
    let packages = mandate
        .packages
        .iter()
        .map(|code| uid(&NAMES.package, code));
    let parents: HashSet<_> = packages.chain([user.clone()]).collect();
    let mut attributes = HashMap::from([
        ("systemUser".to_owned(), reference(user)),
        ("party".to_owned(), reference(organization(mandate.party))),
    ]);
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            attributes.insert(name.to_owned(), value);
        }
    };
    put(
        "via",
        mandate.via().map(|firm| reference(organization(firm))),
    );
    put("validFrom", mandate.window.from().map(datetime));
    put("validUntil", mandate.window.until().map(datetime));
    Entity::new(
        uid(&NAMES.mandate, mandate.entity_id()),
        attributes,
        parents,
    )
    .ok()
}

/// A system user's entity.
pub(super) fn system_user(user: &UserFacts) -> Option<Entity> {
    let attributes = HashMap::from([
        ("owner".to_owned(), reference(organization(user.owner))),
        (
            "system".to_owned(),
            reference(uid(&NAMES.system, &user.system)),
        ),
        (
            "kind".to_owned(),
            Value::new_string(user.kind.as_str().to_owned()),
        ),
    ]);
    Entity::new(user_uid(user.id), attributes, HashSet::new()).ok()
}

/// A system's entity.
pub(super) fn system(system: &SystemId) -> Option<Entity> {
    let vendor = reference(organization(system.vendor()));
    let attributes = HashMap::from([("vendor".to_owned(), vendor)]);
    Entity::new(uid(&NAMES.system, system), attributes, HashSet::new()).ok()
}

pub(super) fn user_uid(user: SystemUserId) -> EntityUid {
    uid(&NAMES.system_user, user.to_string())
}

impl Found {
    /// Its entity.
    pub(super) fn entity(&self) -> Option<Entity> {
        match self {
            Self::Mandate(found) => mandate(found),
            Self::SystemUser(found) => system_user(found),
            Self::System(found) => system(found),
        }
    }
}
