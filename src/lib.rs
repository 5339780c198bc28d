//! Fullmakt decides who may act for whom.
pub mod cedar;
pub mod model;
pub mod policies;
