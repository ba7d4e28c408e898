//! Which addresses of the network a table may be fetched from. Whoever sends a
//! query chooses the URL, and we stand where they may not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::{Uploads, Urls};

/// Whether a connection to `address`, which is that of `host`, may be made.
pub(super) fn is_allowed(limits: &Uploads, host: &str, address: IpAddr, port: u16) -> bool {
    let listed = limits
        .allow
        .iter()
        .any(|allowed| allowed.holds(host, address, port));
    match limits.urls {
        Urls::None => false,
        Urls::Listed => listed,
        Urls::Public => listed || is_public(address),
    }
}

/// Whether the whole Internet may reach an address (the registries of
/// special-purpose addresses of RFC 6890 and its successors). What is not known
/// to be public is not.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_4(address),
        IpAddr::V6(address) => is_public_6(address),
    }
}

fn is_public_4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        // This network, private, loopback (RFC 1122, RFC 1918).
        (0 | 10 | 127, _, _)
            // Shared by carriers' translators (RFC 6598).
            | (100, 64..=127, _)
            // Link-local, where clouds keep their secrets (RFC 3927).
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            // Protocol assignments, documentation, the old 6to4 relays
            // (RFC 6890, RFC 5737, RFC 7526).
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            // Benchmarks (RFC 2544), documentation.
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            // Multicast, reserved, broadcast.
            | (224..=255, _, _)
    );
    !special
}

fn is_public_6(address: Ipv6Addr) -> bool {
    // Addresses of version 4 in other clothes lead to where those lead:
    // mapped (RFC 4291 section 2.5.5) and translated ones (RFC 6052, RFC 8215).
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_4(inner);
    }
    let segments = address.segments();
    if let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = segments {
        let bits = u32::from(high) << 16 | u32::from(low);
        return is_public_4(Ipv4Addr::from_bits(bits));
    }
    match segments {
        // Protocol assignments with Teredo, and documentation.
        [0x2001, 0x0000..=0x01ff, ..] | [0x2001, 0x0db8, ..] => false,
        // 6to4 carries an address of version 4 (RFC 3056).
        [0x2002, ..] => false,
        // More documentation (RFC 9637).
        [0x3fff, 0x0000..=0x0fff, ..] => false,
        // Global unicast is all in 2000::/3.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        fn check(addresses: &[&str], expected: bool) {
            for text in addresses {
                let address: Option<IpAddr> = text.parse().ok();
                assert_eq!(address.map(is_public), Some(expected), "{text}");
            }
        }
        check(
            &[
                "8.8.8.8",
                "130.79.128.13",
                "172.32.0.1",
                "100.128.0.1",
                "192.0.1.1",
            ],
            true,
        );
        check(
            &["2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"],
            true,
        );
        check(
            &[
                "0.0.0.0",
                "10.1.2.3",
                "127.0.0.1",
                "127.255.0.1",
                "100.64.0.1",
                "169.254.169.254",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "192.0.0.1",
                "192.0.2.1",
                "198.18.0.1",
                "198.51.100.7",
                "203.0.113.7",
                "224.0.0.1",
                "240.0.0.1",
                "255.255.255.255",
                "192.88.99.1",
            ],
            false,
        );
        check(
            &[
                "::",
                "::1",
                "::ffff:127.0.0.1",
                "::ffff:10.0.0.1",
                "::127.0.0.1",
                "fe80::1",
                "fec0::1",
                "fc00::1",
                "fd12:3456::1",
                "ff02::1",
                "64:ff9b::7f00:1",
                "64:ff9b:1::1",
                "2001:db8::1",
                "2001::1",
                "2002:7f00:1::1",
                "100::1",
                "3fff::1",
            ],
            false,
        );
    }
}
