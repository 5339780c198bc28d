//! What is done to grants in worlds that a law is tried on, by the engine's own commands.

use fullmakt::model::caller::Caller;
use fullmakt::model::id::RequestId;
use fullmakt::model::relation::{RelationKey, Role};
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::time::{Timestamp, Window};

use crate::world::{self, BEGIN, SYSTEM, World, operator, org, person, right, user, vendor};

pub(crate) const PACKAGES: [&str; 5] = [
    "regnskapsforer-med-signeringsrettighet",
    "regnskapsforer-uten-signeringsrettighet",
    "krav-og-utlegg",
    "skattegrunnlag",
    "forretningsforer-eiendom",
];
pub(crate) const RESOURCES: [&str; 4] = [
    "ske-krav-og-betalinger",
    "mva-melding-innsending",
    "ske-innrapportering-boligsameie",
    "finnes-ikke",
];
pub(crate) const ACTIONS: [&str; 3] = ["read", "write", "erase"];
pub(crate) const FIRMS: [&str; 2] = ["312001373", "312002744"];
pub(crate) const PARTIES: [&str; 6] = [
    "312001373",
    "312002744",
    "312004119",
    "312005018",
    "312005123",
    "312005239",
];
pub(crate) const FORMS: [&str; 3] = ["AS", "BRL", "NUF"];
pub(crate) const USERS: u32 = 5;
/// One step of the small clock that windows and questions share.
pub(crate) const STEP: i64 = 1000;

/// One thing that is done to a world. What the rules refuse is refused, and changes nothing.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Form {
        party: usize,
        form: usize,
    },
    Agent {
        user: u32,
        firm: usize,
        packages: Vec<usize>,
    },
    Standard {
        user: u32,
        firm: usize,
        packages: Vec<usize>,
        rights: Vec<(usize, u8)>,
    },
    Relate {
        client: usize,
        firm: usize,
        role: usize,
        packages: Vec<usize>,
    },
    Unrelate {
        client: usize,
        firm: usize,
        role: usize,
    },
    Add {
        user: u32,
        client: usize,
        window: Option<(Option<u8>, Option<u8>)>,
    },
    Remove {
        user: u32,
        client: usize,
    },
    DeleteUser {
        user: u32,
    },
    DeleteSystem,
}

pub(crate) fn everybody(party: &str) -> Caller {
    person(
        "somebody",
        party,
        &["klientadministrator", "tilgangsstyrer"],
    )
}

pub(crate) fn codes(places: &[usize]) -> Vec<String> {
    places
        .iter()
        .map(|place| PACKAGES[*place].to_owned())
        .collect()
}

pub(crate) fn role(place: usize) -> Role {
    Role::ALL[place]
}

pub(crate) fn at(step: u8) -> Timestamp {
    Timestamp::from_millis(BEGIN + i64::from(step) * STEP)
}

pub(crate) fn request(
    world: &World,
    nth: u32,
    firm: usize,
    kind: UserKind,
    packages: &[usize],
    rights: &[(usize, u8)],
) {
    let sets: [&[&str]; 3] = [&["read"], &["write"], &["read", "write"]];
    let draft = RequestDraft {
        firm: org(FIRMS[firm]),
        packages: codes(packages),
        rights: rights
            .iter()
            .map(|(resource, set)| right(RESOURCES[*resource], sets[usize::from(*set) - 1]))
            .collect(),
        ..world::draft(nth, kind, &[])
    };
    let id = RequestId(user(nth).0);
    if world
        .engine
        .create_request(&world.call(vendor()), id, draft)
        .is_ok()
    {
        let _ = world
            .engine
            .approve_request(&world.call(everybody(FIRMS[firm])), id);
    }
}

pub(crate) fn act_out(world: &World, deed: &Deed) {
    let engine = &world.engine;
    let owner = |nth: u32| {
        let view = engine.snapshot().system_user(&operator(), user(nth));
        view.map_or(FIRMS[0].to_owned(), |view| view.owner.to_string())
    };
    let key = |client: usize, firm: usize, place: usize| RelationKey {
        client: org(PARTIES[client]),
        firm: org(FIRMS[firm]),
        role: role(place),
    };
    match deed {
        Deed::Form { party, form } => {
            let org = org(PARTIES[*party]);
            let party = fullmakt::model::party::Party {
                org,
                name: "SOMEBODY".parse().unwrap(),
                form: FORMS[*form].parse().unwrap(),
            };
            engine.put_party(&world.call(operator()), party).unwrap();
        }
        Deed::Agent {
            user,
            firm,
            packages,
        } => request(world, *user, *firm, UserKind::Agent, packages, &[]),
        Deed::Standard {
            user,
            firm,
            packages,
            rights,
        } => request(world, *user, *firm, UserKind::Standard, packages, rights),
        Deed::Relate {
            client,
            firm,
            role: place,
            packages,
        } => {
            let packages = if role(*place) == Role::RightHolder {
                codes(packages)
            } else {
                Vec::new()
            };
            let _ = engine.put_relation(
                &world.call(operator()),
                key(*client, *firm, *place),
                packages,
            );
        }
        Deed::Unrelate { client, firm, role } => {
            let _ = engine.end_relation(&world.call(operator()), key(*client, *firm, *role));
        }
        Deed::Add {
            user: nth,
            client,
            window,
        } => {
            let window =
                window.and_then(|(from, until)| Window::new(from.map(at), until.map(at)).ok());
            let by = everybody(&owner(*nth));
            let _ = engine.add_client(&world.call(by), user(*nth), org(PARTIES[*client]), window);
        }
        Deed::Remove { user: nth, client } => {
            let _ = engine.remove_client(
                &world.call(everybody(&owner(*nth))),
                user(*nth),
                org(PARTIES[*client]),
            );
        }
        Deed::DeleteUser { user: nth } => {
            let _ = engine.delete_system_user(&world.call(everybody(&owner(*nth))), user(*nth));
        }
        Deed::DeleteSystem => {
            let _ = engine.delete_system(&world.call(vendor()), SYSTEM.parse().unwrap());
        }
    }
}

/// What every world begins with, so that there is something to permit and something to take away.
pub(crate) fn beginning() -> Vec<Deed> {
    let forms = (0..PARTIES.len()).map(|party| Deed::Form {
        party,
        form: party % FORMS.len(),
    });
    let relations = (1..PARTIES.len()).flat_map(|client| {
        let as_accountant = Deed::Relate {
            client,
            firm: 0,
            role: 0,
            packages: vec![],
        };
        let as_right_holder = Deed::Relate {
            client,
            firm: 0,
            role: 3,
            packages: vec![2, 3],
        };
        [as_accountant, as_right_holder]
    });
    let users = [
        Deed::Agent {
            user: 0,
            firm: 0,
            packages: vec![0],
        },
        Deed::Agent {
            user: 1,
            firm: 0,
            packages: vec![1, 3],
        },
        Deed::Standard {
            user: 2,
            firm: 1,
            packages: vec![2],
            rights: vec![(1, 3), (0, 1)],
        },
    ];
    let clients = (1..PARTIES.len()).flat_map(|client| {
        [0, 1].map(|user| Deed::Add {
            user,
            client,
            window: None,
        })
    });
    forms.chain(relations).chain(users).chain(clients).collect()
}

/// An instant as Cedar writes it.
pub(crate) fn cedar_instant(instant: Timestamp) -> String {
    let text = instant.to_string();
    if text.contains('.') {
        text
    } else {
        text.replace('Z', ".000Z")
    }
}
