//! The arguments of what vendors, administrators and operators do.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum System {
    /// Register a system
    #[command(
        after_help = "Example:\n  fullmakt system register 991825827_payroll --nb Lønn --en Payroll \\\n      --package skattegrunnlag --redirect-url https://smartcloud.example/receipt --token demo-vendor"
    )]
    Register(SystemText),
    /// Change a system
    #[command(
        after_help = "Example:\n  fullmakt system change 991825827_smartcloud --nb SmartCloud \\\n      --package skattegrunnlag --right ske-krav-og-betalinger:read --token demo-vendor"
    )]
    Change(SystemText),
    /// Delete a system: its system users may do nothing from then on
    #[command(
        after_help = "Example:\n  fullmakt system delete 991825827_smartcloud --token demo-vendor"
    )]
    Delete { id: String },
    /// List systems
    #[command(after_help = "Example:\n  fullmakt system list --token demo-vendor")]
    List,
    /// Show a system
    #[command(
        after_help = "Example:\n  fullmakt system show 991825827_smartcloud --token demo-vendor"
    )]
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
    #[command(
        after_help = "Example:\n  fullmakt request create --system 991825827_smartcloud --firm 312001373 \\\n      --package skattegrunnlag --external-ref 2026-17 --token demo-vendor"
    )]
    Create(RequestText),
    /// Show a request
    #[command(
        after_help = "Example:\n  fullmakt request show 5ea1d000-0000-4000-8000-000000000002 --token demo-vendor"
    )]
    Show { id: String },
    /// List requests
    #[command(after_help = "Example:\n  fullmakt request list --token demo-firm-admin")]
    List,
    /// Withdraw a new request
    #[command(
        after_help = "Example:\n  fullmakt request withdraw 5ea1d000-0000-4000-8000-000000000002 --token demo-vendor"
    )]
    Withdraw { id: String },
    /// Pass a new request on to an access manager
    #[command(
        after_help = "Example:\n  fullmakt request escalate 5ea1d000-0000-4000-8000-000000000002 --token demo-client-admin"
    )]
    Escalate { id: String },
    /// Approve a new request
    #[command(
        after_help = "Example:\n  fullmakt request approve 5ea1d000-0000-4000-8000-000000000002 --token demo-firm-admin"
    )]
    Approve { id: String },
    /// Reject a new request
    #[command(
        after_help = "Example:\n  fullmakt request reject 5ea1d000-0000-4000-8000-000000000002 --token demo-firm-admin"
    )]
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
    #[command(after_help = "Example:\n  fullmakt system-user list --token demo-firm-admin")]
    List,
    /// Show a system user
    #[command(
        after_help = "Example:\n  fullmakt system-user show 5ea1d000-0000-4000-8000-000000000001 --token demo-vendor"
    )]
    Show { id: String },
    /// Delete a system user: it may do nothing from then on
    #[command(
        after_help = "Example:\n  fullmakt system-user delete 5ea1d000-0000-4000-8000-000000000001 --token demo-firm-admin"
    )]
    Delete { id: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Client {
    /// The clients of a system user
    #[command(
        after_help = "Example:\n  fullmakt client list 5ea1d000-0000-4000-8000-000000000001 --token demo-firm-admin"
    )]
    List { system_user: String },
    /// The clients that can be added
    #[command(
        after_help = "Example:\n  fullmakt client available 5ea1d000-0000-4000-8000-000000000001 --token demo-firm-admin"
    )]
    Available { system_user: String },
    /// Add clients: one, several, or all that are available
    #[command(
        after_help = "Examples:\n  fullmakt client add 5ea1d000-0000-4000-8000-000000000001 312004119 --token demo-firm-admin\n  fullmakt client add 5ea1d000-0000-4000-8000-000000000001 --all --token demo-firm-admin\n  fullmakt client add 5ea1d000-0000-4000-8000-000000000001 312004119 \\\n      --from 2027-01-01T00:00:00Z --until 2028-01-01T00:00:00Z --token demo-firm-admin"
    )]
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
    #[command(
        after_help = "Example:\n  fullmakt client remove 5ea1d000-0000-4000-8000-000000000001 312002744 --token demo-firm-admin"
    )]
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
    #[command(
        after_help = "Examples:\n  fullmakt relation put 312005018 312001373 regnskapsforer --token demo-operator\n  fullmakt relation put 312005018 312001373 rettighetshaver \\\n      --package skattegrunnlag --token demo-operator"
    )]
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
    #[command(
        after_help = "Example:\n  fullmakt relation end 312002744 312001373 regnskapsforer --token demo-operator"
    )]
    End {
        client: String,
        firm: String,
        role: String,
    },
    /// Show a relation
    #[command(
        after_help = "Example:\n  fullmakt relation show 312002744 312001373 regnskapsforer --token demo-operator"
    )]
    Show {
        client: String,
        firm: String,
        role: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Party {
    /// Write a party's name and legal form
    #[command(
        after_help = "Example:\n  fullmakt party put 312002744 --name 'NORDLYS BAKERI AS' --form AS --token demo-operator"
    )]
    Put {
        org: String,
        #[arg(long)]
        name: String,
        /// The register's code: AS, ENK, NUF, BRL, ESEK, …
        #[arg(long)]
        form: String,
    },
    /// Show a party
    #[command(after_help = "Example:\n  fullmakt party show 312002744 --token demo-vendor")]
    Show { org: String },
}
