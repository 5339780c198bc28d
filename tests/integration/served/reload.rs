//! A policy folder that is edited while the daemon serves: what is whole and right comes in force, nothing else does, and
//! questions are answered all the while.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fullmakt::policies;
use serde_json::Value;

use super::{Daemon, configuration, path};

const USER: &str = "5ea1d000-0000-4000-8000-000000000001";
const CLIENT: &str = "312002744";
const CLAIMS: &str = "resources/ske-krav-og-betalinger.cedar";
/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A copy of the shipped folder, to be edited, and what is beside it.
struct Folder {
    beside: tempfile::TempDir,
    dir: PathBuf,
}

impl Folder {
    fn new(with_tests: bool) -> Self {
        let beside = tempfile::tempdir().unwrap();
        let dir = beside.path().join("policies");
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"),
            &dir,
        );
        if !with_tests {
            fs::remove_dir_all(dir.join("tests")).unwrap();
        }
        Self { beside, dir }
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.dir.join(file)).unwrap()
    }

    /// As most editors save: beside it, and renamed over it.
    fn save(&self, file: &str, text: &str) {
        let beside = self.dir.join(format!("{file}.new"));
        fs::write(&beside, text).unwrap();
        fs::rename(beside, self.dir.join(file)).unwrap();
    }

    fn hash(&self) -> String {
        policies::read(&self.dir).unwrap().hash()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, to).unwrap();
        }
    }
}

fn status(daemon: &Daemon, operator: &str) -> Value {
    daemon.done(operator, "GET", "/v1/policies/status", None)
}

/// The status as soon as it is as wanted.
fn until(daemon: &Daemon, operator: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let now = status(daemon, operator);
        if wanted(&now) {
            return now;
        }
        assert!(begun.elapsed() < PATIENCE, "it never came: {now}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn in_force(hash: &str) -> impl Fn(&Value) -> bool {
    move |status| status["hash"] == hash && status["refused"].is_null()
}

/// Says stop when it goes out of scope, also by a test that failed.
pub(super) struct Stops<'a>(pub(super) &'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Asks without a pause until told to stop; how often it asked and was denied.
fn ask_all_the_while(daemon: &Daemon, stop: &AtomicBool) -> (usize, Vec<Value>) {
    let (mut asked, mut denied) = (0, Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let answer = daemon.ask("demo-resource-api", USER, CLIENT);
        asked += 1;
        if answer["decision"] != true {
            denied.push(answer);
        }
    }
    (asked, denied)
}

#[test]
fn every_way_of_saving_comes_in_force_and_no_question_is_denied_meanwhile() {
    let folder = Folder::new(true);
    // The folder is named by a link, as those who swap whole folders have it.
    let named = folder.beside.path().join("named");
    std::os::unix::fs::symlink("policies", &named).unwrap();
    let daemon = Daemon::start(&["--demo", "--policies", path(&named)]);
    let stop = AtomicBool::new(false);
    let original = folder.text(CLAIMS);
    let last = original.rfind("@id").unwrap();
    let third = original[..last].rfind("@id").unwrap();
    let operator = "demo-operator";

    let (asked, denied) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask_all_the_while(&daemon, &stop));
        let stops = Stops(&stop);
        let mut took = Vec::new();
        let mut comes = |hash: &str, what: &'static str| {
            let begun = Instant::now();
            let now = until(&daemon, operator, in_force(hash));
            took.push((what, begun.elapsed()));
            now
        };
        for round in 0..3 {
            folder.save(CLAIMS, &format!("{original}// {round}\n"));
            comes(&folder.hash(), "renamed over");

            // In place: emptied, then half of it, which is a folder without a finding, and then the rest.
            let text = format!("{original}// in place, {round}, and longer than before\n");
            fs::write(folder.dir.join(CLAIMS), &text[..third]).unwrap();
            std::thread::sleep(Duration::from_millis(120));
            fs::write(folder.dir.join(CLAIMS), &text).unwrap();
            comes(&folder.hash(), "written in two halves");

            // Away for a moment, as some editors do.
            let before = status(&daemon, operator);
            fs::remove_file(folder.dir.join(CLAIMS)).unwrap();
            std::thread::sleep(Duration::from_millis(100));
            fs::write(folder.dir.join(CLAIMS), format!("{text}// back\n")).unwrap();
            let after = comes(&folder.hash(), "removed for 100 ms");
            assert_eq!(
                after["revision"],
                before["revision"].as_u64().unwrap() + 1,
                "the folder without the file was in force for a while"
            );

            // Another folder behind the link.
            let other = folder.beside.path().join(format!("other-{round}"));
            copy(&folder.dir, &other);
            fs::write(
                other.join(CLAIMS),
                format!("{original}// swapped, {round}\n"),
            )
            .unwrap();
            let link = folder.beside.path().join("link");
            std::os::unix::fs::symlink(&other, &link).unwrap();
            fs::rename(&link, &named).unwrap();
            comes(
                &policies::read(&other).unwrap().hash(),
                "the folder swapped",
            );
            std::os::unix::fs::symlink("policies", &link).unwrap();
            fs::rename(&link, &named).unwrap();
            comes(&folder.hash(), "swapped back");
        }
        took.sort_by_key(|(_, took)| *took);
        println!("the median is {:?}; {took:?}", took[took.len() / 2].1);
        drop(stops);
        asking.join().unwrap()
    });

    assert!(asked > 20, "{asked}");
    assert!(
        denied.is_empty(),
        "{} of {asked}: {}",
        denied.len(),
        denied[0]
    );
    let now = status(&daemon, operator);
    assert_eq!(
        (now["by"]["kind"].clone(), now["cause"].clone()),
        ("daemon".into(), "folder".into())
    );
    // It is counted a moment after it is in force.
    let counted = || daemon.metric("pdp_policy_reloads_total{outcome=\"in-force\"}");
    let begun = Instant::now();
    while counted() != "15" && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(counted(), "15");
    assert_eq!(
        daemon.metric("pdp_policy_reloads_total{outcome=\"refused\"}"),
        ""
    );
}

#[test]
fn what_is_refused_is_told_with_its_line_and_changes_nothing() {
    let folder = Folder::new(true);
    let daemon = Daemon::start(&["--demo", "--policies", path(&folder.dir)]);
    let operator = "demo-operator";
    let good = folder.text(CLAIMS);
    let first = until(&daemon, operator, in_force(&folder.hash()));
    let refused =
        |why: &'static str| until(&daemon, operator, move |now| now["refused"]["why"] == why);
    let unchanged = |now: &Value| {
        assert_eq!(
            (&now["hash"], &now["revision"]),
            (&first["hash"], &first["revision"])
        );
        assert_eq!(
            daemon.ask("demo-resource-api", USER, CLIENT)["decision"],
            true
        );
    };

    folder.save(
        CLAIMS,
        &format!("{good}\npermit (principal, action, resourc);\n"),
    );
    let now = refused("findings");
    unchanged(&now);
    let finding = &now["refused"]["findings"][0];
    assert_eq!(
        (&finding["file"], &finding["code"]),
        (&CLAIMS.into(), &"parse".into())
    );
    assert_eq!(finding["line"], good.lines().count() + 2);
    let ready = daemon.raw("", "GET", "/readyz", "text/plain", b"").unwrap();
    let said = String::from_utf8(ready.body).unwrap();
    let place = format!("(findings at {CLAIMS}:{}:", good.lines().count() + 2);
    assert!(
        ready.status == 200 && said.starts_with("ok\n") && said.contains(&place),
        "{said}"
    );
    assert_eq!(daemon.metric("pdp_policy_folder_refused"), "1");

    // Right for Cedar, and not what the folder's own tests expect.
    let forbid = "@id(\"own/stop\")\nforbid (principal, action == Action::\"read\", resource == Resource::\"ske-krav-og-betalinger\");\n";
    folder.save(CLAIMS, &format!("{good}\n{forbid}"));
    let now = refused("tests");
    unchanged(&now);
    let reason = now["refused"]["reasons"][0].as_str().unwrap();
    assert!(
        reason.starts_with("tests/ske-krav-og-betalinger.toml:"),
        "{reason}"
    );

    folder.save(CLAIMS, "\n");
    unchanged(&refused("emptied"));

    fs::remove_file(folder.dir.join("core.cedar")).unwrap();
    unchanged(&refused("unreadable"));

    // As it was: nothing is refused any more, and nothing was changed by it.
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"),
        &folder.dir,
    );
    unchanged(&until(&daemon, operator, |now| now["refused"].is_null()));
    assert_eq!(daemon.metric("pdp_policy_folder_refused"), "0");
    // Who may not read the journal may not read this.
    let (code, _) = daemon.call("demo-resource-api", "GET", "/v1/policies/status", None);
    assert_eq!(code, 403);
}

#[test]
fn a_daemon_started_on_a_broken_folder_serves_the_last_good_set_and_says_so() {
    let folder = Folder::new(false);
    let data = folder.beside.path().join("data");
    let config = folder.beside.path().join("c.toml");
    fs::write(&config, configuration()).unwrap();
    let dir = path(&folder.dir).to_owned();
    let args = [
        "--config",
        path(&config),
        "--data",
        path(&data),
        "--policies",
        &dir,
    ];
    let good = folder.text(CLAIMS);
    folder.save(CLAIMS, &format!("{good}// the last good set\n"));
    let last_good = folder.hash();
    let daemon = Daemon::start(&args);
    let before = status(&daemon, "operator");
    assert_eq!(
        (&before["hash"], &before["cause"]),
        (&last_good.as_str().into(), &"start".into())
    );
    daemon.stop();

    folder.save(CLAIMS, "permit (principal, action, resourc);\n");
    let daemon = Daemon::start(&args);
    let broken = status(&daemon, "operator");
    assert_eq!(
        (&broken["hash"], &broken["revision"]),
        (&before["hash"], &before["revision"])
    );
    assert_eq!(broken["refused"]["findings"][0]["line"], 1);
    daemon.stop();

    // Without the folder too.
    fs::rename(&folder.dir, folder.beside.path().join("away")).unwrap();
    let daemon = Daemon::start(&args);
    let away = status(&daemon, "operator");
    assert_eq!(
        (&away["hash"], &away["refused"]["why"]),
        (&before["hash"], &"unreadable".into())
    );

    // Once it is mended it comes in force.
    fs::rename(folder.beside.path().join("away"), &folder.dir).unwrap();
    folder.save(CLAIMS, &good);
    until(&daemon, "operator", in_force(&folder.hash()));
}
