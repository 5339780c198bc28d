use cedar_policy::{Authorizer, Context, Entity, EntityUid, Policy, PolicySet, Request};

use super::world::{POLICIES, mandates, rich_folder, written};
use super::{compiled, ids};
use crate::cedar::classify::{Reach, reach};
use crate::cedar::{ResourceSlot, entity};

/// What one policy alone says of a real mandate with all its attributes: satisfied, and erring.
fn cedar_says(
    policy: &Policy,
    mandate: &Entity,
    action: &EntityUid,
    resource: &EntityUid,
    base: &cedar_policy::Entities,
) -> (bool, bool) {
    let entities = base.clone().add_entities([mandate.clone()], None).unwrap();
    let context = Context::from_pairs([(
        "now".to_owned(),
        entity::datetime(crate::model::time::Timestamp::from_millis(9)),
    )]);
    let request = Request::new(
        mandate.uid(),
        action.clone(),
        resource.clone(),
        context.unwrap(),
        None,
    )
    .unwrap();
    let set = PolicySet::from_policies([policy.clone()]).unwrap();
    let response = Authorizer::new().is_authorized(&request, &set, &entities);
    let found = response.diagnostics();
    (
        found.reason().next().is_some(),
        found.errors().next().is_some(),
    )
}

#[test]
fn a_class_says_of_each_policy_what_cedar_says_of_every_real_mandate_in_it() {
    let mut compared = 0;
    for (place, effect) in
        (0..POLICIES.len()).flat_map(|place| [(place, "permit"), (place, "forbid")])
    {
        let own = written(effect, place);
        let policy: Policy = own.parse().unwrap();
        if reach(&policy, &|_| true) != Reach::Packages {
            continue;
        }
        let compiled = compiled(&rich_folder(&own));
        let id = format!("own/{effect}/{place}");
        for mandate in mandates() {
            let real = entity::mandate(&mandate).unwrap();
            for (name, action) in compiled.actions().iter().zip(&compiled.action_uids) {
                for resource in [
                    "ske-krav-og-betalinger",
                    "mva-melding-innsending",
                    "reports",
                    "unknown",
                ] {
                    let slot = compiled.resource_slot(resource);
                    let uid = entity::uid(&entity::Names::get().resource, resource);
                    let found = compiled.ask_class(
                        &mandate.packages,
                        compiled.action(name.as_str()).unwrap(),
                        slot,
                    );

                    let satisfied = if effect == "permit" {
                        &found.permits
                    } else {
                        &found.forbids
                    };
                    let says = (
                        ids(&compiled, satisfied).contains(&id),
                        ids(&compiled, &found.erring).contains(&id),
                    );
                    assert_eq!(
                        says,
                        cedar_says(&policy, &real, action, &uid, &compiled.stored),
                        "{own} {resource}"
                    );
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 9 * 2 * 6 * 2 * 4);
}

#[test]
fn the_slot_of_all_others_is_no_resource_that_can_be_asked_about() {
    let compiled = compiled(&rich_folder(""));

    let others = compiled.slot_uid(ResourceSlot::Other);

    assert!(
        AsRef::<str>::as_ref(others.id())
            .parse::<crate::model::id::ResourceId>()
            .is_err()
    );
    assert_eq!(compiled.resource_slots(), compiled.resources().len() + 1);
    assert_eq!(
        compiled.slot_index(ResourceSlot::Other),
        compiled.resources().len()
    );
}
