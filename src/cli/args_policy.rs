//! The arguments of what administrators do with a policy folder.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::args_versions::Versions;

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Find what is wrong or odd in a policy folder
    ///
    /// Exit code 0 is clean or only warnings, 1 has errors (or warnings, with --deny-warnings), 2 could not be read.
    #[command(
        after_help = "Examples:\n  fullmakt policy check policies\n  fullmakt policy check policies --deny-warnings --format sarif"
    )]
    Check(Check),
    /// Lay policy files out as Cedar's formatter does; comments and meaning stay
    ///
    /// Exit code 0 is laid out, 1 has files that are not (with --check) or that do not parse, 2 could not be read or
    /// written.
    #[command(
        after_help = "Examples:\n  fullmakt policy fmt policies\n  fullmakt policy fmt policies --check"
    )]
    Fmt(Fmt),
    /// Run the folder's tests, `tests/**.toml`: worlds, questions, expected answers
    ///
    /// Exit code 0 is all as expected, 1 has failures (or less coverage than is wanted, or broken policies), 2 could not
    /// be run.
    #[command(
        after_help = "Examples:\n  fullmakt policy test policies\n  fullmakt policy test policies --filter mva-melding --watch\n  fullmakt policy test policies --coverage html --coverage-file coverage.html\n  fullmakt policy test policies --least-coverage 100"
    )]
    Test(Test),
    #[command(flatten)]
    Versions(Versions),
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

#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    #[arg(default_value = "policies")]
    pub(crate) dir: PathBuf,
    /// Only cases with this text in their file, name or question
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Write the results as XML for build servers, as `JUnit` has it
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Run again whenever the folder changes
    #[arg(long)]
    pub(crate) watch: bool,
    /// Tell which policies and conditions the cases met
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) coverage: Option<CoverageFormat>,
    /// Write the coverage to a file
    #[arg(long, value_name = "FILE", requires = "coverage")]
    pub(crate) coverage_file: Option<PathBuf>,
    /// End with exit code 1 if less is covered, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) least_coverage: Option<u8>,
}

/// How coverage is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CoverageFormat {
    /// For people: what was missed, each with its line
    Text,
    /// An lcov trace
    Lcov,
    /// One page for a browser
    Html,
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
