//! Fullmakt decides who may act for whom.
pub mod model;
