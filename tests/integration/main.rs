//! Everything that is tested from outside, in one binary.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::semicolon_if_nothing_returned,
    clippy::type_complexity,
    clippy::wildcard_enum_match_arm,
    clippy::unwrap_used,
    reason = "the helpers of tests may stop a test as the tests themselves may"
)]

mod deeds;
mod equality;
mod floors;
mod in_force;
mod law;
mod own_worlds;
mod past;
mod quotes;
mod random_worlds;
mod rules;
mod scenario;
mod search;
#[cfg(feature = "daemon")]
mod served;
mod versions;
mod world;
