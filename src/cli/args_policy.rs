//! The arguments of what administrators do with a policy folder.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Find what is wrong or odd in a policy folder
    ///
    /// Exit code 0 is clean or only warnings, 1 has errors (or warnings, with --deny-warnings), 2 could not be read.
    Check(Check),
    /// Lay policy files out as Cedar's formatter does; comments and meaning stay
    ///
    /// Exit code 0 is laid out, 1 has files that are not (with --check) or that do not parse, 2 could not be read or
    /// written.
    Fmt(Fmt),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    #[arg(default_value = "policies")]
    pub(crate) dir: PathBuf,
    /// How findings are written
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// End with exit code 1 if there are warnings
    #[arg(long)]
    pub(crate) deny_warnings: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Fmt {
    #[arg(default_value = "policies")]
    pub(crate) dir: PathBuf,
    /// Write nothing; name the files that are not laid out
    #[arg(long)]
    pub(crate) check: bool,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, with the line and a caret
    Text,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code hosts
    Sarif,
}
