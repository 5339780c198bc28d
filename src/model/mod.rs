//! Values and rules of delegated authority: parties, relations, systems, requests, system users, delegations.
//!
//! Everything here is a value or a pure function: no I/O, no clock, no store. The floors above hand in what they read
//! and the instant it is; what comes back is a checked value, an event to write down, or an error that names the mend.

pub mod caller;
pub mod catalogue;
pub mod delegation;
pub mod event;
pub mod finding;
pub mod hash;
pub mod id;
pub mod mandate;
pub mod org_list;
pub mod package_set;
pub mod party;
pub mod policy;
pub mod publication;
pub mod question;
pub mod quote;
pub mod reason;
pub mod relation;
pub mod request;
pub mod request_draft;
pub mod system;
pub mod table;
pub mod time;
pub mod trace;
