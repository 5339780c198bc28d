//! Policy tests from data files: a world in the domain's words, questions, and the answers that are expected.
//!
//! [`Suite::read`] reads a file, [`run`] makes its world by the engine's own commands on a store of its own and asks. The
//! same for administrators, for `cargo test` and for a daemon that is about to put a folder in force. Only values come
//! back; who called prints them.

mod cases;
mod coverage;
mod junit;
mod own;
mod read;
mod run;
mod synthetic;
mod users;
mod world;

pub use cases::{Asks, Case, Expected};
pub use coverage::CoverageReport;
pub use junit::junit;
pub use read::Suite;
pub use run::{Got, Outcome, Ran, RunError, Wanted, run, run_staged};
pub use synthetic::{Pair, Synthetic, SyntheticError};
