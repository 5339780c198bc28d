//! Folders that are read, and folders that are not.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::read::{MOST_PER_FILE, REQUIRED, read};

fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in REQUIRED {
        fs::write(dir.path().join(file), file).unwrap();
    }
    fs::create_dir_all(dir.path().join("resources/skatt")).unwrap();
    dir
}

fn refused(dir: &Path) -> String {
    let told = read(dir).unwrap_err().to_string();
    told.replace(dir.to_str().unwrap(), "DIR")
}

#[test]
fn only_files_that_take_part_in_decisions_are_read() {
    let dir = folder();
    for file in [
        "README.md",
        "notes.cedar",
        "resources/a.cedar",
        "resources/a.cedar~",
        "resources/.a.cedar",
        "resources/#a.cedar#",
        "resources/a.cedar.orig",
        "resources/README.md",
        "resources/skatt/b.cedar",
    ] {
        fs::write(dir.path().join(file), "// nothing").unwrap();
    }
    for hidden in [
        "resources/tests",
        "resources/examples",
        "resources/.git",
        "tests",
    ] {
        fs::create_dir(dir.path().join(hidden)).unwrap();
        fs::write(dir.path().join(hidden).join("c.cedar"), "no policy").unwrap();
    }

    let folder = read(dir.path()).unwrap();

    let paths: Vec<_> = folder.files().iter().map(|file| &*file.path).collect();
    assert_eq!(
        paths,
        [
            "admin.cedar",
            "admin.cedarschema",
            "catalogue.json",
            "core.cedar",
            "entities.json",
            "resources/a.cedar",
            "resources/skatt/b.cedar",
            "schema.cedarschema",
            "templates.cedar",
        ]
    );
    assert_eq!(folder.text("resources/skatt/b.cedar"), Some("// nothing"));
}

#[test]
fn a_folder_without_resource_policies_is_read() {
    let dir = folder();
    fs::remove_dir_all(dir.path().join("resources")).unwrap();

    assert_eq!(read(dir.path()).unwrap().files().len(), REQUIRED.len());
}

#[test]
fn a_missing_folder_names_the_flag_that_mends_it() {
    let dir = folder();

    assert_eq!(
        refused(&dir.path().join("elsewhere")).replace("DIR/elsewhere", "DIR"),
        "policy folder `DIR` does not exist; name another with `--policies`"
    );
    assert_eq!(
        read(&dir.path().join("core.cedar"))
            .unwrap_err()
            .to_string(),
        format!(
            "`{}` is not a folder; name a policy folder with `--policies`",
            dir.path().join("core.cedar").display()
        )
    );
}

#[test]
fn every_required_file_is_missed_by_name() {
    for file in REQUIRED {
        let dir = folder();
        fs::remove_file(dir.path().join(file)).unwrap();

        assert_eq!(
            refused(dir.path()),
            format!(
                "policy folder `DIR` has no `{file}`; put it back, or name another folder with `--policies`"
            )
        );
    }
}

#[test]
fn text_that_is_not_utf8_is_refused_at_its_byte() {
    let dir = folder();
    fs::write(dir.path().join("resources/a.cedar"), b"// caf\xe9\n").unwrap();

    assert_eq!(
        refused(dir.path()),
        "policy file `resources/a.cedar` is not UTF-8 from byte 6; save it as UTF-8"
    );
}

#[test]
fn a_file_may_have_a_mebibyte_and_no_more() {
    let dir = folder();
    let most = usize::try_from(MOST_PER_FILE).unwrap();
    fs::write(dir.path().join("resources/a.cedar"), " ".repeat(most)).unwrap();
    assert!(
        read(dir.path())
            .unwrap()
            .text("resources/a.cedar")
            .is_some()
    );

    fs::write(dir.path().join("resources/a.cedar"), " ".repeat(most + 1)).unwrap();
    assert_eq!(
        refused(dir.path()),
        "policy file `resources/a.cedar` has 1048577 bytes; at most 1048576 are read, so split it"
    );
}

#[test]
fn a_folder_may_have_so_many_mebibytes_and_no_more() {
    let dir = folder();
    let most = usize::try_from(MOST_PER_FILE).unwrap();
    for number in 0..63 {
        fs::write(
            dir.path().join(format!("resources/{number}.cedar")),
            " ".repeat(most),
        )
        .unwrap();
    }
    assert_eq!(read(dir.path()).unwrap().files().len(), 63 + REQUIRED.len());

    fs::write(dir.path().join("resources/last.cedar"), " ".repeat(most)).unwrap();
    assert_eq!(
        refused(dir.path()),
        "policy folder `DIR` has more than 67108864 bytes of policies; at most so many are read"
    );
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_end() {
    let dir = folder();
    std::os::unix::fs::symlink(
        dir.path().join("resources"),
        dir.path().join("resources/again"),
    )
    .unwrap();

    let told = refused(dir.path());

    assert!(
        told.ends_with("lie more than 16 deep; is there a link in a circle?"),
        "{told}"
    );
}
