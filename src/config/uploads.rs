//! What tables that come with a query may be, and from where.

use std::net::IpAddr;
use std::time::Duration;

use super::Error;
use super::merged::Merged;

/// What the uploads of one request may use (TAP 1.1 section 2.7.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploads {
    /// Tables of one request; with 0 there are no uploads.
    pub tables: usize,
    /// Rows of one table.
    pub rows: u64,
    /// Bytes of all tables of one request as they are sent.
    pub bytes: u64,
    pub urls: Urls,
    /// Beside what `urls` says.
    pub allow: Vec<Allowed>,
    /// From the first connection to the last byte of one table.
    pub time: Duration,
    /// How often the server of a table may send us elsewhere.
    pub redirects: usize,
}

/// Which addresses tables may be fetched from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urls {
    /// Those of the public Internet.
    Public,
    /// Only those that `allow` lists.
    Listed,
    None,
}

/// A host or network that tables may be fetched from: `archive.local`,
/// `10.1.2.3:8080`, `10.0.0.0/8`, `[fd00::1]:80`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    /// Whatever its address is.
    Name(String),
    Network(IpAddr, u32),
}

impl Uploads {
    pub(super) fn read(merged: &Merged) -> Result<Uploads, Error> {
        let number = |name: &str, least: u64, most: u64| {
            let key = format!("uploads.{name}");
            match merged.number(&key)? {
                number if (least..=most).contains(&number) => Ok(number),
                _ => Err(merged.wrong(&key, &format!("must be {least} to {most}"))),
            }
        };
        let count = |name, most| Ok(usize::try_from(number(name, 0, most)?).unwrap_or(0));
        let text = merged.text("uploads.allow").unwrap_or_default();
        let entries = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        let allow = entries.map(Allowed::read).collect::<Option<_>>();
        Ok(Uploads {
            tables: count("tables", 100)?,
            rows: number("rows", 1, 1_000_000_000)?,
            bytes: number("bytes", 1, 1 << 40)?,
            urls: match merged.text("uploads.urls").as_deref() {
                Some("public") | None => Urls::Public,
                Some("listed") => Urls::Listed,
                Some("none") => Urls::None,
                Some(_) => {
                    return Err(merged.wrong("uploads.urls", "must be public, listed or none"));
                }
            },
            allow: allow.ok_or_else(|| {
                merged.wrong(
                    "uploads.allow",
                    "must be hosts and networks, as in \"archive.local, 10.1.0.0/16, 10.2.0.1:8080\"",
                )
            })?,
            time: Duration::from_secs(number("url_seconds", 1, 86_400)?),
            redirects: count("redirects", 20)?,
        })
    }

    /// Whether tables may be fetched at all.
    pub fn fetches(&self) -> bool {
        match self.urls {
            Urls::Public => self.tables > 0,
            Urls::Listed => self.tables > 0 && !self.allow.is_empty(),
            Urls::None => false,
        }
    }
}

impl Allowed {
    /// ```
    /// use obstap::config::Allowed;
    /// let allowed = Allowed::read("10.0.0.0/8").expect("a network");
    /// let there = "10.20.30.40".parse()?;
    /// assert!(allowed.holds("archive.local", there, 443));
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    pub fn read(text: &str) -> Option<Allowed> {
        let (text, length) = match text.split_once('/') {
            Some((text, length)) => (text, Some(length.parse().ok()?)),
            None => (text, None),
        };
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                match port.strip_prefix(':') {
                    Some(port) => (host, Some(port.parse().ok()?)),
                    None if port.is_empty() => (host, None),
                    None => return None,
                }
            }
            // More than one colon is an address of version 6.
            None => match text.split_once(':') {
                Some((host, port)) if !port.contains(':') => (host, Some(port.parse().ok()?)),
                _ => (text, None),
            },
        };
        let host = match host.parse::<IpAddr>() {
            Ok(address) => {
                let whole = if address.is_ipv4() { 32 } else { 128 };
                let length = length.unwrap_or(whole);
                if length > whole {
                    return None;
                }
                Host::Network(address, length)
            }
            Err(_) => {
                let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
                if host.is_empty() || length.is_some() || !host.chars().all(letters) {
                    return None;
                }
                Host::Name(host.to_ascii_lowercase())
            }
        };
        Some(Allowed { host, port })
    }

    /// Whether this allows a connection to `address`, which `host` has.
    pub fn holds(&self, host: &str, address: IpAddr, port: u16) -> bool {
        if self.port.is_some_and(|allowed| allowed != port) {
            return false;
        }
        match (&self.host, address) {
            (Host::Name(name), _) => name.eq_ignore_ascii_case(host),
            (Host::Network(IpAddr::V4(net), length), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
                net.to_bits() & mask == address.to_bits() & mask
            }
            (Host::Network(IpAddr::V6(net), length), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
                net.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_allowed() {
        fn check(entry: &str, host: &str, address: &str, port: u16, expected: Option<bool>) {
            let holds = Allowed::read(entry)
                .and_then(|allowed| Some(allowed.holds(host, address.parse().ok()?, port)));
            assert_eq!(holds, expected, "{entry} {address}");
        }
        check("a.local", "A.local", "10.0.0.1", 80, Some(true));
        check("a.local:81", "a.local", "10.0.0.1", 80, Some(false));
        check("a.local", "b.local", "10.0.0.1", 80, Some(false));
        check("10.0.0.0/8", "x", "10.9.8.7", 80, Some(true));
        check("10.0.0.0/8", "x", "11.9.8.7", 80, Some(false));
        check("0.0.0.0/0", "x", "11.9.8.7", 80, Some(true));
        check("127.0.0.1:8080", "x", "127.0.0.1", 8080, Some(true));
        check("fd00::/8", "x", "fd12::1", 80, Some(true));
        check("[fd00::1]:80", "x", "fd00::1", 81, Some(false));
        check("10.0.0.0/33", "x", "10.0.0.0", 80, None);
        check("a b", "x", "10.0.0.0", 80, None);
        check("", "x", "10.0.0.0", 80, None);
    }
}
