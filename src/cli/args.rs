//! The arguments, as they are typed. `--help` teaches by example.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::args_admin::{Client, Party, Relation, Request, System, SystemUser};
use super::args_bench::Bench;
use super::args_log::Log;
use super::args_policy::Policy;
use super::args_search::Search;

const EXAMPLES: &str = "\
Examples, against `fullmakt serve --demo` in another terminal:
  fullmakt ask read ske-krav-og-betalinger --system-user 5ea1d000-0000-4000-8000-000000000001 \\
      --client 312002744 --token demo-resource-api --explain
  fullmakt client available 5ea1d000-0000-4000-8000-000000000001 --token demo-firm-admin
  fullmakt client add 5ea1d000-0000-4000-8000-000000000001 312004119 --token demo-firm-admin
  fullmakt request list --token demo-vendor
  fullmakt export --cedar out --token demo-operator
  fullmakt policy check policies";

/// Who may act for whom, on what, why, and since when.
#[derive(Debug, Parser)]
#[command(name = "fullmakt", version, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) daemon: Daemon,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the daemon is, and as whom to speak to it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Daemon {
    /// The daemon's address
    #[arg(
        long,
        global = true,
        env = "FULLMAKT_URL",
        default_value = "http://127.0.0.1:8180"
    )]
    pub(crate) url: String,
    /// The bearer token to speak with
    #[arg(long, global = true, env = "FULLMAKT_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Print the daemon's answer as it came
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the decision daemon
    ///
    /// Callers, TLS (`[[listener]]`), issuers of tokens (`[[issuer]]`) and limits stand in the configuration file. At SIGHUP
    /// certificates are read again at once; at SIGTERM requests in flight are answered first.
    #[command(
        after_help = "Examples:\n  fullmakt serve --demo\n  fullmakt serve --config fullmakt.toml --data /var/lib/fullmakt"
    )]
    Serve(Serve),
    /// Ask whether a system user may do something for a client
    ///
    /// Exit code 0 is a permit, 1 no access, 2 anything else, as with grep. (The `cedar` command uses 0 for allow, 2 for
    /// deny and 1 for a failure.)
    #[command(
        after_help = "Examples:\n  fullmakt ask read ske-krav-og-betalinger --system-user 5ea1d000-0000-4000-8000-000000000001 \\\n      --client 312005018 --token demo-resource-api --explain\n  fullmakt ask read ske-krav-og-betalinger --system-user 5ea1d000-0000-4000-8000-000000000001 \\\n      --client 312002744 --token demo-resource-api --at 5"
    )]
    Ask(Ask),
    /// Reverse questions: for whom a system user may act, who reaches a client, what is open
    #[command(subcommand)]
    #[command(
        after_help = "Examples:\n  fullmakt search clients --system-user 5ea1d000-0000-4000-8000-000000000001 --token demo-firm-admin\n  fullmakt search system-users --client 312002744 --token demo-operator\n  fullmakt search actions --system-user 5ea1d000-0000-4000-8000-000000000001 --client 312002744 \\\n      --resource ske-krav-og-betalinger --token demo-resource-api"
    )]
    Search(Search),
    /// Systems: register, change, delete, list, show (a vendor)
    #[command(subcommand)]
    #[command(
        after_help = "Examples:\n  fullmakt system list --token demo-vendor\n  fullmakt system show 991825827_smartcloud --token demo-vendor"
    )]
    System(System),
    /// Requests for a system user: create, show, list, withdraw (a vendor); approve, reject, escalate (the firm)
    #[command(subcommand)]
    #[command(
        after_help = "Examples:\n  fullmakt request list --token demo-vendor\n  fullmakt request approve 5ea1d000-0000-4000-8000-000000000002 --token demo-firm-admin"
    )]
    Request(Request),
    /// System users: list, show, delete
    #[command(subcommand)]
    #[command(
        after_help = "Examples:\n  fullmakt system-user list --token demo-firm-admin\n  fullmakt system-user show 5ea1d000-0000-4000-8000-000000000001 --token demo-firm-admin"
    )]
    SystemUser(SystemUser),
    /// Clients of a system user: list, available, add, remove
    #[command(subcommand)]
    #[command(
        after_help = "Examples:\n  fullmakt client available 5ea1d000-0000-4000-8000-000000000001 --token demo-firm-admin\n  fullmakt client add 5ea1d000-0000-4000-8000-000000000001 312004119 --token demo-firm-admin\n  fullmakt client remove 5ea1d000-0000-4000-8000-000000000001 312004119 --token demo-firm-admin"
    )]
    Client(Client),
    /// Relations from clients to firms: put, end, show (an operator)
    #[command(subcommand)]
    #[command(
        after_help = "Examples:\n  fullmakt relation put 312005018 312001373 regnskapsforer --token demo-operator\n  fullmakt relation end 312005018 312001373 regnskapsforer --token demo-operator"
    )]
    Relation(Relation),
    /// Parties: put, show
    #[command(subcommand)]
    #[command(after_help = "Examples:\n  fullmakt party show 312002744 --token demo-operator")]
    Party(Party),
    /// What changed, oldest first (an operator)
    #[command(after_help = "Example:\n  fullmakt changes --after 20 --token demo-operator")]
    Changes {
        /// Only what changed after this revision
        #[arg(long, default_value_t = 0)]
        after: u64,
    },
    /// Import facts, one JSON object a line; all or nothing (an operator)
    #[command(after_help = "Examples:\n  fullmakt import facts.jsonl --token demo-operator")]
    Import(Import),
    /// Export the compiled state as plain Cedar (an operator)
    #[command(after_help = "Examples:\n  fullmakt export --cedar out --token demo-operator")]
    Export(Export),
    /// Policy folders: check, format, test
    #[command(subcommand)]
    #[command(
        after_help = "Examples:\n  fullmakt policy check policies\n  fullmakt policy fmt --check policies\n  fullmakt policy test policies --coverage text"
    )]
    Policy(Policy),
    /// A decision log: verify, query
    #[command(subcommand)]
    #[command(
        after_help = "Examples:\n  fullmakt log verify decisions\n  fullmakt log query decisions --client 312002744 --outcome deny"
    )]
    Log(Log),
    /// A closed store: snapshot, restore
    #[command(subcommand)]
    #[command(
        after_help = "Examples:\n  fullmakt store snapshot --data data\n  fullmakt store restore --data data"
    )]
    Store(Store),
    /// Measure this daemon on this machine, beside a bare server that reads the same and answers a constant
    #[command(
        after_help = "Examples:\n  fullmakt bench\n  fullmakt bench --delegations 10000000\n  fullmakt bench --only batch --rounds 9\n  fullmakt bench --hostile\n  fullmakt bench --make data --delegations 1000000\n  fullmakt bench --running --delegations 1000000 --url http://127.0.0.1:8180 --token TOKEN --pid 4711"
    )]
    Bench(Bench),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Serve the demo's world, on loopback, with the demo's tokens
    #[arg(long)]
    pub(crate) demo: bool,
    /// Where to listen [default: 127.0.0.1:8180]
    #[arg(long, env = "FULLMAKT_LISTEN", value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// The folder of the store [default: data; a temporary one for the demo]
    #[arg(long, env = "FULLMAKT_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The policy folder [default: policies]
    #[arg(long, env = "FULLMAKT_POLICIES", value_name = "DIR")]
    pub(crate) policies: Option<PathBuf>,
    /// The configuration file [default: fullmakt.toml, if it is there]
    #[arg(long, env = "FULLMAKT_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How the log is written, to standard error: text or json (`FULLMAKT_LOG` says how much: error, warn, info, debug)
    #[arg(
        long,
        env = "FULLMAKT_LOG_FORMAT",
        default_value = "text",
        value_name = "FORMAT"
    )]
    pub(crate) log_format: String,
    /// Which of these the environment gave, so that what is wrong is blamed on who said it.
    #[arg(skip)]
    from_environment: Vec<&'static str>,
}

/// Flags of `serve` that a wrong value or combination is blamed on, with their variables.
const BLAMED: [(&str, &str, &str); 3] = [
    ("listen", "--listen", "FULLMAKT_LISTEN"),
    ("config", "--config", "FULLMAKT_CONFIG"),
    ("log_format", "--log-format", "FULLMAKT_LOG_FORMAT"),
];

impl Serve {
    fn remember(&mut self, matches: &ArgMatches) {
        let given = |id| matches.value_source(id) == Some(ValueSource::EnvVariable);
        let from_environment = BLAMED.iter().filter(|(id, ..)| given(id));
        self.from_environment = from_environment.map(|(id, ..)| *id).collect();
    }

    /// What gave a value: the flag, or the environment's variable.
    pub(crate) fn giver(&self, id: &str) -> &'static str {
        let blamed = BLAMED.iter().find(|(blamed, ..)| *blamed == id);
        blamed.map_or("the command line", |(id, flag, variable)| {
            if self.from_environment.contains(id) {
                variable
            } else {
                flag
            }
        })
    }
}

impl Args {
    /// The arguments of this process.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches()?;
        let mut args = Self::from_arg_matches(&matches)?;
        if let (Command::Serve(serve), Some(of)) =
            (&mut args.command, matches.subcommand_matches("serve"))
        {
            serve.remember(of);
        }
        Ok(args)
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Ask {
    /// The action: read
    pub(crate) action: String,
    /// The resource: ske-krav-og-betalinger
    pub(crate) resource: String,
    /// Who acts
    #[arg(long, value_name = "UUID")]
    pub(crate) system_user: String,
    /// For whom: the client's organisation number, never the firm's
    #[arg(long, value_name = "ORG")]
    pub(crate) client: String,
    /// The authentication level of the user behind the system
    #[arg(long)]
    pub(crate) level: Option<i64>,
    /// As of an earlier revision or instant, with the chain of authority of then: 42, or 2026-11-24T12:00:00Z
    #[arg(long, value_name = "REV|TIME")]
    pub(crate) at: Option<String>,
    /// Say why
    #[arg(long)]
    pub(crate) explain: bool,
    /// Print the question as `cedar authorize --request-json` takes it, and ask nobody
    #[arg(long)]
    pub(crate) cedar_request: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// The file; `-` for standard input
    pub(crate) file: String,
    /// Into a closed store, without a daemon
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The policy folder, with --data
    #[arg(long, default_value = "policies", value_name = "DIR")]
    pub(crate) policies: PathBuf,
    /// Print every line that is wrong, not only the first ten; nothing is written all the same
    #[arg(long)]
    pub(crate) continue_on_error: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// The folder to write policies.cedar, entities.json and schema.cedarschema to
    #[arg(long, value_name = "DIR")]
    pub(crate) cedar: PathBuf,
    /// Only one system user
    #[arg(long, value_name = "UUID")]
    pub(crate) system_user: Option<String>,
    /// Only one mandate of it
    #[arg(long, value_name = "ORG", requires = "system_user")]
    pub(crate) client: Option<String>,
    /// From a closed store, without a daemon
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The policy folder, with --data
    #[arg(long, default_value = "policies", value_name = "DIR")]
    pub(crate) policies: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Build a damaged store anew from its newest snapshot and what can be read of its journal
    #[command(after_help = "Example:\n  fullmakt store restore --data data")]
    Restore {
        #[arg(long, default_value = "data", value_name = "DIR")]
        data: PathBuf,
    },
    /// Write the whole of a closed store to a snapshot file
    #[command(after_help = "Example:\n  fullmakt store snapshot --data data")]
    Snapshot {
        #[arg(long, default_value = "data", value_name = "DIR")]
        data: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory, Parser};

    use super::Args;

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
    }

    /// The commands that a help shows, each on one line.
    fn examples(command: &Command) -> Vec<String> {
        let help = command.get_after_help().map(ToString::to_string);
        let help = help.unwrap_or_default().replace("\\\n", "");
        let lines = help.lines().map(str::trim);
        lines
            .filter(|line| line.starts_with("fullmakt "))
            .map(str::to_owned)
            .collect()
    }

    /// Looks through a command and all beneath it; returns how many examples there are.
    fn check(path: &str, command: &Command) -> usize {
        let shown = examples(command);
        assert!(!shown.is_empty(), "`{path} --help` has no example");
        for example in &shown {
            assert!(
                example.starts_with(path),
                "`{path} --help` shows `{example}`"
            );
            let words = example.replace("'NORDLYS BAKERI AS'", "NORDLYS");
            let parsed = Args::try_parse_from(words.split_whitespace());
            assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
        }
        let beneath = command
            .get_subcommands()
            .filter(|beneath| beneath.get_name() != "help");
        let beneath =
            beneath.map(|beneath| check(&format!("{path} {}", beneath.get_name()), beneath));
        shown.len() + beneath.sum::<usize>()
    }

    #[test]
    fn every_help_teaches_by_examples_that_can_be_typed() {
        assert!(check("fullmakt", &Args::command()) > 40);
    }
}
