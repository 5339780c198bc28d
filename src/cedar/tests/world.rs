//! A small world under policies of every kind, asked both ways: as the engine asks, and by Cedar on the export.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "one form for all policies of a table"
)]

use std::str::FromStr;

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Effect, Entities, EntityUid, PolicyId,
    PolicySet, Request, Schema,
};

use super::{CLIENT, FIRM, OTHER, agent, compiled, edited, folder, standard, within};
use crate::cedar::{Compiled, Export, ExportWorld, Found, Identity};
use crate::model::mandate::Mandate;
use crate::model::policy::PolicyFolder;
use crate::model::question::{Asked, Question};
use crate::model::time::{Timestamp, Within};

/// The shipped folder, with types, entities and attributes that administrators may add.
pub(super) fn rich_folder(own: &str) -> PolicyFolder {
    let folder = edited(
        &folder(own),
        PolicyFolder::SCHEMA,
        "entity AccessPackage;",
        "entity AccessPackage in [Area];\nentity Area;",
    );
    let folder = edited(
        &folder,
        PolicyFolder::SCHEMA,
        "entity Resource = {\n  owner: Organization,\n};",
        "entity Resource in [Resource] = {\n  owner: Organization,\n  allowed?: Mandate,\n  users?: Set<SystemUser>,\n  sector?: String,\n  limit?: Long,\n} tags System;",
    );
    let folder = edited(
        &folder,
        PolicyFolder::SCHEMA,
        "entity Organization in [Organization];",
        "entity Organization in [Organization] = {\n  trusted?: Bool,\n};",
    );
    let folder = edited(
        &folder,
        PolicyFolder::SCHEMA,
        "authenticationLevel?: Long,",
        "authenticationLevel?: Long,\n  channel?: String,\n  on?: Mandate,",
    );
    let folder = edited(
        &folder,
        PolicyFolder::SCHEMA,
        "action read, write appliesTo",
        "action any;\naction read, write in [any] appliesTo",
    );
    super::replaced(&folder, PolicyFolder::ENTITIES, ENTITIES)
}

const ENTITIES: &str = r#"[
  {"uid": {"type": "Organization", "id": "974761076"}, "attrs": {"trusted": true}, "parents": []},
  {"uid": {"type": "Organization", "id": "312002744"}, "attrs": {"trusted": true}, "parents": [{"type": "Organization", "id": "housing"}]},
  {"uid": {"type": "Area", "id": "tax"}, "attrs": {}, "parents": []},
  {"uid": {"type": "AccessPackage", "id": "skattegrunnlag"}, "attrs": {}, "parents": [{"type": "Area", "id": "tax"}]},
  {"uid": {"type": "Resource", "id": "reports"}, "attrs": {"owner": {"type": "Organization", "id": "974761076"}}, "parents": []},
  {"uid": {"type": "Resource", "id": "ske-innrapportering-boligsameie"}, "attrs": {"owner": {"type": "Organization", "id": "974761076"}, "sector": "tax", "limit": 9223372036854775807}, "parents": [{"type": "Resource", "id": "reports"}]},
  {"uid": {"type": "Resource", "id": "ske-krav-og-betalinger"},
   "attrs": {"owner": {"type": "Organization", "id": "974761076"}, "sector": "tax", "limit": 3,
             "allowed": {"type": "Mandate", "id": "00000000-0000-0000-0000-000000000001@312002744"},
             "users": [{"type": "SystemUser", "id": "00000000-0000-0000-0000-000000000002"}, {"type": "SystemUser", "id": "00000000-0000-0000-0000-000000000009"}]},
   "tags": {"open": {"type": "System", "id": "991825827_smartcloud"}},
   "parents": [{"type": "Resource", "id": "reports"}]},
  {"uid": {"type": "Resource", "id": "mva-melding-innsending"}, "attrs": {"owner": {"type": "Organization", "id": "974761076"}, "allowed": {"type": "Mandate", "id": "00000000-0000-0000-0000-000000000008@312002744"}}, "parents": []}
]"#;

/// Bodies of policies that look at everything there is to look at; `EFFECT` is permit or forbid.
pub(super) const POLICIES: &[&str] = &[
    // Class-only.
    r#"EFFECT (principal, action, resource);"#,
    r#"EFFECT (principal is Mandate, action == Action::"read", resource in Resource::"reports");"#,
    r#"EFFECT (principal in AccessPackage::"lonn", action, resource) when { resource has sector && resource.sector == "tax" };"#,
    r#"EFFECT (principal, action, resource) when { principal in [AccessPackage::"lonn", AccessPackage::"skattegrunnlag"] };"#,
    r#"EFFECT (principal, action, resource) unless { principal in AccessPackage::"skattegrunnlag" };"#,
    r#"EFFECT (principal, action, resource) when { resource has limit && resource.limit + 1 > 3 };"#,
    r#"EFFECT (principal in AccessPackage::"lonn", action, resource) when { resource has limit && resource.limit + 1 > 3 };"#,
    r#"EFFECT (principal, action, resource) when { resource.hasTag("open") };"#,
    r#"EFFECT (principal, action in Action::"any", resource is Resource in Resource::"reports");"#,
    // The mandate, its user, system and parties.
    r#"EFFECT (principal, action in [Action::"any"], resource) when { principal has via && action in Action::"any" };"#,
    r#"EFFECT (principal == Mandate::"00000000-0000-0000-0000-000000000001@312002744", action, resource);"#,
    r#"EFFECT (principal in SystemUser::"00000000-0000-0000-0000-000000000001", action, resource);"#,
    r#"EFFECT (principal in Area::"tax", action, resource);"#,
    r#"EFFECT (principal, action, resource) when { principal has via && principal.via != principal.party };"#,
    r#"EFFECT (principal, action, resource) when { principal.party in Organization::"housing" };"#,
    r#"EFFECT (principal, action, resource) when { principal.party has trusted && principal.party.trusted };"#,
    r#"EFFECT (principal, action, resource) when { principal has systemUser && principal.systemUser.kind == "agent" };"#,
    r#"EFFECT (principal, action, resource) when { principal has systemUser && principal.systemUser.system.vendor == Organization::"991825827" };"#,
    r#"EFFECT (principal, action, resource) when { principal has systemUser && principal.systemUser.owner == principal.party };"#,
    r#"EFFECT (principal, action, resource) when { principal has validUntil && principal.validUntil < datetime("1970-01-01T00:00:01Z") };"#,
    // Other grants: by literal, by the resource, by the context. Some are not in force.
    r#"EFFECT (principal, action, resource) when { Mandate::"00000000-0000-0000-0000-000000000001@312002744" in AccessPackage::"lonn" };"#,
    r#"EFFECT (principal, action, resource) when { Mandate::"00000000-0000-0000-0000-000000000008@312002744" has party };"#,
    r#"EFFECT (principal, action, resource) when { SystemUser::"00000000-0000-0000-0000-000000000002" has kind && SystemUser::"00000000-0000-0000-0000-000000000002".kind == "standard" };"#,
    r#"EFFECT (principal, action, resource) when { SystemUser::"00000000-0000-0000-0000-000000000002".system.vendor == Organization::"991825827" };"#,
    r#"EFFECT (principal, action, resource) when { SystemUser::"00000000-0000-0000-0000-000000000009".kind == "agent" };"#,
    r#"EFFECT (principal, action, resource) when { System::"991825827_smartcloud" has vendor };"#,
    r#"EFFECT (principal, action, resource) when { System::"991825827_gone" has vendor };"#,
    r#"EFFECT (principal, action, resource) when { resource has allowed && principal == resource.allowed };"#,
    r#"EFFECT (principal, action, resource) when { resource has allowed && resource.allowed in AccessPackage::"lonn" };"#,
    r#"EFFECT (principal, action, resource) when { resource has allowed && resource.allowed has party };"#,
    r#"EFFECT (principal, action, resource) when { resource has allowed && resource.allowed.party == principal.party };"#,
    r#"EFFECT (principal, action, resource) when { resource has users && principal has systemUser && resource.users.contains(principal.systemUser) };"#,
    r#"EFFECT (principal, action, resource) when { resource has users && principal in resource.users };"#,
    r#"EFFECT (principal, action, resource) when { resource.hasTag("open") && resource.getTag("open").vendor == Organization::"991825827" };"#,
    // The context.
    r#"EFFECT (principal, action, resource) when { context has authenticationLevel && context.authenticationLevel >= 3 };"#,
    r#"EFFECT (principal, action, resource) when { context.now < datetime("1970-01-01T00:00:01Z") };"#,
    r#"EFFECT (principal, action, resource) when { context has authenticationLevel && context.authenticationLevel + 9223372036854775807 > 0 };"#,
    r#"EFFECT (principal in AccessPackage::"lonn", action, resource) when { context.now.toDate() == datetime("1970-01-01") && context.now.toTime() < duration("1s") };"#,
    r#"EFFECT (principal, action, resource) when { context has on && context.on in AccessPackage::"lonn" };"#,
    r#"EFFECT (principal, action, resource) when { context has on && context.on.party == principal.party };"#,
];

/// The policies with both effects, one of them at a time or each beside the shipped ones.
pub(super) fn written(effect: &str, place: usize) -> String {
    format!(
        "@id(\"own/{effect}/{place}\")\n{}\n",
        POLICIES[place].replace("EFFECT", effect)
    )
}

/// The grants of the world. User 8 and 9, and the system `991825827_gone`, are named by policies and not in force.
pub(super) fn mandates() -> Vec<Mandate> {
    vec![
        agent(1, CLIENT, &["lonn"]),
        within(
            agent(1, OTHER, &["lonn", "skattegrunnlag"]),
            Some(500),
            Some(1000),
        ),
        within(agent(3, FIRM, &["skattegrunnlag"]), None, Some(5000)),
        agent(3, CLIENT, &["merverdiavgift"]),
        standard(
            2,
            &["skattegrunnlag"],
            &[
                ("mva-melding-innsending", &["read"]),
                ("gone", &["read", "write"]),
            ],
        ),
        standard(
            4,
            &[],
            &[
                ("ske-krav-og-betalinger", &["write"]),
                ("gone", &["delete"]),
            ],
        ),
    ]
}

pub(super) fn export_world() -> ExportWorld {
    let mandates = mandates();
    ExportWorld {
        users: mandates
            .iter()
            .map(|mandate| mandate.user.clone())
            .collect(),
        systems: vec!["991825827_other".parse().unwrap()],
        mandates,
    }
}

/// What is in force under a name, as the engine would tell it.
pub(super) fn find(identity: &Identity) -> Option<Found> {
    let mut mandates = mandates().into_iter();
    match identity {
        Identity::Mandate(user, party) => mandates
            .find(|mandate| mandate.user.id == *user && mandate.party == *party)
            .map(Found::Mandate),
        Identity::SystemUser(user) => mandates
            .find(|mandate| mandate.user.id == *user)
            .map(|mandate| Found::SystemUser(mandate.user)),
        Identity::System(system) => {
            let known = ["991825827_smartcloud", "991825827_other"].contains(&system.as_str());
            known.then(|| Found::System(system.clone()))
        }
    }
}

/// Mandates in force and not; resources with an entity and without.
pub(super) fn questions() -> Vec<(Question, Timestamp)> {
    let mut asked = Vec::new();
    let absent = [agent(1, FIRM, &[]), agent(9, CLIENT, &[])];
    let on = |id: &str| {
        let on = serde_json::json!({"on": {"type": "Mandate", "id": id}, "unknown": 1});
        Asked {
            authentication_level: Some(3),
            members: on.as_object().unwrap().clone(),
        }
    };
    let contexts = [
        (Asked::default(), 499),
        (Asked::at_level(2), 500),
        (Asked::at_level(3), 999),
        (on("00000000-0000-0000-0000-000000000001@312004119"), 999),
        (on("00000000-0000-0000-0000-000000000008@312002744"), 5000),
        (Asked::at_level(0), -1),
    ];
    for mandate in mandates().iter().chain(&absent) {
        for resource in [
            "ske-krav-og-betalinger",
            "mva-melding-innsending",
            "ske-innrapportering-boligsameie",
            "gone",
            "unknown/resource",
        ] {
            for action in ["read", "write"] {
                for (context, now) in &contexts {
                    let question = Question {
                        system_user: mandate.user.id,
                        action: action.parse().unwrap(),
                        resource: resource.parse().unwrap(),
                        client: mandate.party,
                        asked: context.clone(),
                    };
                    asked.push((question, Timestamp::from_millis(*now)));
                }
            }
        }
    }
    asked
}

/// The answer as the engine puts it together: columns for the core policies, classes, further policies, single rights.
pub(super) fn ours(compiled: &Compiled, question: &Question, now: Timestamp) -> bool {
    let Some(Found::Mandate(mandate)) =
        find(&Identity::Mandate(question.system_user, question.client))
    else {
        return false;
    };
    if mandate.window.at(now) != Within::Now {
        return false;
    }
    let action = compiled.action(question.action.as_str()).unwrap();
    let slot = compiled.resource_slot(question.resource.as_str());
    let context = compiled.check_asked(Some(action), &question.asked).unwrap();
    let class = compiled.ask_class(&mandate.packages, action, slot);
    let further = compiled.ask_further(&mandate, action, &question.resource, &context, now, &find);
    if !compiled.further(action, slot) {
        assert_eq!(further, crate::cedar::Satisfied::default());
    }
    let by_context = compiled.ask_context(&mandate.packages, action, slot, &question.asked, now);
    if compiled.context_seen(action, slot).is_none() {
        assert_eq!(by_context, crate::cedar::Satisfied::default());
    }
    let all = class.and(&by_context).and(&further);
    let right = mandate.rights.iter().any(|right| {
        right.resource == question.resource && compiled.ask_right(right, action).is_some()
    });
    (right || !all.permits.is_empty()) && !all.denies()
}

/// The export as the `cedar` command reads it.
pub(super) struct Official {
    policies: PolicySet,
    entities: Entities,
    schema: Schema,
}

impl Official {
    pub(super) fn read(export: &Export) -> Self {
        let (schema, _) = Schema::from_cedarschema_str(&export.schema).unwrap();
        let parsed = PolicySet::from_str(&export.policies)
            .unwrap_or_else(|refused| panic!("{refused:?}\n{}", export.policies));
        let named = parsed
            .policies()
            .map(|policy| policy.new_id(PolicyId::new(policy.annotation("id").unwrap())));
        Self {
            policies: PolicySet::from_policies(named).unwrap(),
            entities: Entities::from_json_str(&export.entities, Some(&schema)).unwrap(),
            schema,
        }
    }

    pub(super) fn ids(&self) -> Vec<String> {
        let mut ids: Vec<_> = self
            .policies
            .policies()
            .map(|policy| AsRef::<str>::as_ref(policy.id()).to_owned())
            .collect();
        ids.sort_unstable();
        ids
    }

    /// Allow, and no forbid erred: the one documented difference.
    pub(super) fn decides(&self, request: &serde_json::Value) -> bool {
        let uid = |part: &str| EntityUid::from_str(request[part].as_str().unwrap()).unwrap();
        let action = uid("action");
        let context =
            Context::from_json_value(request["context"].clone(), Some((&self.schema, &action)))
                .unwrap();
        let request = Request::new(
            uid("principal"),
            action,
            uid("resource"),
            context,
            Some(&self.schema),
        )
        .unwrap();
        let response = Authorizer::new().is_authorized(&request, &self.policies, &self.entities);
        let forbid_erred = response.diagnostics().errors().any(|error| match error {
            AuthorizationError::PolicyEvaluationError(error) => {
                self.policies.policy(error.policy_id()).unwrap().effect() == Effect::Forbid
            }
        });
        response.decision() == Decision::Allow && !forbid_erred
    }
}

/// Asks every question both ways; returns how many were permits.
pub(super) fn compare(folder: &PolicyFolder) -> (usize, usize) {
    let compiled = compiled(folder);
    let official = Official::read(&compiled.export(&export_world()));
    let (mut permits, mut denies) = (0, 0);
    for (question, now) in questions() {
        let theirs = official.decides(&compiled.request_json(&question, now));
        let own = ours(&compiled, &question, now);
        assert_eq!(
            own,
            theirs,
            "{question:?} at {now}, under {:?}",
            folder.text("resources/own.cedar")
        );
        if own { permits += 1 } else { denies += 1 }
    }
    (permits, denies)
}
