//! Wrong configurations and policy folders are refused with their mend, before anything is written.

use std::process::Command;

use super::{FULLMAKT, configuration, run, store};

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
            "fullmakt: c.toml:1: `listn` is not a key; did you mean `listen`?\n"
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
            "fullmakt: c.toml:26: caller `firm-admin`: access package `tilgangsstyre` is not in the catalogue; did you mean `tilgangsstyrer`?\n"
        )
    );
    let (code, said) = serve(&configuration(), "nowhere");
    let missing =
        "fullmakt: policy folder `nowhere` does not exist; name another with `--policies`\n";
    assert_eq!((code, said.as_str()), (2, missing));
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

#[test]
fn a_wrong_value_is_blamed_on_who_gave_it() {
    let (dir, _) = store();
    let complaint = |args: &[&str], variables: &[(&str, &str)]| {
        let done = Command::new(FULLMAKT)
            .args([&["serve", "--demo", "--data", "new"], args].concat())
            .envs(variables.iter().copied())
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(!dir.path().join("new").exists());
        let said = String::from_utf8(done.stderr).unwrap();
        (done.status.code().unwrap(), said)
    };
    let address = "`x` is not an address of the form `127.0.0.1:8180`";
    let form = "`x` is not a form of the log: text or json";
    let demo = "`--demo` has callers of its own, and";
    let config = "names a configuration, `x`, whose callers it would not know\nhelp: leave one of the two out";
    let level =
        "is not a level: error, warn, info, debug, trace or off, or `module=level` between commas";
    let cases: [(&[&str], &[(&str, &str)], String); 8] = [
        (&["--listen", "x"], &[], format!("--listen: {address}")),
        (
            &[],
            &[("FULLMAKT_LISTEN", "x")],
            format!("FULLMAKT_LISTEN: {address}"),
        ),
        (&["--log-format", "x"], &[], format!("--log-format: {form}")),
        (
            &[],
            &[("FULLMAKT_LOG_FORMAT", "x")],
            format!("FULLMAKT_LOG_FORMAT: {form}"),
        ),
        (&["--config", "x"], &[], format!("{demo} --config {config}")),
        (
            &[],
            &[("FULLMAKT_CONFIG", "x")],
            format!("{demo} FULLMAKT_CONFIG {config}"),
        ),
        (
            &[],
            &[("FULLMAKT_LOG", "verbose")],
            format!("FULLMAKT_LOG: `verbose` {level}"),
        ),
        (
            &[],
            &[("FULLMAKT_LOG", "info,x=y")],
            format!("FULLMAKT_LOG: `info,x=y` {level}"),
        ),
    ];
    for (args, variables, expected) in cases {
        let args = [&["--listen", "0.0.0.0:1"], args].concat();
        let args = if expected.contains("LISTEN") || expected.contains("--listen") {
            args.get(2..).unwrap()
        } else {
            &args
        };
        assert_eq!(
            complaint(args, variables),
            (2, format!("fullmakt: {expected}\n"))
        );
    }
}

#[test]
fn the_demo_takes_no_half_of_a_policy_folder_for_its_own() {
    let (dir, _) = store();
    copy(std::path::Path::new(POLICIES), &dir.path().join("policies"));
    std::fs::remove_file(dir.path().join("policies/schema.cedarschema")).unwrap();
    for args in [&["--policies", "policies"][..], &[]] {
        let args = [&["serve", "--demo", "--listen", "127.0.0.1:0"], args].concat();
        let (code, _, said) = run(&args, dir.path());
        let expected = "fullmakt: policy folder `policies` has no `schema.cedarschema`; \
            put it back, or name another folder with `--policies`\n";
        assert_eq!((code, said.as_str()), (2, expected));
    }
}

#[test]
fn a_refusal_tells_every_wrong_field() {
    let daemon = super::Daemon::demo();
    let url = format!("http://{}", daemon.address);
    let args = [
        "request",
        "create",
        "--system",
        "smartcloud",
        "--firm",
        "1",
        "--kind",
        "agnt",
        "--url",
        &url,
        "--token",
        "demo-vendor",
    ];
    let (code, said, complaint) = run(&args, std::path::Path::new("."));
    assert_eq!((code, said.as_str()), (2, ""));
    let lines: Vec<_> = complaint.lines().collect();
    assert_eq!(lines.len(), 3, "{complaint}");
    assert_eq!(
        lines[1],
        "fullmakt: organisation number `1` is not nine digits"
    );
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
