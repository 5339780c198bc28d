//! Which firms a client has a relation to: pairs of numbers in sorted runs, shared between revisions.
//!
//! A change is a run of its own, and runs of like size are made one, so that there are never more than some twenty. Ten
//! million pairs take eighty megabytes and a change costs a few steps of a merge; a balanced tree took twice that and
//! was most of the time of an import.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::id::OrgNo;

/// Pairs of client and firm. Cloning costs one reference count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pairs {
    // INVARIANT: oldest first, each at least twice as long as the next; the first holds nothing that was taken out.
    runs: Arc<Vec<Arc<[Item]>>>,
}

/// Client, firm, and in the lowest bit whether the pair was taken out. Organisation numbers are below 2^30.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Item(u64);

impl Item {
    fn new(client: OrgNo, firm: u32, is_out: bool) -> Self {
        Self(u64::from(client.as_u32()) << 32 | u64::from(firm) << 1 | u64::from(is_out))
    }

    fn pair(self) -> u64 {
        self.0 >> 1
    }

    fn is_out(self) -> bool {
        self.0 & 1 == 1
    }

    fn firm(self) -> u32 {
        u32::try_from(self.0 >> 1 & 0x7fff_ffff).unwrap_or_default()
    }
}

impl Pairs {
    /// These pairs, in any order.
    pub(crate) fn of(pairs: impl Iterator<Item = (OrgNo, OrgNo)>) -> Self {
        let mut items: Vec<Item> = pairs
            .map(|(client, firm)| Item::new(client, firm.as_u32(), false))
            .collect();
        items.sort_unstable();
        items.dedup();
        let mut all = Self::default();
        all.push(items);
        all
    }

    /// Puts the pairs of a firm and these clients in.
    pub(crate) fn put(&mut self, firm: OrgNo, clients: impl Iterator<Item = OrgNo>) {
        self.change(firm, clients, false);
    }

    /// Takes the pairs of a firm and these clients out.
    pub(crate) fn take_out(&mut self, firm: OrgNo, clients: impl Iterator<Item = OrgNo>) {
        self.change(firm, clients, true);
    }

    fn change(&mut self, firm: OrgNo, clients: impl Iterator<Item = OrgNo>, is_out: bool) {
        let mut items: Vec<Item> = clients
            .map(|client| Item::new(client, firm.as_u32(), is_out))
            .collect();
        items.sort_unstable();
        items.dedup();
        self.push(items);
    }

    /// The firms of a client, ascending.
    pub(crate) fn firms_of(&self, client: OrgNo) -> impl Iterator<Item = OrgNo> + use<> {
        let mut firms = BTreeMap::new();
        let first = Item::new(client, 0, false);
        for run in self.runs.iter() {
            let start = run.partition_point(|item| *item < first);
            let from = run.get(start..).unwrap_or_default();
            let of_client = from
                .iter()
                .take_while(|item| item.0 >> 32 == u64::from(client.as_u32()));
            // A later run knows better.
            firms.extend(of_client.map(|item| (item.firm(), !item.is_out())));
        }
        let held = firms.into_iter().filter(|(_, is_in)| *is_in);
        held.filter_map(|(firm, _)| OrgNo::from_u32(firm).ok())
    }

    fn push(&mut self, mut newest: Vec<Item>) {
        if newest.is_empty() {
            return;
        }
        let runs = Arc::make_mut(&mut self.runs);
        while let Some(before) = runs.pop_if(|before| before.len() / 2 < newest.len()) {
            newest = merged(&before, &newest);
        }
        if runs.is_empty() {
            newest.retain(|item| !item.is_out());
        }
        runs.push(newest.into());
    }
}

/// Two sorted runs as one; of a pair that is in both, what the later says.
fn merged(earlier: &[Item], later: &[Item]) -> Vec<Item> {
    let mut all = Vec::with_capacity(earlier.len() + later.len());
    let mut earlier = earlier.iter().copied().peekable();
    for item in later.iter().copied() {
        while let Some(before) = earlier.next_if(|before| before.pair() < item.pair()) {
            all.push(before);
        }
        earlier.next_if(|before| before.pair() == item.pair());
        all.push(item);
    }
    all.extend(earlier);
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Pairs;
    use crate::model::id::OrgNo;

    fn number(nth: u32) -> OrgNo {
        let valid = (92_000_000u32..)
            .filter_map(|eight| OrgNo::from_u32(eight * 10 + OrgNo::check_digit(eight)?).ok());
        valid.skip(nth as usize).step_by(1).next().unwrap()
    }

    proptest! {
        #[test]
        fn pairs_are_a_set(changes in prop::collection::vec((0u32..4, prop::collection::vec(0u32..40, 0..60), any::<bool>()), 1..60)) {
            let mut pairs = Pairs::default();
            let mut set = BTreeSet::new();
            for (firm, clients, put) in changes {
                let before = pairs.clone();
                let set_before = set.clone();
                let clients: Vec<OrgNo> = clients.into_iter().map(number).collect();
                if put {
                    pairs.put(number(firm), clients.iter().copied());
                    set.extend(clients.iter().map(|client| (*client, number(firm))));
                } else {
                    pairs.take_out(number(firm), clients.iter().copied());
                    set.retain(|(client, of)| *of != number(firm) || !clients.contains(client));
                }
                prop_assert!(pairs.runs.is_sorted_by(|one, next| one.len() >= next.len() * 2));
                for nth in 0..41 {
                    let client = number(nth);
                    let of = |set: &BTreeSet<(OrgNo, OrgNo)>| set.iter().filter(|(of, _)| *of == client).map(|(_, firm)| *firm).collect::<Vec<_>>();
                    prop_assert_eq!(pairs.firms_of(client).collect::<Vec<_>>(), of(&set));
                    prop_assert_eq!(before.firms_of(client).collect::<Vec<_>>(), of(&set_before));
                }
            }
            let anew = Pairs::of(set.iter().copied());
            for nth in 0..41 {
                prop_assert_eq!(anew.firms_of(number(nth)).collect::<Vec<_>>(), pairs.firms_of(number(nth)).collect::<Vec<_>>());
            }
        }
    }
}
