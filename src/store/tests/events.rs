//! Every event comes back as it was written, whatever is in it, by whom and why.

use proptest::collection::vec;
use proptest::prelude::*;

use super::all;
use super::any::{of_every_kind, recorded};
use crate::model::event::{Event, Recorded};
use crate::model::id::Revision;
use crate::store::Store;

/// How many kinds of events there are.
const KINDS: usize = 15;

/// Which kind it is. A new one stops the build here, and is to be put into [`of_every_kind`].
fn place(event: &Event) -> usize {
    match event {
        Event::PoliciesInForce { .. } => 0,
        Event::PartyPut { .. } => 1,
        Event::SystemPut(_) => 2,
        Event::SystemDeleted { .. } => 3,
        Event::RequestCreated(_) => 4,
        Event::RequestWithdrawn { .. } => 5,
        Event::RequestRejected { .. } => 6,
        Event::RequestEscalated { .. } => 7,
        Event::RequestApproved { .. } => 8,
        Event::SystemUserDeleted { .. } => 9,
        Event::ClientsChanged { .. } => 10,
        Event::RelationPut { .. } => 11,
        Event::RelationEnded { .. } => 12,
        Event::Imported { .. } => 13,
        Event::PoliciesProposed { .. } => 14,
    }
}

/// An event of each kind, in any order and then some more, numbered from 1.
fn journals() -> impl Strategy<Value = Vec<Recorded>> {
    let each: Vec<_> = of_every_kind().into_iter().map(recorded).collect();
    let more = vec(recorded(prop::strategy::Union::new(of_every_kind())), 0..8);
    (each, more)
        .prop_map(|(each, more)| each.into_iter().chain(more).collect::<Vec<_>>())
        .prop_shuffle()
        .prop_map(|mut all| {
            for (recorded, number) in all.iter_mut().zip(1..) {
                recorded.revision = Revision(number);
            }
            all
        })
}

/// The store has exactly these events, read one by one, together, and from any place on.
fn check(store: &Store, written: &[Recorded]) {
    assert_eq!(all(store), written);
    for (recorded, number) in written.iter().zip(0..) {
        assert_eq!(
            store.event(recorded.revision).unwrap().as_ref(),
            Some(recorded)
        );
        let mut after = store.events_after(Revision(number));
        assert_eq!(after.next().unwrap().unwrap(), *recorded);
    }
    let last = Revision(written.len() as u64);
    assert_eq!(store.head(), last);
    assert_eq!(store.event(last.next()).unwrap(), None);
    assert_eq!(store.events_after(last).count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_event_comes_back_as_it_was_written(journal in journals(), first in 1usize..KINDS) {
        let mut kinds: Vec<_> = journal.iter().map(|recorded| place(&recorded.event)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        prop_assert_eq!(kinds, (0..KINDS).collect::<Vec<_>>());
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let (before, after) = journal.split_at(first);
        store.append(before, &[]).unwrap();
        check(&store, before);
        store.append(after, &[]).unwrap();
        check(&store, &journal);
        drop(store);
        check(&Store::open(dir.path()).unwrap(), &journal);
    }
}
