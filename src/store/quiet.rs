//! sled panics on some damage where it should answer an error. These turn a panic into its text.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Runs work that may panic; a panic becomes its text. The panic hook still reports it.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // Whoever sees the error of a panic trusts nothing that the work touched: a store that panicked while opening is
    // dropped, and one that panicked while writing takes no more writes.
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| text_of(payload.as_ref()))
}

/// Like [`guarded`], without the panic's text on standard error.
///
/// The panic hook is the process's: it is exchanged for the time of the work by one that passes on what other threads
/// report, and then put back.
pub(super) fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static TURN: Mutex<()> = Mutex::new(());
    if thread::panicking() {
        // The hook cannot be exchanged by a thread that unwinds.
        return guarded(work);
    }
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let here = thread::current().id();
    let usual = Arc::new(take_hook());
    let others = Arc::clone(&usual);
    set_hook(Box::new(move |info| {
        if thread::current().id() != here {
            others(info);
        }
    }));
    let outcome = guarded(work);
    drop(take_hook());
    match Arc::try_unwrap(usual) {
        Ok(hook) => set_hook(hook),
        Err(shared) => set_hook(Box::new(move |info| shared(info))),
    }
    outcome
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "a panic without a text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_text() {
        let outcome: Result<(), _> = quietly(|| panic!("segment {} is torn", 7));

        assert_eq!(outcome, Err("segment 7 is torn".to_owned()));
        assert_eq!(quietly(|| 3), Ok(3));
    }
}
