//! The arguments of what publishes policies and looks at their versions.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Versions {
    /// List the policies that were ever in force or proposed, newest first
    #[command(
        after_help = "Examples:\n  fullmakt policy log --token demo-operator\n  fullmakt policy log --data data"
    )]
    Log {
        #[command(flatten)]
        from: From,
    },
    /// Show one version: who, when, why; its files, or the text of one
    ///
    /// A version is named by a revision at which it was in force, or by the first digits of its hash.
    #[command(
        after_help = "Examples:\n  fullmakt policy show 1 --token demo-operator\n  fullmakt policy show 1 --file admin.cedar --token demo-operator\n  fullmakt policy show 1 --out mine --token demo-operator"
    )]
    Show(Show),
    /// Compare two versions by policy, not by line
    ///
    /// Exit code 0 is no difference, 1 is differences, 2 could not be read. Layout and comments are no difference.
    #[command(
        after_help = "Examples:\n  fullmakt policy diff 1 --token demo-operator\n  fullmakt policy diff 1 27 --token demo-operator"
    )]
    Diff(Diff),
    /// Put a policy folder in force in the place of what is in force now, or propose it
    ///
    /// The daemon checks the folder and runs its tests; it comes in force whole or not at all. Exit code 1 is refused.
    #[command(
        after_help = "Examples:\n  fullmakt policy publish mine --note auditors --token demo-operator\n  fullmakt policy publish mine --dry-run --token demo-operator"
    )]
    Publish(Publish),
    /// Put an earlier version in force again, or propose it
    #[command(
        after_help = "Examples:\n  fullmakt policy rollback 1 --note mistaken --token demo-operator\n  fullmakt policy rollback 1 --dry-run --token demo-operator"
    )]
    Rollback(Rollback),
    /// List the proposals that can still be approved, with what they change
    #[command(after_help = "Example:\n  fullmakt policy proposals --token demo-operator")]
    Proposals,
    /// Put in force what another caller proposed
    #[command(after_help = "Example:\n  fullmakt policy approve 28 --token demo-operator")]
    Approve {
        /// The proposal's revision
        #[arg(value_name = "REVISION")]
        proposal: u64,
    },
}

/// Where versions are read.
#[derive(Debug, clap::Args)]
pub(crate) struct From {
    /// From a closed store, without a daemon
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// A revision, or the first digits of a hash
    pub(crate) version: String,
    /// Print the text of this file
    #[arg(long, value_name = "PATH", conflicts_with = "out")]
    pub(crate) file: Option<String>,
    /// Write the files into this new folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) from: From,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// The earlier: a revision, or the first digits of a hash
    pub(crate) before: String,
    /// The later; what is in force unless said
    pub(crate) after: Option<String>,
    #[command(flatten)]
    pub(crate) from: From,
}

/// How policies come in force.
#[derive(Debug, clap::Args)]
pub(crate) struct Putting {
    /// Why, for whoever reads the versions later
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The hash of the policies that these are to follow; refused if others are in force. What is in force now, unless said
    #[arg(long, value_name = "HASH")]
    pub(crate) follows: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Publish {
    #[arg(default_value = "policies")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) putting: Putting,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Rollback {
    /// A revision, or the first digits of a hash
    pub(crate) version: String,
    #[command(flatten)]
    pub(crate) putting: Putting,
}
