//! Questions: mostly about what is there, at instants on and beside the ends of windows, with members of the context.

use fullmakt::model::question::{Asked, Question};
use fullmakt::model::time::Timestamp;
use serde_json::{Map, Value};

use super::choices::Choices;
use super::stored::value;
use super::terms::USERS;
use super::words::{ACTIONS, ASKED, BRIEF};
use crate::deeds::{PARTIES, RESOURCES, at};
use crate::world::{org, user};

/// A question at an instant.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    pub(crate) user: u32,
    pub(crate) party: &'static str,
    pub(crate) action: &'static str,
    pub(crate) resource: &'static str,
    pub(crate) level: Option<i64>,
    pub(crate) now: Timestamp,
    /// Members that the schema has for the action, of their types.
    pub(crate) members: Map<String, Value>,
    /// Whether a member that the schema lacks is sent too. It is dropped.
    pub(crate) has_unknown: bool,
}

pub(crate) fn asking(choices: &mut dyn Choices) -> Asking {
    let (user, party) = pair(choices);
    let action = match choices.below(25) {
        0..=10 => ACTIONS[0],
        11..=17 => ACTIONS[1],
        18..=23 => ACTIONS[2],
        _ => "erase",
    };
    let resource = match choices.below(20) {
        0..=9 => RESOURCES[0],
        10..=14 => RESOURCES[1],
        15..=17 => RESOURCES[2],
        18 => RESOURCES[3],
        _ => "heller-ikke",
    };
    let beside = [0, 0, -1, 1][choices.below(4)];
    let now = at(u8::try_from(choices.below(6)).unwrap()).plus_millis(beside);
    let known = match action {
        "archive" => BRIEF,
        "erase" => &[],
        _ => ASKED,
    };
    let mut members = Map::new();
    let own = known
        .iter()
        .filter(|member| member.name != "authenticationLevel");
    let often = [0, 30, 60][choices.below(3)];
    for member in own {
        if often > 0 && choices.chance(often) {
            members.insert(member.name.to_owned(), value(choices, member.of));
        }
    }
    Asking {
        user,
        party,
        action,
        resource,
        level: choices
            .chance(60)
            .then(|| i64::try_from(choices.below(5)).unwrap()),
        now,
        members,
        has_unknown: choices.chance(10),
    }
}

/// A system user and a party: mostly those whom every world begins with.
pub(crate) fn pair(choices: &mut dyn Choices) -> (u32, &'static str) {
    let user = match choices.below(12) {
        0..=2 => 0,
        3..=5 => 1,
        6 => 2,
        7 | 8 => 3,
        9 => 4,
        _ => u32::try_from(choices.below(USERS as usize + 1)).unwrap(),
    };
    let likely = match user {
        0 | 1 | 3 => &PARTIES[1..],
        2 => &PARTIES[1..2],
        _ => &PARTIES[..2],
    };
    let party = if choices.chance(85) {
        choices.one_of(likely)
    } else {
        choices.one_of(&PARTIES)
    };
    (user, party)
}

impl Asking {
    pub(crate) fn question(&self) -> Question {
        let mut members = self.members.clone();
        if self.has_unknown {
            members.insert("unknown".to_owned(), Value::from(1));
        }
        Question {
            system_user: user(self.user),
            action: self.action.parse().unwrap(),
            resource: self.resource.parse().unwrap(),
            client: org(self.party),
            asked: Asked {
                authentication_level: self.level,
                members,
            },
        }
    }
}
