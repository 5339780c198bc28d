//! What a vendor may ask a firm for.

use fullmakt::model::catalogue::Catalogue;
use fullmakt::model::policy::PolicyFolder;
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::system::Title;

use super::{AUDITOR, CLAIMS, PAYROLL, TAX_BASIS, WITH_SIGNING};
use crate::world::{FIRM, SYSTEM, World, draft, org, right, system_draft, vendor};

fn refused(world: &World, draft: RequestDraft) -> String {
    let text = world.refused(|_| world.request(1, draft));
    let left = world
        .engine
        .snapshot()
        .requests(&vendor(), &fullmakt::engine::PageRequest::default());
    assert!(left.unwrap().items.is_empty());
    text
}

#[test]
fn an_agent_request_holds_at_least_one_package() {
    let world = World::new().system(&[WITH_SIGNING]);

    assert_eq!(
        refused(&world, draft(1, UserKind::Agent, &[])),
        "an agent request needs at least one access package"
    );
    let made = world
        .request(1, draft(1, UserKind::Agent, &[WITH_SIGNING]))
        .unwrap();
    assert!(made.is_new);
    assert_eq!(made.request.packages, [WITH_SIGNING.parse().unwrap()]);
}

#[test]
fn each_package_of_an_agent_request_is_delegable() {
    let world = World::new().system(&[WITH_SIGNING, "maskinporten-scopes", "klientadministrator"]);

    assert_eq!(
        refused(
            &world,
            draft(
                1,
                UserKind::Agent,
                &["maskinporten-scopes", WITH_SIGNING, "klientadministrator"]
            )
        ),
        "access packages `klientadministrator`, `maskinporten-scopes` are not delegable: an agent system user cannot hold them"
    );
}

#[test]
fn an_agent_request_never_holds_a_single_right() {
    let read = || right("ske-krav-og-betalinger", &["read"]);
    let world = World::new().system_with(&[WITH_SIGNING], vec![read()]);
    let with_right = |kind, packages| RequestDraft {
        rights: vec![read()],
        ..draft(1, kind, packages)
    };

    assert_eq!(
        refused(&world, with_right(UserKind::Agent, &[WITH_SIGNING])),
        "an agent request cannot hold a single right: `read` on `ske-krav-og-betalinger`; ask for an access package that opens the resource"
    );
    assert!(
        world
            .request(1, with_right(UserKind::Standard, &[]))
            .unwrap()
            .is_new
    );
}

#[test]
fn each_package_of_a_standard_request_is_assignable() {
    let world = World::new().system(&[WITH_SIGNING, TAX_BASIS, AUDITOR]);

    assert_eq!(
        refused(
            &world,
            draft(1, UserKind::Standard, &[TAX_BASIS, WITH_SIGNING, AUDITOR])
        ),
        "access packages `ansvarlig-revisor`, `regnskapsforer-med-signeringsrettighet` are not assignable: a standard system user cannot hold them"
    );
    assert!(
        world
            .request(1, draft(1, UserKind::Standard, &[TAX_BASIS]))
            .unwrap()
            .is_new
    );
}

#[test]
fn a_standard_request_asks_for_something() {
    let world = World::new().system(&[TAX_BASIS]);

    assert_eq!(
        refused(&world, draft(1, UserKind::Standard, &[])),
        "a standard request needs at least one access package or single right"
    );
}

#[test]
fn a_request_asks_only_for_what_its_system_is_registered_for() {
    let world = World::new().system_with(
        &[TAX_BASIS],
        vec![right("ske-krav-og-betalinger", &["read"])],
    );

    assert_eq!(
        refused(
            &world,
            draft(1, UserKind::Agent, &[WITH_SIGNING, TAX_BASIS, CLAIMS])
        ),
        "access packages `krav-og-utlegg`, `regnskapsforer-med-signeringsrettighet` are not registered for system `991825827_smartcloud`"
    );
    let rights = vec![right("ske-krav-og-betalinger", &["read", "write"])];
    assert_eq!(
        refused(
            &world,
            RequestDraft {
                rights,
                ..draft(1, UserKind::Standard, &[])
            }
        ),
        "single right `read`, `write` on `ske-krav-og-betalinger` is not registered for system `991825827_smartcloud`"
    );
}

#[test]
fn a_request_names_only_packages_that_exist_and_the_nearest_is_suggested() {
    let world = World::new().system(&[TAX_BASIS]);

    assert_eq!(
        refused(&world, draft(1, UserKind::Agent, &["skattegrunlag"])),
        "access package `skattegrunlag` is not in the catalogue; did you mean `skattegrunnlag`?"
    );
    assert_eq!(
        refused(
            &world,
            draft(
                1,
                UserKind::Standard,
                &["urn:altinn:accesspackage:krav-og-utleg"]
            )
        ),
        "access package `urn:altinn:accesspackage:krav-og-utleg` is not in the catalogue; did you mean `krav-og-utlegg`?"
    );
}

#[test]
fn a_package_is_taken_as_code_or_urn_and_answered_as_its_code() {
    let world = World::new().system(&["urn:altinn:accesspackage:skattegrunnlag"]);

    let draft = draft(
        1,
        UserKind::Agent,
        &["urn:altinn:accesspackage:skattegrunnlag", TAX_BASIS],
    );
    let made = world.request(1, draft).unwrap();
    assert_eq!(made.request.packages, [TAX_BASIS.parse().unwrap()]);
}

#[test]
fn a_redirect_is_one_of_the_systems_registered_addresses_exactly() {
    let world = World::new().system(&[WITH_SIGNING]);
    let to = |url: Option<&str>| RequestDraft {
        redirect_url: url.map(|url| url.parse().unwrap()),
        ..draft(1, UserKind::Agent, &[WITH_SIGNING])
    };

    for near in [
        "https://smartcloud.example/receipt/",
        "https://smartcloud.example/receipt?a=b",
        "https://smartcloud.example.evil.example/receipt",
    ] {
        assert_eq!(
            refused(&world, to(Some(near))),
            format!(
                "redirect URL `{near}` is not registered for system `991825827_smartcloud`; registered: `https://smartcloud.example/receipt`"
            )
        );
    }
    let made = world.request(1, to(None)).unwrap();
    let registered = "https://smartcloud.example/receipt".parse().unwrap();
    assert_eq!(made.request.redirect_url, Some(registered));
    assert!(
        !world
            .request(2, to(Some("https://smartcloud.example/receipt")))
            .unwrap()
            .is_new
    );
}

#[test]
fn a_redirect_for_a_system_without_addresses_is_refused() {
    let world = World::new();
    let mut system = system_draft(&[WITH_SIGNING], Vec::new());
    system.redirect_urls.clear();
    world
        .engine
        .register_system(&world.call(vendor()), system)
        .unwrap();
    let draft = RequestDraft {
        redirect_url: Some("https://smartcloud.example/receipt".parse().unwrap()),
        ..draft(1, UserKind::Agent, &[WITH_SIGNING])
    };

    assert_eq!(
        refused(&world, draft),
        "redirect URL `https://smartcloud.example/receipt` is not registered for system `991825827_smartcloud`; registered: none"
    );
}

#[test]
fn a_request_that_no_single_relation_covers_is_accepted_with_a_warning_that_names_the_packages() {
    let world = World::new().system(&[WITH_SIGNING, PAYROLL, AUDITOR, TAX_BASIS, CLAIMS]);
    let warnings = |nth, packages: &[&str]| {
        let made = world
            .request(nth, draft(nth, UserKind::Agent, packages))
            .unwrap();
        assert!(made.is_new);
        let view = world
            .engine
            .snapshot()
            .request(&vendor(), made.request.id)
            .unwrap();
        assert_eq!(view.warnings, made.warnings);
        made.warnings
    };

    assert_eq!(
        warnings(1, &[WITH_SIGNING, PAYROLL, AUDITOR]),
        [
            "no single relation covers all of these access packages; beside the others, `ansvarlig-revisor` need a relation of their own"
        ]
    );
    assert_eq!(
        warnings(2, &[WITH_SIGNING, TAX_BASIS]),
        [
            "no single relation covers all of these access packages; beside the others, `regnskapsforer-med-signeringsrettighet` need a relation of their own"
        ]
    );
    assert!(warnings(3, &[WITH_SIGNING, PAYROLL]).is_empty());
    assert!(warnings(4, &[TAX_BASIS, CLAIMS]).is_empty());
}

#[test]
fn a_warning_names_the_same_packages_every_time() {
    let folder = fullmakt::policies::shipped();
    let text = folder.text(PolicyFolder::CATALOGUE).unwrap();
    let named = || {
        let catalogue = Catalogue::parse(text, None).unwrap();
        let set = [WITH_SIGNING, AUDITOR].map(|code| catalogue.find(code).unwrap());
        let missing = catalogue.never_covered_together(&set.into_iter().collect());
        catalogue.codes(&missing).to_string()
    };

    for _ in 0..50 {
        assert_eq!(named(), "`ansvarlig-revisor`");
    }
}

#[test]
fn a_reference_defaults_to_the_firms_number() {
    let world = World::new().system(&[WITH_SIGNING]);
    let without = RequestDraft {
        external_ref: None,
        ..draft(1, UserKind::Agent, &[WITH_SIGNING])
    };

    let key = world.request(1, without).unwrap().request.key;
    assert_eq!(
        (key.external_ref.as_str(), key.firm, key.system.as_str()),
        (FIRM, org(FIRM), SYSTEM)
    );
}

#[test]
fn a_title_of_a_system_is_in_both_languages() {
    let too_long = "x".repeat(129);
    assert_eq!(
        Title::new(&too_long, "SmartCloud").unwrap_err().to_string(),
        "name.nb is not 1 to 128 characters without control characters"
    );
    assert_eq!(
        Title::new("SmartCloud", " ").unwrap_err().to_string(),
        "name.en is not 1 to 128 characters without control characters"
    );
}
