//! `policy fmt` and `policy test`, as an administrator types them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{FULLMAKT, run};

const OWN: &str = "// Who reads.\n@id(\"own/read\")permit(principal in AccessPackage::\"lonn\",action==Action::\"read\",// only reading\nresource==Resource::\"mva-melding-innsending\");\n";
const TEST: &str = r#"[client]
hage = { relation = "rettighetshaver", packages = ["lonn"] }

[system_user]
lonn = { packages = ["lonn"], clients = ["hage"] }

[[case]]
name = "wages read"
system_user = "lonn"
client = "hage"
action = "read"
resource = "mva-melding-innsending"
answer = "permit"
"#;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, to).unwrap();
        }
    }
}

/// The shipped folder as `policies` in a folder of its own.
fn shipped() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    copy(&from, &dir.path().join("policies"));
    dir
}

/// The shipped folder with these files put in or replaced.
fn with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = shipped();
    for (path, text) in files {
        std::fs::write(dir.path().join("policies").join(path), text).unwrap();
    }
    dir
}

#[test]
fn the_shipped_policies_are_laid_out() {
    let dir = shipped();
    let (exit, said, complaint) = run(&["policy", "fmt", "--check"], dir.path());
    assert_eq!((exit, complaint.as_str()), (0, ""), "{said}");
    assert_eq!(said, "6 policy files, all laid out\n");
}

#[test]
fn a_file_is_laid_out_with_its_comments_and_nothing_else_is_touched() {
    let dir = with(&[("resources/own.cedar", OWN)]);
    let path = dir.path().join("policies/resources/own.cedar");

    let (exit, said, _) = run(&["policy", "fmt", "--check"], dir.path());
    assert_eq!(exit, 1);
    assert_eq!(
        said,
        "policies/resources/own.cedar is not laid out\n7 policy files, 1 to lay out: `fullmakt policy fmt policies`\n"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), OWN);

    let (exit, said, _) = run(&["policy", "fmt"], dir.path());
    assert_eq!(exit, 0);
    assert_eq!(
        said,
        "policies/resources/own.cedar was laid out\n7 policy files, 1 laid out anew\n"
    );
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.starts_with("// Who reads.\n@id(\"own/read\")\npermit (\n"),
        "{text}"
    );
    assert!(text.contains("// only reading"), "{text}");
    assert_eq!(run(&["policy", "fmt", "--check"], dir.path()).0, 0);
    let left = std::fs::read_dir(dir.path().join("policies/resources"))
        .unwrap()
        .count();
    assert_eq!(left, 4, "a temporary file was left");
}

#[test]
fn a_file_that_does_not_parse_is_told_of_and_left_alone() {
    let dir = with(&[("resources/own.cedar", "permit (principal);\n")]);
    let (exit, said, _) = run(&["policy", "fmt"], dir.path());
    assert_eq!(exit, 1);
    assert!(
        said.starts_with("policies/resources/own.cedar:1:"),
        "{said}"
    );
    assert!(said.contains("error[parse]"), "{said}");
    assert_eq!(
        std::fs::read_to_string(dir.path().join("policies/resources/own.cedar")).unwrap(),
        "permit (principal);\n"
    );
}

#[test]
fn a_failure_shows_question_expectation_and_reason() {
    let dir = with(&[("tests/own.toml", TEST)]);
    let (exit, said, _) = run(&["policy", "test", "--filter", "own.toml"], dir.path());
    assert_eq!(exit, 1);
    let told = "policies/tests/own.toml:7: wages read: lonn: read on mva-melding-innsending for hage\n  expected  permit\n  got       no access: package-not-held\n  because   The system user holds no access package or right that opens `read` on `mva-melding-innsending` for 920000002.\n  mend      ";
    assert!(said.starts_with(told), "{said}");
    assert!(
        said.ends_with("4 files, 1 case: 0 as expected, 1 not\n"),
        "{said}"
    );

    let (exit, said, _) = run(
        &["policy", "test", "--filter", "mva-melding-innsending.toml"],
        dir.path(),
    );
    assert_eq!(exit, 0, "{said}");
    let (exit, _, complaint) = run(
        &["policy", "test", "--filter", "nothing like this"],
        dir.path(),
    );
    assert_eq!(exit, 2);
    assert!(
        complaint.contains("no case has `nothing like this`"),
        "{complaint}"
    );
}

#[test]
fn a_test_file_for_build_servers_and_a_floor_for_coverage() {
    let own = OWN.replace(';', " unless { context has authenticationLevel };");
    let dir = with(&[("resources/own.cedar", &own), ("tests/own.toml", TEST)]);
    let args = [
        "policy",
        "test",
        "--junit",
        "out.xml",
        "--least-coverage",
        "100",
    ];
    let (exit, said, _) = run(&args, dir.path());
    assert_eq!(exit, 1, "{said}");
    assert!(
        said.contains("`context has authenticationLevel` was never true, in policy `own/read`"),
        "{said}"
    );
    assert!(
        said.contains("coverage is 97 %, and 100 % is wanted"),
        "{said}"
    );
    let xml = std::fs::read_to_string(dir.path().join("out.xml")).unwrap();
    assert_eq!(xml.matches("<testsuite name=").count(), 4, "{xml}");
    assert!(xml.contains("<testcase classname=\"policies/tests/own.toml\" name=\"wages read: lonn: read on mva-melding-innsending for hage (line 7)\"/>"), "{xml}");

    let args = [
        "policy",
        "test",
        "--coverage",
        "html",
        "--coverage-file",
        "page.html",
    ];
    assert_eq!(run(&args, dir.path()).0, 0);
    assert!(
        std::fs::read_to_string(dir.path().join("page.html"))
            .unwrap()
            .starts_with("<!doctype html>")
    );
}

#[test]
fn a_file_that_cannot_be_run_is_told_of_and_ends_with_exit_code_2() {
    let twice = TEST.replace("client = \"hage\"", "client = \"hagen\"");
    let dir = with(&[("tests/own.toml", &twice)]);
    let (exit, said, _) = run(&["policy", "test"], dir.path());
    assert_eq!(exit, 2, "{said}");
    assert_eq!(
        said,
        "policies/tests/own.toml:10: case 1: `client` is `hagen`, which is neither named in this file nor an id; did you mean `hage`?\n4 files, 129 cases: 129 as expected; 1 file could not be run\n"
    );
    std::fs::write(
        dir.path().join("policies/tests/own.toml"),
        "about = \"later\"\n",
    )
    .unwrap();
    assert_eq!(run(&["policy", "test"], dir.path()).0, 0);
}

#[test]
fn broken_policies_are_told_of_before_any_test() {
    let dir = with(&[("resources/own.cedar", "permit (principal);\n")]);
    let (exit, said, _) = run(&["policy", "test"], dir.path());
    assert_eq!(exit, 1);
    assert!(
        said.contains("error[parse]") && said.contains("help: "),
        "{said}"
    );
}

#[test]
fn watching_runs_again_when_a_file_changes() {
    let dir = with(&[("tests/own.toml", TEST)]);
    let mut watching = Command::new(FULLMAKT)
        .args(["policy", "test", "--watch", "--filter", "own.toml"])
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut total = || loop {
        let line = said.next().unwrap().unwrap();
        if line.contains(" case: ") {
            return line;
        }
    };
    assert_eq!(total(), "4 files, 1 case: 0 as expected, 1 not");
    std::fs::write(dir.path().join("policies/resources/own.cedar"), OWN).unwrap();
    assert_eq!(total(), "4 files, 1 case: 1 as expected");
    watching.kill().unwrap();
    watching.wait().unwrap();
}
