//! The state written down as pages, and read back: a checkpoint beside the journal, so that a start need not replay it.
//!
//! One page is one object: a system, a request, a system user with its clients, a firm with its relations, a thousand
//! neighbouring organisation numbers' parties. Only what changed since the last checkpoint is written.

mod read;
mod write;

use serde::{Deserialize, Serialize};

use crate::model::id::{OrgNo, PackageCode, Revision, SystemUserId};
use crate::model::request::{Request, UserKind};
use crate::model::system::{SingleRight, System};
use crate::model::time::Window;

use super::packed::PackedColumn;
use super::state::Stamp;

pub(crate) use read::read_back;
pub(crate) use write::write_down;

/// What there is one of: the object's name says what.
const SINGLE: u8 = 0;
const PARTIES: u8 = 1;
const SYSTEMS: u8 = 2;
const REQUESTS: u8 = 3;
const USERS: u8 = 4;
const FIRMS: u8 = 5;

const POLICIES: &[u8] = b"policies";

/// Organisation numbers in one page of parties.
const PARTIES_A_PAGE: u32 = 1000;

#[derive(Serialize, Deserialize)]
struct SystemPage {
    place: u32,
    system: System,
    registered: Stamp,
    deleted: Option<Stamp>,
    changed: Revision,
}

#[derive(Serialize, Deserialize)]
struct RequestPage {
    request: Request,
    made: Stamp,
    changed: Revision,
}

#[derive(Serialize, Deserialize)]
struct UserPage {
    id: SystemUserId,
    kind: UserKind,
    owner: OrgNo,
    system: u32,
    packages: Vec<PackageCode>,
    rights: Vec<SingleRight>,
    approved: Stamp,
    deleted: Option<Stamp>,
    clients: PackedColumn,
    exceptions: Vec<ExceptionPage>,
    changed: Revision,
}

#[derive(Serialize, Deserialize)]
struct ExceptionPage {
    client: u32,
    window: Window,
    packages: Vec<PackageCode>,
}

#[derive(Serialize, Deserialize)]
struct FirmPage {
    /// What relations assign; a relation's value is a place in this list.
    sets: Vec<Vec<PackageCode>>,
    relations: PackedColumn,
    changed: Revision,
}
