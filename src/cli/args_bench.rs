//! The arguments of `fullmakt bench`.

use std::path::PathBuf;

use clap::ValueEnum;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Single questions over HTTP/1.1, many connections
    Http1,
    /// Single questions over HTTP/1.1, one connection: how long an answer takes
    Alone,
    /// Single questions over HTTP/2
    Http2,
    /// Batches of a thousand evaluations
    Batch,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Bench {
    /// Delegations of the synthetic world
    #[arg(long, default_value_t = 1_000_000, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    pub(crate) delegations: u32,
    /// Connections at once
    #[arg(long, default_value_t = 32, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) connections: u16,
    /// Rounds of each measurement, the daemon and the bare server in turn; medians are told
    #[arg(long, default_value_t = 5, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) rounds: u16,
    /// Seconds of each round
    #[arg(long, default_value_t = 2, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=600))]
    pub(crate) seconds: u16,
    /// Only this measurement
    #[arg(long)]
    pub(crate) only: Option<Kind>,
    /// Instead: busy connections alone, and beside idle ones and 200 slow ones
    #[arg(long, conflicts_with = "only")]
    pub(crate) hostile: bool,
    /// Idle connections of --hostile; the daemon and this command hold as many open files
    #[arg(long, default_value_t = 10_000, value_name = "NUMBER", requires = "hostile", value_parser = clap::value_parser!(u16).range(1..=15_000))]
    pub(crate) idle: u16,
    /// Only make the synthetic world, in this new folder, for a daemon of your own: `fullmakt serve --data DIR`
    #[arg(long, value_name = "DIR", conflicts_with_all = ["only", "hostile", "running"])]
    pub(crate) make: Option<PathBuf>,
    /// Measure the daemon at --url, which has such a world, with --token
    #[arg(long)]
    pub(crate) running: bool,
    /// Its process, for what it takes of the processor and of memory
    #[arg(long, value_name = "PID", requires = "running")]
    pub(crate) pid: Option<u32>,
    /// Instead of the bare server: compare the daemon with a decision log with itself without one
    #[arg(long, conflicts_with_all = ["hostile", "make", "running"])]
    pub(crate) decision_log: bool,
    /// Be the bare server that the daemon is compared with
    #[arg(long, hide = true, value_name = "ANSWER")]
    pub(crate) bare: Option<String>,
}
