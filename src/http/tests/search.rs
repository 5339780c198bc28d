//! Reverse questions under `/v1`: what they answer, and to whom.

use serde_json::{Value, json};

use super::{CLIENT, FIRM, Served};

const OTHER: &str = "312004119";
const USER: &str = "5ea1d000-0000-4000-8000-000000000001";
const CLAIMS: &str = "action=read&resource=ske-krav-og-betalinger";

/// A system user of the firm, called as the test wants, with two clients.
fn world() -> (Served, String) {
    let daemon = Served::new();
    let done = |token: &str, method: &str, path: &str, body: &Value| {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let (status, answer) = daemon.call(token, method, path, &body);
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    };
    let package = "regnskapsforer-med-signeringsrettighet";
    let system = json!({
        "id": "991825827_smartcloud",
        "name": { "nb": "SmartCloud", "en": "SmartCloud" },
        "packages": [package],
        "rights": [],
        "redirectUrls": ["https://smartcloud.example/receipt"],
    });
    done("vendor", "POST", "/v1/systems", &system);
    let party = json!({ "name": "NORDLYS BAKERI AS", "form": "AS" });
    done("operator", "PUT", &format!("/v1/parties/{CLIENT}"), &party);
    let request = json!({ "system": "991825827_smartcloud", "firm": FIRM, "kind": "agent", "packages": [package] });
    let made = done("vendor", "POST", "/v1/requests", &request);
    let user = made["id"].as_str().unwrap().to_owned();
    let approve = format!("/v1/requests/{user}/approve");
    done("admin", "POST", &approve, &Value::Null);
    for client in [CLIENT, OTHER] {
        let relation = format!("/v1/relations/{client}/{FIRM}/regnskapsforer");
        done("operator", "PUT", &relation, &Value::Null);
        let add = format!("/v1/system-users/{user}/clients/{client}");
        done("admin", "PUT", &add, &Value::Null);
    }
    (daemon, user)
}

#[test]
fn clients_are_found_page_by_page_with_names_for_who_may_read_them() {
    let (daemon, user) = world();
    let revision = daemon.engine.snapshot().revision().0;
    let first = format!("/v1/search/clients?systemUser={user}&{CLAIMS}&limit=1");
    let (status, page) = daemon.call("admin", "GET", &first, "");
    let named = json!({ "client": CLIENT, "name": "NORDLYS BAKERI AS", "form": "AS" });
    assert_eq!((status, &page["items"]), (200, &json!([named])));
    assert_eq!(page["revision"], json!(revision));
    let next = format!("{first}&page={}", page["next"].as_str().unwrap());
    assert_eq!(
        daemon.call("admin", "GET", &next, ""),
        (
            200,
            json!({ "items": [{ "client": OTHER }], "next": "", "revision": revision })
        )
    );
    let (_, page) = daemon.call("api", "GET", &first, "");
    assert_eq!(page["items"], json!([{ "client": CLIENT }]));
    let every = format!("/v1/search/clients?systemUser={user}");
    let (_, page) = daemon.call("admin", "GET", &every, "");
    assert_eq!(page["items"], json!([named, { "client": OTHER }]));
    let unopened = format!("/v1/search/clients?systemUser={user}&action=read&resource=nothing");
    let (_, page) = daemon.call("admin", "GET", &unopened, "");
    assert_eq!(page["items"], json!([]));
}

#[test]
fn system_users_and_actions_are_found() {
    let (daemon, user) = world();
    let reaching = json!({ "systemUser": user, "kind": "agent", "owner": FIRM, "system": "991825827_smartcloud" });
    let of = |client: &str| {
        let path = format!("/v1/search/system-users?client={client}&{CLAIMS}");
        daemon.call("operator", "GET", &path, "").1["items"].clone()
    };
    assert_eq!(of(CLIENT), json!([reaching]));
    assert_eq!(of(FIRM), json!([]));
    let actions = |client: &str, resource: &str| {
        let path =
            format!("/v1/search/actions?systemUser={user}&client={client}&resource={resource}");
        daemon.call("operator", "GET", &path, "").1["items"].clone()
    };
    let (read, write) = (json!({ "action": "read" }), json!({ "action": "write" }));
    assert_eq!(actions(CLIENT, "ske-krav-og-betalinger"), json!([read]));
    let both = json!([read, write]);
    assert_eq!(actions(CLIENT, "mva-melding-innsending"), both);
    assert_eq!(actions(FIRM, "mva-melding-innsending"), json!([]));
}

#[test]
fn counts_say_whether_they_are_exact() {
    let (daemon, user) = world();
    let revision = daemon.engine.snapshot().revision().0;
    let count = |path: &str| daemon.call("operator", "GET", path, "");
    let of = |count: usize| {
        (
            200,
            json!({ "count": count, "exact": true, "revision": revision }),
        )
    };
    let clients = format!("/v1/search/clients/count?systemUser={user}");
    assert_eq!(count(&clients), of(2));
    assert_eq!(count(&format!("{clients}&{CLAIMS}")), of(2));
    let unopened = format!("{clients}&action=write&resource=ske-krav-og-betalinger");
    assert_eq!(count(&unopened), of(0));
    let users = format!("/v1/search/system-users/count?client={OTHER}");
    assert_eq!(count(&users), of(1));
}

/// Who may search is refused or let through by what the search is about.
#[test]
fn each_caller_searches_about_its_own_and_no_more() {
    let (daemon, user) = world();
    let clients = format!("/v1/search/clients?systemUser={user}");
    let clients_of_claims = format!("{clients}&{CLAIMS}");
    let count = format!("/v1/search/clients/count?systemUser={user}&{CLAIMS}");
    let users = format!("/v1/search/system-users?client={CLIENT}");
    let users_of_claims = format!("{users}&{CLAIMS}");
    let actions = format!(
        "/v1/search/actions?systemUser={user}&client={CLIENT}&resource=ske-krav-og-betalinger"
    );
    let paths = [
        &clients,
        &clients_of_claims,
        &count,
        &users,
        &users_of_claims,
        &actions,
    ];
    let may = [
        ("operator", [true, true, true, true, true, true]),
        ("api", [false, true, true, false, true, true]),
        ("other-api", [false; 6]),
        ("vendor", [false; 6]),
        ("admin", [true, true, true, false, false, true]),
        ("employee", [false; 6]),
        ("client", [false, false, false, true, true, true]),
        ("other-admin", [false; 6]),
    ];
    for (token, may) in may {
        for (path, may) in paths.iter().zip(may) {
            let (status, answer) = daemon.call(token, "GET", path, "");
            let expected = if may { 200 } else { 403 };
            assert_eq!(status, expected, "{token} {path}: {answer}");
        }
    }
    let said = |token: &str, path: &str| daemon.call(token, "GET", path, "").1["detail"].clone();
    let who = "a resource API may about the resources bound to it, a client administrator of the firm about its system users, the client's persons about the client, and operators";
    assert_eq!(
        said("other-api", &clients_of_claims),
        json!(format!(
            "resource-api `other-api` may not search about resource `ske-krav-og-betalinger`; {who}"
        ))
    );
    assert_eq!(
        said("vendor", &clients_of_claims),
        json!(format!(
            "vendor `vendor` may not search about system user `{user}`; {who}"
        ))
    );
    assert_eq!(
        said("admin", &users),
        json!(format!(
            "person `admin` may not search about party `{CLIENT}`; {who}"
        ))
    );
}

#[test]
fn an_unknown_system_user_is_told_and_a_deleted_one_reaches_nobody() {
    let (daemon, user) = world();
    let unknown = format!("/v1/search/clients?systemUser={USER}");
    for (token, path) in [
        ("operator", unknown.clone()),
        ("admin", unknown.clone()),
        ("api", format!("{unknown}&{CLAIMS}")),
        ("operator", unknown.replace("clients?", "clients/count?")),
    ] {
        let (status, problem) = daemon.call(token, "GET", &path, "");
        let told = (404, &json!("unknown-system-user"));
        assert_eq!((status, &problem["code"]), told, "{token} {path}");
    }
    let path = format!("/v1/system-users/{user}");
    assert_eq!(daemon.call("admin", "DELETE", &path, "").0, 200);
    for path in [
        format!("/v1/search/clients?systemUser={user}"),
        format!("/v1/search/system-users?client={CLIENT}"),
    ] {
        let (status, page) = daemon.call("operator", "GET", &path, "");
        assert_eq!((status, &page["items"]), (200, &json!([])));
    }
}

#[test]
fn every_wrong_parameter_of_a_search_is_told() {
    let (daemon, user) = world();
    let told = |path: &str| {
        let (status, problem) = daemon.call("operator", "GET", path, "");
        assert_eq!(status, 400, "{path}: {problem}");
        let errors = problem["errors"].as_array().unwrap().iter();
        let told: Vec<_> = errors
            .map(|error| {
                let [pointer, detail] = ["pointer", "detail"].map(|name| error[name].as_str());
                format!("{} {}", pointer.unwrap(), detail.unwrap())
            })
            .collect();
        told
    };
    assert_eq!(
        told("/v1/search/clients?action=%21&level=high"),
        [
            "query:systemUser query parameter `systemUser` is missing",
            "query:action action `!` is not 1 to 128 characters of a-z, A-Z, 0-9, `-`, `_`, `.`, `:` and `/`",
            "query:level `level` is `high`; it has to be a number",
            "query:action `action` needs `resource` beside it",
        ]
    );
    assert_eq!(
        told(&format!("/v1/search/clients?systemUser={user}&level=3")),
        ["query:level `level` needs `action` beside it"]
    );
    assert_eq!(
        told("/v1/search/system-users?client=312002745&resource=a"),
        [
            "query:client organisation number `312002745` has a wrong check digit (MOD11)",
            "query:resource `resource` needs `action` beside it",
        ]
    );
    assert_eq!(
        told("/v1/search/actions?systemUser=x&client=312002744"),
        [
            "query:systemUser `x` is not a UUID of the form `5ea1d000-0000-4000-8000-000000000001`",
            "query:resource query parameter `resource` is missing",
        ]
    );
    assert_eq!(
        told(&format!("/v1/search/clients?systemUser={user}&page=00")),
        ["query:page `page` is `\u{fffd}`, which is not a token that a list has answered"]
    );
    assert_eq!(
        told(&format!("/v1/search/clients?systemuser={user}")),
        [
            "query:systemuser query parameter `systemuser` is not known here; did you mean `systemUser`?"
        ]
    );
}
