//! Tests of the whole store.

mod any;
mod damage;
mod events;
mod fault;
mod flips;
mod history;
mod journal;
mod lengths;
mod pages;
mod refusals;
mod restore;

pub(super) use fault::Fault;

use super::Store;
use crate::model::caller::Actor;
use crate::model::event::{Cause, Event, Recorded};
use crate::model::id::{OrgNo, Revision, SystemUserId};
use crate::model::org_list::OrgList;
use crate::model::time::Timestamp;

fn user() -> SystemUserId {
    "5ea1d000-0000-4000-8000-000000000001".parse().unwrap()
}

/// The first so many organisation numbers.
fn clients(count: usize) -> OrgList {
    let valid = (92_000_000u32..).filter_map(|eight| Some(eight * 10 + OrgNo::check_digit(eight)?));
    valid
        .filter_map(|number| OrgNo::from_u32(number).ok())
        .take(count)
        .collect()
}

fn recorded(revision: u64, event: Event) -> Recorded {
    Recorded {
        revision: Revision(revision),
        at: Timestamp::from_millis(1_790_000_000_000),
        by: Actor {
            kind: "person".into(),
            id: "somebody".parse().unwrap(),
            party: None,
        },
        cause: Cause::Command {
            request_id: Some("r-1".into()),
        },
        event,
    }
}

fn added(revision: u64, count: usize) -> Recorded {
    let event = Event::ClientsChanged {
        system_user: user(),
        added: clients(count),
        added_within: Vec::new(),
        removed: OrgList::default(),
    };
    recorded(revision, event)
}

fn removed(revision: u64, count: usize) -> Recorded {
    let event = Event::ClientsChanged {
        system_user: user(),
        added: OrgList::default(),
        added_within: Vec::new(),
        removed: clients(count),
    };
    recorded(revision, event)
}

fn all(store: &Store) -> Vec<Recorded> {
    store
        .events_after(Revision::ZERO)
        .map(Result::unwrap)
        .collect()
}

/// Copies a folder, whatever it holds: what a store has on disk at this moment is what a crash would leave.
fn copied(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copied(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
