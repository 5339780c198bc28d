//! Wrong configurations and policy folders are refused with their mend, before anything is written.

use super::{configuration, run, store};

const POLICIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");

/// Serves with a configuration and a policy folder that are refused: the exit code and the complaint.
fn refused(dir: &std::path::Path, config: &str, policies: &str) -> (i32, String) {
    std::fs::write(dir.join("c.toml"), config).unwrap();
    let args = [
        "serve",
        "--config",
        "c.toml",
        "--policies",
        policies,
        "--listen",
        "127.0.0.1:0",
        "--data",
        "new",
    ];
    let (code, _, said) = run(&args, dir);
    assert!(!dir.join("new").exists(), "a store was made: {said}");
    (code, said)
}

#[test]
fn bad_configurations_and_policy_folders_are_refused_with_their_mend() {
    let (dir, _) = store();
    let serve = |config: &str, policies: &str| refused(dir.path(), config, policies);
    let (code, said) = serve("listn = \"x\"", POLICIES);
    assert_eq!(
        (code, said.as_str()),
        (
            2,
            "fullmakt: c.toml: `listn` is not a key; did you mean `listen`?\n"
        )
    );
    let (code, said) = serve("", POLICIES);
    assert_eq!(code, 2);
    assert!(said.starts_with("fullmakt: no callers are configured, so nobody could ask anything\nhelp: add at least one"), "{said}");
    let wrong_package = configuration().replace("\"tilgangsstyrer\"", "\"tilgangsstyre\"");
    let (code, said) = serve(&wrong_package, POLICIES);
    assert_eq!(
        (code, said.as_str()),
        (
            2,
            "fullmakt: c.toml: caller `firm-admin`: access package `tilgangsstyre` is not in the catalogue; did you mean `tilgangsstyrer`?\n"
        )
    );
    let (code, said) = serve(&configuration(), "nowhere");
    assert_eq!(code, 2);
    assert!(
        said.contains("nowhere") && said.contains("--policies"),
        "{said}"
    );
    copy(std::path::Path::new(POLICIES), &dir.path().join("broken"));
    std::fs::write(
        dir.path().join("broken/resources/x.cedar"),
        "permit (principal, action, resourc);\n",
    )
    .unwrap();
    let (code, said) = serve(&configuration(), "broken");
    assert_eq!(code, 2);
    assert!(
        said.contains("resources/x.cedar:1:")
            && said.contains("help: `fullmakt policy check` lists all findings"),
        "{said}"
    );
    let (code, said, _) = run(&["policy", "check", "broken"], dir.path());
    assert_eq!(code, 1);
    assert!(
        said.contains("broken/resources/x.cedar:1:") && said.contains("  help: "),
        "{said}"
    );
    let (code, said, _) = run(&["policy", "check", POLICIES], dir.path());
    assert_eq!(code, 0, "{said}");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).map(|_| ()).unwrap();
        }
    }
}
