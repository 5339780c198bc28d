//! Versions of policies: what was published can be taken back, and what differs is named exactly.

use std::collections::BTreeSet;

use fullmakt::cedar::{Change, Part, differences};
use fullmakt::engine::{Engine, PublishError, Published};
use fullmakt::model::caller::Caller;
use fullmakt::model::event::Event;
use fullmakt::model::id::Revision;
use fullmakt::model::policy::PolicyFolder;
use fullmakt::model::publication::Publication;
use fullmakt::model::question::Explained;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::random_worlds::{Asking, asking, deed, policy, world_of};
use crate::world::{World, firm_admin, operator, policies_with, resource_api};

const OWN: &str = "resources/random.cedar";

fn of(policies: &[String]) -> PolicyFolder {
    policies_with(&[(OWN, &policies.join("\n"))])
}

fn publish(
    world: &World,
    folder: PolicyFolder,
    follows: &str,
    publication: Publication,
) -> Result<(Revision, Published), PublishError> {
    let staged = Engine::stage(folder).unwrap();
    let call = world.call(operator());
    let written = world.engine.publish(&call, staged, follows, publication)?;
    Ok((written.revision, written.value))
}

fn answers(world: &World, askings: &[Asking]) -> Vec<Explained> {
    let snapshot = world.engine.snapshot();
    let answers = askings
        .iter()
        .map(|asking| snapshot.explain(&asking.question(), asking.now()).unwrap());
    // What revision an answer is of is the one thing that a rollback does not bring back.
    answers
        .map(|mut answer| {
            answer.decision.revision = Revision::ZERO;
            answer.explanation.revision = Revision::ZERO;
            answer
        })
        .collect()
}

#[test]
fn a_rollback_brings_back_every_answer_also_after_a_restart() {
    let policies = || prop::collection::vec(policy(), 1..6);
    let strategy = (
        (policies(), policies()),
        prop::collection::vec(deed(), 1..16),
        prop::collection::vec(asking(), 40),
    );
    let mut runner = TestRunner::new(Config::with_cases(16));
    let changed = std::cell::Cell::new(0);

    let outcome = runner.run(&strategy, |((good, bad), deeds, askings)| {
        let world = world_of(&good, &deeds);
        let before = answers(&world, &askings);
        let good_hash = of(&good).hash();
        let begun = world.engine.snapshot().policies_put(&operator()).unwrap();
        let note = Publication {
            note: Some("bad".into()),
            ..Publication::default()
        };
        let (_, published) = publish(&world, of(&bad), &good_hash, note).unwrap();
        prop_assume!(published == Published::InForce);
        if answers(&world, &askings) != before {
            changed.set(changed.get() + 1);
        }

        let named = begun.unwrap().revision.to_string();
        let found = world.engine.snapshot().policy_version(&operator(), &named);
        let (_, folder) = found.unwrap();
        prop_assert_eq!(&folder, &of(&good));
        publish(&world, folder, &of(&bad).hash(), Publication::default()).unwrap();

        prop_assert_eq!(&answers(&world, &askings), &before);
        prop_assert_eq!(&answers(&world.reopened(), &askings), &before);
        Ok(())
    });

    outcome.unwrap();
    assert!(changed.get() > 3, "{}", changed.get());
}

/// What becomes of a policy of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Laid,
    Moved,
    Gone,
    Turned,
    New,
}

fn named(nth: usize, text: &str) -> String {
    let text = text
        .find("permit")
        .or_else(|| text.find("forbid"))
        .map_or(text, |at| &text[at..]);
    format!("@id(\"own/{nth}\")\n{text}")
}

#[test]
fn a_difference_names_exactly_the_policies_that_changed() {
    let fates = prop::sample::select(vec![
        Fate::Kept,
        Fate::Kept,
        Fate::Laid,
        Fate::Moved,
        Fate::Gone,
        Fate::Turned,
        Fate::New,
    ]);
    let strategy = prop::collection::vec((policy(), fates), 1..9);
    let mut runner = TestRunner::new(Config::with_cases(200));

    let outcome = runner.run(&strategy, |policies| {
        let (mut before, mut after, mut moved) = (String::new(), String::new(), String::new());
        let mut expected = BTreeSet::new();
        for (nth, (text, fate)) in policies.iter().enumerate() {
            let text = named(nth, text);
            if *fate != Fate::New {
                before = format!("{before}{text}\n");
            }
            let id = format!("own/{nth}");
            match fate {
                Fate::Kept => after = format!("{text}\n{after}"),
                Fate::Laid => {
                    let laid = text
                        .replace('(', "( // said here\n  ")
                        .replace(" {", "\n\n{ ");
                    after = format!("// Other words.\n{after}\n\n{laid}\n");
                }
                Fate::Moved => moved = format!("{moved}{text}\n"),
                Fate::Gone => {
                    expected.insert((Change::Removed, id));
                }
                Fate::Turned => {
                    let turned = if text.contains("permit") {
                        text.replacen("permit", "forbid", 1)
                    } else {
                        text.replacen("forbid", "permit", 1)
                    };
                    after = format!("{after}{turned}\n");
                    expected.insert((Change::Changed, id));
                }
                Fate::New => {
                    after = format!("{after}{text}\n");
                    expected.insert((Change::Added, id));
                }
            }
        }
        let before = policies_with(&[(OWN, &before)]);
        let after = policies_with(&[(OWN, &after), ("resources/beside.cedar", &moved)]);
        let found = differences(&before, &after);
        prop_assert!(found.iter().all(|one| one.part == Part::Policy));
        let names: BTreeSet<_> = found
            .iter()
            .map(|one| (one.change, one.name.clone()))
            .collect();
        prop_assert_eq!(names, expected);
        for one in found {
            let folder = if one.change == Change::Removed {
                &before
            } else {
                &after
            };
            let text = folder.text(&one.file).unwrap();
            let line = text.lines().nth(one.line.unwrap() - 1).unwrap();
            prop_assert_eq!(line, format!("@id(\"{}\")", one.name));
        }
        Ok(())
    });

    outcome.unwrap();
}

#[test]
fn policies_without_a_name_of_their_own_are_known_by_what_they_say() {
    let (one, two, three) = (
        "permit (principal is Mandate, action == Action::\"read\", resource);\n",
        "forbid (principal, action == Action::\"write\", resource);\n",
        "forbid (principal, action, resource) when { context has authenticationLevel };\n",
    );
    let before = policies_with(&[(OWN, &[one, two].concat())]);
    let after = policies_with(&[(OWN, &[three, one, two].concat())]);

    let found = differences(&before, &after);

    let shown: Vec<_> = found
        .iter()
        .map(|one| (one.change, one.name.as_str(), one.line))
        .collect();
    assert_eq!(
        shown,
        [(Change::Added, "resources/random.cedar#1", Some(1))]
    );
    assert_eq!(found[0].after.as_deref(), Some(three.trim_end()));
}

#[test]
fn packages_relations_entities_and_schemas_are_compared_too() {
    let shipped = policies_with(&[]);
    let text = |file: &str| shipped.text(file).unwrap().to_owned();
    let mut catalogue: serde_json::Value =
        serde_json::from_str(&text(PolicyFolder::CATALOGUE)).unwrap();
    let gone = catalogue["packages"].as_array_mut().unwrap().remove(0);
    let code = gone["code"].as_str().unwrap().to_owned();
    for role in catalogue["relations"].as_object_mut().unwrap().values_mut() {
        let gives = role["gives"].as_array_mut().unwrap();
        gives.retain(|gift| gift["package"] != code.as_str());
    }
    let mut entities: serde_json::Value =
        serde_json::from_str(&text(PolicyFolder::ENTITIES)).unwrap();
    let all = entities.as_array_mut().unwrap();
    all[1]["uid"]["id"] = "my-service".into();
    let schema = text(PolicyFolder::SCHEMA);
    let after = policies_with(&[
        (PolicyFolder::CATALOGUE, &catalogue.to_string()),
        (PolicyFolder::ENTITIES, &entities.to_string()),
        (PolicyFolder::SCHEMA, &format!("{schema}\nentity Own;\n")),
    ]);

    let found = differences(&shipped, &after);

    let of = |part| -> Vec<(Change, &str)> {
        let found = found.iter().filter(|one| one.part == part);
        found.map(|one| (one.change, one.name.as_str())).collect()
    };
    assert_eq!(of(Part::Package), [(Change::Removed, code.as_str())]);
    assert!(
        of(Part::Relation)
            .iter()
            .all(|(change, _)| *change == Change::Changed)
    );
    assert!(of(Part::Entity).contains(&(Change::Added, "Resource::\"my-service\"")));
    assert_eq!(of(Part::Entity).len(), 2);
    assert_eq!(of(Part::File), [(Change::Changed, "schema.cedarschema")]);
    assert_eq!(of(Part::Policy), []);
    // The same words in other lines are no difference.
    let laid = schema.replace(' ', "\n ");
    let laid = policies_with(&[(PolicyFolder::SCHEMA, &laid)]);
    assert_eq!(differences(&shipped, &laid), []);
}

#[test]
fn only_one_of_those_who_follow_the_same_policies_comes_in_force() {
    let world = World::new();
    let base = world.folder.hash();
    let with = |nth: usize| {
        let own = format!(
            "@id(\"own/{nth}\")\nforbid (principal, action == Action::\"write\", resource);\n"
        );
        policies_with(&[(OWN, &own)])
    };
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let publishers: Vec<_> = (0..8)
            .map(|nth| {
                let (world, base) = (&world, &base);
                scope.spawn(move || publish(world, with(nth), base, Publication::default()))
            })
            .collect();
        let outcomes = publishers.into_iter().map(|one| one.join().unwrap());
        outcomes.collect()
    });

    let winners: Vec<_> = (0..)
        .zip(&outcomes)
        .filter(|(_, outcome)| outcome.is_ok())
        .collect();
    let [(winner, Ok((revision, Published::InForce)))] = winners[..] else {
        panic!("{outcomes:?}");
    };
    let in_force = with(winner).hash();
    assert_eq!(world.engine.snapshot().policy_hash(), in_force);
    for lost in outcomes.iter().filter(|outcome| outcome.is_err()) {
        let Err(PublishError::Changed {
            given,
            in_force: told,
        }) = lost
        else {
            panic!("{lost:?}");
        };
        assert_eq!(
            (given.as_str(), &**told),
            (base.as_str(), in_force.as_str())
        );
    }
    let snapshot = world.engine.snapshot();
    let versions = snapshot.policy_versions(&operator(), None, 10).unwrap();
    let revisions: Vec<_> = versions.iter().map(|one| one.revision).collect();
    assert_eq!(revisions, [*revision, Revision(1)]);
}

#[test]
fn a_caller_that_may_only_propose_needs_another_to_approve() {
    let admin = policies_with(&[])
        .text(PolicyFolder::ADMIN)
        .unwrap()
        .to_owned();
    let begin = admin
        .find("@id(\"admin/operator-publishes-policies\")")
        .unwrap();
    let end = begin + admin[begin..].find(";\n").unwrap() + 2;
    let admin = [&admin[..begin], &admin[end..]].concat();
    let own = "@id(\"own/stop\")\nforbid (principal, action == Action::\"write\", resource);\n";
    let (two, next) = (
        policies_with(&[(PolicyFolder::ADMIN, &admin)]),
        policies_with(&[(PolicyFolder::ADMIN, &admin), (OWN, own)]),
    );
    let world = World::under(two.clone());
    let note = Publication {
        note: Some("stop".into()),
        folder: Some(two.hash().into()),
        ..Publication::default()
    };

    let (proposal, published) = publish(&world, next.clone(), &two.hash(), note).unwrap();

    assert_eq!(published, Published::Proposed);
    assert_eq!(world.engine.snapshot().policy_hash(), two.hash());
    let open = world
        .engine
        .snapshot()
        .policy_proposals(&operator())
        .unwrap();
    assert_eq!(open.len(), 1);
    let approve = |by: Caller, proposal| {
        world
            .engine
            .approve_policies(&world.call(by), proposal, None)
    };
    let own = approve(operator(), proposal).unwrap_err();
    assert!(matches!(own, PublishError::SamePerson { .. }), "{own}");
    let stranger = approve(firm_admin(), proposal).unwrap_err();
    assert!(
        matches!(stranger, PublishError::NotEntitled(_)),
        "{stranger}"
    );
    let none = approve(operator(), Revision(1)).unwrap_err();
    assert!(matches!(none, PublishError::NoProposal(_)), "{none}");
    let other = Caller {
        id: "other-operator".parse().unwrap(),
        ..operator()
    };
    let written = approve(other.clone(), proposal).unwrap();
    assert_eq!(world.engine.snapshot().policy_hash(), next.hash());
    let put = world
        .engine
        .snapshot()
        .policies_put(&operator())
        .unwrap()
        .unwrap();
    let Event::PoliciesInForce {
        publication: Some(publication),
        ..
    } = put.event
    else {
        panic!("{put:?}");
    };
    assert_eq!(put.revision, written.revision);
    assert_eq!(
        (publication.note.as_deref(), publication.proposal),
        (Some("stop"), Some(proposal))
    );
    // It is decided, and cannot be approved again; nor can one that others overtook.
    let again = approve(other, proposal).unwrap_err();
    assert!(matches!(again, PublishError::Overtaken { .. }), "{again}");
    assert_eq!(
        world
            .engine
            .snapshot()
            .policy_proposals(&operator())
            .unwrap(),
        []
    );
    // After a restart with the folder that was there before, what was approved stays.
    let world = world.reopened_under(two);
    assert_eq!(world.engine.snapshot().policy_hash(), next.hash());
}

#[test]
fn a_folder_comes_in_force_again_only_when_it_holds_something_else() {
    let world = World::new();
    let shipped = world.folder.clone();
    let own = |word: &str| {
        let own = format!(
            "@id(\"own/{word}\")\nforbid (principal, action == Action::\"write\", resource);\n"
        );
        policies_with(&[(OWN, &own)])
    };
    let at = Publication {
        folder: Some(shipped.hash().into()),
        ..Publication::default()
    };
    publish(&world, own("published"), &shipped.hash(), at).unwrap();

    let world = world.reopened_under(shipped.clone());
    assert_eq!(
        world.engine.snapshot().policy_hash(),
        own("published").hash()
    );
    let revision = world.revision();
    let world = world.reopened_under(own("edited"));
    assert_eq!(world.engine.snapshot().policy_hash(), own("edited").hash());
    assert_eq!(world.revision(), revision + 1);
    let world = world.reopened_under(shipped.clone());
    assert_eq!(world.engine.snapshot().policy_hash(), shipped.hash());
}

#[test]
fn who_may_not_publish_or_read_versions_is_refused() {
    let world = World::new();
    let base = world.folder.hash();
    for by in [resource_api(), firm_admin()] {
        let staged = Engine::stage(policies_with(&[(OWN, "")])).unwrap();
        let call = world.call(by.clone());
        let refused = world
            .engine
            .publish(&call, staged, &base, Publication::default());
        let refused = refused.unwrap_err();
        assert!(matches!(refused, PublishError::NotEntitled(_)), "{refused}");
        assert!(
            refused.to_string().contains("put policies in force"),
            "{refused}"
        );
        let snapshot = world.engine.snapshot();
        assert!(snapshot.policy_versions(&by, None, 10).is_err());
        assert!(snapshot.policy_version(&by, "1").is_err());
        assert!(snapshot.policy_proposals(&by).is_err());
    }
    assert_eq!(world.revision(), 1);
}

#[test]
fn a_version_is_named_by_a_revision_or_by_its_hash() {
    let world = World::new();
    let snapshot = world.engine.snapshot();
    let hash = world.folder.hash();
    let told = |named: &str| match snapshot.policy_version(&operator(), named) {
        Ok((recorded, folder)) => {
            assert_eq!(folder, world.folder);
            recorded.revision.to_string()
        }
        Err(error) => error.to_string(),
    };
    assert_eq!(
        (told("1"), told(&hash), told(&hash[..6])),
        ("1".into(), "1".into(), "1".into())
    );
    for (named, expected) in [
        ("2", "revision 2 is not made yet"),
        ("0", "revision 0 is not made yet"),
        (
            "123456",
            "no policies whose hash begins with `123456` were ever in force",
        ),
        (
            "abc",
            "`abc` names no version: give a revision, or at least 6 digits of a hash",
        ),
        (
            "no-hash",
            "`no-hash` names no version: give a revision, or at least 6 digits of a hash",
        ),
        (
            "ffffff",
            "no policies whose hash begins with `ffffff` were ever in force",
        ),
    ] {
        assert_eq!(told(named), expected);
    }
}
