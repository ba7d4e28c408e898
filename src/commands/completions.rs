//! `obstap completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Failure};

/// Print a completion script for a shell
///
/// For bash: obstap completions bash > ~/.local/share/bash-completion/completions/obstap
#[derive(Debug, Args)]
pub struct Completions {
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> Result<(), Failure> {
        clap_complete::generate(
            self.shell,
            &mut Cli::command(),
            "obstap",
            &mut std::io::stdout(),
        );
        Ok(())
    }
}
