//! What is done and asked in one world: deeds, changes of policies and questions, in turn.

use super::choices::Choices;
use super::folder::{Written, packages};
use super::policies::{Want, broad, policy};
use super::questions::{Asking, asking};
use super::stored::entities;
use super::terms::USERS;
use crate::deeds::{Deed, FIRMS, FORMS, PACKAGES, PARTIES};

/// How large a plan is, and what its policies look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) parts: usize,
    /// Questions in each part.
    pub(crate) asked: usize,
    /// How often policies are made to look at what, as [`Want::ALL`] has it.
    pub(crate) wants: [usize; 4],
}

/// One world's story.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) parts: Vec<Part>,
}

/// A piece of it: what changes, and then what is asked.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) policies: Option<Written>,
    /// Whether the engine is closed and opened again with the policies, instead of putting them in force as it runs.
    pub(crate) reopens: bool,
    pub(crate) deeds: Vec<Deed>,
    pub(crate) askings: Vec<Asking>,
}

pub(crate) fn plan(choices: &mut dyn Choices, shape: Shape) -> Plan {
    let parts = (0..shape.parts).map(|place| {
        // The world begins under policies; later parts change them, or grants, or both.
        let changes = place == 0 || choices.chance(65);
        Part {
            // A system can be registered under the whole catalogue only.
            policies: changes.then(|| written(choices, shape.wants, place > 0)),
            reopens: choices.chance(4),
            deeds: if place == 0 {
                with_windows(choices)
            } else {
                let many = choices.below(5);
                (0..many).map(|_| deed(choices)).collect()
            },
            askings: (0..shape.asked).map(|_| asking(choices)).collect(),
        }
    });
    Plan {
        parts: parts.collect(),
    }
}

fn written(choices: &mut dyn Choices, wants: [usize; 4], may_be_smaller: bool) -> Written {
    let is_smaller = may_be_smaller && choices.chance(10);
    let packages = packages(is_smaller);
    let mut policies = Vec::new();
    if choices.chance(35) {
        policies.push(broad(choices, &packages, 0));
    }
    let many = 2 + choices.weighed(&[25, 25, 25, 15, 10]);
    for number in 1..=many {
        let want = Want::ALL[choices.weighed(&wants)];
        policies.push(policy(choices, &packages, want, number));
    }
    Written {
        policies,
        entities: entities(choices),
        is_smaller,
        levels: [choices.below(5), choices.below(5), choices.below(5)],
    }
}

/// A system user with a window for each client, one with single rights, and whatever else.
fn with_windows(choices: &mut dyn Choices) -> Vec<Deed> {
    let agent = Deed::Agent {
        user: 3,
        firm: 0,
        packages: vec![choices.below(2)],
    };
    let standard = Deed::Standard {
        user: 4,
        firm: choices.below(FIRMS.len()),
        packages: vec![],
        rights: vec![(0, 1), (0, 3), (1, 2), (2, 3)],
    };
    let mut deeds = vec![agent, standard];
    for client in 1..PARTIES.len() {
        deeds.push(Deed::Add {
            user: 3,
            client,
            window: Some((end(choices), end(choices))),
        });
    }
    for _ in 0..choices.below(6) {
        deeds.push(deed(choices));
    }
    deeds
}

/// An end of a window.
fn end(choices: &mut dyn Choices) -> Option<u8> {
    let step = u8::try_from(choices.below(6)).unwrap();
    choices.chance(60).then_some(step)
}

fn deed(choices: &mut dyn Choices) -> Deed {
    let user = u32::try_from(choices.below(USERS as usize)).unwrap();
    let (party, firm) = (choices.below(PARTIES.len()), choices.below(FIRMS.len()));
    let role = choices.below(4);
    let packages = |choices: &mut dyn Choices| -> Vec<usize> {
        let many = 1 + choices.below(2);
        (0..many).map(|_| choices.below(PACKAGES.len())).collect()
    };
    match choices.weighed(&[160, 80, 56, 40, 80, 40, 32, 10, 1]) {
        0 => {
            let window = (choices.chance(50)).then(|| (end(choices), end(choices)));
            Deed::Add {
                user,
                client: party,
                window,
            }
        }
        1 => Deed::Relate {
            client: party,
            firm,
            role,
            packages: packages(choices),
        },
        2 => Deed::Agent {
            user,
            firm,
            packages: packages(choices),
        },
        3 => Deed::Standard {
            user,
            firm,
            packages: if choices.chance(50) {
                vec![2 + choices.below(2)]
            } else {
                vec![]
            },
            rights: (0..=choices.below(3))
                .map(|_| {
                    (
                        choices.below(3),
                        u8::try_from(1 + choices.below(3)).unwrap(),
                    )
                })
                .collect(),
        },
        4 => Deed::Remove {
            user,
            client: party,
        },
        5 => Deed::Unrelate {
            client: party,
            firm,
            role,
        },
        6 => Deed::Form {
            party,
            form: choices.below(FORMS.len()),
        },
        7 => Deed::DeleteUser { user },
        _ => Deed::DeleteSystem,
    }
}
