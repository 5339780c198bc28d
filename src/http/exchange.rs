//! One request, read from its head: who calls, what its path and its query say.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::HeaderValue;

use crate::engine::{Call, PageRequest};
use crate::model::caller::Caller;
use crate::model::id::SystemUserId;
use crate::model::time::Timestamp;

use super::decision_log::TraceParent;
use super::problem::Problem;
use super::upload::Upload;

/// One request.
pub(crate) struct Exchange {
    /// Who calls; nobody on routes that are open.
    pub(crate) caller: Option<Arc<Caller>>,
    /// Its place among the callers.
    pub(crate) place: usize,
    /// The system users that the caller's token speaks for; none if it speaks for itself.
    pub(crate) system_users: Vec<SystemUserId>,
    pub(crate) request_id: HeaderValue,
    /// The trace that the request belongs to; read only where decisions are logged.
    pub(crate) trace: Option<TraceParent>,
    pub(crate) path: HashMap<String, String>,
    pub(crate) query: String,
    /// What the caller takes to be there, where that matters.
    pub(crate) if_match: Option<HeaderValue>,
    pub(crate) body: Bytes,
    /// The body where it was not read yet, for the one who takes it.
    pub(crate) upload: Cell<Option<Upload>>,
    pub(crate) now: Timestamp,
}

impl Exchange {
    /// The call that a command is given.
    pub(crate) fn call(&self) -> Result<Call, Problem> {
        Ok(Call {
            by: Caller::clone(self.by()?),
            now: self.now,
            request_id: Some(self.shown_id().into()),
        })
    }

    /// The request id as log and journal keep it: it goes back whole, but is kept only so far.
    pub(crate) fn shown_id(&self) -> String {
        shown_id(&self.request_id).into_owned()
    }

    /// Who calls.
    pub(crate) fn by(&self) -> Result<&Arc<Caller>, Problem> {
        let nobody = || {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "nobody is known to call",
            )
        };
        self.caller.as_ref().ok_or_else(nobody)
    }

    /// A parameter of the path.
    pub(crate) fn path<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<T, Problem> {
        let text = self.path.get(name).map(String::as_str).unwrap_or_default();
        text.parse()
            .map_err(|error: T::Err| Problem::of_field(format!("path:{name}"), error.to_string()))
    }

    /// The parameters of the query; one that is not known here, or stands twice, is an error.
    pub(crate) fn query(&self, known: &[&str]) -> Result<HashMap<String, String>, Problem> {
        let mut found = HashMap::new();
        for pair in self.query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (percent_decoded(name), percent_decoded(value));
            if !known.contains(&name.as_str()) {
                let near = crate::model::system::nearest(&name, known.iter().copied());
                let hint = near
                    .map(|near| format!("; did you mean `{near}`?"))
                    .unwrap_or_default();
                let detail = format!(
                    "query parameter `{}` is not known here{hint}",
                    crate::model::id::shown(&name)
                );
                return Err(Problem::of_field(format!("query:{name}"), detail));
            }
            if found.insert(name.clone(), value).is_some() {
                return Err(Problem::of_field(
                    format!("query:{name}"),
                    format!("query parameter `{name}` stands twice"),
                ));
            }
        }
        Ok(found)
    }

    /// Which page of a list is asked for.
    pub(crate) fn page(&self) -> Result<PageRequest, Problem> {
        let query = self.query(&["limit", "page"])?;
        page_of(&query)
    }
}

/// A request id as it is kept.
pub(crate) fn shown_id(request_id: &HeaderValue) -> Cow<'_, str> {
    const MOST: usize = 256;
    let text = match request_id.to_str() {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(request_id.as_bytes()),
    };
    if text.len() <= MOST {
        return text;
    }
    text.chars().take(MOST).collect()
}

/// A page from the query's `limit` and `page`.
pub(crate) fn page_of(query: &HashMap<String, String>) -> Result<PageRequest, Problem> {
    let most = crate::engine::MOST_ITEMS;
    let limit = query.get("limit").map(|text| {
        let limit = number(text)
            .and_then(|limit| usize::try_from(limit).ok())
            .filter(|limit| (1..=most).contains(limit));
        let detail = || {
            format!(
                "`limit` is `{}`; it has to be a number from 1 to {most}",
                crate::model::id::shown(text)
            )
        };
        limit.ok_or_else(|| Problem::of_field("query:limit", detail()))
    });
    let page = query
        .get("page")
        .filter(|token| !token.is_empty())
        .map(|token| unpacked(token).ok_or_else(|| not_a_token(token)));
    Ok(PageRequest {
        limit: limit.transpose()?,
        page: page.transpose()?,
    })
}

/// A page token as it goes out: opaque, so that nobody builds on what it holds.
pub(crate) fn packed(token: &str) -> String {
    use std::fmt::Write;
    token.bytes().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What [`packed`] was given; nothing if this is not of its making.
pub(crate) fn unpacked(token: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = (0..token.len())
        .step_by(2)
        .map(|at| token.get(at..at + 2).and_then(hex_pair))
        .collect();
    String::from_utf8(bytes?).ok()
}

fn not_a_token(token: &str) -> Problem {
    let shown = crate::model::id::shown(token);
    Problem::of_field(
        "query:page",
        format!("`page` is `{shown}`, which is not a token that a list has answered"),
    )
}

/// A byte of two hexadecimal digits. The standard library's reading would take a sign for one of them.
fn hex_pair(pair: &str) -> Option<u8> {
    let are_digits = pair.bytes().all(|byte| byte.is_ascii_hexdigit());
    are_digits
        .then(|| u8::from_str_radix(pair, 16).ok())
        .flatten()
}

/// A number of digits alone.
pub(crate) fn number(text: &str) -> Option<u64> {
    let are_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| text.parse().ok()).flatten()
}

pub(crate) fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let pair = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        if let Some(value) = pair.and_then(hex_pair) {
            decoded.push(value);
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
