//! What the commands print and how they end, beside the story.

use std::path::Path;

use super::{Daemon, path, run};

const USER: &str = "5ea1d000-0000-4000-8000-000000000001";
const UNKNOWN: &str = "5ea1d000-0000-4000-8000-00000000000f";

/// A command spoken to a daemon.
fn told(daemon: &Daemon, token: &str, args: &[&str], dir: &Path) -> (i32, String, String) {
    let url = format!("http://{}", daemon.address);
    run(&[args, &["--url", &url, "--token", token]].concat(), dir)
}

#[test]
fn an_export_of_an_unknown_system_user_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("demo");
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    let daemon = Daemon::start(&["--demo", "--data", path(&data)]);
    let export = ["export", "--cedar", "out", "--system-user"];
    let refused = |(code, said, complaint): (i32, String, String)| {
        assert_eq!((code, said.as_str()), (2, ""));
        assert!(complaint.contains(UNKNOWN), "{complaint}");
        assert!(!dir.path().join("out").exists());
    };
    let there = |user: &str| {
        let args = [&export[..], &[user]].concat();
        told(&daemon, "demo-operator", &args, dir.path())
    };
    refused(there(UNKNOWN));
    assert_eq!(there(USER).0, 0);
    std::fs::remove_dir_all(dir.path().join("out")).unwrap();
    assert!(daemon.stop().success());
    let here = |user: &str, data: &str| {
        let closed = [user, "--data", data, "--policies", policies];
        run(&[&export[..], &closed].concat(), dir.path())
    };
    refused(here(UNKNOWN, "demo"));
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    assert_eq!(
        here(USER, "empty").2,
        "fullmakt: `empty` is not a folder with a store\n"
    );
    assert_eq!(here(USER, "demo").0, 0);
}
