//! What was written is found again, and whatever is changed is found out.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use once_cell::sync::Lazy;
use proptest::prelude::*;
use tempfile::TempDir;

use super::names::segments;
use super::{
    Flaw, Head, Kind, Line, Outcome, Query, Request, Rotation, Run, SegmentLog, compress_closed,
    query, verify,
};
use crate::model::id::{Revision, SystemUserId};
use crate::model::time::Timestamp;

const USER: &str = "5ea1d000-0000-4000-8000-000000000001";
const CLIENTS: [u32; 3] = [312_002_744, 312_004_119, 312_005_018];

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1000)
}

fn user() -> SystemUserId {
    USER.parse().unwrap()
}

fn line(second: i64, permits: [bool; 3]) -> Line {
    let mut line = Line::default();
    line.begin(&Head {
        kind: Kind::Decision,
        at: at(second),
        api: "evaluations",
        caller: Some("skatte\"etaten"),
        request: Some(Request {
            id: "r-1",
            trace: None,
        }),
        revision: Revision(7),
        policies: "abc",
    });
    let answers: Vec<u32> = CLIENTS
        .iter()
        .zip(permits)
        .map(|(client, permit)| {
            if permit {
                client | Run::PERMIT
            } else {
                *client
            }
        })
        .collect();
    line.asked([Run {
        system_user: user(),
        action: "read",
        resource: "ske-krav-og-betalinger",
        answers: &answers,
    }]);
    line
}

/// A log of `lines` lines, with three lines a segment besides opening and seal.
fn log(dir: &Path, lines: i64, is_compressed: bool) {
    let rotation = Rotation {
        most_bytes: u64::MAX,
        most_millis: 3000,
    };
    let mut log = SegmentLog::open(dir, rotation, at(0)).unwrap();
    for second in 0..lines {
        let line = line(second, [true, second % 2 == 0, false]);
        log.append(line.text(), at(second)).unwrap();
    }
    log.flush().unwrap();
    drop(log);
    if is_compressed {
        compress_closed(dir).unwrap();
    }
}

#[test]
fn a_log_that_nobody_touched_verifies_and_is_found_again() {
    let dir = TempDir::new().unwrap();
    log(dir.path(), 10, true);
    let verified = verify(dir.path(), 1).unwrap();
    assert_eq!(verified.findings, []);
    assert_eq!((verified.segments, verified.lines), (4, 10 + 4 + 3));
    let names: Vec<_> = segments(dir.path()).unwrap();
    assert_eq!(names.iter().filter(|file| file.packed.is_some()).count(), 3);
    let wanted = Query {
        client: Some("312004119".parse().unwrap()),
        outcome: Some(Outcome::Deny),
        from: Some(at(2)),
        until: Some(at(8)),
        ..Query::default()
    };
    let mut found = Vec::new();
    query(dir.path(), &wanted, |logged| {
        found.push((logged.segment, logged.line, logged.rest["at"].clone()));
        assert_eq!(logged.rest["caller"], "skatte\"etaten");
        true
    })
    .unwrap();
    let at = |second: i64| serde_json::Value::from(at(second).to_string());
    assert_eq!(found, [(2, 2, at(3)), (2, 4, at(5)), (3, 3, at(7))]);
}

#[test]
fn a_second_writer_is_refused() {
    let dir = TempDir::new().unwrap();
    let first = SegmentLog::open(dir.path(), Rotation::default(), at(0)).unwrap();
    let refused = SegmentLog::open(dir.path(), Rotation::default(), at(0)).unwrap_err();
    let dir = dir.path().display();
    let said = format!(
        "decision log `{dir}` is written by another process; stop it, or name another directory"
    );
    assert_eq!(refused.to_string(), said);
    drop(first);
}

#[test]
fn what_a_kill_left_open_is_sealed_with_what_was_lost() {
    let dir = TempDir::new().unwrap();
    log(dir.path(), 2, false);
    let path = dir.path().join("0000000001.ndjson");
    let mut text = fs::read(&path).unwrap();
    text.extend_from_slice(b"{\"kind\":\"deci");
    fs::write(&path, &text).unwrap();
    log(dir.path(), 1, true);
    let verified = verify(dir.path(), 1).unwrap();
    assert_eq!(verified.findings, []);
    assert_eq!((verified.segments, verified.lines), (2, 4 + 2));

    // The newest line taken away before the next start is told of.
    let path = dir.path().join("0000000002.ndjson");
    let text = fs::read_to_string(&path).unwrap();
    let kept: String = text.split_inclusive('\n').take(1).collect();
    fs::write(&path, kept).unwrap();
    log(dir.path(), 1, false);
    let findings = verify(dir.path(), 1).unwrap().findings;
    let flaws: Vec<_> = findings.into_iter().map(|finding| finding.flaw).collect();
    assert_eq!(flaws, [Flaw::Lost(1)]);
}

#[test]
fn a_log_that_was_changed_is_not_written_on() {
    let dir = TempDir::new().unwrap();
    log(dir.path(), 2, false);
    let path = dir.path().join("0000000001.ndjson");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replacen("\"101\"", "\"100\"", 1)
            .replacen("\"110\"", "\"100\"", 1),
    )
    .unwrap();
    let refused = SegmentLog::open(dir.path(), Rotation::default(), at(9)).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("0000000001.ndjson:2: the line does not follow"),
        "{refused}"
    );
}

#[test]
fn every_segment_that_is_removed_is_found() {
    for is_compressed in [false, true] {
        let whole = TempDir::new().unwrap();
        log(whole.path(), 8, is_compressed);
        for file in segments(whole.path()).unwrap() {
            let text = fs::read(&file.path).unwrap();
            fs::remove_file(&file.path).unwrap();
            let findings = verify(whole.path(), 1).unwrap().findings;
            let is_gone = findings
                .iter()
                .any(|found| found.flaw == Flaw::Gone(file.number, file.number));
            assert!(is_gone, "{}: {findings:?}", file.name());
            fs::write(&file.path, text).unwrap();
        }
        assert_eq!(verify(whole.path(), 1).unwrap().findings, []);
    }
}

#[test]
fn every_line_that_is_removed_is_found() {
    let dir = TempDir::new().unwrap();
    log(dir.path(), 8, false);
    for file in segments(dir.path()).unwrap() {
        let text = fs::read_to_string(&file.path).unwrap();
        for gone in 0..text.lines().count() {
            let lines = text.split_inclusive('\n').enumerate();
            let kept: String = lines
                .filter(|(place, _)| *place != gone)
                .map(|(_, line)| line)
                .collect();
            fs::write(&file.path, kept).unwrap();
            let findings = verify(dir.path(), 1).unwrap().findings;
            assert!(
                !findings.is_empty(),
                "{} without line {}",
                file.name(),
                gone + 1
            );
        }
        fs::write(&file.path, text).unwrap();
    }
    assert_eq!(verify(dir.path(), 1).unwrap().findings, []);
}

/// Two logs, plain and compressed: each case changes one bit and changes it back.
static WRITTEN: Lazy<[TempDir; 2]> = Lazy::new(|| {
    [false, true].map(|is_compressed| {
        let dir = TempDir::new().unwrap();
        log(dir.path(), 8, is_compressed);
        dir
    })
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_flipped_bit_is_found(is_compressed: bool, file: prop::sample::Index, byte: prop::sample::Index, bit in 0..8) {
        let dir = WRITTEN[usize::from(is_compressed)].path();
        let mut paths: Vec<_> = segments(dir).unwrap().into_iter().map(|file| file.path).collect();
        paths.push(dir.join("head"));
        let path = file.get(&paths);
        let whole = fs::read(path).unwrap();
        let place = byte.index(whole.len());
        // In place: a file that is truncated and written anew is flushed to the disk by some file systems.
        let file = fs::File::options().write(true).open(path).unwrap();
        let put = |byte: u8| file.write_all_at(&[byte], place as u64).unwrap();
        put(whole[place] ^ (1u8 << bit));
        let findings = verify(dir, 1).unwrap().findings;
        put(whole[place]);
        prop_assert!(!findings.is_empty(), "bit {bit} of byte {place} of {}", path.display());
    }
}

#[test]
fn two_lines_that_changed_places_are_found() {
    let dir = TempDir::new().unwrap();
    log(dir.path(), 3, false);
    let path = dir.path().join("0000000001.ndjson");
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<_> = text.split_inclusive('\n').collect();
    lines.swap(1, 2);
    fs::write(&path, lines.concat()).unwrap();
    let findings = verify(dir.path(), 1).unwrap().findings;
    assert_eq!(
        findings[0].to_string(),
        "0000000001.ndjson:2: the line does not follow on the one before: it was changed, or lines before it are gone"
    );
}
