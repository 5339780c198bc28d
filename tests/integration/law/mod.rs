//! The law of the engine: its answers are Cedar's answers on the export of the whole, under whatever policies, grants and
//! questions, and whenever either changes.
//!
//! A [`plan::Plan`] is drawn from [`choices::Choices`], acted out and compared by [`compare`]. The tests draw from a
//! seed, the fuzz target from its input; nothing here knows which.

pub(crate) mod choices;
pub(crate) mod compare;
mod conditions;
pub(crate) mod count;
mod folder;
mod forms;
mod official;
pub(crate) mod plan;
mod policies;
mod questions;
pub(crate) mod smaller;
mod stored;
mod terms;
mod words;
