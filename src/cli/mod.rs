//! The command line: arguments become one action, the action runs, and what it says is printed. Only here is printed.

mod admin;
mod args;
mod args_admin;
mod args_bench;
mod args_log;
mod args_policy;
mod args_search;
mod args_versions;
mod ask;
mod bench;
mod config;
mod config_caller;
mod config_known;
mod config_limits;
mod config_listener;
mod config_log;
mod daemon;
mod demo;
mod log;
mod output;
mod policy;
mod progress;
mod search;
mod serve;
mod serve_policies;
mod transfer;

use std::io;
use std::process::ExitCode;

use args::{Args, Command};

/// What a command could not do: a line each, and what mends it if the lines do not say so.
#[derive(Debug)]
pub(crate) struct Failure {
    messages: Vec<String>,
    help: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::several(vec![message.into()])
    }

    pub(crate) fn several(messages: Vec<String>) -> Self {
        Self {
            messages,
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// How a command ends: its exit code, or a failure, which is 2.
pub(crate) type Outcome = Result<ExitCode, Failure>;

/// Exit code of no access, and of findings.
pub(crate) const NO: u8 = 1;
/// Exit code of everything else that is not success.
const FAILED: u8 = 2;

pub(crate) fn main() -> ExitCode {
    let args = match Args::read() {
        Ok(args) => args,
        Err(error) => {
            // `--help` and `--version` are errors to clap, and none to us.
            if !error.use_stderr() {
                return match error.print() {
                    Err(error) if error.kind() != io::ErrorKind::BrokenPipe => not_printed(&error),
                    Err(_) | Ok(()) => ExitCode::SUCCESS,
                };
            }
            let text = error.render().to_string();
            output::complain(
                &[text.trim_start_matches("error: ").trim_end().to_owned()],
                None,
            );
            return ExitCode::from(FAILED);
        }
    };
    match run(args) {
        Ok(code) => match output::refused() {
            None => code,
            Some(error) => not_printed(error),
        },
        Err(failure) => {
            output::complain(&failure.messages, failure.help.as_deref());
            ExitCode::from(FAILED)
        }
    }
}

/// What was to be printed could not be: nobody may take the exit code for it.
fn not_printed(error: &io::Error) -> ExitCode {
    output::complain(&[format!("standard output: {error}")], None);
    ExitCode::from(FAILED)
}

fn run(args: Args) -> Outcome {
    let at = args.daemon;
    match args.command {
        Command::Serve(command) => serve::serve(command),
        Command::Ask(command) => ask::ask(&at, &command),
        Command::Search(command) => search::search(&at, command),
        Command::System(command) => admin::system(&at, command),
        Command::Request(command) => admin::request(&at, command),
        Command::SystemUser(command) => admin::system_user(&at, command),
        Command::Client(command) => admin::client(&at, command),
        Command::Relation(command) => admin::relation(&at, command),
        Command::Party(command) => admin::party(&at, command),
        Command::Changes { after } => admin::changes(&at, after),
        Command::Import(command) => transfer::import(&at, &command),
        Command::Export(command) => transfer::export(&at, &command),
        Command::Policy(command) => policy::policy(&at, command),
        Command::Log(command) => log::log(command),
        Command::Store(command) => transfer::store(command),
        Command::Bench(command) => bench::bench(&at, command),
    }
}
