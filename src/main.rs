//! `obstap`: see [`obstap`] for the map, and `obstap --help` for the commands.

use std::process::ExitCode;

use clap::Parser;
use obstap::commands::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
