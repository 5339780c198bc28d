//! Clients to whom the same happened at once, some two bytes for each.
//!
//! A group of them is any number of blocks, each under the group's key and its own first client, so that one search finds
//! the block that a client would be in.

use crate::model::id::OrgNo;
use crate::model::org_list::OrgList;

use super::disk::Disk;
use super::error::ReadError;
use super::keys;

/// How many clients a block holds: at five bytes each, the most that one takes, less than a value may have.
const IN_BLOCK: usize = 1_200;

/// The blocks of a group's clients, which are sorted.
pub(super) fn entries<'a>(
    group: &'a [u8],
    clients: &'a [OrgNo],
) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> + 'a {
    let blocks = clients.chunks(IN_BLOCK);
    blocks.filter_map(|block| {
        let key = keys::packed(group, *block.first()?);
        Some((key, OrgList::new(block.to_vec()).packed()))
    })
}

/// The keys of the groups in a range that a client is in, last first.
pub(super) fn groups_with(
    disk: &Disk,
    range: (Vec<u8>, Vec<u8>),
    client: OrgNo,
) -> impl Iterator<Item = Result<Vec<u8>, ReadError>> + '_ {
    let (first, end) = range;
    let mut end = Some(end);
    std::iter::from_fn(move || {
        loop {
            let before = end.take()?;
            let group = match last_group(disk, first.clone(), before) {
                Ok(group) => group?,
                Err(error) => return Some(Err(error)),
            };
            let is_in = has(disk, &group, client);
            end = Some(group.clone());
            match is_in {
                Ok(true) => return Some(Ok(group)),
                Ok(false) => {}
                Err(error) => {
                    end = None;
                    return Some(Err(error));
                }
            }
        }
    })
}

/// The key of the last group in a range.
fn last_group(disk: &Disk, first: Vec<u8>, end: Vec<u8>) -> Result<Option<Vec<u8>>, ReadError> {
    let Some(item) = disk.range(first, end).next_back() else {
        return Ok(None);
    };
    let key = item?.0;
    let group = key.len().checked_sub(keys::FIRST_CLIENT);
    Ok(group.and_then(|group| key.get(..group).map(<[u8]>::to_vec)))
}

/// Whether a client is in a group.
fn has(disk: &Disk, group: &[u8], client: OrgNo) -> Result<bool, ReadError> {
    let mut end = keys::packed(group, client);
    // No key is between this one and the one of the client itself, which is to be found.
    end.push(0);
    let Some(item) = disk.range(group.to_vec(), end).next_back() else {
        return Ok(false);
    };
    let (key, block) = item?;
    match OrgList::unpacked(&block) {
        Some(clients) => Ok(clients.contains(client)),
        None => Err(ReadError::damaged(
            "a history".to_owned(),
            &key,
            "its packed organisation numbers are damaged",
        )),
    }
}
