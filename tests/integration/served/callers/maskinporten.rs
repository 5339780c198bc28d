//! Tokens as Maskinporten gives them to vendors' systems: they speak for system users, and for nobody else.

use std::path::Path;

use serde_json::{Value, json};

use super::super::{Daemon, path, question, store};
use super::issuer::{Key, key_file, now};
use super::jwt::{CLIENT, ISSUER, by_token, claims, daemon, daemon_with};

const VENDOR: &str = "991825827";

/// A token as Maskinporten gives it to a vendor's system; who it speaks for.
pub(super) fn details(spelling: &str, users: Value) -> Value {
    json!({
        "iss": ISSUER, "client_id": CLIENT, "scope": "fullmakt:ask", "iat": now(), "exp": now() + 120,
        "client_amr": "private_key_jwt", "token_type": "Bearer",
        "consumer": { "authority": "iso6523-actorid-upis", spelling: format!("0192:{VENDOR}") },
        "authorization_details": [{
            "type": "urn:altinn:systemuser",
            "systemuser_org": { "authority": "iso6523-actorid-upis", spelling: "0192:312001373" },
            "systemuser_id": users, "system_id": "991825827_smartcloud",
        }],
    })
}

const FIRST: &str = "5ea1d000-0000-4000-8000-000000000001";
const SECOND: &str = "5ea1d000-0000-4000-8000-000000000002";

/// A daemon on the demo's store that believes an issuer, and knows the vendor's system by its consumer.
fn demo_for(dir: &Path, key: &Key) -> Daemon {
    let data = dir.join("data");
    let _ = Daemon::start(&["--demo", "--data", path(&data)]).stop();
    let source = format!("jwks_file = \"{}\"", path(&key_file(dir, &[key])));
    let config = by_token(&source).replace(
        &format!("client_id = \"{CLIENT}\""),
        &format!("consumer = \"{VENDOR}\""),
    );
    daemon(dir, &config)
}

#[test]
fn maskinportens_token_asks_for_its_system_user() {
    let key = Key::new("1", "RS256");
    let (dir, _) = store();
    let daemon = demo_for(dir.path(), &key);
    let ask = |claims: &Value, subject: Option<&str>| {
        let mut body = question("", "312002744");
        let context = json!({});
        body["context"] = context;
        match subject {
            Some(id) => body["subject"]["id"] = json!(id),
            None => drop(body.as_object_mut().unwrap().remove("subject")),
        }
        daemon.call(
            &key.token(claims),
            "POST",
            "/access/v1/evaluation",
            Some(&body),
        )
    };
    let (one, several) = (json!([FIRST]), json!([FIRST, SECOND]));
    for claims in [
        details("ID", one.clone()),
        details("id", one.clone()),
        details("ID", json!(FIRST)),
    ] {
        for subject in [None, Some(FIRST)] {
            let (status, answer) = ask(&claims, subject);
            assert_eq!(
                (status, &answer["decision"]),
                (200, &json!(true)),
                "{claims}: {answer}"
            );
        }
        let another = json!("the token speaks for another system user than the subject");
        assert_eq!(ask(&claims, Some(SECOND)), (403, another));
    }
    let choose = json!("the token speaks for 2 system users; name one as the subject");
    assert_eq!(ask(&details("ID", several.clone()), None), (400, choose));
    let (status, answer) = ask(&details("ID", several.clone()), Some(FIRST));
    assert_eq!((status, &answer["decision"]), (200, &json!(true)));
    assert_eq!(
        ask(&details("ID", several), Some(SECOND)),
        (200, json!({ "decision": false }))
    );
    let said =
        json!("the token's `authorization_details` name no system user that can be understood");
    let mut no_firm = details("ID", one.clone());
    no_firm["authorization_details"][0]["systemuser_org"] = json!({ "ID": "0192:1" });
    for claims in [
        details("ID", json!([])),
        details("ID", json!(["x"])),
        details("ID", Value::Null),
        no_firm,
    ] {
        assert_eq!(ask(&claims, Some(FIRST)), (401, said.clone()), "{claims}");
    }
    // Another's consumer is another caller.
    let mut other = details("ID", one);
    other["consumer"]["ID"] = json!("0192:312001373");
    assert_eq!(ask(&other, Some(FIRST)).0, 401);
    // Details of another kind say nothing of system users.
    let mut plain = details("ID", json!([FIRST]));
    plain["authorization_details"] = json!([{ "type": "payment", "systemuser_id": "x" }]);
    assert_eq!(
        ask(&plain, Some(SECOND)),
        (200, json!({ "decision": false }))
    );
}

#[test]
fn a_system_users_token_asks_for_nobody_else_in_batches_searches_and_own_worlds() {
    let key = Key::new("1", "RS256");
    let (dir, _) = store();
    let daemon = demo_for(dir.path(), &key);
    let token = key.token(&details("ID", json!([FIRST])));
    let mut batch = question(FIRST, "312002744");
    let second = json!({ "type": "systemuser", "id": SECOND });
    batch["evaluations"] = json!([{}, { "subject": second }]);
    batch["context"] = json!({});
    let (status, answer) = daemon.call(&token, "POST", "/access/v1/evaluations", Some(&batch));
    assert_eq!(status, 200);
    let answers = &answer["evaluations"];
    assert_eq!(
        (&answers[0]["decision"], &answers[1]["decision"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        answers[1]["context"]["error"]["code"],
        json!("other-system-user")
    );
    let search = json!({
        "subject": { "type": "systemuser" }, "action": { "name": "read" },
        "resource": { "type": "ske-krav-og-betalinger", "id": "312002744" },
    });
    let said =
        json!("the token speaks for a system user, so it asks for evaluations and nothing else");
    let searched = daemon.call(&token, "POST", "/access/v1/search/subject", Some(&search));
    assert_eq!(searched, (403, said));
    drop(daemon);

    let (dir, _) = store();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/examples/authzen-todo");
    let source = format!("jwks_file = \"{}\"", path(&key_file(dir.path(), &[&key])));
    let daemon = daemon_with(dir.path(), &by_token(&source), &own);
    let body = json!({
        "subject": { "type": "user", "id": "CiRmZDA2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs" },
        "action": { "name": "can_read_todos" }, "resource": { "type": "todo", "id": "todo-1" },
    });
    let (status, answer) = daemon.call(
        &key.token(&claims()),
        "POST",
        "/access/v1/evaluation",
        Some(&body),
    );
    assert_eq!((status, answer), (200, json!({ "decision": true })));
    let another = json!("the token speaks for another system user than the subject");
    assert_eq!(
        daemon.call(&token, "POST", "/access/v1/evaluation", Some(&body)),
        (403, another)
    );
}
