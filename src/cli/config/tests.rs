//! What is wrong with a configuration, each text whole.

use fullmakt::model::catalogue::Catalogue;
use fullmakt::model::policy::PolicyFolder;
use fullmakt::policies;

use super::parse;

/// The hash of `x`.
const HASH: &str = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
const OTHER: &str = "a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa";

/// All that is wrong with a file, a `line: message` each.
pub(super) fn refused(text: &str) -> Vec<String> {
    told(parse(text, "fullmakt.toml").unwrap_err())
}

pub(super) fn told(failure: super::Failure) -> Vec<String> {
    let line = |message: String| {
        let rest = message.strip_prefix("fullmakt.toml:");
        rest.expect("a finding begins with its file").to_owned()
    };
    failure.messages.into_iter().map(line).collect()
}

pub(super) fn caller(lines: &str) -> String {
    format!("[[caller]]\nid = \"c\"\nsha256 = \"{HASH}\"\n{lines}\n")
}

#[test]
fn every_wrong_value_names_its_line_key_and_mend() {
    let cases = [
        (
            "listn = \"x\"",
            "1: `listn` is not a key; did you mean `listen`?",
        ),
        (
            "# a comment\nlisten = 8180",
            "2: `listen` is `8180`; it has to be a string",
        ),
        (
            "listen = \"8180\"",
            "1: `listen`: `8180` is not an address of the form `127.0.0.1:8180`",
        ),
        ("data = \"\"", "1: `data` is empty"),
        (
            "request_expiry_days = 0",
            "1: `request_expiry_days` is `0`; it has to be a whole number from 1 to 3650",
        ),
        (
            "body_bytes = [\n1,\n2]",
            "1: `body_bytes` is `[…`; it has to be a whole number from 1024 to 1073741824",
        ),
        (
            "caller = 1",
            "1: `caller` has to be written as `[[caller]]`, once a caller",
        ),
        ("caller = [1]", "1: caller 1 has to be a table"),
        (
            "decision_log = 1",
            "1: `decision_log` has to be a table, `[decision_log]`",
        ),
        (
            "[decision_log]\ndir = \"d\"\non_full = \"block\"",
            "3: decision_log: `on_full`: `block` is neither `drop` nor `wait`",
        ),
        (
            "[decision_log]\ndir = \"d\"\nanswer_after = \"sent\"",
            "3: decision_log: `answer_after`: `sent` is none of `queued`, `written`, `synced`",
        ),
        (
            "[decision_log]\ndir = \"d\"\nanswer_after = \"written\"\non_full = \"drop\"",
            "4: decision_log: `on_full`: where answers wait for their lines nothing is dropped: leave it out, or say `wait`",
        ),
        (
            "[decision_log]\ndir = \"d\"\n[decision_log.collector]\nurl = \"http://collector.example\"",
            "4: collector: `url`: `http://collector.example` is not an address that begins with https://; http is for loopback only",
        ),
        (
            "[decision_log]\ndir = \"d\"\n[decision_log.collector]\nbatch_bytes = 2048",
            "3: collector: `url` is missing",
        ),
        (
            "[decision_log]\ndir = \"d\"\nmask = [\"context\"]",
            "3: decision_log: `mask`: `context` is not a JSON pointer such as `/context/name`",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(refused(text), [expected]);
    }
    assert!(refused("\nlisten = \n")[0].starts_with("2: "));
}

#[test]
fn a_public_url_is_an_address_that_a_browser_opens() {
    for (url, kept) in [
        ("https://fullmakt.example/", "https://fullmakt.example"),
        ("http://127.0.0.1:8180/a/b//", "http://127.0.0.1:8180/a/b"),
    ] {
        let config = parse(&format!("public_url = \"{url}\""), "fullmakt.toml").unwrap();
        assert_eq!(config.public_url.as_deref(), Some(kept));
    }
    for url in [
        "abc",
        "https://",
        "http:///x",
        "http://:80",
        "ftp://x",
        "https://a b",
        "https://x?q",
        "https://me@x",
    ] {
        let expected = format!(
            "1: `public_url`: `{url}` is not an address of the form `https://fullmakt.example`, with http or https and a host"
        );
        assert_eq!(refused(&format!("public_url = \"{url}\"")), [expected]);
    }
}

#[test]
fn a_caller_has_the_keys_of_its_kind_and_no_others() {
    let cases = [
        ("", "1: caller 1: `kind` is missing"),
        (
            "kind = \"persn\"",
            "4: caller 1: `kind` is `persn`; did you mean `person`? (resource-api, vendor, person, operator)",
        ),
        ("kind = \"person\"", "1: caller 1: `party` is missing"),
        (
            "kind = \"vendor\"\nparty = \"991825828\"",
            "5: caller 1: `party`: organisation number `991825828` has a wrong check digit (MOD11)",
        ),
        (
            "kind = \"vendor\"\nparty = \"991825827\"\nresources = [\"x\"]",
            "6: caller 1: `resources` does not go with the kind `vendor`",
        ),
        (
            "kind = \"resource-api\"",
            "1: caller 1: `resources` is missing",
        ),
        (
            "kind = \"resource-api\"\nresources = [1]",
            "5: caller 1: `resources` is `[1]`; it has to be a list of strings",
        ),
        (
            "kind = \"resource-api\"\nresources = []",
            "5: caller 1: `resources` is an empty list, so this caller could ask nothing; name the resources that it guards, or `[\"*\"]` for every one",
        ),
        (
            "kind = \"resource-api\"\nresources = [\"*\", \"x\"]",
            "5: caller 1: `resources`: `*` is every resource, and stands alone",
        ),
    ];
    for (lines, expected) in cases {
        assert_eq!(refused(&caller(lines)), [expected]);
    }
    let config = parse(&caller("kind = \"operator\""), "fullmakt.toml").unwrap();
    assert_eq!(config.callers.len(), 1);
}

#[test]
fn a_caller_needs_a_token_that_is_one() {
    let cases = [
        (
            "",
            "1: caller 1: `sha256` is missing; make it with `printf %s \"$TOKEN\" | sha256sum`",
        ),
        (
            "sha256 = []",
            "4: caller 1: `sha256` is an empty list, so nobody could be this caller; make it with `printf %s \"$TOKEN\" | sha256sum`",
        ),
        (
            "sha256 = \"abc\"",
            "4: caller 1: `sha256` is not 64 hexadecimal digits; make it with `printf %s \"$TOKEN\" | sha256sum`",
        ),
        (
            "sha256 = \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
            "4: caller 1: `sha256` is the hash of nothing: was $TOKEN empty? make it with `printf %s \"$TOKEN\" | sha256sum`",
        ),
        (
            "sha256 = 1",
            "4: caller 1: `sha256` is `1`; it has to be a string",
        ),
    ];
    for (line, expected) in cases {
        let text = format!("[[caller]]\nid = \"c\"\nkind = \"operator\"\n{line}");
        assert_eq!(refused(&text), [expected]);
    }
}

#[test]
fn every_wrong_field_is_told_in_the_order_of_the_file() {
    let text = format!(
        "listen = \"x\"\n[[caller]]\nid = \"c\"\nsha256 = []\nknd = \"person\"\n\
         [[caller]]\nsha256 = [\"a\", \"{HASH}\"]\nkind = \"vendor\"\npackages = []\nparty = \"1\"\n"
    );
    assert_eq!(
        refused(&text),
        [
            "1: `listen`: `x` is not an address of the form `127.0.0.1:8180`",
            "2: caller 1: `kind` is missing",
            "4: caller 1: `sha256` is an empty list, so nobody could be this caller; make it with `printf %s \"$TOKEN\" | sha256sum`",
            "5: caller 1: `knd` is not a key of a caller; did you mean `kind`?",
            "6: caller 2: `id` is missing",
            "7: caller 2: `sha256` is not 64 hexadecimal digits; make it with `printf %s \"$TOKEN\" | sha256sum`",
            "9: caller 2: `packages` does not go with the kind `vendor`",
            "10: caller 2: `party`: organisation number `1` is not nine digits",
        ]
    );
}

#[test]
fn two_callers_have_neither_an_id_nor_a_token_in_common() {
    let one = caller("kind = \"operator\"");
    let same_id = format!("{one}{}", one.replace(HASH, OTHER));
    assert_eq!(
        refused(&same_id),
        [
            "6: caller 2: `id` is `c`, as an earlier caller's is; give each its own, or list all its tokens in one `sha256`"
        ]
    );
    let same_token = format!("{one}{}", one.replace("\"c\"", "\"d\""));
    let config = parse(&same_token, "fullmakt.toml").unwrap();
    let catalogue = policies::shipped().text(PolicyFolder::CATALOGUE).unwrap();
    let catalogue = Catalogue::parse(catalogue, None).unwrap();
    assert_eq!(
        told(config.callers(&catalogue).unwrap_err()),
        ["7: caller `d`: callers `c` and `d` have the same token; give each one of its own"]
    );
}

#[test]
fn every_package_that_the_catalogue_lacks_is_told_with_its_line() {
    let text = caller(
        "kind = \"person\"\nparty = \"312001373\"\npackages = [\n  \"tilgangsstyrer\",\n  \"tilgangsstyre\",\n  \"x\"]",
    );
    let config = parse(&text, "fullmakt.toml").unwrap();
    let catalogue = policies::shipped().text(PolicyFolder::CATALOGUE).unwrap();
    let catalogue = Catalogue::parse(catalogue, None).unwrap();
    let told = told(config.callers(&catalogue).unwrap_err());
    assert_eq!(
        told[0],
        "8: caller `c`: access package `tilgangsstyre` is not in the catalogue; did you mean `tilgangsstyrer`?"
    );
    assert!(
        told.len() == 2 && told[1].starts_with("9: caller `c`: "),
        "{told:?}"
    );
}
