//! The demo: its table, its tokens, and where it will not run.

use serde_json::json;

use super::{Daemon, configuration, run, store};

const USER: &str = "5ea1d000-0000-4000-8000-000000000001";

#[test]
fn the_demos_six_clients_are_answered_as_the_readme_says() {
    let daemon = Daemon::demo();
    let table = [
        ("312002744", "permit"),
        ("312004119", "client-not-added"),
        ("312005018", "relation-ended"),
        ("312005123", "client-not-added"),
        ("312005239", "client-not-added"),
        ("312005344", "delegation-over"),
    ];
    for (client, code) in table {
        let answer = daemon.ask("demo-resource-api", USER, client);
        assert_eq!(answer["context"]["code"], json!(code), "{client}");
        assert_eq!(answer["decision"], json!(code == "permit"), "{client}");
    }
    let waiting = daemon.done(
        "demo-firm-admin",
        "GET",
        "/v1/requests/5ea1d000-0000-4000-8000-000000000002",
        None,
    );
    assert_eq!(
        (&waiting["status"], &waiting["packages"]),
        (&json!("new"), &json!(["skattegrunnlag"]))
    );
    let (status, refused) = daemon.call(
        "demo-client-admin",
        "POST",
        "/v1/requests/5ea1d000-0000-4000-8000-000000000002/approve",
        None,
    );
    assert_eq!((status, &refused["mayEscalate"]), (403, &json!(true)));
    let unknown = daemon.ask(
        "demo-resource-api",
        "5ea1d000-0000-4000-8000-00000000000f",
        "312002744",
    );
    assert_eq!(unknown["context"]["code"], json!("unknown-system-user"));
}

#[test]
fn the_demos_tokens_are_known_to_no_other_daemon() {
    let (_dir, data) = store();
    let daemon = Daemon::on(&data);
    for token in [
        "demo-resource-api",
        "demo-vendor",
        "demo-firm-admin",
        "demo-client-admin",
        "demo-operator",
    ] {
        assert_eq!(
            daemon.call(token, "GET", "/v1/systems", None).0,
            401,
            "{token}"
        );
    }
}

#[test]
fn the_demo_listens_on_loopback_and_leaves_real_stores_alone() {
    let (dir, data) = store();
    let (code, _, said) = run(&["serve", "--demo", "--listen", "0.0.0.0:8180"], dir.path());
    assert_eq!(code, 2);
    assert_eq!(
        said,
        "fullmakt: the demo's tokens are known to everybody, so it does not listen on `0.0.0.0:8180`\n\
         help: choose a loopback address, such as 127.0.0.1:8180, or configure callers of your own\n"
    );
    drop(Daemon::on(&data));
    let (code, _, said) = run(
        &[
            "serve",
            "--demo",
            "--listen",
            "127.0.0.1:0",
            "--data",
            "data",
        ],
        dir.path(),
    );
    assert_eq!(code, 2);
    assert_eq!(
        said,
        "fullmakt: `data` is neither empty nor an earlier demo's, and the demo leaves it alone\n\
         help: name another folder with `--data`, or leave it out for a temporary one\n"
    );
}

#[test]
fn an_earlier_demos_store_is_taken_up_as_it_was_left() {
    let (_dir, data) = store();
    let args = ["--demo", "--data", super::path(&data)];
    let daemon = Daemon::start(&args);
    daemon.done(
        "demo-firm-admin",
        "DELETE",
        &format!("/v1/system-users/{USER}/clients/312002744"),
        None,
    );
    assert!(daemon.stop().success());
    let daemon = Daemon::start(&args);
    assert_eq!(
        daemon.ask("demo-resource-api", USER, "312002744")["context"]["code"],
        json!("client-not-added")
    );
    assert!(!configuration().contains("demo-"));
}

#[test]
fn the_demos_journal_never_goes_back_in_time() {
    let daemon = Daemon::demo();
    let changes = daemon.done("demo-operator", "GET", "/v1/changes?after=0", None);
    let at = |change: &serde_json::Value| change["at"].as_str().unwrap().to_owned();
    let instants: Vec<_> = changes["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(at)
        .collect();
    assert!(instants.len() > 20, "{instants:?}");
    assert!(instants.is_sorted(), "{instants:?}");
}

#[test]
fn a_demo_that_was_killed_while_it_made_its_world_makes_it_anew() {
    let (_dir, data) = store();
    let operator = "demo-operator";
    let on = || Daemon::start(&["--demo", "--data", super::path(&data)]);
    let first = on();
    let whole = first.done(operator, "GET", "/v1/changes?after=0", None);
    first.done(
        operator,
        "DELETE",
        "/v1/relations/312002744/312001373/regnskapsforer",
        None,
    );
    drop(first);
    let kept = on();
    let changed = kept.done(operator, "GET", "/v1/changes?after=0", None);
    assert_eq!(
        changed["items"].as_array().unwrap().len(),
        whole["items"].as_array().unwrap().len() + 1
    );
    drop(kept);

    // As a kill in the middle leaves it.
    std::fs::write(
        data.join("DEMO"),
        "A demo was making its world in this store.\n",
    )
    .unwrap();

    let anew = on().done(operator, "GET", "/v1/changes?after=0", None);
    assert_eq!(
        anew["items"].as_array().unwrap().len(),
        whole["items"].as_array().unwrap().len()
    );
}
