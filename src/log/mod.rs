//! The decision log: what was asked, what was answered, by what, and a chain that shows whether anything was changed since.
//!
//! # What is in it
//! One JSON object a line. A line of kind `decision` is one request, a single question or a whole batch of them, or
//! several single questions that one caller asked within one millisecond; all of it at one revision and instant. It has
//! `at`, `api`, `caller`, `revision`, `policies` (the first 16 digits of the hash of the policy folder) and `asked`: runs of
//! questions that differ in their client alone, `{"systemUser","action","resource","clients":[…],"permits":"101…"}`.
//! `request` (the request id) and `trace` (trace id and parent id of a W3C `traceparent`) stand in the line where it is one
//! request, in each run where it is several; [`query`] shows them the same way. What a question brought besides is in
//! `question`; where an explanation was made, `code`, `because` (policies) and `chain` are there too. Where none was made,
//! revision, instant and question are what the engine needs to explain the answer again from its journal.
//! A line of kind `search` has `clients`, those that were asked about or found. `search`, `error` and `dropped` (how many requests and decisions were not logged) are the other kinds.
//!
//! # Segments
//! `0000000001.ndjson`, `0000000002.ndjson`, …: each begins with a line of kind `open` that names the seal of the one
//! before, and ends with a line of kind `seal`. A closed one becomes `0000000001.<hash>.ndjson.gz`; the name has the first
//! digits of the SHA-256 of the compressed file, since gzip has bits that nothing else checks.
//!
//! # The chain
//! Every line ends with `,"hash":"…"}`: the SHA-256 of the hash of the line before (64 digits) and of the line up to
//! there. A segment's first line continues from the seal of the segment before, the very first from 64 zeros. The file
//! `head` says how far the newest segment goes; it is written after the lines, so it never claims too much.
//! [`verify`] finds a flipped byte, a line or a segment that is gone, at the end too. A chain without a secret cannot show
//! that somebody wrote all of it anew from some line on: who fears that keeps seals elsewhere, as a collector does.
//!
//! # What is lost when the daemon is killed
//! Lines are handed to the system at each [`SegmentLog::flush`], and are safe from a kill from then on; from a power cut
//! from the next [`SegmentLog::sync`] on, which every seal is. A torn last line is cut off at the next start, and what
//! `head` shows to be lost is named in the seal.
//!
//! Nothing here has a clock, a thread or a network: the floor that serves has those.

mod chain;
mod compress;
mod delivery;
mod entry;
mod error;
mod lines;
mod names;
mod query;
mod read;
mod segment;
mod verify;

#[cfg(test)]
mod tests;

pub use compress::compress_closed;
pub use delivery::{Cursor, Delivery, Part};
pub use entry::{Head, Kind, Line, Request, Run};
pub use error::{OpenLogError, ReadLogError};
pub use query::{Logged, Outcome, Query, query};
pub use segment::{Rotation, SegmentLog};
pub use verify::{Finding, Flaw, Verified, verify};
