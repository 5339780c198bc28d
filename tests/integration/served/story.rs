//! The seed's story through real HTTP, in the seed's order; each step asserts what its actor sees.

use serde_json::{Value, json};

use super::{Daemon, store};

const CLIENT: &str = "312002744";

#[test]
fn the_seeds_story_step_by_step() {
    let (_dir, data) = store();
    let daemon = Daemon::on(&data);
    the_facts_come_from_the_register(&daemon);

    // 1. The vendor has its system, and asks the firm for an agent system user.
    let system = json!({
        "id": "991825827_smartcloud",
        "name": { "nb": "SmartCloud", "en": "SmartCloud" },
        "packages": ["urn:altinn:accesspackage:regnskapsforer-med-signeringsrettighet"],
        "rights": [],
        "redirectUrls": ["https://smartcloud.example/receipt?from=altinn"],
    });
    let (status, registered) = daemon.call("vendor", "POST", "/v1/systems", Some(&system));
    assert_eq!(
        (status, &registered["id"]),
        (201, &json!("991825827_smartcloud"))
    );
    let draft = json!({
        "system": "991825827_smartcloud",
        "firm": "312001373",
        "kind": "agent",
        "packages": ["regnskapsforer-med-signeringsrettighet"],
        "title": "SmartCloud Regnskap",
    });
    let (status, made) = daemon.call("vendor", "POST", "/v1/requests", Some(&draft));
    assert_eq!(
        (status, &made["status"], &made["externalRef"]),
        (201, &json!("new"), &json!("312001373"))
    );
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(
        made["confirmUrl"],
        json!(format!("http://{}/v1/requests/{id}", daemon.address))
    );
    let (status, again) = daemon.call("vendor", "POST", "/v1/requests", Some(&draft));
    assert_eq!((status, &again["id"]), (200, &json!(id)));

    the_request_is_read_and_approved(&daemon, &id);
    the_clients_are_added_and_seen(&daemon, &id);
    the_decision_is_asked_for_and_taken_back(&daemon, &id);
    assert!(daemon.stop().success());
}

fn the_facts_come_from_the_register(daemon: &Daemon) {
    for (org, name) in [
        ("312001373", "TILBAKEHOLDEN USYMMETRISK TIGER AS"),
        ("991825827", "SMARTCLOUD AS"),
        (CLIENT, "NORDLYS BAKERI AS"),
    ] {
        daemon.done(
            "operator",
            "PUT",
            &format!("/v1/parties/{org}"),
            Some(&json!({ "name": name, "form": "AS" })),
        );
    }
    for client in [CLIENT, "312005123"] {
        let role = if client == CLIENT {
            "regnskapsforer"
        } else {
            "revisor"
        };
        let put = daemon.done(
            "operator",
            "PUT",
            &format!("/v1/relations/{client}/312001373/{role}"),
            None,
        );
        assert_eq!(put["ended"], json!([]));
    }
}

fn the_request_is_read_and_approved(daemon: &Daemon, id: &str) {
    let of = format!("/v1/requests/{id}");
    // 2. The administrator sees who asks and for what, before approving.
    let seen = daemon.done("firm-admin", "GET", &of, None);
    assert_eq!(
        seen["vendor"],
        json!({ "org": "991825827", "name": "SMARTCLOUD AS", "form": "AS" })
    );
    assert_eq!(
        seen["systemName"],
        json!({ "nb": "SmartCloud", "en": "SmartCloud" })
    );
    assert_eq!(
        seen["packageNames"],
        json!([{
            "code": "regnskapsforer-med-signeringsrettighet",
            "nb": "Regnskapsfører med signeringsrettighet",
            "en": "Accountant with signing rights",
        }])
    );
    assert_eq!(
        (&seen["status"], &seen["warnings"]),
        (&json!("new"), &json!([]))
    );
    assert_eq!(
        daemon.done("vendor", "GET", &of, None)["status"],
        json!("new")
    );

    // A client administrator alone cannot approve, and may pass the request on: it stays new.
    let (status, refused) = daemon.call("client-admin", "POST", &format!("{of}/approve"), None);
    assert_eq!(
        (status, &refused["code"], &refused["mayEscalate"]),
        (403, &json!("not-entitled"), &json!(true))
    );
    let passed_on = daemon.done("client-admin", "POST", &format!("{of}/escalate"), None);
    assert_eq!(
        (&passed_on["status"], &passed_on["escalated"]),
        (&json!("new"), &json!(true))
    );
    let (status, _) = daemon.call("other-admin", "POST", &format!("{of}/approve"), None);
    assert_eq!(status, 403);
    let (status, _) = daemon.call("other-vendor", "DELETE", &of, None);
    assert_eq!(status, 403);

    // Approved, the person is sent to the vendor's receipt page, exactly as it was registered; the vendor polls.
    let approved = daemon.done("firm-admin", "POST", &format!("{of}/approve"), None);
    assert_eq!(
        approved["redirectUrl"],
        json!("https://smartcloud.example/receipt?from=altinn")
    );
    assert_eq!(approved["systemUser"], json!(id));
    assert_eq!(
        daemon.done("vendor", "GET", &of, None)["status"],
        json!("approved")
    );
    let (status, conflict) = daemon.call("firm-admin", "POST", &format!("{of}/approve"), None);
    assert_eq!(
        (status, &conflict["code"]),
        (409, &json!("request-approved"))
    );
}

fn the_clients_are_added_and_seen(daemon: &Daemon, id: &str) {
    let of = format!("/v1/system-users/{id}");
    // 3. The administrator's list, and the system user without clients.
    let list = daemon.done("firm-admin", "GET", "/v1/system-users", None);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&list["items"][0]["id"], &list["items"][0]["clients"]),
        (&json!(id), &json!(0))
    );
    assert_eq!(list["items"][0]["title"], json!("SmartCloud Regnskap"));
    assert_eq!(
        daemon.done("client-admin", "GET", &format!("{of}/clients"), None),
        json!({ "items": [], "next": "" })
    );
    let before = daemon.ask("resource-api", id, CLIENT);
    assert_eq!(
        (&before["decision"], &before["context"]["code"]),
        (&json!(false), &json!("client-not-added"))
    );

    // The clients that can be added: the one whose accountant the firm is, not the one that it only audits.
    let available = daemon.done(
        "client-admin",
        "GET",
        &format!("{of}/clients/available"),
        None,
    );
    assert_eq!(
        available["items"],
        json!([{ "client": CLIENT, "name": "NORDLYS BAKERI AS", "form": "AS", "roles": ["regnskapsforer"], "self": false }])
    );
    let (status, refused) = daemon.call(
        "client-admin",
        "PUT",
        &format!("{of}/clients/312005123"),
        None,
    );
    assert_eq!(
        (status, &refused["code"]),
        (422, &json!("client-not-covered"))
    );
    assert_eq!(
        refused["missing"],
        json!(["regnskapsforer-med-signeringsrettighet"])
    );

    // Added, and seen in the overview.
    let added = daemon.done(
        "client-admin",
        "PUT",
        &format!("{of}/clients/{CLIENT}"),
        None,
    );
    assert_eq!(added["result"], json!("added"));
    assert_eq!(
        daemon.done(
            "client-admin",
            "PUT",
            &format!("{of}/clients/{CLIENT}"),
            None
        )["result"],
        json!("already")
    );
    let overview = daemon.done("firm-admin", "GET", &format!("{of}/clients"), None);
    let client = &overview["items"][0];
    assert_eq!(
        (&client["client"], &client["added"]["by"]),
        (&json!(CLIENT), &json!("client-admin"))
    );
    assert_eq!(client["added"]["revision"], added["revision"]);
    assert_eq!(
        daemon.done("firm-admin", "GET", &of, None)["clients"],
        json!(1)
    );
}

fn the_decision_is_asked_for_and_taken_back(daemon: &Daemon, id: &str) {
    // 4. The decision, with the chain of authority.
    let permit = daemon.ask("claims-api", id, CLIENT);
    assert_eq!(
        (&permit["decision"], &permit["context"]["code"]),
        (&json!(true), &json!("permit"))
    );
    let chain: Vec<_> = permit["context"]["chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| (&link["link"], &link["by"]))
        .collect();
    let expected = [
        ("relation", "operator"),
        ("approval", "firm-admin"),
        ("delegation", "client-admin"),
    ]
    .map(|(a, b)| (json!(a), json!(b)));
    assert_eq!(
        chain,
        expected
            .iter()
            .map(|(a, b)| (a, b))
            .collect::<Vec<(&Value, &Value)>>()
    );
    assert_eq!(
        permit["context"]["policies"],
        json!(["ske-krav-og-betalinger/read-regnskapsforer-med-signeringsrettighet"])
    );

    // 5. The administrator removes access at any time, and the very next answer is no.
    let client = format!("/v1/system-users/{id}/clients/{CLIENT}");
    let removed = daemon.done("firm-admin", "DELETE", &client, None);
    assert_eq!(removed["result"], json!("removed"));
    let after = daemon.ask("claims-api", id, CLIENT);
    assert_eq!(
        (&after["decision"], &after["context"]["code"]),
        (&json!(false), &json!("client-not-added"))
    );
    assert_eq!(after["context"]["revision"], removed["revision"]);
    assert_eq!(
        daemon.done("firm-admin", "DELETE", &client, None)["result"],
        json!("absent")
    );
}
