use super::{CLIENT, TAX, VAT, agent, codes, compiled, folder, ids, read, right, slot, standard};
use crate::cedar::compile::Kind;
use crate::cedar::{Effect, ResourceSlot, Satisfied};
use crate::model::catalogue::Catalogue;
use crate::model::package_set::PackageSet;
use crate::model::party::LegalForm;
use crate::model::policy::PolicyFolder;
use crate::model::question::Obligations;
use crate::model::relation::Role;

#[test]
fn the_shipped_folder_compiles_and_nothing_in_it_is_odd() {
    let compiled = compiled(&folder(""));

    assert_eq!(compiled.warnings(), []);
    let names = |names: Vec<&str>| names.join(" ");
    assert_eq!(
        names(compiled.actions().iter().map(AsRef::as_ref).collect()),
        "read write"
    );
    assert_eq!(
        names(compiled.resources().iter().map(AsRef::as_ref).collect()),
        "mva-melding-innsending ske-innrapportering-boligsameie ske-krav-og-betalinger"
    );
    let ids: Vec<_> = compiled
        .policies()
        .map(|(_, policy)| &*policy.id)
        .take(5)
        .collect();
    assert_eq!(
        ids,
        [
            "core/validity",
            "core/in-force",
            "core/single-right/read",
            "core/single-right/write",
            "core/single-right/read-write"
        ]
    );
}

#[test]
fn every_shipped_resource_policy_is_class_only() {
    let compiled = compiled(&folder(""));

    let further = compiled
        .policies
        .iter()
        .filter(|policy| matches!(policy.kind, Kind::Further(_)));
    assert_eq!(further.count(), 0);
    let class = compiled
        .policies
        .iter()
        .filter(|policy| matches!(policy.kind, Kind::Class(_)));
    assert_eq!(class.count(), 4 + 6 + 2);
}

#[test]
fn the_shipped_catalogue_has_what_altinn_has_published() {
    let folder = folder("");
    let catalogue = Catalogue::parse(folder.text(PolicyFolder::CATALOGUE).unwrap(), None).unwrap();

    assert_eq!(catalogue.all().0.len(), 223);
    assert_eq!(catalogue.delegable().len(), 170);
    assert_eq!(catalogue.assignable().len(), 175);
    let gives = |role, form: &str| {
        let form: LegalForm = form.parse().unwrap();
        catalogue
            .codes(&catalogue.gives(role, Some(form), &PackageSet::EMPTY))
            .to_string()
    };
    assert_eq!(
        gives(Role::Accountant, "AS"),
        "`regnskapsforer-lonn`, `regnskapsforer-med-signeringsrettighet`, `regnskapsforer-uten-signeringsrettighet`"
    );
    assert_eq!(
        gives(Role::Auditor, "AS"),
        "`ansvarlig-revisor`, `revisormedarbeider`"
    );
    assert_eq!(gives(Role::BusinessManager, "AS"), "");
    assert_eq!(
        gives(Role::BusinessManager, "BRL"),
        "`forretningsforer-eiendom`"
    );
    assert_eq!(
        gives(Role::BusinessManager, "ESEK"),
        "`forretningsforer-eiendom`"
    );
    assert_eq!(
        gives(Role::BusinessManager, "NUF").matches('`').count(),
        2 * 9
    );
    assert_eq!(gives(Role::RightHolder, "AS"), "");
}

#[test]
fn tax_claims_open_to_four_packages_for_reading_at_level_three() {
    let compiled = compiled(&folder(""));
    let (read, write) = (read(&compiled), compiled.action("write").unwrap());
    let tax = slot(&compiled, TAX);

    for package in [
        "krav-og-utlegg",
        "skattegrunnlag",
        "regnskapsforer-med-signeringsrettighet",
        "regnskapsforer-uten-signeringsrettighet",
    ] {
        let found = compiled.ask_class(&codes(&[package]), read, tax);
        assert_eq!(
            ids(&compiled, &found.permits),
            [format!("{TAX}/read-{package}")]
        );
        assert!(!found.denies());
        let policy = compiled.policy(found.permits[0]);
        assert_eq!(policy.effect, Effect::Permit);
        assert_eq!(
            policy.obligations,
            Obligations {
                minimum_authentication_level: Some(3),
                minimum_authentication_level_org: None
            }
        );
        assert_eq!(
            compiled.ask_class(&codes(&[package]), write, tax),
            Satisfied::default()
        );
        assert_eq!(
            compiled.ask_class(&codes(&[package]), read, ResourceSlot::Other),
            Satisfied::default()
        );
    }
    assert_eq!(
        compiled.ask_class(&codes(&["regnskapsforer-lonn"]), read, tax),
        Satisfied::default()
    );
    assert_eq!(compiled.ask_class(&[], read, tax), Satisfied::default());
    assert!(compiled.is_opened(read, tax) && !compiled.is_opened(write, tax));
    assert!(!compiled.is_opened(read, ResourceSlot::Other));
    assert_eq!(
        compiled.permits_scoped(read, tax),
        codes(&[
            "krav-og-utlegg",
            "skattegrunnlag",
            "regnskapsforer-med-signeringsrettighet",
            "regnskapsforer-uten-signeringsrettighet"
        ])
    );
}

#[test]
fn two_packages_that_open_a_resource_are_both_named() {
    let compiled = compiled(&folder(""));
    let held = [
        "regnskapsforer-med-signeringsrettighet",
        "merverdiavgift",
        "lonn",
    ];

    let found = compiled.ask_class(&codes(&held), read(&compiled), slot(&compiled, VAT));

    assert_eq!(
        ids(&compiled, &found.permits),
        [
            "mva-melding-innsending/read-write-merverdiavgift",
            "mva-melding-innsending/read-write-regnskapsforer-med-signeringsrettighet"
        ]
    );
    let mandate = agent(1, CLIENT, &held);
    assert_eq!(
        compiled.permits_in_scope(&mandate, read(&compiled), slot(&compiled, VAT)),
        found.permits.to_vec()
    );
    let mandate = agent(1, CLIENT, &["lonn"]);
    assert_eq!(
        compiled.permits_in_scope(&mandate, read(&compiled), slot(&compiled, VAT)),
        []
    );
}

#[test]
fn a_single_right_opens_exactly_its_own_actions() {
    let compiled = compiled(&folder(""));
    let (read, write) = (read(&compiled), compiled.action("write").unwrap());
    let template = |actions: &[&str], action| {
        let found = compiled.ask_right(&right(TAX, actions), action);
        found.map(|idx| compiled.policy(idx).id.to_string())
    };

    assert_eq!(template(&["read"], read).unwrap(), "core/single-right/read");
    assert_eq!(template(&["read"], write), None);
    assert_eq!(template(&["write"], read), None);
    assert_eq!(
        template(&["write"], write).unwrap(),
        "core/single-right/write"
    );
    assert_eq!(
        template(&["write", "read"], read).unwrap(),
        "core/single-right/read-write"
    );
    assert_eq!(
        template(&["write", "read"], write).unwrap(),
        "core/single-right/read-write"
    );
    assert_eq!(template(&["delete"], read), None);

    let offered = compiled.rights_offered();
    assert_eq!(offered.resources, compiled.resources());
    let held = standard(1, &[], &[(TAX, &["read"]), (VAT, &["write", "read"])]);
    assert!(held.rights.iter().all(|right| offered.check(right).is_ok()));
    assert!(offered.check(&right(TAX, &["delete"])).is_err());
}
