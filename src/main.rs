//! The `fullmakt` command: the daemon, and everything that one asks of it.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
