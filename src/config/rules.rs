//! What the texts of single settings must look like, and stand for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::merged::Merged;
use super::{Error, Follow};

/// The sites of `cors_origins`: scheme, host and port, as browsers send them
/// (RFC 6454 section 7).
pub(super) fn sites(merged: &Merged) -> Result<Option<Vec<String>>, Error> {
    let text = merged.text("cors_origins").unwrap_or_default();
    match text.as_str() {
        "*" => return Ok(None),
        "none" => return Ok(Some(Vec::new())),
        _ => {}
    }
    let sites: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let is_site = |site: &String| {
        let host = site
            .strip_prefix("https://")
            .or_else(|| site.strip_prefix("http://"));
        host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', '?', '#', '@']))
    };
    match sites.iter().all(is_site) {
        true => Ok(Some(sites)),
        false => Err(merged.wrong(
            "cors_origins",
            "must be *, none, or sites with blanks between, as in https://portal.example.org",
        )),
    }
}

pub(super) fn follow(merged: &Merged) -> Result<Follow, Error> {
    let seconds = |key: &str| match merged.number(key)? {
        seconds if (1..=86_400).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(merged.wrong(key, "must be 1 to 86400")),
    };
    Ok(Follow {
        interval: seconds("follow.interval_seconds")?,
        sweep: seconds("follow.sweep_seconds")?,
    })
}

pub(super) fn is_namespace(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 30
        && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// XDG Base Directory Specification: `$XDG_DATA_HOME`, else `~/.local/share`.
pub(super) fn default_data_dir(variables: &[(String, String)]) -> Result<PathBuf, Error> {
    let find = |wanted: &str| {
        variables
            .iter()
            .find(|(name, value)| name == wanted && Path::new(value).is_absolute())
            .map(|(_, value)| PathBuf::from(value))
    };
    find("XDG_DATA_HOME")
        .or_else(|| find("HOME").map(|home| home.join(".local/share")))
        .map(|base| base.join("obstap"))
        .ok_or_else(|| {
            Error(
                "there is no home directory to keep data in; set data_dir (OBSTAP_DATA_DIR)".into(),
            )
        })
}
