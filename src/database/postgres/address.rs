//! A database URL as the driver wants it.

use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::pgpass::{self, Door};
use super::tls::Check;

/// Where to connect and how far to trust who answers.
pub(super) struct Address {
    pub config: Config,
    pub check: Check,
    pub roots: Option<PathBuf>,
}

/// Reads `postgresql://…`. The error is a sentence without the password.
pub(super) fn read(url: &str) -> Result<Address, String> {
    let (url, ssl) = split_ssl(url);
    let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
        let reason = std::error::Error::source(&error).map(ToString::to_string);
        format!(
            "the database URL cannot be read: {}",
            reason.unwrap_or_default()
        )
    })?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        match std::env::var("PGHOST").ok().filter(|host| !host.is_empty()) {
            Some(host) => config.host(host),
            None if Path::new(SOCKETS).is_dir() => config.host_path(SOCKETS),
            None => config.host("localhost"),
        };
    }
    let roots = ssl.roots.map(PathBuf::from);
    // libpq checks the issuer as soon as it knows whom to trust.
    let weakest = match roots {
        Some(_) => Check::Issuer,
        None => Check::Nothing,
    };
    let (mode, check) = match ssl.mode.as_deref() {
        Some("disable") => (SslMode::Disable, Check::Nothing),
        None | Some("allow" | "prefer") => (SslMode::Prefer, Check::Nothing),
        Some("require") => (SslMode::Require, weakest),
        Some("verify-ca") => (SslMode::Require, Check::Issuer),
        Some("verify-full") => (SslMode::Require, Check::IssuerAndHost),
        Some(other) => {
            return Err(format!(
                "sslmode={other} is not one of disable, allow, prefer, require, verify-ca, verify-full"
            ));
        }
    };
    config.ssl_mode(mode);
    if config.get_password().is_none()
        && let Some(password) = password(&config)
    {
        config.password(password);
    }
    Ok(Address {
        config,
        check,
        roots,
    })
}

/// Where PostgreSQL's packages put their sockets.
const SOCKETS: &str = "/var/run/postgresql";

#[derive(Default)]
struct Ssl {
    mode: Option<String>,
    roots: Option<String>,
}

/// Takes out the parameters the driver does not know or knows less of.
fn split_ssl(url: &str) -> (String, Ssl) {
    let mut ssl = Ssl::default();
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), ssl);
    };
    let mut rest = Vec::new();
    for parameter in query.split('&') {
        match parameter.split_once('=') {
            Some(("sslmode", value)) => ssl.mode = Some(decode(value)),
            Some(("sslrootcert", value)) => ssl.roots = Some(decode(value)),
            _ => rest.push(parameter),
        }
    }
    match rest.as_slice() {
        [] => (base.to_owned(), ssl),
        rest => (format!("{base}?{}", rest.join("&")), ssl),
    }
}

/// `%2F` and the like; what is not such a code stays.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = match after {
            [high, low, ..] if byte == b'%' => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|code| u8::from_str_radix(code, 16).ok()),
            _ => None,
        };
        bytes.push(code.unwrap_or(byte));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn password(config: &Config) -> Option<String> {
    let user = config
        .get_user()
        .map(str::to_owned)
        .or_else(|| std::env::var("USER").ok())?;
    let database = config.get_dbname().unwrap_or(&user);
    let ports: Vec<String> = config.get_ports().iter().map(u16::to_string).collect();
    let default = "5432".to_owned();
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(host) => host.clone(),
        Host::Unix(path) if path == Path::new(SOCKETS) || path == Path::new("/tmp") => {
            "localhost".to_owned()
        }
        Host::Unix(path) => path.display().to_string(),
    });
    let hosts: Vec<String> = hosts.collect();
    let doors: Vec<Door<'_>> = hosts
        .iter()
        .enumerate()
        .map(|(place, host)| Door {
            host,
            port: ports.get(place).or(ports.first()).unwrap_or(&default),
            database,
            user: &user,
        })
        .collect();
    pgpass::find(&doors)
}

/// `host:port` or the socket, and the database, for messages.
pub(super) fn describe(config: &Config) -> String {
    let hosts = config.get_hosts().iter().enumerate().map(|(place, host)| {
        let ports = config.get_ports();
        let port = ports.get(place).or(ports.first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(host) => format!("{host}:{port}"),
            Host::Unix(path) => format!("{}/.s.PGSQL.{port}", path.display()),
        }
    });
    let hosts = hosts.collect::<Vec<_>>().join(", ");
    match config.get_dbname() {
        Some(name) => format!("the PostgreSQL database \"{name}\" at {hosts}"),
        None => format!("PostgreSQL at {hosts}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_say_where_and_whom_to_trust() {
        let check =
            |url: &str, expected: Result<(SslMode, Check, &str), &str>| match (read(url), expected)
            {
                (Ok(address), Ok((mode, check, place))) => {
                    assert_eq!(address.config.get_ssl_mode(), mode, "{url}");
                    assert_eq!(address.check, check, "{url}");
                    assert_eq!(describe(&address.config), place);
                }
                (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
                (Ok(_), Err(expected)) => panic!("{url}: accepted, not {expected}"),
                (Err(error), Ok(_)) => panic!("{url}: {error}"),
            };
        let sky = "the PostgreSQL database \"sky\" at h:5432";
        check(
            "postgresql://u:p@h/sky",
            Ok((SslMode::Prefer, Check::Nothing, sky)),
        );
        check(
            "postgres://u:p@h/sky?sslmode=verify-full",
            Ok((SslMode::Require, Check::IssuerAndHost, sky)),
        );
        check(
            "postgresql://u:p@h/sky?sslrootcert=%2Fetc%2Fca.pem&sslmode=require",
            Ok((SslMode::Require, Check::Issuer, sky)),
        );
        check(
            "postgresql://u:p@a:1,b:2/sky?target_session_attrs=any",
            Ok((
                SslMode::Prefer,
                Check::Nothing,
                "the PostgreSQL database \"sky\" at a:1, b:2",
            )),
        );
        check(
            "postgresql://u:p@%2Frun%2Fpg:5433/sky?sslmode=disable",
            Ok((
                SslMode::Disable,
                Check::Nothing,
                "the PostgreSQL database \"sky\" at /run/pg/.s.PGSQL.5433",
            )),
        );
        check(
            "postgresql://u:p@h/sky?sslmode=maybe",
            Err("sslmode=maybe is not one of"),
        );
        check("postgresql://u:p@h/sky?colour=red", Err("cannot be read"));
    }
}
