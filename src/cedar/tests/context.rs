use serde_json::{Map, Value, json};

use super::{compiled, edited, folder, read};
use crate::cedar::Compiled;
use crate::model::policy::PolicyFolder;
use crate::model::question::Asked;

fn with_members() -> Compiled {
    compiled(&edited(
        &folder(""),
        PolicyFolder::SCHEMA,
        "authenticationLevel?: Long,",
        "authenticationLevel?: Long,\n  channel?: String,\n  urgent?: Bool,\n  from?: Place,\n  users?: Set<SystemUser>,\n  since?: datetime,\n};\ntype Place = {\n  country: String,",
    ))
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn refused(compiled: &Compiled, sent: &Value) -> String {
    let refused = compiled.check_context(Some(read(compiled)), &members(sent));
    refused.unwrap_err().to_string()
}

#[test]
fn a_clock_that_a_caller_sends_is_refused_by_name() {
    let compiled = compiled(&folder(""));

    let refused = compiled
        .check_context(None, &members(&json!({"now": "2026-11-24T12:00:00Z"})))
        .unwrap_err();

    assert_eq!(
        refused.to_string(),
        "context member `now` cannot be sent: the clock is the daemon's"
    );
    assert_eq!(refused.member(), "now");
}

#[test]
fn members_that_the_schema_lacks_are_dropped() {
    let compiled = compiled(&folder(""));

    let sent = members(&json!({"channel": {"odd": null}, "authenticationLevel": 3}));
    let checked = compiled
        .check_context(Some(read(&compiled)), &sent)
        .unwrap();

    assert_eq!(*checked.asked(), Asked::at_level(3));
}

#[test]
fn of_an_unknown_action_only_the_level_is_read() {
    let compiled = compiled(&folder(""));

    let sent = members(&json!({"channel": "web", "authenticationLevel": 3}));
    assert_eq!(
        *compiled.check_context(None, &sent).unwrap().asked(),
        Asked::at_level(3)
    );

    let sent = members(&json!({"authenticationLevel": "3"}));
    let refused = compiled.check_context(None, &sent).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "context member `authenticationLevel` is a string; it has to be a whole number"
    );
}

#[test]
fn a_known_member_of_another_type_is_refused_with_what_is_wanted() {
    let compiled = with_members();

    for (sent, expected) in [
        (
            json!({"authenticationLevel": "3"}),
            "`authenticationLevel` is a string; it has to be a whole number",
        ),
        (
            json!({"authenticationLevel": null}),
            "`authenticationLevel` is null; it has to be a whole number",
        ),
        (
            json!({"authenticationLevel": 3.5}),
            "`authenticationLevel` is a number that is not a whole one of 64 bits; it has to be a whole number",
        ),
        (
            json!({"authenticationLevel": 9_223_372_036_854_775_808_u64}),
            "`authenticationLevel` is a number that is not a whole one of 64 bits; it has to be a whole number",
        ),
        (
            json!({"channel": 1}),
            "`channel` is a whole number; it has to be a string",
        ),
        (
            json!({"urgent": "yes"}),
            "`urgent` is a string; it has to be true or false",
        ),
        (
            json!({"from": {"country": 1}}),
            "`from` is an object; it has to be a record of the schema's shape",
        ),
        (
            json!({"from": {"country": "no", "more": 1}}),
            "`from` is an object; it has to be a record of the schema's shape",
        ),
        (
            json!({"users": [{"__entity": {"type": "Person", "id": "1"}}]}),
            "`users` is an array; it has to be an array, each of it an entity of type `SystemUser`",
        ),
        (
            json!({"since": "yesterday"}),
            "`since` is a string; it has to be a datetime, as a string",
        ),
    ] {
        assert_eq!(
            refused(&compiled, &sent),
            format!("context member {expected}")
        );
    }
}

#[test]
fn members_of_the_administrators_schema_are_kept() {
    let compiled = with_members();
    let sent = json!({
        "authenticationLevel": 4,
        "channel": "web",
        "urgent": true,
        "from": {"country": "no"},
        "users": [{"type": "SystemUser", "id": "5ea1d000-0000-4000-8000-000000000001"}],
        "since": "2026-11-24T12:00:00Z",
        "unknown": 1,
    });

    let checked = compiled
        .check_context(Some(read(&compiled)), &members(&sent))
        .unwrap();

    assert_eq!(checked.asked().authentication_level, Some(4));
    let mut kept = members(&sent);
    kept.remove("authenticationLevel");
    kept.remove("unknown");
    assert_eq!(checked.asked().members, kept);
    let again = compiled
        .check_asked(Some(read(&compiled)), checked.asked())
        .unwrap();
    assert_eq!(again.asked(), checked.asked());
}
