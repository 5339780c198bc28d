//! What `policies/admin.cedar` said of the callers and targets that were asked about last.

use std::hash::BuildHasher;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use foldhash::fast::RandomState;

use crate::model::caller::{Act, Caller, Target};

/// How many answers are kept. A newer one takes the place of an older, so that no caller can fill it up.
const KEPT: usize = 1024;

/// Answers by all that they depend on: kept with the policies, so that nothing makes one stale. Read without waiting.
///
/// Cedar takes some twenty microseconds to say whether a caller may do something, which is longer than most of what callers
/// want to do; and callers come back.
#[derive(Debug)]
pub(super) struct Entitled {
    hashing: RandomState,
    kept: Box<[ArcSwapOption<Kept>]>,
}

#[derive(Debug)]
struct Kept {
    caller: Caller,
    act: Act,
    target: Target,
    may: bool,
}

impl Default for Entitled {
    fn default() -> Self {
        Self {
            hashing: RandomState::default(),
            kept: (0..KEPT).map(|_| ArcSwapOption::empty()).collect(),
        }
    }
}

impl Entitled {
    /// Whether the caller may do this, as it was kept or as `ask` says now.
    pub(super) fn may(
        &self,
        caller: &Caller,
        act: Act,
        target: &Target,
        ask: impl FnOnce() -> bool,
    ) -> bool {
        let hash = self.hashing.hash_one((caller, act, target)) % KEPT as u64;
        let place = usize::try_from(hash).unwrap_or_default();
        let Some(place) = self.kept.get(place) else {
            return ask();
        };
        if let Some(kept) = &*place.load()
            && kept.act == act
            && kept.target == *target
            && kept.caller == *caller
        {
            return kept.may;
        }
        let may = ask();
        place.store(Some(Arc::new(Kept {
            caller: caller.clone(),
            act,
            target: target.clone(),
            may,
        })));
        may
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::Entitled;
    use crate::model::caller::{Act, Caller, CallerKind, Target};
    use crate::model::id::OrgNo;

    fn caller((id, party, package): (u8, u8, u8)) -> Caller {
        let party = org(party);
        let kind = match package {
            0 => CallerKind::Operator,
            1 => CallerKind::Vendor { party },
            _ => CallerKind::Person {
                party,
                packages: vec![format!("package-{package}").parse().unwrap()],
            },
        };
        Caller {
            id: format!("caller-{id}").parse().unwrap(),
            kind,
        }
    }

    fn org(nth: u8) -> OrgNo {
        ["974761076", "312001373"][usize::from(nth)]
            .parse()
            .unwrap()
    }

    proptest! {
        // More questions than places, so that newer answers take the places of older ones.
        #[test]
        fn an_answer_is_of_its_own_caller_act_and_target(
            asked in prop::collection::vec(((0u8..6, 0u8..2, 0u8..4), 0..Act::ALL.len(), 0u8..2, any::<bool>()), 0..3000),
        ) {
            let (entitled, mut truth) = (Entitled::default(), HashMap::new());
            for (of, act, target, may) in asked {
                let (by, act, target) = (caller(of), Act::ALL[act], Target::Party(org(target)));
                let truly = *truth.entry((by.clone(), act, target.clone())).or_insert(may);
                prop_assert_eq!(entitled.may(&by, act, &target, || truly), truly);
            }
        }
    }
}
