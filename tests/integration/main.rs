//! One binary for all integration tests.

mod equality;
mod random_worlds;
mod search;
mod world;
