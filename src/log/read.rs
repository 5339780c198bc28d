//! Reading one segment line by line along the chain.

use std::io;

use serde::Deserialize;

use super::chain::{self, Hash, NOTHING};
use super::lines::Lines;
use super::verify::Flaw;

/// What the first and the last line of a segment say besides.
#[derive(Debug, Deserialize)]
struct Marked {
    kind: Box<str>,
    segment: Option<u64>,
    previous: Option<String>,
    lines: Option<u64>,
    #[serde(default)]
    lost: u64,
}

/// How far a segment was followed.
#[derive(Debug, Clone)]
pub(super) struct Followed {
    /// Whole lines that are as they were written.
    pub(super) lines: u64,
    /// Their bytes.
    pub(super) bytes: u64,
    /// The hash of the last.
    pub(super) hash: Hash,
    pub(super) is_sealed: bool,
    /// Bytes after the last line that ends.
    pub(super) torn: usize,
    /// Lines that a seal tells to be lost.
    pub(super) lost: u64,
}

/// Follows the lines of segment `number`, which continues `before` (anything, if that is nothing), and shows each hash with
/// its line's number; what is wrong first, with the line.
pub(super) fn follow(
    lines: &mut Lines,
    number: u64,
    before: Option<Hash>,
    mut at: impl FnMut(u64, &Hash),
) -> io::Result<(Followed, Option<(u64, Flaw)>)> {
    let mut followed = Followed {
        lines: 0,
        bytes: 0,
        hash: before.unwrap_or(NOTHING),
        is_sealed: false,
        torn: 0,
        lost: 0,
    };
    while let Some(line) = lines.next()? {
        let Some(line) = line.strip_suffix(b"\n") else {
            followed.torn = line.len();
            break;
        };
        let place = followed.lines + 1;
        match step(&mut followed, line, number, before) {
            Ok(()) => at(place, &followed.hash),
            Err(flaw) => return Ok((followed, Some((place, flaw)))),
        }
    }
    Ok((followed, None))
}

fn step(
    followed: &mut Followed,
    line: &[u8],
    number: u64,
    before: Option<Hash>,
) -> Result<(), Flaw> {
    if followed.is_sealed {
        return Err(Flaw::AfterSeal);
    }
    let (body, stated) = chain::parts(line).ok_or(Flaw::NoHash)?;
    let is_first = followed.lines == 0;
    let is_seal = body.starts_with(br#"{"kind":"seal""#);
    let marked = if is_first || is_seal {
        Some(serde_json::from_slice::<Marked>(line).map_err(|_| Flaw::Broken)?)
    } else {
        None
    };
    if let Some(marked) = marked.as_ref().filter(|_| is_first) {
        let previous = marked.previous.as_deref().and_then(chain::parse);
        let previous = previous.filter(|_| &*marked.kind == "open");
        let previous = previous.ok_or(Flaw::NotOpened)?;
        if before.is_some_and(|before| before != previous) || marked.segment != Some(number) {
            return Err(Flaw::NotNext);
        }
        followed.hash = previous;
    }
    if chain::next(&followed.hash, body) != stated {
        return Err(Flaw::Broken);
    }
    if let Some(marked) = marked.filter(|_| is_seal) {
        if marked.segment != Some(number) || marked.lines != Some(followed.lines) {
            return Err(Flaw::Broken);
        }
        followed.is_sealed = true;
        followed.lost = marked.lost;
    }
    followed.hash = stated;
    followed.lines += 1;
    followed.bytes += u64::try_from(line.len()).unwrap_or(u64::MAX) + 1;
    Ok(())
}
