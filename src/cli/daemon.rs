//! Speaking to a daemon.
#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value has null where it has nothing, and never panics"
)]

use fullmakt::http::Client;
use serde_json::Value;

use super::Failure;
use super::args::Daemon;

/// The daemon that the arguments name.
pub(crate) fn client(at: &Daemon) -> Result<Client, Failure> {
    Client::new(&at.url, at.token.clone()).map_err(|error| {
        Failure::new(error.to_string()).help("name the daemon with `--url`, or set FULLMAKT_URL")
    })
}

/// One request; an answer that is not a success is a failure with the daemon's own words.
pub(crate) fn call(
    at: &Daemon,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<Value, Failure> {
    let (status, answer) = ask(at, method, path, body)?;
    succeeded(at, status, answer)
}

/// One request, whatever its status.
pub(crate) fn ask(
    at: &Daemon,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<(u16, Value), Failure> {
    let answered = client(at)?.call(method, path, body);
    answered.map_err(|error| Failure::new(error.to_string()))
}

/// The answer, if it is a success.
pub(crate) fn succeeded(at: &Daemon, status: u16, answer: Value) -> Result<Value, Failure> {
    if (200..300).contains(&status) {
        return Ok(answer);
    }
    let failure = Failure::several(said(&answer));
    Err(match (status, &at.token) {
        (401, None) => failure.help("send a token with `--token`, or set FULLMAKT_TOKEN"),
        (401, Some(_)) => failure.help("the daemon's configuration lists the callers it knows"),
        _ => failure,
    })
}

/// What the daemon said is wrong: each field, or the whole.
fn said(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().into_iter().flatten();
    let details = errors.filter_map(|error| error["detail"].as_str().map(str::to_owned));
    let details: Vec<_> = details.collect();
    if !details.is_empty() {
        return details;
    }
    let whole = problem
        .get("detail")
        .or(Some(problem))
        .and_then(Value::as_str);
    vec![whole.unwrap_or("the daemon refused").to_owned()]
}

/// All items of a list, page by page.
pub(crate) fn all(at: &Daemon, path: &str) -> Result<Vec<Value>, Failure> {
    let mut items = Vec::new();
    let mut next = String::new();
    let begins = if path.contains('?') { '&' } else { '?' };
    loop {
        let page = call(
            at,
            "GET",
            &format!("{path}{}limit=1000&page={}", begins, escaped(&next)),
            None,
        )?;
        items.extend(page["items"].as_array().cloned().unwrap_or_default());
        page["next"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut next);
        if next.is_empty() {
            return Ok(items);
        }
    }
}

/// A part of a path, with everything that means something in one escaped.
pub(crate) fn escaped(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            path.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
        path
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::said;

    #[test]
    fn every_wrong_field_is_told_and_a_whole_refusal_once() {
        let fields = json!({ "detail": "a (and 1 more)", "errors": [{ "pointer": "/a", "detail": "a" }, { "detail": "b" }] });
        assert_eq!(said(&fields), ["a", "b"]);
        assert_eq!(said(&json!({ "detail": "a", "errors": [] })), ["a"]);
        assert_eq!(said(&json!("plain")), ["plain"]);
        assert_eq!(said(&json!(null)), ["the daemon refused"]);
    }
}
