//! Policies that one person proposes and another puts in force.

use std::fs;

use fullmakt::model::hash::ContentHash;
use fullmakt::model::policy::PolicyFolder;
use fullmakt::policies;
use serde_json::{Value, json};

use super::publish::{files, folder, put, send, tag, versions};
use super::{Daemon, configuration, store};

const OWN: &str = "resources/own.cedar";

fn stop(nth: &str) -> String {
    format!("@id(\"own/stop-{nth}\")\nforbid (principal, action, resource);\n")
}

/// `admin.cedar` by which nobody publishes alone.
fn two_person_rule() -> String {
    let admin = policies::shipped().text(PolicyFolder::ADMIN).unwrap();
    let begin = admin
        .find("@id(\"admin/operator-publishes-policies\")")
        .unwrap();
    let end = begin + admin[begin..].find(");\n").unwrap() + 3;
    format!("{}{}", &admin[..begin], &admin[end..])
}

#[test]
fn where_it_takes_two_another_person_puts_in_force_what_one_proposed() {
    let (dir, data) = store();
    let policies = folder(dir.path());
    fs::write(policies.join(PolicyFolder::ADMIN), two_person_rule()).unwrap();
    let mut hash = ContentHash::default();
    hash.update(b"second");
    let second = format!(
        "[[caller]]\nid = \"second\"\nkind = \"operator\"\nsha256 = \"{}\"\n",
        hash.finish()
    );
    let daemon = Daemon::with(&format!("{}{second}", configuration()), &data, &policies);
    let approve = |by: &str, proposal: &Value| {
        let path = format!("/v1/policies/proposals/{proposal}/approve");
        send(&daemon, by, ("POST", &path), "", &json!({}))
    };
    let propose = |nth: &str| {
        let mut files = files(OWN, &stop(nth));
        files.insert(PolicyFolder::ADMIN.to_owned(), json!(two_person_rule()));
        let body = json!({ "files": files, "note": nth });
        let answer = put(&daemon, &tag(&daemon), &body);
        assert_eq!(
            (answer.status, &answer.json()["result"]),
            (202, &json!("proposed"))
        );
        answer.json()
    };
    let before = tag(&daemon);

    let (first, second) = (propose("first"), propose("second"));
    assert_eq!(tag(&daemon), before);
    // A later revision that changed other things names what was in force then, not what was only proposed.
    let party = json!({ "name": "Tester", "form": "AS" });
    let written = daemon.done("operator", "PUT", "/v1/parties/312002744", Some(&party));
    let path = format!("/v1/policies/versions/{}", written["revision"]);
    let then = daemon.done("operator", "GET", &path, None);
    assert_eq!(format!("\"{}\"", then["hash"].as_str().unwrap()), before);
    let own = approve("operator", &first["revision"]);
    assert_eq!(
        (own.status, &own.json()["code"]),
        (403, &json!("own-proposal"))
    );
    assert_eq!(tag(&daemon), before);
    assert_eq!(approve("vendor", &first["revision"]).status, 403);
    assert_eq!(approve("vendor", &json!(1)).status, 403);

    assert_eq!(approve("second", &first["revision"]).status, 200);
    let newest = &versions(&daemon)[0];
    assert_eq!(newest["hash"], first["hash"]);
    assert_eq!(
        (&newest["note"], &newest["proposal"]),
        (&json!("first"), &first["revision"])
    );
    assert_eq!(newest["by"]["id"], "second");
    let late = approve("second", &second["revision"]);
    assert_eq!(
        (late.status, &late.json()["code"]),
        (412, &json!("proposal-overtaken"))
    );

    // Going back makes what was decided, or overtaken, no proposal again.
    let back = json!({ "to": before.trim_matches('"') });
    let follows = tag(&daemon);
    let rollback = ("POST", "/v1/policies/rollback");
    let back = send(&daemon, "operator", rollback, &follows, &back);
    assert_eq!(back.status, 202);
    assert_eq!(approve("second", &back.json()["revision"]).status, 200);
    assert_eq!(tag(&daemon), before);
    for decided in [&first, &second] {
        assert_eq!(approve("second", &decided["revision"]).status, 412);
    }
    let open = daemon.done("operator", "GET", "/v1/policies/proposals", None);
    assert_eq!(open["items"], json!([]));
    assert_eq!(tag(&daemon), before);
}
