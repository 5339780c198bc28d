//! Cedar: policies checked and compiled, grants turned into Cedar entities and links, and questions put to Cedar.
//!
//! The only place that knows `cedar_policy`. It keeps no grants and no clock: what a question needs is handed in.
//! [`Compiled`] is one policy folder, checked; all that can be prepared once is prepared in it.

mod admin;
mod answer;
mod ask;
mod branches;
mod cell;
mod check;
mod classify;
mod compile;
mod context;
mod context_use;
mod coverage;
mod dead;
mod difference;
mod entity;
mod export;
mod files;
mod layout;
mod limits;
mod lint;
mod literals;
mod located;
mod plain;
mod policy;
mod quote;
mod schema;
mod scope;
mod shadow;
mod shipped;
mod slice;
mod templates;
mod validate;
mod walk;

pub use answer::{
    ActionIdx, AskedAs, Effect, Found, Identity, PolicyIdx, PolicyInfo, ResourceSlot, Satisfied,
};
pub use compile::Compiled;
pub use context::{CheckedContext, ContextError};
pub use coverage::{CoverQuestion, Coverage, CoveredCondition, CoveredPolicy};
pub use difference::{Change, Difference, Part, differences};
pub use export::{Export, ExportWorld, ReadExportError, request_json};
pub use layout::{LayoutError, laid_out};
pub use plain::{EntityName, PlainAnswer, PlainError, PlainQuestion, PlainSearch, Side};

#[cfg(test)]
mod tests;
