//! How long a policy folder has to be still before it is read: by what changed in it.
//!
//! A file that was renamed into its place is whole; one that is written in place may be half written, and one that got
//! shorter or vanished is what an editor leaves for a moment in the middle of a save.

use std::time::Duration;

use super::look::{Look, Seen};

/// Whole files were put in the place of others, or the whole folder was.
const REPLACED: Duration = Duration::from_millis(100);
/// A file grew in place, or is new: its writer may not be done.
const IN_PLACE: Duration = Duration::from_millis(150);
/// A file vanished, or got shorter in place.
const TORN: Duration = Duration::from_millis(600);

/// How long the folder has to stay as it is now, after it was as `before` when last read.
pub(crate) fn stillness(before: &Look, now: &Look) -> Duration {
    if before.root != now.root {
        return if now.root.is_some() { REPLACED } else { TORN };
    }
    let of_old = before
        .files
        .iter()
        .map(|(path, was)| of_file(was, now.files.get(path)));
    let is_new = |path: &&String| !before.files.contains_key(*path);
    let of_new = now.files.keys().filter(is_new).map(|_| IN_PLACE);
    of_old.chain(of_new).max().unwrap_or(REPLACED)
}

fn of_file(was: &Seen, is: Option<&Seen>) -> Duration {
    match is {
        None => TORN,
        Some(is) if is == was => REPLACED,
        // Emptied, to be written anew.
        Some(is) if is.bytes == 0 => TORN,
        Some(is) if is.inode != was.inode && is.bytes >= was.bytes => REPLACED,
        // Deleted and written anew looks like this for a moment; so does a rename.
        Some(is) if is.inode != was.inode => IN_PLACE,
        Some(is) if is.bytes < was.bytes => TORN,
        Some(_) => IN_PLACE,
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::{Look, Seen};
    use super::{IN_PLACE, REPLACED, TORN, stillness};

    fn seen(inode: u64, bytes: u64, second: i64) -> Seen {
        Seen {
            inode,
            bytes,
            modified: (second, 0),
        }
    }

    fn folder(root: Option<u64>, files: &[(&str, Seen)]) -> Look {
        Look {
            root: root.map(|inode| (1, inode)),
            files: files
                .iter()
                .map(|(path, seen)| ((*path).to_owned(), *seen))
                .collect(),
        }
    }

    #[test]
    fn what_an_editor_leaves_in_the_middle_of_a_save_has_to_be_still_the_longest() {
        let before = folder(Some(1), &[("a", seen(1, 10, 0)), ("b", seen(2, 10, 0))]);
        let a = |a| folder(Some(1), &[("a", a), ("b", seen(2, 10, 0))]);
        let cases = [
            ("renamed over", a(seen(3, 12, 1)), REPLACED),
            ("renamed over by a shorter one", a(seen(3, 8, 1)), IN_PLACE),
            ("grown in place", a(seen(1, 12, 1)), IN_PLACE),
            ("written in place, as long", a(seen(1, 10, 1)), IN_PLACE),
            ("shorter in place", a(seen(1, 9, 1)), TORN),
            ("emptied", a(seen(1, 0, 1)), TORN),
            ("made anew and empty", a(seen(3, 0, 1)), TORN),
            ("vanished", folder(Some(1), &[("b", seen(2, 10, 0))]), TORN),
            ("the folder vanished", folder(None, &[]), TORN),
            (
                "the folder was swapped",
                folder(Some(2), &[("a", seen(9, 1, 0))]),
                REPLACED,
            ),
        ];
        for (what, now, expected) in cases {
            assert_eq!(stillness(&before, &now), expected, "{what}");
        }
        let mut with_new = before.clone();
        with_new.files.insert("c".to_owned(), seen(4, 1, 1));
        assert_eq!(stillness(&before, &with_new), IN_PLACE);
        // The longest of several counts.
        let both = folder(Some(1), &[("a", seen(3, 12, 1)), ("b", seen(2, 1, 1))]);
        assert_eq!(stillness(&before, &both), TORN);
    }
}
