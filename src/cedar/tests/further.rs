use super::world::{POLICIES, compare, find, mandates, rich_folder, written};
use super::{TAX, agent, compiled, folder, ids, nobody, read, slot};
use crate::cedar::compile::Kind;
use crate::cedar::{Identity, Satisfied};
use crate::model::question::Asked;
use crate::model::time::Timestamp;

#[test]
fn every_policy_alone_answers_as_cedar_does_on_the_export() {
    for place in 0..POLICIES.len() {
        for effect in ["permit", "forbid"] {
            compare(&rich_folder(&written(effect, place)));
        }
    }
}

#[test]
fn all_policies_together_answer_as_cedar_does_on_the_export() {
    // All that can be permitted, with each forbid in turn; then everything at once.
    let permits: String = (0..POLICIES.len())
        .map(|place| written("permit", place))
        .collect();
    let (permitted, denied) = compare(&rich_folder(&permits));
    assert!(permitted > 100 && denied > 100, "{permitted} {denied}");
    for place in 0..POLICIES.len() {
        compare(&rich_folder(&format!(
            "{permits}{}",
            written("forbid", place)
        )));
    }
    let forbids: String = (0..POLICIES.len())
        .map(|place| written("forbid", place))
        .collect();
    assert_eq!(compare(&rich_folder(&format!("{permits}{forbids}"))).0, 0);
}

#[test]
fn an_erring_forbid_denies_and_an_erring_permit_does_not() {
    let packages = "9223372036854775807 + 1 > 0";
    let context =
        "context has authenticationLevel && context.authenticationLevel + 9223372036854775807 > 0";
    let further = "principal.party == principal.party && 9223372036854775807 + 1 > 0";
    let conditions = [
        (packages, false, false),
        (context, true, false),
        (further, false, true),
    ];
    for (effect, (condition, by_context, is_further)) in ["permit", "forbid"]
        .into_iter()
        .flat_map(|effect| conditions.map(|condition| (effect, condition)))
    {
        let compiled = compiled(&folder(&format!(
            "@id(\"errs\") {effect} (principal is Mandate, action, resource) when {{ {condition} }};"
        )));
        let held = agent(1, super::CLIENT, &["skattegrunnlag"]);
        let asked = compiled
            .check_asked(Some(read(&compiled)), &Asked::at_level(3))
            .unwrap();
        let now = Timestamp::from_millis(0);

        let found = compiled
            .ask_class(&held.packages, read(&compiled), slot(&compiled, TAX))
            .and(&compiled.ask_context(
                &held.packages,
                read(&compiled),
                slot(&compiled, TAX),
                asked.asked(),
                now,
            ))
            .and(&compiled.ask_further(
                &held,
                read(&compiled),
                &TAX.parse().unwrap(),
                &asked,
                now,
                &nobody,
            ));

        assert_eq!(
            compiled.further(read(&compiled), slot(&compiled, TAX)),
            is_further
        );
        assert_eq!(
            compiled
                .context_seen(read(&compiled), slot(&compiled, TAX))
                .is_some(),
            by_context
        );
        assert_eq!(
            ids(&compiled, &found.permits),
            [format!("{TAX}/read-skattegrunnlag")]
        );
        assert_eq!(ids(&compiled, &found.erring), ["errs"]);
        assert_eq!(found.forbid_erred, effect == "forbid");
        assert_eq!(found.denies(), effect == "forbid");
    }
}

#[test]
fn grants_that_policies_and_stored_entities_name_are_mentioned() {
    let named = |own: &str| {
        let compiled = compiled(&rich_folder(own));
        let mentioned: Vec<_> = compiled
            .mentioned()
            .iter()
            .map(|identity| identity.uid().to_string())
            .collect();
        mentioned
    };

    let stored = [
        r#"Mandate::"00000000-0000-0000-0000-000000000001@312002744""#,
        r#"Mandate::"00000000-0000-0000-0000-000000000008@312002744""#,
        r#"SystemUser::"00000000-0000-0000-0000-000000000002""#,
        r#"SystemUser::"00000000-0000-0000-0000-000000000009""#,
        r#"System::"991825827_smartcloud""#,
    ];
    assert_eq!(named(""), stored);
    let own = r#"permit (principal, action, resource) when { Mandate::"00000000-0000-0000-0000-000000000003@312002744" has party };"#;
    let mut all = stored.to_vec();
    all.insert(
        1,
        r#"Mandate::"00000000-0000-0000-0000-000000000003@312002744""#,
    );
    all.sort_unstable();
    let mut found = named(own);
    found.sort_unstable();
    assert_eq!(found, all);
}

#[test]
fn a_grant_that_is_spelt_otherwise_is_no_grant() {
    for literal in [
        r#"Mandate::"ABCDEF00-0000-0000-0000-000000000001@312002744""#,
        r#"Mandate::"00000000-0000-0000-0000-000000000001@ 312002744""#,
        r#"Mandate::"00000000-0000-0000-0000-000000000001""#,
        r#"SystemUser::"urn:uuid:00000000-0000-0000-0000-000000000001""#,
        r#"System::"smartcloud""#,
        r#"Organization::"312002744""#,
    ] {
        assert_eq!(Identity::of(&literal.parse().unwrap()), None, "{literal}");
    }
    for mandate in mandates() {
        let identity = Identity::Mandate(mandate.user.id, mandate.party);
        assert_eq!(Identity::of(&identity.uid()), Some(identity));
    }
}

#[test]
fn what_cannot_be_in_scope_is_not_asked() {
    let own = "permit (principal, action == Action::\"write\", resource) when { principal has via };\n\
               permit (principal is Person, action, resource) when { principal.party == resource.owner };";
    let compiled = compiled(&folder(own));
    let further = compiled
        .policies
        .iter()
        .filter(|policy| matches!(policy.kind, Kind::Further(_)));
    assert_eq!(further.count(), 2);

    assert!(!compiled.further(read(&compiled), slot(&compiled, TAX)));
    assert!(compiled.further(compiled.action("write").unwrap(), slot(&compiled, TAX)));
    let asked = compiled.check_asked(None, &Asked::default()).unwrap();
    let now = Timestamp::from_millis(0);
    let never = |_: &Identity| panic!("nothing is looked up where no policy is asked");
    let found = compiled.ask_further(
        &agent(1, super::CLIENT, &[]),
        read(&compiled),
        &TAX.parse().unwrap(),
        &asked,
        now,
        &never,
    );
    assert_eq!(found, Satisfied::default());
    assert!(find(&Identity::System("991825827_gone".parse().unwrap())).is_none());
}
