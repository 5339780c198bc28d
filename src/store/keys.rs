//! Where everything stands: one tree, a table byte first in each key, numbers big-endian so that sled's order is theirs.
//!
//! | table | key after the table byte | value |
//! |---|---|---|
//! | 1 | `format`, `head`, `checkpoint` | the format marker; the last revision; the revision of the pages in force |
//! | 2 | revision, part | a part of the event |
//! | 3 | system user, client, revision | what happened to the delegation, a byte each |
//! | 4 | client, revision, 1, system user | the same, by client |
//! | 4 | client, revision, 2, firm, role | what happened to the relation, a byte each |
//! | 5 | hash of a policy folder, part | a part of the folder |
//! | 6 | page table, length of object, object, stamp, part | a part of the page |
//! | 4 | client, revision, 3 | that the party was written |
//! | 7 | import id | its next line |
//! | 8 | system user, revision, what happened, first client | the clients of that system user that it happened to, packed |
//! | 9 | revision, first client | clients that a large event touched, packed |
//! | 10 | subject, revision | nothing: an event about the policies, a system, or a request and its system user |
//!
//! What one event does to many clients stands in tables 8 and 9, some two bytes for each; what it does to few, in 3 and 4.

use crate::model::id::{OrgNo, RequestId, Revision, SystemId, SystemUserId};
use crate::model::relation::{RelationKey, Role};
use crate::model::trace::TraceKind;

pub(super) const FORMAT: &[u8] = b"\x01format";
pub(super) const HEAD: &[u8] = b"\x01head";
pub(super) const CHECKPOINT: &[u8] = b"\x01checkpoint";

pub(super) const META: u8 = 1;
pub(super) const EVENT: u8 = 2;
pub(super) const DELEGATION: u8 = 3;
pub(super) const CLIENT: u8 = 4;
pub(super) const POLICY: u8 = 5;
pub(super) const PAGE: u8 = 6;
pub(super) const IMPORT: u8 = 7;
pub(super) const PACKED_DELEGATIONS: u8 = 8;
pub(super) const PACKED_CLIENTS: u8 = 9;
pub(super) const SUBJECT: u8 = 10;

/// In table 4: what follows is a delegation.
const OF_DELEGATION: u8 = 1;
/// In table 4: what follows is a relation.
const OF_RELATION: u8 = 2;
/// In table 4: the party itself.
const OF_PARTY: u8 = 3;

/// How many bytes a client takes at the end of a key of packed clients.
pub(super) const FIRST_CLIENT: usize = 4;

/// What an event is about, if not about clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The policies in force.
    Policies,
    /// A system.
    System(&'a SystemId),
    /// A request, and the system user of its id.
    Request(RequestId),
}

/// The longest object that a page key takes.
pub(super) const LONGEST_OBJECT: usize = 64;

pub(super) fn event(revision: Revision) -> Vec<u8> {
    joined(&[&[EVENT], &revision.0.to_be_bytes()])
}

pub(super) fn policy(hash: &[u8; 32]) -> Vec<u8> {
    joined(&[&[POLICY], hash])
}

pub(super) fn import(id: &str) -> Vec<u8> {
    joined(&[&[IMPORT], id.as_bytes()])
}

/// The key of one part of what is too long for one value.
pub(super) fn part(prefix: &[u8], number: u16) -> Vec<u8> {
    joined(&[prefix, &number.to_be_bytes()])
}

pub(super) fn delegation(user: SystemUserId, client: OrgNo, revision: Revision) -> Vec<u8> {
    joined(&[
        &[DELEGATION],
        user.0.as_bytes(),
        &client.as_u32().to_be_bytes(),
        &revision.0.to_be_bytes(),
    ])
}

/// Where the history of a client at a revision begins.
pub(super) fn client(client: OrgNo, revision: Revision) -> Vec<u8> {
    joined(&[
        &[CLIENT],
        &client.as_u32().to_be_bytes(),
        &revision.0.to_be_bytes(),
    ])
}

pub(super) fn client_delegation(
    client_no: OrgNo,
    revision: Revision,
    user: SystemUserId,
) -> Vec<u8> {
    joined(&[
        &client(client_no, revision),
        &[OF_DELEGATION],
        user.0.as_bytes(),
    ])
}

pub(super) fn client_relation(key: &RelationKey, revision: Revision) -> Vec<u8> {
    let role = match key.role {
        Role::Accountant => 1,
        Role::Auditor => 2,
        Role::BusinessManager => 3,
        Role::RightHolder => 4,
    };
    joined(&[
        &client(key.client, revision),
        &[OF_RELATION],
        &key.firm.as_u32().to_be_bytes(),
        &[role],
    ])
}

pub(super) fn client_party(party: OrgNo, revision: Revision) -> Vec<u8> {
    joined(&[&client(party, revision), &[OF_PARTY]])
}

/// What all packed clients of a system user begin with, up to a revision.
pub(super) fn packed_user(user: SystemUserId, revision: Revision) -> Vec<u8> {
    joined(&[
        &[PACKED_DELEGATIONS],
        user.0.as_bytes(),
        &revision.0.to_be_bytes(),
    ])
}

/// What the packed clients of a system user begin with to whom the same happened in an event.
pub(super) fn packed_delegations(user: SystemUserId, revision: Revision, what: u8) -> Vec<u8> {
    joined(&[&packed_user(user, revision), &[what]])
}

/// What happened, at which revision, by the beginning of a key of table 8.
pub(super) fn packed_what(group: &[u8]) -> Option<(Revision, TraceKind)> {
    let what = TraceKind::from_stored(*group.get(25)?)?;
    Some((Revision(read_u64(group, 17)?), what))
}

/// What the packed clients of an event begin with.
pub(super) fn packed_clients(revision: Revision) -> Vec<u8> {
    joined(&[&[PACKED_CLIENTS], &revision.0.to_be_bytes()])
}

/// One key of packed clients.
pub(super) fn packed(group: &[u8], first: OrgNo) -> Vec<u8> {
    joined(&[group, &first.as_u32().to_be_bytes()])
}

/// An event about a subject.
pub(super) fn subject(subject: Subject<'_>, revision: Revision) -> Vec<u8> {
    let revision = revision.0.to_be_bytes();
    match subject {
        Subject::Policies => joined(&[&[SUBJECT, 1], &revision]),
        Subject::System(id) => {
            // No id has a zero byte: so ends it, and no id is another's beginning.
            joined(&[&[SUBJECT, 2], id.to_string().as_bytes(), &[0], &revision])
        }
        Subject::Request(id) => joined(&[&[SUBJECT, 3], id.0.as_bytes(), &revision]),
    }
}

/// All pages of an object, whatever their stamp, begin with this.
pub(super) fn object(table: u8, object: &[u8]) -> Vec<u8> {
    let length = u8::try_from(object.len()).unwrap_or(u8::MAX);
    joined(&[&[PAGE, table, length], object])
}

pub(super) fn page(object_prefix: &[u8], stamp: Revision) -> Vec<u8> {
    joined(&[object_prefix, &stamp.0.to_be_bytes()])
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// The revision of a key that has one: an event's, a history's.
pub(super) fn revision_of(key: &[u8]) -> Option<Revision> {
    let at = match *key.first()? {
        EVENT | PACKED_CLIENTS => 1,
        CLIENT => 5,
        DELEGATION => 21,
        PACKED_DELEGATIONS => 17,
        SUBJECT => key.len().checked_sub(8)?,
        _ => return None,
    };
    read_u64(key, at).map(Revision)
}

/// The revision that ends a key of table 3.
pub(super) fn delegation_revision(key: &[u8]) -> Option<Revision> {
    (key.len() == 29).then(|| read_u64(key, 21).map(Revision))?
}

/// Which delegation or relation a key of table 4 is about.
pub(super) enum ClientKey {
    Delegation(SystemUserId),
    Relation(OrgNo, Role),
    Party,
}

pub(super) fn client_key(key: &[u8]) -> Option<(Revision, ClientKey)> {
    let revision = Revision(read_u64(key, 5)?);
    let rest = key.get(14..)?;
    let what = match *key.get(13)? {
        OF_DELEGATION => {
            let id: [u8; 16] = rest.try_into().ok()?;
            ClientKey::Delegation(SystemUserId(uuid::Uuid::from_bytes(id)))
        }
        OF_RELATION => {
            let firm = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?);
            let role = match rest.get(4..)? {
                [1] => Role::Accountant,
                [2] => Role::Auditor,
                [3] => Role::BusinessManager,
                [4] => Role::RightHolder,
                _ => return None,
            };
            ClientKey::Relation(OrgNo::from_u32(firm).ok()?, role)
        }
        OF_PARTY => ClientKey::Party,
        _ => return None,
    };
    Some((revision, what))
}

/// What a page key says.
pub(super) struct PageParts<'a> {
    /// Table byte, page table, length and object: what all pages of the object begin with.
    pub(super) prefix: &'a [u8],
    pub(super) object: &'a [u8],
    pub(super) stamp: Revision,
    pub(super) part: u16,
}

pub(super) fn page_parts(key: &[u8]) -> Option<PageParts<'_>> {
    let length = usize::from(*key.get(2)?);
    let prefix = key.get(..3 + length)?;
    let part: [u8; 2] = key.get(3 + length + 8..)?.try_into().ok()?;
    Some(PageParts {
        prefix,
        object: key.get(3..3 + length)?,
        stamp: Revision(read_u64(key, 3 + length)?),
        part: u16::from_be_bytes(part),
    })
}

fn read_u64(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..at + 8)?;
    eight.try_into().ok().map(u64::from_be_bytes)
}
