//! Reading an export back into the grants that it was made of.

use std::collections::{BTreeMap, HashMap};

use cedar_policy::{
    ActionConstraint, EntityUid, PolicySet, PrincipalConstraint, ResourceConstraint,
};
use serde_json::Value;

use super::super::answer::Identity;
use super::super::templates::TEMPLATE_PREFIX;
use super::{Export, ExportWorld, members};
use crate::model::id::{OrgNo, PackageCode, SystemId, SystemUserId};
use crate::model::mandate::{Mandate, UserFacts};
use crate::model::request::UserKind;
use crate::model::system::SingleRight;
use crate::model::time::{Timestamp, Window};

/// Why an export could not be read back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadExportError {
    /// The entities are not JSON.
    #[error("the entities are not a JSON array: {0}")]
    Json(#[from] serde_json::Error),
    /// The policies are not Cedar.
    #[error("the policies do not parse: {0}")]
    Policies(Box<cedar_policy::ParseErrors>),
    /// An entity is not one that a grant compiles to.
    #[error("{0} is not what a grant compiles to")]
    Entity(String),
    /// A link is not one that a single right compiles to.
    #[error("policy `{0}` is not what a single right compiles to")]
    Link(String),
}

/// An entity's attributes and parents.
struct Grant<'a> {
    uid: String,
    attributes: &'a Value,
    parents: &'a Value,
}

impl Export {
    /// The grants that this export was made of: each system user, system and mandate, in the order of their ids.
    pub fn world(&self) -> Result<ExportWorld, ReadExportError> {
        let entities: Vec<Value> = serde_json::from_str(&self.entities)?;
        let mut rights = self.rights()?;
        let mut systems = Vec::new();
        let mut users = BTreeMap::new();
        let mut mandates = BTreeMap::new();
        for entity in &entities {
            let uid = entity.get("uid").and_then(identity);
            let null = &Value::Null;
            let grant = Grant {
                uid: entity.get("uid").unwrap_or(null).to_string(),
                attributes: entity.get("attrs").unwrap_or(null),
                parents: entity.get("parents").unwrap_or(null),
            };
            match uid {
                Some(Identity::System(system)) => systems.push(system),
                Some(Identity::SystemUser(id)) => {
                    users.insert(id, grant.user(id)?);
                }
                Some(Identity::Mandate(user, party)) => {
                    mandates.insert((user, party), grant);
                }
                None => {}
            }
        }
        systems.sort_unstable();
        let mandates = mandates.into_iter().map(|((user, party), grant)| {
            let facts = users
                .get(&user)
                .ok_or_else(|| ReadExportError::Entity(grant.uid.clone()))?;
            grant.mandate(
                facts,
                party,
                rights.remove(&(user, party)).unwrap_or_default(),
            )
        });
        let mandates = mandates.collect::<Result<_, _>>()?;
        Ok(ExportWorld {
            users: users.into_values().collect(),
            systems,
            mandates,
        })
    }

    /// The single rights of each mandate, by their links.
    fn rights(&self) -> Result<HashMap<(SystemUserId, OrgNo), Vec<SingleRight>>, ReadExportError> {
        let set: PolicySet = self
            .policies
            .parse()
            .map_err(|refused| ReadExportError::Policies(Box::new(refused)))?;
        let mut rights: HashMap<_, Vec<_>> = HashMap::new();
        for policy in set.policies() {
            let id = policy.annotation("id").unwrap_or_default();
            if !id.starts_with(TEMPLATE_PREFIX) {
                continue;
            }
            let refused = || ReadExportError::Link(id.to_owned());
            let (PrincipalConstraint::Eq(mandate), ResourceConstraint::Eq(resource)) =
                (policy.principal_constraint(), policy.resource_constraint())
            else {
                return Err(refused());
            };
            let Some(Identity::Mandate(user, party)) = Identity::of(&mandate) else {
                return Err(refused());
            };
            let actions = match policy.action_constraint() {
                ActionConstraint::Any => return Err(refused()),
                ActionConstraint::Eq(one) => vec![one],
                ActionConstraint::In(several) => several,
            };
            let actions = actions
                .iter()
                .map(|action| id_of(action).parse().map_err(|_| refused()));
            let actions = actions.collect::<Result<Vec<_>, _>>()?;
            let resource = id_of(&resource).parse().map_err(|_| refused())?;
            let held = rights.entry((user, party)).or_default();
            held.push(SingleRight::new(resource, actions));
            held.sort_unstable();
        }
        Ok(rights)
    }
}

fn id_of(uid: &EntityUid) -> &str {
    uid.id().as_ref()
}

/// The grant that a uid in JSON names, in either of Cedar's forms.
fn identity(uid: &Value) -> Option<Identity> {
    let plain = uid.get("__entity").unwrap_or(uid);
    Identity::of(&EntityUid::from_json(plain.clone()).ok()?)
}

impl Grant<'_> {
    fn refused(&self) -> ReadExportError {
        ReadExportError::Entity(self.uid.clone())
    }

    fn attribute(&self, name: &str) -> Option<&Value> {
        members(self.attributes)?.get(name)
    }

    /// The id of the entity that an attribute names.
    fn named(&self, name: &str) -> Option<&str> {
        self.attribute(name)?.get("__entity")?.get("id")?.as_str()
    }

    fn instant(&self, name: &str) -> Result<Option<Timestamp>, ReadExportError> {
        let Some(value) = self.attribute(name) else {
            return Ok(None);
        };
        let text = value
            .get("__extn")
            .and_then(|call| call.get("arg"))
            .and_then(Value::as_str);
        let instant = text
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| self.refused())?;
        Ok(Some(instant))
    }

    fn user(&self, id: SystemUserId) -> Result<UserFacts, ReadExportError> {
        let kind = self.attribute("kind").and_then(Value::as_str);
        let kind = [UserKind::Agent, UserKind::Standard]
            .into_iter()
            .find(|known| Some(known.as_str()) == kind);
        let owner: Option<OrgNo> = self.named("owner").and_then(|org| org.parse().ok());
        let system: Option<SystemId> = self.named("system").and_then(|system| system.parse().ok());
        match (owner, system, kind) {
            (Some(owner), Some(system), Some(kind)) => Ok(UserFacts {
                id,
                owner,
                system,
                kind,
            }),
            (None, _, _) | (_, None, _) | (_, _, None) => Err(self.refused()),
        }
    }

    fn mandate(
        &self,
        user: &UserFacts,
        party: OrgNo,
        rights: Vec<SingleRight>,
    ) -> Result<Mandate, ReadExportError> {
        let window = Window::new(self.instant("validFrom")?, self.instant("validUntil")?);
        let mandate = Mandate {
            user: user.clone(),
            party,
            packages: self.packages()?,
            window: window.map_err(|_| self.refused())?,
            rights,
        };
        let via = mandate.via().map(|firm| firm.to_string());
        let agrees = self.named("party") == Some(&party.to_string())
            && self.named("systemUser") == Some(&user.id.to_string())
            && self.named("via") == via.as_deref();
        if agrees {
            Ok(mandate)
        } else {
            Err(self.refused())
        }
    }

    /// The packages among its parents, sorted.
    fn packages(&self) -> Result<Vec<PackageCode>, ReadExportError> {
        let parents = self.parents.as_array().into_iter().flatten();
        let packages =
            parents.filter(|parent| parent.get("type").is_some_and(|of| of == "AccessPackage"));
        let codes = packages.map(|parent| {
            let code = parent
                .get("id")
                .and_then(Value::as_str)
                .and_then(|code| code.parse().ok());
            code.ok_or_else(|| self.refused())
        });
        let mut codes: Vec<PackageCode> = codes.collect::<Result<_, _>>()?;
        codes.sort_unstable();
        Ok(codes)
    }
}
