//! Decisions under a policy with a condition.

use fullmakt::model::policy::PolicyFolder;
use fullmakt::model::question::Asked;
use fullmakt::policies;

use crate::in_turn::in_turn;
use crate::world::cedar::Cedar;
use crate::world::{RESOURCE, World};
use crate::{ASKED, cedar_side, decides, grouped};

/// The shipped folder with one more policy for the resource.
fn with_policy(text: &str) -> PolicyFolder {
    let mut files = policies::shipped().files().to_vec();
    for file in &mut files {
        if &*file.path == "resources/ske-krav-og-betalinger.cedar" {
            file.text = format!("{}\n{text}\n", file.text).into();
        }
    }
    PolicyFolder::new(files)
}

const CONDITIONS: [(&str, &str); 3] = [
    (
        "a level",
        "context has authenticationLevel && context.authenticationLevel < 3",
    ),
    ("the clock", "context.now > datetime(\"2100-01-01\")"),
    (
        "the mandate",
        "principal has via && principal.via == Organization::\"974761076\"",
    ),
];

/// Decisions where a policy has a condition, beside Cedar's ideal slice of the same policies.
pub(crate) fn conditions(delegations: usize) {
    println!(
        "\nwith one more policy, a forbid with a condition, at {} delegations",
        grouped(delegations)
    );
    for (on, condition) in CONDITIONS {
        let id = "@id(\"ske-krav-og-betalinger/condition\")";
        let scope = format!(
            "(principal, action == Action::\"read\", resource == Resource::\"{RESOURCE}\")"
        );
        let policy = format!("{id}\nforbid {scope} when {{ {condition} }};");
        let world = World::of(delegations, with_policy(&policy));
        let snapshot = world.engine.snapshot();
        let pairs = world.pairs(ASKED * 2);
        let cedar = Cedar::ideal_slice(&world, Some(4));
        let spreads = in_turn(vec![
            decides(&snapshot, &pairs, Asked::at_level(4)),
            cedar_side(&cedar),
        ]);
        println!(
            "  a condition on {on}: {}; Cedar's ideal slice {}: a decision is {:.2} times it",
            spreads[0],
            spreads[1],
            spreads[0].median / spreads[1].median
        );
    }
}
