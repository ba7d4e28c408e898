//! The log: one line per event on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::config::{Log, LogFormat};

/// Begins to log; `quiet` is the level when the settings do not say.
pub fn start(log: &Log, quiet: &str) -> Result<(), Failure> {
    let level = log.level.as_deref().unwrap_or(quiet);
    let filter = EnvFilter::try_new(level).map_err(|_| {
        Failure::new(format!(
            "log.level \"{level}\" is not understood; say error, warn, info, debug, trace, \
             or by module: obstap=debug,warn"
        ))
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    let started = match log.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|_| Failure::new("the log is written already"))
}
