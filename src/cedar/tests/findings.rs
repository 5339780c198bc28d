//! Each way in which a folder can be broken, with the whole text of what is said about it.

use super::{TAX, compiled, edited, folder, replaced};
use crate::cedar::Compiled;
use crate::model::policy::{PolicyFile, PolicyFolder};

pub(super) fn told(folder: &PolicyFolder) -> Vec<String> {
    let Err(wrong) = Compiled::compile(folder) else {
        return Vec::new();
    };
    assert!(wrong.iter().all(|finding| !finding.help.is_empty()));
    assert!(
        wrong
            .iter()
            .all(|finding| !finding.help.contains('\n') && !finding.message.contains('\n'))
    );
    wrong.iter().map(ToString::to_string).collect()
}

/// What is said of the shipped folder with these policies in `resources/own.cedar`.
pub(super) fn told_of(own: &str) -> Vec<String> {
    told(&folder(own))
}

#[test]
fn a_missing_file_is_missed_by_name() {
    let whole = folder("");
    let without: Vec<PolicyFile> = whole
        .files()
        .iter()
        .filter(|file| !["core.cedar", "admin.cedar"].contains(&&*file.path))
        .cloned()
        .collect();

    assert_eq!(
        told(&PolicyFolder::new(without)),
        [
            "core.cedar: `core.cedar` is missing (missing-file)",
            "admin.cedar: `admin.cedar` is missing (missing-file)"
        ]
    );
}

#[test]
fn a_policy_that_does_not_parse_is_told_at_its_place() {
    assert_eq!(
        told_of("// æøå\npermit (principal, action, resource)\nwhen { æ };\n"),
        ["resources/own.cedar:3:8: invalid token (parse)"]
    );
    assert_eq!(
        told_of("permit (principal, action);"),
        [
            "resources/own.cedar:1:26: this policy is missing the `resource` variable in the scope (parse)"
        ]
    );
}

#[test]
fn a_policy_that_does_not_fit_the_schema_is_told_at_its_place() {
    assert_eq!(
        told_of(
            "@id(\"a\")\npermit (principal, action == Action::\"read\", resource)\nwhen { resource.owner == 3 };"
        ),
        [
            "resources/own.cedar:3:8: the types Long and Organization are not compatible (validation)"
        ]
    );
    assert_eq!(
        told_of("permit (\n  principal,\n  action == Action::\"red\",\n  resource\n);"),
        [
            "resources/own.cedar:3:13: for policy `resources/own.cedar#1`, unrecognized action `Action::\"red\"` (unknown-action)"
        ]
    );
}

#[test]
fn findings_of_several_files_are_told_together() {
    let folder = edited(
        &folder("permit (principal, action);"),
        PolicyFolder::TEMPLATES,
        "permit (",
        "permit",
    );
    let folder = edited(&folder, PolicyFolder::ENTITIES, "[", "[,");

    assert_eq!(
        told(&folder),
        [
            "templates.cedar:7:3: unexpected token `principal` (parse)",
            "resources/own.cedar:1:26: this policy is missing the `resource` variable in the scope (parse)",
            "entities.json:1:2: not a JSON array of entities: expected value at line 1 column 2 (parse)"
        ]
    );
}

#[test]
fn a_schema_that_does_not_parse_is_told_at_its_place() {
    let broken = edited(
        &folder(""),
        PolicyFolder::SCHEMA,
        "entity Person;",
        "entity Person",
    );

    assert_eq!(
        told(&broken),
        ["schema.cedarschema:12:1: error parsing schema: unexpected token `entity` (parse)"]
    );
}

#[test]
fn a_catalogue_that_cannot_be_read_is_told_at_its_place() {
    let broken = edited(
        &folder(""),
        PolicyFolder::CATALOGUE,
        "\"nb\": \"A-ordningen\", ",
        "",
    );
    assert_eq!(
        told(&broken),
        [
            "catalogue.json:4:111: the catalogue is not readable: missing field `nb` at line 4 column 111 (catalogue)"
        ]
    );

    let unknown = edited(
        &folder(""),
        PolicyFolder::CATALOGUE,
        "{\"package\": \"revisormedarbeider\"}",
        "{\"package\": \"revisormedarbeidar\"}",
    );
    assert_eq!(
        told(&unknown),
        [
            "catalogue.json:243:21: relation `revisor` gives access package `revisormedarbeidar`, which is not in the catalogue (catalogue)"
        ]
    );
}

#[test]
fn the_core_policies_may_be_laid_out_but_not_changed() {
    let whole = folder("");
    let changed = [
        (
            "context.now >= principal.validUntil",
            "context.now > principal.validUntil",
        ),
        ("unless { principal has party }", "unless { true }"),
        ("@id(\"core/in-force\")", "@id(\"core/in-force2\")"),
        (
            "  principal is Mandate,\n  action,\n  resource\n)\nwhen",
            "  principal,\n  action,\n  resource\n)\nwhen",
        ),
    ];
    for (from, to) in changed {
        let told = told(&edited(&whole, PolicyFolder::CORE, from, to));
        assert!(
            told.contains(
                &"core.cedar:4:1: the core policies are not as they are compiled into the program (core-changed)"
                    .to_owned()
            ),
            "{told:?}"
        );
    }
    let without = replaced(&whole, PolicyFolder::CORE, "// nothing holds\n");
    assert_eq!(
        told(&without),
        [
            "core.cedar: the core policies are not as they are compiled into the program (core-changed)"
        ]
    );

    let laid_out = whole
        .text(PolicyFolder::CORE)
        .unwrap()
        .replace("&& ", "&& // both\n    ");
    compiled(&replaced(&whole, PolicyFolder::CORE, &laid_out));
}

#[test]
fn an_id_that_stands_twice_is_told_with_its_first_place() {
    let own =
        format!("\n@id(\"{TAX}/read-skattegrunnlag\")\nforbid (principal, action, resource);\n");

    assert_eq!(
        told_of(&own),
        [
            "resources/ske-krav-og-betalinger.cedar:12:1: the id `ske-krav-og-betalinger/read-skattegrunnlag` stands twice: also at resources/own.cedar:2 (duplicate-id)"
        ]
    );
    assert_eq!(
        told_of(
            "@id(\"a\") permit (principal, action, resource);\n@id(\"a\") forbid (principal, action, resource);"
        ),
        [
            "resources/own.cedar:2:1: the id `a` stands twice: also at resources/own.cedar:1 (duplicate-id)"
        ]
    );
    assert_eq!(
        told_of(
            "forbid (principal, action, resource);\n@id(\"resources/own.cedar#1\") permit (principal, action, resource);"
        ),
        [
            "resources/own.cedar:2:1: the id `resources/own.cedar#1` stands twice: also at resources/own.cedar:1 (duplicate-id)"
        ]
    );
}

#[test]
fn ids_of_the_program_are_reserved() {
    for id in ["core/mine", "core/single-right/read/x"] {
        assert_eq!(
            told_of(&format!(
                "@id(\"{id}\") permit (principal, action, resource);"
            )),
            [format!(
                "resources/own.cedar:1:1: the id `{id}` begins with `core/`, which is the program's own (reserved-id)"
            )]
        );
    }
}

#[test]
fn an_annotation_that_cannot_be_kept_is_refused() {
    for key in [
        "minimum_authentication_level",
        "minimum_authentication_level_org",
    ] {
        for level in ["5", "-1", "high", "", "03", "+3", "3.0"] {
            assert_eq!(
                told_of(&format!(
                    "\n@{key}(\"{level}\")\npermit (principal, action, resource);"
                )),
                [format!(
                    "resources/own.cedar:2:1: `@{key}` is `{level}`, which is not a level from 0 to 4 (annotation)"
                )]
            );
        }
        for level in ["0", "4"] {
            compiled(&folder(&format!(
                "@{key}(\"{level}\") permit (principal, action, resource);"
            )));
        }
    }
    for id in ["@id", "@id(\"\")", "@id(\"a\\nb\")"] {
        assert_eq!(
            told_of(&format!("{id} permit (principal, action, resource);")),
            ["resources/own.cedar:1:1: `@id` is empty or has control characters (annotation)"]
        );
    }
}

#[test]
fn a_package_that_is_not_in_the_catalogue_is_told_with_the_nearest() {
    let own =
        "permit (\n  principal in AccessPackage::\"skattegrunlag\",\n  action,\n  resource\n);";
    assert_eq!(
        told_of(own),
        [
            "resources/own.cedar:2:16: access package `skattegrunlag` is not in the catalogue; did you mean `skattegrunnlag`? (unknown-package)"
        ]
    );
    let own = "permit (principal, action, resource)\nunless { principal in [AccessPackage::\"lonn\", AccessPackage::\"lon\"] };";
    assert_eq!(
        told_of(own),
        [
            "resources/own.cedar:2:47: access package `lon` is not in the catalogue; did you mean `lonn`? (unknown-package)"
        ]
    );
    let own =
        "permit (principal in AccessPackage::\"urn:altinn:accesspackage:lonn\", action, resource);";
    assert_eq!(
        told_of(own),
        [
            "resources/own.cedar:1:22: access package `urn:altinn:accesspackage:lonn` is written as a URN; its code is `lonn` (unknown-package)"
        ]
    );
    let admin = edited(
        &folder(""),
        PolicyFolder::ADMIN,
        "AccessPackage::\"tilgangsstyrer\"",
        "AccessPackage::\"tilgangstyrer\"",
    );
    assert_eq!(
        told(&admin),
        [
            "admin.cedar:102:17: access package `tilgangstyrer` is not in the catalogue; did you mean `tilgangsstyrer`? (unknown-package)"
        ]
    );
}

#[test]
fn a_resource_without_an_entity_is_told_with_the_nearest() {
    let own = "permit (principal, action, resource == Resource::\"ske-krav-og-betaling\");";
    assert_eq!(
        told_of(own),
        [
            "resources/own.cedar:1:40: resource `ske-krav-og-betaling` has no entity in `entities.json`; did you mean `ske-krav-og-betalinger`? (unknown-resource)"
        ]
    );
}
