//! Pages of searches (section 8.2): what a request says of them, and tokens that are bound to it.

use serde_json::{Value, json};

use crate::engine::{Found, PageRequest, USUAL_ITEMS};
use crate::model::hash::ContentHash;

use super::super::exchange::{packed, unpacked};
use super::super::json::Fields;
use super::super::problem::Problem;
use super::super::reply::Reply;
use super::read::properties;

/// How much of the hash stands in a token.
const HASH: usize = 32;

/// The `page` of a request.
#[derive(Debug, Default)]
pub(super) struct Paging {
    limit: Option<u64>,
    token: Option<String>,
}

/// Where a page begins, checked against the question that is asked.
#[derive(Debug)]
pub(super) struct Start {
    /// As it was asked for: it is what the next request has to say again, or leave out.
    limit: Option<u64>,
    /// All that the answer depends on, as one text.
    question: String,
    /// After this item, in the search's own form; at the beginning if it is empty.
    after: String,
}

/// The `page` of a request. Members that are not known are passed over (section 8.2.1).
pub(super) fn paging(fields: &mut Fields<'_>) -> Option<Paging> {
    if !fields.has("page") {
        return Some(Paging::default());
    }
    let mut page = fields.object("page")?;
    properties(&mut page);
    let token = page.optional_text("token");
    let limit = match page.raw("limit") {
        None | Some(Value::Null) => None,
        Some(limit) => {
            let number = limit.as_u64();
            if number.is_none() {
                let detail = format!("`limit` is {limit}; it has to be a whole number from 0");
                page.wrong("limit", detail);
            }
            number
        }
    };
    Some(Paging {
        limit,
        token: token.filter(|token| !token.is_empty()),
    })
}

impl Paging {
    /// Where the page begins. A token is only of the search that answered it, with the limit of then.
    pub(super) fn start(self, question: String) -> Result<Start, Problem> {
        let Some(token) = self.token else {
            return Ok(Start {
                limit: self.limit,
                question,
                after: String::new(),
            });
        };
        let wrong = |why: &str| {
            let shown = crate::model::id::shown(&token);
            Problem::of_field("/page/token", format!("`token` is `{shown}`, which {why}"))
        };
        let not_ours = || wrong("is not one that a search has answered");
        let text = unpacked(&token).ok_or_else(not_ours)?;
        let mut parts = text.splitn(3, '.');
        let (Some(limit), Some(hash), Some(after)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(not_ours());
        };
        let limit = match limit {
            "" => None,
            number => Some(number.parse().map_err(|_| not_ours())?),
        };
        let start = Start {
            limit,
            question,
            after: after.to_owned(),
        };
        if hash != start.hash(after) {
            return Err(wrong("is of another search than this one"));
        }
        match self.limit {
            Some(asked) if asked != start.effective() => {
                let detail = format!(
                    "`limit` is {asked}, and the search that `token` is of has {}",
                    start.effective()
                );
                Err(Problem::of_field("/page/limit", detail))
            }
            Some(_) | None => Ok(start),
        }
    }
}

impl Start {
    fn effective(&self) -> u64 {
        let usual = u64::try_from(USUAL_ITEMS).unwrap_or(u64::MAX);
        self.limit.unwrap_or(usual)
    }

    fn limit(&self) -> String {
        self.limit
            .map(|limit| limit.to_string())
            .unwrap_or_default()
    }

    /// What binds a token to its question, its limit and its place.
    fn hash(&self, after: &str) -> String {
        let mut hash = ContentHash::default();
        for part in [&self.question, &self.limit(), after] {
            hash.update(part.as_bytes());
            hash.update(&[0]);
        }
        let mut hash = hash.finish();
        hash.truncate(HASH);
        hash
    }

    fn token(&self, after: &str) -> String {
        packed(&format!("{}.{}.{after}", self.limit(), self.hash(after)))
    }

    /// The page as the engine's searches have it. They find at least one at a time.
    pub(super) fn request(&self) -> PageRequest {
        let limit = usize::try_from(self.effective()).unwrap_or(usize::MAX);
        PageRequest {
            limit: Some(limit),
            page: Some(self.after.clone()),
        }
    }

    /// The answer: `page` first, with the token of the next page, which is empty at the end.
    pub(super) fn answer<T>(&self, found: &Found<T>, show: impl Fn(&T) -> Value) -> Reply {
        let nothing_wanted = self.limit == Some(0) && !found.items.is_empty();
        let (items, next) = if nothing_wanted {
            (&[][..], Some(self.after.as_str()))
        } else {
            let next = Some(found.next.as_str()).filter(|next| !next.is_empty());
            (found.items.as_slice(), next)
        };
        let token = next.map(|after| self.token(after));
        let results: Vec<_> = items.iter().map(show).collect();
        Reply::ok(&json!({
            "page": { "next_token": token.unwrap_or_default(), "count": results.len() },
            "results": results,
        }))
    }
}
