//! Fullmakt decides who may act for whom, on what, why, and since when.
//!
//! A firm of accountants lets a vendor's system act for its clients; before every call a resource API has to know: *may
//! this system user view the tax claims of this client?* This library compiles such grants into Cedar entities and
//! policies, keeps them in an embedded store, and answers from memory: yes or no, why, by whose authority, as of which
//! revision.
//!
//! ```
//! use fullmakt::engine::{Call, Engine, Settings};
//! use fullmakt::model::caller::{Caller, CallerKind};
//! use fullmakt::model::question::{Asked, Question};
//! use fullmakt::model::reason::Code;
//! use fullmakt::model::relation::{RelationKey, Role};
//! use fullmakt::model::request::UserKind;
//! use fullmakt::model::request_draft::RequestDraft;
//! use fullmakt::model::system::{SystemDraft, Title};
//! use fullmakt::model::time::Timestamp;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let data = tempfile::tempdir()?;
//! let now: Timestamp = "2026-11-24T12:00:00Z".parse()?;
//! let engine = Engine::open(data.path(), fullmakt::policies::shipped().clone(), Settings::default(), now)?;
//! let as_ = |id: &str, kind| Call { by: Caller { id: id.parse().unwrap(), kind }, now, request_id: None };
//!
//! // The vendor registers its system and asks the firm for a system user.
//! let vendor = as_("smartcloud", CallerKind::Vendor { party: "991825827".parse()? });
//! let packages = vec!["regnskapsforer-med-signeringsrettighet".to_owned()];
//! engine.register_system(&vendor, SystemDraft {
//!     id: "991825827_smartcloud".parse()?,
//!     name: Title::new("SmartCloud", "SmartCloud")?,
//!     packages: packages.clone(),
//!     rights: vec![],
//!     redirect_urls: vec!["https://smartcloud.example/receipt".parse()?],
//! })?;
//! let id = "5ea1d000-0000-4000-8000-000000000001".parse()?;
//! engine.create_request(&vendor, id, RequestDraft {
//!     system: "991825827_smartcloud".parse()?,
//!     firm: "312001373".parse()?,
//!     kind: UserKind::Agent,
//!     packages,
//!     rights: vec![],
//!     external_ref: None,
//!     redirect_url: None,
//!     title: None,
//! })?;
//!
//! // The firm's administrator approves, and adds a client that has the firm as its accountant.
//! let packages = ["klientadministrator", "tilgangsstyrer"].map(|code| code.parse().unwrap()).to_vec();
//! let administrator = as_("dress-minst", CallerKind::Person { party: "312001373".parse()?, packages });
//! let (firm, client) = ("312001373".parse()?, "312002744".parse()?);
//! let operator = as_("operator", CallerKind::Operator);
//! engine.put_relation(&operator, RelationKey { client, firm, role: Role::Accountant }, vec![])?;
//! engine.approve_request(&administrator, id)?;
//! engine.add_client(&administrator, id.into(), client, None)?;
//!
//! // May the system view the tax claims of this client?
//! let question = Question {
//!     system_user: id.into(),
//!     action: "read".parse()?,
//!     resource: "ske-krav-og-betalinger".parse()?,
//!     client,
//!     asked: Asked::default(),
//! };
//! assert!(engine.snapshot().decide(&question, now).permit);
//!
//! // The administrator may take it back at any time, and the next answer says so.
//! engine.remove_client(&administrator, id.into(), client)?;
//! let explained = engine.snapshot().explain(&question, now)?;
//! assert_eq!(explained.explanation.code, Code::ClientNotAdded);
//! # Ok(())
//! # }
//! ```
//!
//! The floors, each using only those beneath it: [`model`] (values and rules), [`cedar`], [`store`], [`policies`] and [`log`],
//! [`engine`] (one snapshot, one writer), [`scenario`] (policy tests from data files), and with the feature `daemon` the HTTP server.

pub mod cedar;
pub mod engine;
#[cfg(feature = "daemon")]
pub mod http;
pub mod log;
pub mod model;
pub mod policies;
pub mod scenario;
pub mod store;
