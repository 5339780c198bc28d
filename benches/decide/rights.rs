//! Decisions beside a million single rights.

use fullmakt::model::id::RequestId;
use fullmakt::model::policy::PolicyFolder;
use fullmakt::model::question::{Asked, Question};
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::system::{SingleRight, SystemDraft};
use fullmakt::policies;

use crate::in_turn::{ROUNDS, in_turn};
use crate::world::{NOW, RESOURCE, World, question};
use crate::{ASKED, decides, grouped, world};

/// Resources beside the shipped ones, so that a standard system user can hold ten single rights.
const OTHER_RESOURCES: usize = 10;
const STANDARD_USERS: usize = 100_000;

fn with_resources() -> PolicyFolder {
    let mut files = policies::shipped().files().to_vec();
    for file in &mut files {
        if &*file.path == PolicyFolder::ENTITIES {
            let mut entities: Vec<serde_json::Value> = serde_json::from_str(&file.text).unwrap();
            let like = entities
                .iter()
                .find(|entity| entity["uid"]["id"] == RESOURCE)
                .unwrap()
                .clone();
            entities.extend((0..OTHER_RESOURCES).map(|nth| {
                let mut entity = like.clone();
                entity["uid"]["id"] = format!("other-{nth}").into();
                entity
            }));
            file.text = serde_json::to_string(&entities).unwrap().into();
        }
    }
    PolicyFolder::new(files)
}

/// A million single rights, of a hundred thousand standard system users.
fn give_rights(world: &World) {
    let right = |nth: usize| SingleRight {
        resource: format!("other-{nth}").parse().unwrap(),
        actions: vec!["read".parse().unwrap()],
    };
    let rights: Vec<SingleRight> = (0..OTHER_RESOURCES).map(right).collect();
    let draft = SystemDraft {
        rights: rights.clone(),
        ..world::system()
    };
    world.engine.change_system(&world::vendor(), draft).unwrap();
    let owners = world::numbers(81_000_000, STANDARD_USERS);
    world::at_once(STANDARD_USERS, |nth| {
        let id = RequestId(world::user(1_000_000 + nth).0);
        let draft = RequestDraft {
            kind: UserKind::Standard,
            packages: Vec::new(),
            rights: rights.clone(),
            ..world::request(owners[nth])
        };
        world
            .engine
            .create_request(&world::vendor(), id, draft)
            .unwrap();
        world
            .engine
            .approve_request(&world::admin_of(owners[nth]), id)
            .unwrap();
    });
    let asked = Question {
        resource: "other-7".parse().unwrap(),
        ..question(world::user(1_000_000), owners[0])
    };
    assert!(world.engine.snapshot().decide(&asked, *NOW).permit);
}

/// The same decisions without and with a million single rights beside them.
pub(crate) fn single_rights(delegations: usize) {
    let without = World::of(delegations, with_resources());
    let with = World::of(delegations, with_resources());
    give_rights(&with);
    let pairs = without.pairs(ASKED * (ROUNDS + 1));
    let (before, after) = (without.engine.snapshot(), with.engine.snapshot());
    let spreads = in_turn(vec![
        decides(&before, &pairs, Asked::default()),
        decides(&after, &pairs, Asked::default()),
    ]);
    println!(
        "\na million single rights beside {} delegations: a decision {} without, {} with: {:.2} times",
        grouped(delegations),
        spreads[0],
        spreads[1],
        spreads[1].median / spreads[0].median
    );
}
