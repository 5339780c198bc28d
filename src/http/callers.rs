//! Callers and their bearer tokens. Tokens are kept as hashes and compared in constant time.

use crate::model::caller::{Caller, TokenHash};
use crate::model::id::ActorId;

/// Why callers cannot be told apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallersError {
    /// Two callers have the same token.
    #[error("callers `{first}` and `{second}` have the same token; give each one of its own")]
    SameToken {
        /// One of them.
        first: ActorId,
        /// The other.
        second: ActorId,
    },
}

/// The callers that the daemon knows, each with any number of live tokens.
#[derive(Debug, Clone, Default)]
pub struct Callers {
    callers: Vec<Caller>,
    tokens: Vec<(TokenHash, usize)>,
}

impl Callers {
    /// Knows another caller, by the hashes of its tokens.
    pub fn add(&mut self, caller: Caller, tokens: &[TokenHash]) -> Result<(), CallersError> {
        for token in tokens {
            if let Some(other) = self.find(token) {
                return Err(CallersError::SameToken {
                    first: other.id.clone(),
                    second: caller.id,
                });
            }
        }
        let place = self.callers.len();
        self.callers.push(caller);
        self.tokens
            .extend(tokens.iter().map(|token| (*token, place)));
        Ok(())
    }

    /// Whether nobody is known.
    pub fn is_empty(&self) -> bool {
        self.callers.is_empty()
    }

    /// The caller with this token. Looks at every token, whichever matches, so that time tells nothing.
    pub(crate) fn with_token(&self, token: &str) -> Option<&Caller> {
        self.find(&TokenHash::of(token))
    }

    fn find(&self, hash: &TokenHash) -> Option<&Caller> {
        let mut found = None;
        for (known, place) in &self.tokens {
            if known.matches(hash) {
                found = Some(*place);
            }
        }
        self.callers.get(found?)
    }
}
