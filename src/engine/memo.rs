//! What Cedar said in the contexts that were asked about last, of policies that look at nothing else.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};
use once_cell::sync::OnceCell;
use serde_json::Value;

use crate::model::question::Asked;
use crate::model::time::Timestamp;

use super::generation::Verdict;

/// How many contexts each class keeps. A newer one takes the place of an older, so that no caller can fill it up.
const KEPT: usize = 64;

/// The names that have a place of their own in a question.
const NOW: &str = "now";
const LEVEL: &str = "authenticationLevel";

/// Verdicts by the context members that they depend on. Read without waiting.
#[derive(Debug)]
pub(crate) struct Memo {
    members: Box<[Box<str>]>,
    looks_at_level: bool,
    looks_at_now: bool,
    // Made when first asked: most classes never are.
    kept: OnceCell<Box<[ArcSwapOption<Kept>]>>,
}

#[derive(Debug)]
pub(crate) struct Kept {
    /// Of each of the memo's members what it was.
    values: Box<[Option<Value>]>,
    level: Option<i64>,
    now: Timestamp,
    pub(crate) verdict: Verdict,
}

impl Memo {
    /// A memo of policies that look at these members.
    pub(crate) fn of(seen: &[Box<str>]) -> Self {
        let is_seen = |name: &str| seen.iter().any(|seen| **seen == *name);
        // A program can make a context with a clock of its own, which is not understood.
        let others = seen.iter().filter(|name| ***name != *NOW).cloned();
        Self {
            members: others.chain([NOW.into()]).collect(),
            looks_at_level: is_seen(LEVEL),
            looks_at_now: is_seen(NOW),
            kept: OnceCell::new(),
        }
    }

    /// The verdict in a context, as it was kept or as `ask` says now.
    pub(crate) fn verdict(
        &self,
        asked: &Asked,
        now: Timestamp,
        ask: impl FnOnce() -> Verdict,
    ) -> Guard<Option<Arc<Kept>>> {
        let kept = self
            .kept
            .get_or_init(|| (0..KEPT).map(|_| ArcSwapOption::empty()).collect());
        let place = kept.get(self.place(asked, now));
        if let Some(place) = place {
            let found = place.load();
            if found
                .as_ref()
                .is_some_and(|kept| self.is_of(kept, asked, now))
            {
                return found;
            }
        }
        let anew = Arc::new(Kept {
            values: self.values(asked).map(Option::<&Value>::cloned).collect(),
            level: asked.authentication_level,
            now,
            verdict: ask(),
        });
        if let Some(place) = place {
            place.store(Some(Arc::clone(&anew)));
        }
        Guard::from_inner(Some(anew))
    }

    fn values<'a>(&'a self, asked: &'a Asked) -> impl Iterator<Item = Option<&'a Value>> {
        self.members.iter().map(|name| asked.members.get(&**name))
    }

    fn is_of(&self, kept: &Kept, asked: &Asked, now: Timestamp) -> bool {
        (!self.looks_at_now || kept.now == now)
            && (!self.looks_at_level || kept.level == asked.authentication_level)
            && self
                .values(asked)
                .eq(kept.values.iter().map(Option::as_ref))
    }

    fn place(&self, asked: &Asked, now: Timestamp) -> usize {
        let mut hasher = DefaultHasher::new();
        if self.looks_at_now {
            now.hash(&mut hasher);
        }
        if self.looks_at_level {
            asked.authentication_level.hash(&mut hasher);
        }
        for value in self.values(asked) {
            value.hash(&mut hasher);
        }
        usize::try_from(hasher.finish() % KEPT as u64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::Memo;
    use crate::cedar::Satisfied;
    use crate::engine::generation::Verdict;
    use crate::model::question::{Asked, Obligations};
    use crate::model::time::Timestamp;

    fn verdict(of: u8) -> Verdict {
        Verdict {
            satisfied: Satisfied::default(),
            permits: true,
            denies: false,
            obligations: Obligations {
                minimum_authentication_level: Some(of),
                minimum_authentication_level_org: None,
            },
        }
    }

    proptest! {
        // What a verdict was asked for is told apart from all that came before it, and only by what is looked at.
        #[test]
        fn a_verdict_is_of_its_own_context(
            looks_at in prop::sample::subsequence(vec!["authenticationLevel", "now", "word"], 0..=3),
            asked in prop::collection::vec((0u8..10, 0u8..10, 0u8..10), 0..600),
        ) {
            let seen: Vec<Box<str>> = looks_at.iter().map(|name| (*name).into()).collect();
            let memo = Memo::of(&seen);
            for (level, now, word) in asked {
                let mut context = Asked::at_level(level.into());
                context.members.insert("word".to_owned(), json!(word));
                context.members.insert("other".to_owned(), json!(now));
                let parts = [("authenticationLevel", level), ("now", now), ("word", word)];
                let own = parts.iter().filter(|(name, _)| looks_at.contains(name));
                let own = own.fold(0, |all, (_, part)| (all * 10 + u16::from(*part)) % 251);
                let own = u8::try_from(own).unwrap();
                let found = memo.verdict(&context, Timestamp::from_millis(now.into()), || verdict(own));
                prop_assert_eq!(found.as_ref().unwrap().verdict.obligations.minimum_authentication_level, Some(own));
            }
        }
    }
}
