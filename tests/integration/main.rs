//! One binary for all integration tests.

mod equality;
mod world;
