//! The arguments of what vendors, administrators and operators do.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum System {
    /// Register a system
    Register(SystemText),
    /// Change a system
    Change(SystemText),
    /// Delete a system: its system users may do nothing from then on
    Delete { id: String },
    /// List systems
    List,
    /// Show a system
    Show { id: String },
}

#[derive(Debug, clap::Args)]
pub(crate) struct SystemText {
    /// `<vendor organisation number>_<name>`
    pub(crate) id: String,
    /// Its name in Norwegian
    #[arg(long)]
    pub(crate) nb: String,
    /// Its name in English [default: as in Norwegian]
    #[arg(long)]
    pub(crate) en: Option<String>,
    /// An access package that it may ask for; repeatable
    #[arg(long = "package", value_name = "CODE")]
    pub(crate) packages: Vec<String>,
    /// A single right that it may ask for: RESOURCE:ACTION[,ACTION]; repeatable
    #[arg(long = "right", value_name = "RIGHT")]
    pub(crate) rights: Vec<String>,
    /// An https address of its receipt page; repeatable
    #[arg(long = "redirect-url", value_name = "URL")]
    pub(crate) redirect_urls: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Request {
    /// Ask a firm for a system user
    Create(RequestText),
    /// Show a request
    Show { id: String },
    /// List requests
    List,
    /// Withdraw a new request
    Withdraw { id: String },
    /// Pass a new request on to an access manager
    Escalate { id: String },
    /// Approve a new request
    Approve { id: String },
    /// Reject a new request
    Reject { id: String },
}

#[derive(Debug, clap::Args)]
pub(crate) struct RequestText {
    /// For which system
    #[arg(long)]
    pub(crate) system: String,
    /// Who is asked
    #[arg(long, value_name = "ORG")]
    pub(crate) firm: String,
    /// agent (acts for clients) or standard (acts for the firm itself)
    #[arg(long, default_value = "agent")]
    pub(crate) kind: String,
    /// An access package; repeatable
    #[arg(long = "package", value_name = "CODE")]
    pub(crate) packages: Vec<String>,
    /// A single right: RESOURCE:ACTION[,ACTION]; repeatable
    #[arg(long = "right", value_name = "RIGHT")]
    pub(crate) rights: Vec<String>,
    /// Your own reference [default: the firm's number]
    #[arg(long)]
    pub(crate) external_ref: Option<String>,
    /// One of the system's registered addresses
    #[arg(long)]
    pub(crate) redirect_url: Option<String>,
    /// What the firm's people see in their lists
    #[arg(long)]
    pub(crate) title: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SystemUser {
    /// List system users
    List,
    /// Show a system user
    Show { id: String },
    /// Delete a system user: it may do nothing from then on
    Delete { id: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Client {
    /// The clients of a system user
    List { system_user: String },
    /// The clients that can be added
    Available { system_user: String },
    /// Add clients: one, several, or all that are available
    Add {
        system_user: String,
        /// Organisation numbers
        clients: Vec<String>,
        /// All that are available
        #[arg(long, conflicts_with = "clients")]
        all: bool,
        /// The first instant of the delegation (one client only)
        #[arg(long)]
        from: Option<String>,
        /// The first instant after the delegation (one client only)
        #[arg(long)]
        until: Option<String>,
    },
    /// Remove clients
    Remove {
        system_user: String,
        /// Organisation numbers
        #[arg(required = true)]
        clients: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Relation {
    /// Write a relation
    Put {
        client: String,
        firm: String,
        /// regnskapsforer, revisor, forretningsforer or rettighetshaver
        role: String,
        /// An access package that a right holder is given; repeatable
        #[arg(long = "package", value_name = "CODE")]
        packages: Vec<String>,
    },
    /// End a relation: what only it carried goes with it, for good
    End {
        client: String,
        firm: String,
        role: String,
    },
    /// Show a relation
    Show {
        client: String,
        firm: String,
        role: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Party {
    /// Write a party's name and legal form
    Put {
        org: String,
        #[arg(long)]
        name: String,
        /// The register's code: AS, ENK, NUF, BRL, ESEK, …
        #[arg(long)]
        form: String,
    },
    /// Show a party
    Show { org: String },
}
