use super::world::{Official, export_world, rich_folder, written};
use super::{CLIENT, TAX, agent, compiled, folder, right, standard, within};
use crate::cedar::{Export, ExportWorld, ReadExportError};
use crate::model::policy::PolicyFolder;
use crate::model::question::{Asked, Question};
use crate::model::time::Timestamp;

/// Grants sorted as an export gives them back.
fn sorted(mut world: ExportWorld) -> ExportWorld {
    let users = world.mandates.iter().map(|mandate| mandate.user.clone());
    world.users.extend(users.collect::<Vec<_>>());
    world.users.sort_by_key(|user| user.id);
    world.users.dedup();
    world
        .systems
        .extend(world.users.iter().map(|user| user.system.clone()));
    world.systems.sort_unstable();
    world.systems.dedup();
    world
        .mandates
        .sort_by_key(|mandate| (mandate.user.id, mandate.party));
    for mandate in &mut world.mandates {
        mandate.rights.sort_unstable();
    }
    world
}

#[test]
fn grants_are_read_back_from_their_export() {
    let compiled = compiled(&rich_folder(""));
    let mut world = export_world();
    // A right without a template is not in an export: it opens nothing.
    for mandate in &mut world.mandates {
        mandate.rights.retain(|right| {
            compiled
                .rights_offered()
                .action_sets
                .contains(&right.actions)
        });
    }
    let extremes = [
        within(agent(5, CLIENT, &[]), Some(i64::MIN), Some(-1)),
        within(agent(6, CLIENT, &[]), Some(1), Some(i64::MAX)),
        within(
            standard(7, &[], &[(TAX, &["read"]), (TAX, &["read", "write"])]),
            None,
            Some(1_795_000_000_123),
        ),
    ];
    world.mandates.extend(extremes);

    let export = compiled.export(&world);

    assert_eq!(export.world().unwrap(), sorted(world));
}

#[test]
fn an_export_holds_every_policy_under_its_id_and_no_template() {
    let own = "// first\nforbid (principal, action, resource) when { context has channel };\n@id(\"own/æ \\\"two\\\"\") permit (principal, action, resource) when { context has on };";
    let compiled = compiled(&rich_folder(own));

    let export = compiled.export(&export_world());

    let official = Official::read(&export);
    let about = |id: &String| !id.starts_with("mva-") && !id.starts_with("ske-");
    let ids: Vec<_> = official.ids().into_iter().filter(about).collect();
    assert_eq!(
        ids,
        [
            "core/in-force",
            "core/single-right/read-write/00000000-0000-0000-0000-000000000002@312001373/gone",
            "core/single-right/read/00000000-0000-0000-0000-000000000002@312001373/mva-melding-innsending",
            "core/single-right/write/00000000-0000-0000-0000-000000000004@312001373/ske-krav-og-betalinger",
            "core/validity",
            "own/æ \"two\"",
            "resources/own.cedar#1",
        ]
    );
    assert!(!export.policies.contains("?principal"));
}

#[test]
fn annotations_of_a_template_go_with_its_links() {
    let annotated = super::edited(
        &folder(""),
        PolicyFolder::TEMPLATES,
        "@id(\"core/single-right/read\")",
        "@id(\"core/single-right/read\")\n@minimum_authentication_level(\"4\")",
    );
    let compiled = compiled(&annotated);
    let world = ExportWorld {
        mandates: vec![standard(2, &[], &[(TAX, &["read"])])],
        ..ExportWorld::default()
    };

    let export = compiled.export(&world);

    assert!(
        export.policies.ends_with(
            "@id(\"core/single-right/read/00000000-0000-0000-0000-000000000002@312001373/ske-krav-og-betalinger\")\n\
             @minimum_authentication_level(\"4\")\n\
             permit (principal == Mandate::\"00000000-0000-0000-0000-000000000002@312001373\", action == Action::\"read\", resource == Resource::\"ske-krav-og-betalinger\");\n\n"
        ),
        "{}",
        export.policies
    );
    let template = compiled
        .ask_right(&right(TAX, &["read"]), super::read(&compiled))
        .unwrap();
    assert_eq!(
        compiled
            .policy(template)
            .obligations
            .minimum_authentication_level,
        Some(4)
    );
}

#[test]
fn an_export_of_nothing_is_still_an_export() {
    let compiled = compiled(&folder(""));

    let export = compiled.export(&ExportWorld::default());

    Official::read(&export);
    assert_eq!(export.world().unwrap(), ExportWorld::default());
    assert_eq!(
        export.schema,
        folder("").text(PolicyFolder::SCHEMA).unwrap()
    );
}

#[test]
fn types_with_required_attributes_of_ones_own_have_no_bare_entities() {
    let required = super::edited(
        &rich_folder(""),
        PolicyFolder::SCHEMA,
        "trusted?: Bool",
        "trusted: Bool",
    );
    let compiled = compiled(&super::edited(
        &required,
        PolicyFolder::ENTITIES,
        "parents\": []}",
        "parents\": []}",
    ));

    let export = compiled.export(&export_world());

    Official::read(&export);
    assert!(
        !export
            .entities
            .contains(r#""uid":{"type":"Organization","id":"312001373"}"#)
    );
    assert!(export.entities.contains(r#""id":"312002744""#));
}

#[test]
fn a_question_is_written_as_the_cedar_command_reads_it() {
    let compiled = compiled(&folder(""));
    let mandate = agent(1, CLIENT, &[]);
    let mut asked = Asked::at_level(3);
    asked.members.insert("dropped".to_owned(), 1.into());
    let question = Question {
        system_user: mandate.user.id,
        action: "read".parse().unwrap(),
        resource: TAX.parse().unwrap(),
        client: mandate.party,
        asked,
    };

    let request = compiled.request_json(&question, Timestamp::from_millis(1_795_521_600_000));

    assert_eq!(
        request,
        serde_json::json!({
            "principal": "Mandate::\"00000000-0000-0000-0000-000000000001@312002744\"",
            "action": "Action::\"read\"",
            "resource": "Resource::\"ske-krav-og-betalinger\"",
            "context": {
                "now": {"__extn": {"fn": "datetime", "arg": "2026-11-24T12:00:00Z"}},
                "authenticationLevel": 3,
            },
        })
    );
}

#[test]
fn an_export_that_was_changed_is_not_read_back() {
    let compiled = compiled(&rich_folder(&written("permit", 0)));
    let export = compiled.export(&export_world());
    let refused = |export: Export| export.world().unwrap_err();

    let broken = Export {
        entities: export.entities.replacen('[', "", 1),
        ..export.clone()
    };
    assert!(matches!(refused(broken), ReadExportError::Json(_)));
    let broken = Export {
        policies: export.policies.replacen("permit", "permits", 1),
        ..export.clone()
    };
    assert!(matches!(refused(broken), ReadExportError::Policies(_)));
    let broken = Export {
        policies: export.policies.replace(
            ", action == Action::\"write\", resource == ",
            ", action, resource == ",
        ),
        ..export.clone()
    };
    assert_eq!(
        refused(broken).to_string(),
        "policy `core/single-right/write/00000000-0000-0000-0000-000000000004@312001373/ske-krav-og-betalinger` is not what a single right compiles to"
    );
    let broken = Export {
        entities: export
            .entities
            .replace("\"kind\":\"standard\"", "\"kind\":\"other\""),
        ..export
    };
    assert!(matches!(refused(broken), ReadExportError::Entity(_)));
}
