//! The commands: each is planned against the newest state, by the rules of the model, and is one event.

pub(crate) mod client;
pub(crate) mod loss;
pub(crate) mod party;
pub(crate) mod relation;
pub(crate) mod request;
pub(crate) mod system;
pub(crate) mod user;
