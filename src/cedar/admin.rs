//! What callers may do: `policies/admin.cedar`, asked on the caller and what it wants to act on.

use std::collections::{HashMap, HashSet};

use cedar_policy::ffi::DetailedError;
use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Effect, Entities, Entity, EntityUid,
    PolicySet, Request, RestrictedExpression as Value, Schema, Validator,
};

use super::compile::Compiled;
use super::entity::{organization, reference, type_name, uid};
use super::literals;
use super::located::about_file;
use super::policy::{self, Body};
use super::schema;
use super::validate;
use crate::model::caller::{Act, BoundResources, Caller, CallerKind, Target};
use crate::model::catalogue::Catalogue;
use crate::model::finding::{Finding, FindingCode};
use crate::model::id::{ActorId, OrgNo, RequestId, ResourceId, SystemId, SystemUserId};
use crate::model::policy::PolicyFile;
use crate::model::relation::Role;

/// The policies about callers, with their schema.
#[derive(Debug)]
pub(super) struct Admin {
    schema: Schema,
    policies: PolicySet,
    actions: Entities,
}

impl Admin {
    /// The policies about callers, and what is odd about them.
    pub(super) fn compile(
        file: &PolicyFile,
        schema_file: &PolicyFile,
        catalogue: &Catalogue,
    ) -> Result<(Self, Vec<Finding>), Vec<Finding>> {
        let (schema, mut odd) = schema::parse(schema_file)?;
        let mut wrong = check_schema(schema_file, &schema);
        let written = policy::read(file)?;
        let (invalid, warnings) =
            validate::policies(file, &written, &Validator::new(schema.clone()));
        wrong.extend(invalid);
        odd.extend(warnings);
        odd.extend(validate::unknown_annotations(file, &written));
        let mut policies = PolicySet::new();
        for one in &written {
            let Body::Static(body) = &one.body else {
                wrong.push(one.finding(
                    file,
                    FindingCode::Template,
                    "a template stands among the policies about callers".to_owned(),
                    "name the principal and the resource, or leave them open".to_owned(),
                ));
                continue;
            };
            wrong.extend(literals::check(file, one, body, catalogue, None));
            if policies.add(body.clone()).is_err() {
                wrong.push(one.finding(
                    file,
                    FindingCode::DuplicateId,
                    format!("the id `{}` stands twice", one.info.id),
                    "give each policy an `@id` of its own".to_owned(),
                ));
            }
        }
        let actions = schema.action_entities();
        match actions {
            Ok(actions) if wrong.is_empty() => Ok((
                Self {
                    schema,
                    policies,
                    actions,
                },
                odd,
            )),
            Ok(_) => Err(wrong),
            Err(refused) => {
                let message = DetailedError::from(&refused).message;
                wrong.push(about_file(
                    &schema_file.path,
                    FindingCode::Schema,
                    message,
                    SCHEMA_HELP,
                ));
                Err(wrong)
            }
        }
    }

    fn may(&self, caller: &Caller, act: Act, target: &Target) -> bool {
        let action = uid(&type_name("Action"), act.name());
        let (Some(principal), Some(resource)) = (caller_entity(caller), target_entity(target))
        else {
            return false;
        };
        // A target that the schema does not give the act to is a question that nothing permits.
        let request = Request::new(
            principal.uid(),
            action,
            resource.uid(),
            Context::empty(),
            Some(&self.schema),
        );
        let entities = self
            .actions
            .clone()
            .add_entities([principal, resource], None);
        let (Ok(request), Ok(entities)) = (request, entities) else {
            return false;
        };
        let response = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        // Cedar leaves out a policy that errs, a forbid too: a permit beside an erring forbid proves nothing.
        let forbid_erred = response.diagnostics().errors().any(|error| match error {
            AuthorizationError::PolicyEvaluationError(error) => {
                let erring = self.policies.policy(error.policy_id());
                erring.is_none_or(|policy| policy.effect() == Effect::Forbid)
            }
        });
        response.decision() == Decision::Allow && !forbid_erred
    }
}

impl Compiled {
    /// Whether a caller may do this, as `policies/admin.cedar` says. Whatever it does not permit is denied, and so is
    /// everything that a forbid which cannot be evaluated might have forbidden.
    pub fn may(&self, caller: &Caller, act: Act, target: &Target) -> bool {
        self.admin.may(caller, act, target)
    }
}

const SCHEMA_HELP: &str =
    "put the file back as the program ships it; only the program makes what it describes";

fn entity(
    of: &'static str,
    id: impl AsRef<str>,
    attributes: HashMap<String, Value>,
) -> Option<Entity> {
    Entity::new(uid(&type_name(of), id), attributes, HashSet::new()).ok()
}

fn parties<const N: usize>(of: [(&str, OrgNo); N]) -> HashMap<String, Value> {
    of.map(|(name, org)| (name.to_owned(), reference(organization(org))))
        .into()
}

fn caller_entity(caller: &Caller) -> Option<Entity> {
    let id = &caller.id;
    match &caller.kind {
        CallerKind::ResourceApi { resources } => {
            let (every, bound): (_, &[_]) = match resources {
                BoundResources::Every => (true, &[]),
                BoundResources::These(these) => (false, these),
            };
            let bound = bound
                .iter()
                .map(|id| reference(uid(&type_name("Resource"), id)));
            let attributes = HashMap::from([
                ("every".to_owned(), Value::new_bool(every)),
                ("resources".to_owned(), Value::new_set(bound)),
            ]);
            entity("ResourceApi", id, attributes)
        }
        CallerKind::Vendor { party } => entity("Vendor", id, parties([("party", *party)])),
        CallerKind::Person { party, packages } => {
            let packages: HashSet<EntityUid> = packages
                .iter()
                .map(|code| uid(&type_name("AccessPackage"), code))
                .collect();
            Entity::new(
                uid(&type_name("Person"), id),
                parties([("party", *party)]),
                packages,
            )
            .ok()
        }
        CallerKind::Operator => entity("Operator", id, HashMap::new()),
    }
}

fn target_entity(target: &Target) -> Option<Entity> {
    match target {
        Target::Resource(id) => entity("Resource", id, HashMap::new()),
        Target::Party(org) => {
            let attributes = parties([("organization", *org)]);
            entity("Party", org.to_string(), attributes)
        }
        Target::System(id) => entity("System", id, parties([("vendor", id.vendor())])),
        Target::Request { id, firm, vendor } => {
            let attributes = parties([("firm", *firm), ("vendor", *vendor)]);
            entity("Request", id.to_string(), attributes)
        }
        Target::SystemUser { id, owner, vendor } => {
            let attributes = parties([("owner", *owner), ("vendor", *vendor)]);
            entity("SystemUser", id.to_string(), attributes)
        }
        Target::Relation { client, firm, role } => {
            let mut attributes = parties([("client", *client), ("firm", *firm)]);
            attributes.insert("role".to_owned(), Value::new_string(role.code().to_owned()));
            entity("Relation", format!("{client}/{firm}/{role}"), attributes)
        }
        Target::Store => entity("Store", "store", HashMap::new()),
    }
}

/// That every act is an action, those of later versions excepted, and that callers and targets as the program makes them fit.
fn check_schema(file: &PolicyFile, schema: &Schema) -> Vec<Finding> {
    let known: HashSet<_> = schema.actions().cloned().collect();
    let unknown = Act::ALL
        .into_iter()
        .filter(|act| !act.is_optional())
        .map(|act| uid(&type_name("Action"), act.name()))
        .filter(|action| !known.contains(action));
    let mut wrong: Vec<_> = unknown
        .map(|action| {
            about_file(
                &file.path,
                FindingCode::Schema,
                format!("{action} is missing"),
                SCHEMA_HELP,
            )
        })
        .collect();
    if let Err(refused) = Entities::from_entities(samples(), Some(schema)) {
        let message = format!(
            "what the program makes does not fit: {}",
            DetailedError::from(&refused).message
        );
        wrong.push(about_file(
            &file.path,
            FindingCode::Schema,
            message,
            SCHEMA_HELP,
        ));
    }
    wrong
}

/// One caller of each kind, and one target.
fn samples() -> Vec<Entity> {
    let (Ok(party), Ok(id), Ok(resource), Ok(package)) = (
        OrgNo::from_u32(974_761_076),
        "sample".parse::<ActorId>(),
        "sample".parse::<ResourceId>(),
        "tilgangsstyrer".parse(),
    ) else {
        return Vec::new();
    };
    let Ok(system) = format!("{party}_sample").parse::<SystemId>() else {
        return Vec::new();
    };
    let callers = [
        CallerKind::ResourceApi {
            resources: BoundResources::These(vec![resource.clone()]),
        },
        CallerKind::Vendor { party },
        CallerKind::Person {
            party,
            packages: vec![package],
        },
        CallerKind::Operator,
    ];
    let uuid = uuid::Uuid::nil();
    let targets = [
        Target::Resource(resource),
        Target::Party(party),
        Target::System(system),
        Target::Request {
            id: RequestId(uuid),
            firm: party,
            vendor: party,
        },
        Target::SystemUser {
            id: SystemUserId(uuid),
            owner: party,
            vendor: party,
        },
        Target::Relation {
            client: party,
            firm: party,
            role: Role::RightHolder,
        },
        Target::Store,
    ];
    let callers = callers.map(|kind| {
        caller_entity(&Caller {
            id: id.clone(),
            kind,
        })
    });
    let targets = targets.iter().map(target_entity);
    callers.into_iter().chain(targets).flatten().collect()
}
