//! The law that `tests/integration/equality.rs` tests, under policies, worlds and questions that a fuzzer chooses.
#![no_main]
#![allow(dead_code, unused_imports, reason = "the tests use more of what they share")]

use std::sync::LazyLock;

use arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;

#[path = "../../integration/deeds.rs"]
mod deeds;
#[path = "../../integration/law/mod.rs"]
mod law;
#[path = "../../integration/world.rs"]
mod world;

use law::choices::Choices;
use law::compare::{Beginning, compare};
use law::count::Counts;
use law::plan::{Shape, plan};

/// Choices from the fuzzer's input; the simplest once it is used up.
struct Input<'a>(Unstructured<'a>);

impl Choices for Input<'_> {
    fn below(&mut self, n: usize) -> usize {
        self.0.int_in_range(0..=n - 1).unwrap_or_default()
    }
}

static BEGINNING: LazyLock<Beginning> = LazyLock::new(Beginning::new);

fuzz_target!(|input: &[u8]| {
    let shape = Shape {
        parts: 2,
        asked: 24,
        wants: [20, 25, 30, 25],
    };
    let plan = plan(&mut Input(Unstructured::new(input)), shape);
    if let Err(parted) = compare(&BEGINNING, &plan, &mut Counts::default()) {
        panic!("{parted}");
    }
});
