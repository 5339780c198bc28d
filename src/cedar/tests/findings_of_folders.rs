//! What is found wrong with templates, stored entities and schemas, each with its whole text.

use super::findings::{told, told_of};
use super::{compiled, edited, file, folder, replaced};
use crate::model::policy::PolicyFolder;

#[test]
fn only_plain_templates_are_single_right_templates() {
    let with = |own: &str| {
        let text = folder("").text(PolicyFolder::TEMPLATES).unwrap().to_owned();
        told(&replaced(
            &folder(""),
            PolicyFolder::TEMPLATES,
            &format!("{own}\n{text}"),
        ))
    };
    let id = "@id(\"core/single-right/x\") ";
    for (own, expected) in [
        (
            "@id(\"mine\") permit (principal == ?principal, action == Action::\"read\", resource == ?resource);".to_owned(),
            "the id `mine` is not one of a single-right template (template)",
        ),
        (
            "@id(\"core/single-right/x/y\") permit (principal == ?principal, action == Action::\"read\", resource == ?resource);".to_owned(),
            "the id `core/single-right/x/y` is not one of a single-right template (template)",
        ),
        (
            format!("{id}forbid (principal == ?principal, action == Action::\"read\", resource == ?resource);"),
            "a single-right template is not plain (template)",
        ),
        (
            format!("{id}permit (principal in ?principal, action == Action::\"read\", resource == ?resource);"),
            "a single-right template is not plain (template)",
        ),
        (
            format!("{id}permit (principal == ?principal, action == Action::\"read\", resource);"),
            "a single-right template is not plain (template)",
        ),
        (
            format!("{id}permit (principal == ?principal, action == Action::\"read\", resource == ?resource) when {{ context has authenticationLevel }};"),
            "a single-right template is not plain (template)",
        ),
        (
            format!("{id}permit (principal == ?principal, action, resource == ?resource);"),
            "a single-right template names no action (template)",
        ),
        (
            format!("{id}permit (principal == ?principal, action in [Action::\"write\", Action::\"read\", Action::\"read\"], resource == ?resource);"),
            "`core/single-right/read-write` has the same actions as a template before it (duplicate-template)",
        ),
    ] {
        let told = with(&own);
        assert_eq!(told.len(), 1, "{told:?}");
        let said = told[0].split_once(": ").unwrap().1;
        assert_eq!(said, expected);
    }
    assert_eq!(
        with("permit (principal, action, resource);"),
        [
            "templates.cedar:1:1: a policy without slots stands among the single-right templates (template)"
        ]
    );
    assert_eq!(
        told_of("permit (principal == ?principal, action, resource);"),
        [
            "resources/own.cedar:1:1: a template stands among the policies about resources (template)"
        ]
    );
}

#[test]
fn entities_that_are_compiled_from_grants_cannot_be_stored() {
    let stored = |entity: &str| {
        let text = folder("").text(PolicyFolder::ENTITIES).unwrap().replacen(
            '[',
            &format!("[{entity},"),
            1,
        );
        told(&replaced(&folder(""), PolicyFolder::ENTITIES, &text))
    };
    let org = r#"{"__entity":{"type":"Organization","id":"974761076"}}"#;
    assert_eq!(
        stored(&format!(
            r#"{{"uid":{{"type":"System","id":"a"}},"attrs":{{"vendor":{org}}},"parents":[]}}"#
        )),
        [
            r#"entities.json:1:31: System::"a" cannot be stored: the program makes such entities from what was approved and delegated (entity)"#
        ]
    );
    assert_eq!(
        stored(&format!(
            r#"{{"uid":{{"type":"Mandate","id":"a"}},"attrs":{{"party":{org}}},"parents":[]}}"#
        )),
        [
            r#"entities.json:1:32: Mandate::"a" cannot be stored: the program makes such entities from what was approved and delegated (entity)"#
        ]
    );
    assert_eq!(
        stored(&format!(
            r#"{{"uid":{{"type":"Resource","id":"a b"}},"attrs":{{"owner":{org}}},"parents":[]}}"#
        )),
        [
            r#"entities.json:1:33: Resource::"a b" cannot be asked about: its id is not 1 to 256 characters of a-z, A-Z, 0-9, `-`, `_`, `.`, `:` and `/` (entity)"#
        ]
    );
    assert_eq!(
        stored(r#"{"uid":{"type":"Resource","id":"a"},"attrs":{},"parents":[]}"#),
        [
            r#"entities.json:1:33: entity does not conform to the schema: expected entity `Resource::"a"` to have attribute `owner`, but it does not (entity)"#
        ]
    );
}

#[test]
fn nothing_stored_can_stand_beneath_a_grant() {
    let schema = edited(
        &folder(""),
        PolicyFolder::SCHEMA,
        "entity Resource = {",
        "entity Resource in [Mandate] = {",
    );
    let folder = edited(
        &schema,
        PolicyFolder::ENTITIES,
        r#"}}}, "parents": []}"#,
        r#"}}}, "parents": [{"type": "Mandate", "id": "u@p"}]}"#,
    );

    assert_eq!(
        told(&folder),
        [
            r#"entities.json:3:38: Resource::"mva-melding-innsending" is beneath Mandate::"u@p", which the program makes from what was approved and delegated (entity)"#
        ]
    );
}

#[test]
fn a_schema_has_to_take_what_grants_compile_to() {
    let whole = folder("");
    for (from, to, expected) in [
        (
            "kind: String,",
            "kind: String,\n  level: Long,",
            "schema.cedarschema:20:8: what grants compile to does not fit: entity does not conform to the schema: expected entity `SystemUser::\"00000000-0000-0000-0000-000000000001\"` to have attribute `level`, but it does not (schema)",
        ),
        (
            "  authenticationLevel?: Long,",
            "  channel: String,\n  authenticationLevel?: Long,",
            "schema.cedarschema:48:8: a question that brings only the clock does not fit action `read`: context `{now: datetime(\"1970-01-01T00:00:00Z\")}` is not valid for `Action::\"read\"` (schema)",
        ),
        (
            "authenticationLevel?: Long",
            "authenticationLevel?: String",
            "schema.cedarschema:47:8: `authenticationLevel` of action `read` is not a Long (schema)",
        ),
    ] {
        let told = told(&edited(&whole, PolicyFolder::SCHEMA, from, to));
        assert!(told.contains(&expected.to_owned()), "{told:#?}");
    }
    // Optional members, attributes and types of one's own are welcome.
    let own = edited(
        &whole,
        PolicyFolder::SCHEMA,
        "kind: String,",
        "kind: String,\n  level?: Long,",
    );
    let own = edited(
        &own,
        PolicyFolder::SCHEMA,
        "entity Person;",
        "entity Person, Doc;\naction view appliesTo { principal: [Person], resource: [Doc] };",
    );
    compiled(&own);
}

#[test]
fn a_schema_without_an_action_of_mandates_is_refused() {
    let folder = edited(
        &folder(""),
        PolicyFolder::SCHEMA,
        "principal: [Mandate]",
        "principal: [Person]",
    );

    let told = told(&folder);

    assert!(
        told.contains(
            &"schema.cedarschema: no action applies to `Mandate` and `Resource` (schema)"
                .to_owned()
        ),
        "{told:#?}"
    );
}

#[test]
fn the_schema_of_callers_has_to_take_what_the_program_makes() {
    let whole = folder("");
    let without = edited(
        &whole,
        PolicyFolder::ADMIN_SCHEMA,
        "readJournal, import, export",
        "readJournal, import, exports",
    );
    assert!(
        told(&without)
            .contains(&"admin.cedarschema: Action::\"export\" is missing (schema)".to_owned())
    );
    let other = edited(
        &whole,
        PolicyFolder::ADMIN_SCHEMA,
        "every: Bool,",
        "every: Bool,\n  name: String,",
    );
    assert_eq!(
        told(&other),
        [
            "admin.cedarschema: what the program makes does not fit: entity does not conform to the schema: expected entity `ResourceApi::\"sample\"` to have attribute `name`, but it does not (schema)"
        ]
    );
    let template = edited(
        &whole,
        PolicyFolder::ADMIN,
        "  principal is Vendor,\n  action == Action::\"readParty\",",
        "  principal == ?principal,\n  action == Action::\"readParty\",",
    );
    assert_eq!(
        told(&template),
        ["admin.cedar:13:1: a template stands among the policies about callers (template)"]
    );
    let twice = edited(
        &whole,
        PolicyFolder::ADMIN,
        "admin/vendor-reads-parties",
        "admin/person-reads-parties",
    );
    assert_eq!(
        told(&twice),
        ["admin.cedar:20:1: the id `admin/person-reads-parties` stands twice (duplicate-id)"]
    );
}

#[test]
fn what_is_odd_but_not_wrong_is_a_warning() {
    let compiled = compiled(&folder(
        "permit (principal, action, resource)\nwhen { false };",
    ));

    let warnings: Vec<_> = compiled
        .warnings()
        .iter()
        .map(ToString::to_string)
        .collect();

    assert_eq!(
        warnings,
        [
            "resources/own.cedar:1:1: for policy `resources/own.cedar#1`, policy is impossible: the policy expression evaluates to false for all valid requests (never-applies)"
        ]
    );
}

#[test]
fn a_policy_is_placed_where_it_stands_and_not_where_a_copy_was_commented_out() {
    let own = "// forbid (principal, action, resource);\n\nforbid (principal, action, resource); forbid (principal, action, resource);";
    let compiled = compiled(&folder(own));

    let places: Vec<_> = compiled
        .policies()
        .filter(|(_, policy)| &*policy.file == "resources/own.cedar")
        .map(|(_, policy)| (policy.id.to_string(), policy.line, policy.text.to_string()))
        .collect();

    let text = "forbid (principal, action, resource);".to_owned();
    assert_eq!(
        places,
        [
            ("resources/own.cedar#1".to_owned(), 3, text.clone()),
            ("resources/own.cedar#2".to_owned(), 3, text)
        ]
    );
}

#[test]
fn policies_without_an_id_are_numbered_within_their_file() {
    let nine: String = (0..12)
        .map(|_| "forbid (principal, action, resource);\n")
        .collect();
    let folder =
        PolicyFolder::new([folder("").files(), &[file("resources/a/b.cedar", &nine)]].concat());
    let compiled = compiled(&folder);

    let ids: Vec<_> = compiled
        .policies()
        .filter(|(_, policy)| &*policy.file == "resources/a/b.cedar")
        .map(|(_, policy)| (policy.id.to_string(), policy.line))
        .collect();

    let expected: Vec<_> = (1..=12)
        .map(|n| (format!("resources/a/b.cedar#{n}"), n))
        .collect();
    assert_eq!(ids, expected);
}
