//! Pages of lists: bounded, in a fixed order, each with a token for the next.

use super::error::ViewError;

/// The most items on one page.
pub const MOST_ITEMS: usize = 1000;
/// The items on a page unless the reader says otherwise.
pub const USUAL_ITEMS: usize = 100;

/// Which page of a list.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// The most items, 1 to [`MOST_ITEMS`]; [`USUAL_ITEMS`] if absent.
    pub limit: Option<usize>,
    /// The token that the page before answered; the first page if absent.
    pub page: Option<String>,
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// The token of the next page; empty at the end.
    pub next: String,
}

impl PageRequest {
    /// Where the page begins: after this key, read from the token.
    pub(crate) fn after<K: std::str::FromStr>(&self) -> Result<Option<K>, ViewError> {
        let Some(token) = self.page.as_deref().filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        let refused = || ViewError::PageToken(crate::model::id::shown(token));
        token.parse().map(Some).map_err(|_| refused())
    }

    /// Takes a page from candidates that stand after the token; `show` makes an item of one, or passes it over.
    pub(crate) fn take<C, T>(
        &self,
        candidates: impl Iterator<Item = C>,
        key: impl Fn(&C) -> String,
        mut show: impl FnMut(&C) -> Option<T>,
    ) -> Page<T> {
        let limit = self.limit.unwrap_or(USUAL_ITEMS).clamp(1, MOST_ITEMS);
        let mut items = Vec::new();
        let mut last = String::new();
        for candidate in candidates {
            let Some(item) = show(&candidate) else {
                continue;
            };
            if items.len() == limit {
                return Page { items, next: last };
            }
            last = key(&candidate);
            items.push(item);
        }
        Page {
            items,
            next: String::new(),
        }
    }
}
