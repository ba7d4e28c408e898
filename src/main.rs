//! `obstap`: see [`obstap`] for the map, and `obstap --help` for the commands.

use std::process::ExitCode;

use obstap::commands::Cli;

fn main() -> ExitCode {
    Cli::read(std::env::args_os()).run()
}
