//! The arguments of what reads a decision log.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum Log {
    /// Follow the log's hash chain: is anything changed, is anything gone
    ///
    /// Exit code 0 is a whole log, 1 has findings, 2 could not be read. A chain cannot show that somebody wrote all of it
    /// anew from some line on: keep the hash that is told elsewhere.
    #[command(
        after_help = "Examples:\n  fullmakt log verify decisions\n  fullmakt log verify decisions --from 12"
    )]
    Verify(Verify),
    /// Look for questions, oldest first, one JSON object a line
    ///
    /// Exit code 0 is something found, 1 nothing, 2 could not be read.
    #[command(
        after_help = "Examples:\n  fullmakt log query decisions --client 312002744 --outcome deny\n  fullmakt log query decisions --system-user 5ea1d000-0000-4000-8000-000000000001 \\\n      --from 2026-11-24T00:00:00Z --until 2026-11-25T00:00:00Z"
    )]
    Query(Query),
    /// Ask every question of the log again, of a closed store's journal alone
    ///
    /// Each is answered as of the revision and by the clock of its line. Exit code 0 is every answer as it was logged, 1 has
    /// answers that come out otherwise, one JSON object a line, 2 could not be read. The daemon that holds the store has to
    /// be stopped first, or the store be copied by `snapshot`.
    #[command(after_help = "Examples:\n  fullmakt log replay decisions --data data")]
    Replay(Replay),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// The log's directory
    pub(crate) dir: PathBuf,
    /// The first segment that is expected here, where older ones were moved away
    #[arg(long, default_value_t = 1, value_name = "SEGMENT")]
    pub(crate) from: u64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// The log's directory
    pub(crate) dir: PathBuf,
    /// The store's directory
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Outcome {
    /// Permitted
    Permit,
    /// No access
    Deny,
    /// Refused or failed
    Error,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Query {
    /// The log's directory
    pub(crate) dir: PathBuf,
    /// For whom
    #[arg(long, value_name = "ORG")]
    pub(crate) client: Option<String>,
    /// Who acts
    #[arg(long, value_name = "UUID")]
    pub(crate) system_user: Option<String>,
    /// On what
    #[arg(long)]
    pub(crate) resource: Option<String>,
    /// How it ended
    #[arg(long)]
    pub(crate) outcome: Option<Outcome>,
    /// Not before this instant
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Before this instant
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// The most that are shown
    #[arg(long, default_value_t = 1000, value_name = "NUMBER")]
    pub(crate) limit: usize,
}
