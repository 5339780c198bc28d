//! Tests of the whole store.

mod fault;

pub(super) use fault::Fault;
