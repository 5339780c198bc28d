//! The arguments of reverse questions.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Search {
    /// The clients that a system user may act for
    #[command(
        after_help = "Examples:\n  fullmakt search clients --system-user 5ea1d000-0000-4000-8000-000000000001 --token demo-firm-admin\n  fullmakt search clients --system-user 5ea1d000-0000-4000-8000-000000000001 \\\n      --action read --resource ske-krav-og-betalinger --token demo-resource-api --all\n  fullmakt search clients --system-user 5ea1d000-0000-4000-8000-000000000001 --count --token demo-operator"
    )]
    Clients {
        /// Who acts
        #[arg(long, value_name = "UUID")]
        system_user: String,
        #[command(flatten)]
        sought: Sought,
        #[command(flatten)]
        pages: Pages,
    },
    /// The system users that reach a client, over all firms
    #[command(
        after_help = "Examples:\n  fullmakt search system-users --client 312002744 --token demo-operator\n  fullmakt search system-users --client 312002744 --action read --resource ske-krav-og-betalinger --token demo-resource-api"
    )]
    SystemUsers {
        /// For whom: the client's organisation number, never the firm's
        #[arg(long, value_name = "ORG")]
        client: String,
        #[command(flatten)]
        sought: Sought,
        #[command(flatten)]
        pages: Pages,
    },
    /// The actions that a system user may do on a resource for a client
    #[command(
        after_help = "Examples:\n  fullmakt search actions --system-user 5ea1d000-0000-4000-8000-000000000001 --client 312002744 \\\n      --resource ske-krav-og-betalinger --token demo-resource-api"
    )]
    Actions {
        /// Who acts
        #[arg(long, value_name = "UUID")]
        system_user: String,
        /// For whom: the client's organisation number, never the firm's
        #[arg(long, value_name = "ORG")]
        client: String,
        /// On what
        #[arg(long)]
        resource: String,
        /// The authentication level of the user behind the system
        #[arg(long)]
        level: Option<u64>,
    },
}

/// What a mandate must allow.
#[derive(Debug, clap::Args)]
pub(crate) struct Sought {
    /// To do what; without it, every mandate in force counts
    #[arg(long, requires = "resource")]
    pub(crate) action: Option<String>,
    /// On what
    #[arg(long, requires = "action")]
    pub(crate) resource: Option<String>,
    /// The authentication level of the user behind the system
    #[arg(long, requires = "action")]
    pub(crate) level: Option<u64>,
}

/// How much of what is found.
#[derive(Debug, clap::Args)]
pub(crate) struct Pages {
    /// The most on a page, 1 to 1000 [default: 100]
    #[arg(long, conflicts_with = "all")]
    pub(crate) limit: Option<u64>,
    /// The page that the page before told
    #[arg(long, value_name = "TOKEN", conflicts_with = "all")]
    pub(crate) page: Option<String>,
    /// All pages
    #[arg(long)]
    pub(crate) all: bool,
    /// Only how many there are
    #[arg(long, conflicts_with_all = ["all", "limit", "page"])]
    pub(crate) count: bool,
}
