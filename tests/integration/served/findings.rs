//! `policy check` on a folder for each kind of finding, its whole output held. `FULLMAKT_REWRITE=1` writes it anew.

use std::path::{Path, PathBuf};

use fullmakt::model::finding::FindingCode;
use serde_json::Value;

use super::run;

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn examples() -> PathBuf {
    package().join("tests/policies")
}

/// Puts the files of a folder over those of another: `NAME.append` is added to NAME, `NAME.gone` takes it away.
fn lay_over(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            lay_over(&path, &to.join(&name));
        } else if let Some(name) = name.strip_suffix(".gone") {
            std::fs::remove_file(to.join(name)).unwrap();
        } else if let Some(name) = name.strip_suffix(".append") {
            let whole = [to.join(name), path].map(|path| std::fs::read_to_string(path).unwrap());
            std::fs::write(to.join(name), whole.concat()).unwrap();
        } else if !name.starts_with("expected.") {
            std::fs::copy(&path, to.join(&name)).unwrap();
        }
    }
}

/// The shipped folder with an example over it, as `policies` in a folder of its own.
fn example(code: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    lay_over(&package().join("policies"), &dir.path().join("policies"));
    lay_over(&examples().join(code), &dir.path().join("policies"));
    dir
}

fn check(dir: &Path, flags: &[&str]) -> (i32, String) {
    let (exit, said, complaint) = run(&[&["policy", "check"][..], flags].concat(), dir);
    assert_eq!(complaint, "");
    (exit, said)
}

/// That a text is what a file has, or that the file has it from now on.
#[track_caller]
fn holds(file: &Path, said: &str) {
    if std::env::var_os("FULLMAKT_REWRITE").is_some() {
        std::fs::write(file, said).unwrap();
    }
    let expected = std::fs::read_to_string(file).unwrap_or_default();
    assert_eq!(said, expected, "{}", file.display());
}

#[test]
fn each_kind_of_finding_is_told_with_its_line_and_its_mend() {
    for code in FindingCode::ALL {
        let dir = example(code.as_str());
        let (exit, said) = check(dir.path(), &[]);
        holds(&examples().join(code.as_str()).join("expected.txt"), &said);

        let named = format!("{}[{code}]: ", code.severity().as_str());
        assert!(said.contains(&named), "{code} is not told of:\n{said}");
        let findings = said.matches("error[").count() + said.matches("warning[").count();
        assert_eq!(said.matches("\n  help: ").count(), findings, "{said}");
        let expected = match (*code, said.contains("error[")) {
            (FindingCode::MissingFile, _) => 2,
            (_, broken) => i32::from(broken),
        };
        assert_eq!(exit, expected, "{code}");
    }
}

#[test]
fn each_example_is_of_a_kind_of_finding() {
    let mut folders: Vec<String> = std::fs::read_dir(examples())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let mut codes: Vec<&str> = FindingCode::ALL.iter().map(|code| code.as_str()).collect();
    codes.sort_unstable();
    assert_eq!(folders, codes);
}

#[test]
fn warnings_end_with_exit_code_1_only_where_they_are_denied() {
    let dir = example("shadowed");
    assert_eq!(check(dir.path(), &[]).0, 0);
    assert_eq!(check(dir.path(), &["--deny-warnings"]).0, 1);
    let shipped = example("../../policies/resources");
    assert_eq!(check(shipped.path(), &["--deny-warnings"]).0, 0);
}

#[test]
fn programs_read_findings_as_json_and_as_sarif() {
    let dir = example("unknown-package");
    let (exit, json) = check(dir.path(), &["--format", "json"]);
    assert_eq!(exit, 1);
    holds(&examples().join("unknown-package/expected.json"), &json);
    let (exit, sarif) = check(dir.path(), &["--format", "sarif"]);
    assert_eq!(exit, 1);

    let json: Value = serde_json::from_str(&json).unwrap();
    let log: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), FindingCode::ALL.len());
    let results = run["results"].as_array().unwrap();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(results.len(), findings.len());
    for (result, finding) in results.iter().zip(findings) {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert_eq!(result["ruleId"], finding["code"]);
        assert_eq!(result["level"], finding["severity"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], finding["file"]);
        assert_eq!(place["region"]["startLine"], finding["line"]);
        assert_eq!(place["region"]["startColumn"], finding["column"]);
        let told = result["message"]["text"].as_str().unwrap();
        assert!(
            told.starts_with(finding["message"].as_str().unwrap()),
            "{told}"
        );
    }
}

#[test]
fn a_folder_that_cannot_be_read_ends_with_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    let (exit, said, complaint) = run(&["policy", "check", "nowhere"], dir.path());
    assert_eq!((exit, said.as_str()), (2, ""));
    assert!(
        complaint.contains("`nowhere` does not exist"),
        "{complaint}"
    );
}
