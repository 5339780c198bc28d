//! Unknown names in commands are refused by name, with the nearest known one suggested.

use fullmakt::model::id::{ExternalRef, OrgNo, SystemId, SystemUserId};
use fullmakt::model::party::{LegalForm, PartyName};
use fullmakt::model::relation::Role;
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::system::{RedirectUrl, Title};

use super::{CLIENT, TAX_BASIS, WITH_SIGNING};
use crate::world::{
    SYSTEM, World, draft, firm_admin, operator, org, relation_key, right, system_draft, user,
    vendor,
};

fn world() -> World {
    World::new().system(&[WITH_SIGNING, TAX_BASIS])
}

#[test]
fn an_unknown_system_is_refused_with_the_vendors_nearest() {
    let world = world();
    let near: SystemId = "991825827_smartclud".parse().unwrap();
    let said =
        "system `991825827_smartclud` is not registered; did you mean `991825827_smartcloud`?";
    let call = world.call(vendor());

    let request = RequestDraft {
        system: near.clone(),
        ..draft(1, UserKind::Agent, &[WITH_SIGNING])
    };
    assert_eq!(world.refused(|_| world.request(1, request)), said);
    assert_eq!(
        world.refused(|engine| engine.delete_system(&call, near.clone())),
        said
    );
    let mut change = system_draft(&[WITH_SIGNING], Vec::new());
    change.id = near.clone();
    assert_eq!(
        world.refused(|engine| engine.change_system(&call, change)),
        said
    );
    let read = world.engine.snapshot().system(&operator(), &near);
    assert_eq!(read.unwrap_err().to_string(), said);
}

#[test]
fn a_system_of_a_vendor_without_systems_is_refused_without_a_suggestion() {
    let world = world();
    let foreign: SystemId = "974761076_smartcloud".parse().unwrap();

    let read = world.engine.snapshot().system(&operator(), &foreign);
    assert_eq!(
        read.unwrap_err().to_string(),
        "system `974761076_smartcloud` is not registered"
    );
}

#[test]
fn an_unknown_package_of_a_system_or_a_relation_is_refused_with_the_nearest() {
    let world = world();
    let said =
        "access package `skattegrunlag` is not in the catalogue; did you mean `skattegrunnlag`?";

    let change = system_draft(&["skattegrunlag"], Vec::new());
    assert_eq!(
        world.refused(|engine| engine.change_system(&world.call(vendor()), change)),
        said
    );
    let key = relation_key(CLIENT, Role::RightHolder);
    let packages = vec![TAX_BASIS.to_owned(), "skattegrunlag".to_owned()];
    assert_eq!(
        world.refused(|engine| engine.put_relation(&world.call(operator()), key, packages)),
        said
    );
}

#[test]
fn an_unknown_resource_or_action_of_a_single_right_is_refused_with_what_there_is() {
    let world = world();
    let change = |right| {
        let draft = system_draft(&[], vec![right]);
        world.refused(|engine| engine.change_system(&world.call(vendor()), draft))
    };

    assert_eq!(
        change(right("ske-krav-og-betaling", &["read"])),
        "single right on `ske-krav-og-betaling`: no such resource; did you mean `ske-krav-og-betalinger`?"
    );
    assert_eq!(
        change(right("ske-krav-og-betalinger", &["erase"])),
        "no single-right template opens exactly the actions of `erase` on `ske-krav-og-betalinger`; there are templates for `read`, `write`, `read` with `write`"
    );
}

#[test]
fn an_unknown_system_user_is_refused_by_its_id() {
    let world = world();
    let said = "system user `5ea1d000-0000-4000-8000-000000000077` does not exist";
    let call = world.call(firm_admin());

    assert_eq!(world.refused(|_| world.add(77, CLIENT)), said);
    assert_eq!(
        world.refused(|engine| engine.remove_client(&call, user(77), org(CLIENT))),
        said
    );
    assert_eq!(
        world.refused(|engine| engine.delete_system_user(&call, user(77))),
        said
    );
    let batch = fullmakt::engine::Batch {
        add: vec![org(CLIENT)],
        remove: Vec::new(),
    };
    assert_eq!(
        world.refused(|engine| engine.change_clients(&call, user(77), batch)),
        said
    );
}

#[test]
fn an_unknown_role_or_form_is_refused_with_the_nearest() {
    assert_eq!(
        "regnskapsfører".parse::<Role>().unwrap_err().to_string(),
        "role `regnskapsfører` is not one of `regnskapsforer`, `revisor`, `forretningsforer`, `rettighetshaver`; did you mean `regnskapsforer`?"
    );
    assert_eq!(
        "BLR".parse::<LegalForm>().unwrap_err().to_string(),
        "legal form `BLR` is not a code of the register; did you mean `BRL`?"
    );
}

#[test]
fn a_malformed_name_is_refused_with_the_form_it_should_have() {
    let org_no = |text: &str| text.parse::<OrgNo>().unwrap_err().to_string();
    assert_eq!(
        org_no("31200274"),
        "organisation number `31200274` is not nine digits"
    );
    assert_eq!(
        org_no("312002745"),
        "organisation number `312002745` has a wrong check digit (MOD11)"
    );
    assert_eq!(
        org_no("012345678"),
        "organisation number `012345678` begins with 0"
    );
    let system = |text: &str| text.parse::<SystemId>().unwrap_err().to_string();
    for text in ["smartcloud", "991825827_Smart", "991825827_"] {
        assert_eq!(
            system(text),
            format!(
                "system id `{text}` is not `<vendor organisation number>_<name>`, with a name of a-z, 0-9, `-` and `_`"
            )
        );
    }
    assert_eq!(
        system("991825828_smartcloud"),
        "organisation number `991825828` has a wrong check digit (MOD11)"
    );
    assert_eq!(
        SYSTEM.parse::<SystemId>().unwrap().vendor(),
        org("991825827")
    );
    for text in [
        "5ea1d000000040008000000000000001",
        "{5ea1d000-0000-4000-8000-000000000001}",
        "urn:uuid:5ea1d000-0000-4000-8000-000000000001",
        "5ea1d000-0000-4000-8000-00000000000g",
    ] {
        assert_eq!(
            text.parse::<SystemUserId>().unwrap_err().to_string(),
            format!("`{text}` is not a UUID of the form `5ea1d000-0000-4000-8000-000000000001`")
        );
    }
}

#[test]
fn a_text_for_people_has_no_control_characters_and_an_end() {
    let said = |refused: Result<(), String>| refused.unwrap_err();
    let name = |text: &str| {
        text.parse::<PartyName>()
            .map(drop)
            .map_err(|error| error.to_string())
    };
    let refused = "name is not 1 to 256 characters without control characters";
    for text in ["", " ", "A\nB", "A\u{7}", &"Å".repeat(257)] {
        assert_eq!(said(name(text)), refused, "{text:?}");
    }
    assert_eq!(name(&"Å".repeat(256)), Ok(()));
    let title = |nb: &str, en: &str| {
        Title::new(nb, en)
            .map(drop)
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        said(title("a", "b\tc")),
        "name.en is not 1 to 128 characters without control characters"
    );
    assert_eq!(
        said(title(&"a".repeat(129), "b")),
        "name.nb is not 1 to 128 characters without control characters"
    );
    let reference = "a\u{0}b"
        .parse::<ExternalRef>()
        .map(drop)
        .map_err(|error| error.to_string());
    assert_eq!(
        said(reference),
        "external reference is not 1 to 256 characters without control characters"
    );
}

#[test]
fn a_receipt_page_is_an_https_address_to_the_letter() {
    let long = format!("https://a.example/{}", "x".repeat(2048));
    for text in [
        "http://a.example/",
        "ftp://a.example/",
        "a.example",
        "https://",
        "https://user@a.example/",
        "https://:word@a.example/",
        "https://a.example/#done",
        "https://a.example/æ",
        "https://a.example/ b",
        &long,
    ] {
        let shown: String = text.chars().take(64).collect();
        let shown = if text.len() > 64 {
            format!("{shown}…")
        } else {
            shown
        };
        assert_eq!(
            text.parse::<RedirectUrl>().unwrap_err().to_string(),
            format!(
                "redirect URL `{shown}` is not an https address with a host, without user name and fragment"
            )
        );
    }
    for text in ["https://a.example", "HTTPS://A.example:8443/x?y=z%20"] {
        assert_eq!(text.parse::<RedirectUrl>().unwrap().as_str(), text);
    }
}

#[test]
fn a_party_that_nobody_wrote_is_not_known() {
    let world = world().party(CLIENT, "AS");
    let snapshot = world.engine.snapshot();

    assert_eq!(
        snapshot
            .party(&vendor(), org(CLIENT))
            .unwrap()
            .form
            .as_str(),
        "AS"
    );
    assert_eq!(
        snapshot
            .party(&vendor(), org("312004119"))
            .unwrap_err()
            .to_string(),
        "party `312004119` is not known"
    );
}
