//! Which addresses an outgoing connection may be opened to (NET-01, NET-02, NET-07). Pure: no names, no sockets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Cloud metadata services and the like: never dialled, even when a peer's ranges contain them (NET-07).
const METADATA: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// The address with `::ffff:a.b.c.d` turned into `a.b.c.d`, so that one machine has one spelling.
pub fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// The IPv4 address that a transition format carries inside: mapped, compatible, NAT64, 6to4. A gateway on the way
/// would unpack it, so it is judged too (NET-02).
pub fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0 | 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) | (0x64, 0xff9b, 1, _, _, _) => Some(v4(g, h)),
        (0x2002, ..) => Some(v4(b, c)),
        _ => None,
    }
}

/// True for an address that no setting may open: metadata services, multicast, broadcast, "this host" (NET-07).
pub fn is_never_allowed(ip: IpAddr) -> bool {
    let ip = canonical(ip);
    let embedded_is_bad = |v6: Ipv6Addr| {
        // `::` and `::1` are "compatible" spellings of 0.0.0.0 and 0.0.0.1; the loopback may be a peer's range.
        !v6.is_loopback() && embedded_v4(v6).is_some_and(|v4| is_never_allowed(IpAddr::V4(v4)))
    };
    METADATA.contains(&ip)
        || ip.is_multicast()
        || ip.is_unspecified()
        || match ip {
            IpAddr::V4(v4) => v4.octets()[0] == 0 || v4.octets()[0] >= 240,
            IpAddr::V6(v6) => embedded_is_bad(v6),
        }
}

/// True for an address of the public internet: what may be dialled without a peer entry.
pub fn is_public(ip: IpAddr) -> bool {
    match canonical(ip) {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = match (a, b, c) {
        // This network, private, loopback, link local.
        (0 | 10 | 127, ..) | (169, 254, _) | (192, 168, _) => true,
        (172, 16..=31, _) => true,
        // Carrier-grade NAT, protocol assignments, documentation, 6to4 relays, benchmarks.
        (100, 64..=127, _) | (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => {
            true
        }
        // Multicast, reserved, broadcast.
        (224.., ..) => true,
        _ => false,
    };
    !special && !METADATA.contains(&IpAddr::V4(ip))
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // Only global unicast, 2000::/3. That leaves out loopback, mapped, NAT64, unique local, link local, multicast.
    if a & 0xe000 != 0x2000 {
        return false;
    }
    let special = match (a, b) {
        // Protocol assignments with Teredo and ORCHID, documentation, 6to4, the 6bone, documentation again.
        (0x2001, 0..=0x1ff) | (0x2001, 0xdb8) | (0x2002, _) | (0x3ffe, _) => true,
        (0x3fff, 0..=0x0fff) => true,
        _ => false,
    };
    !special && !METADATA.contains(&IpAddr::V6(ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(s: &str) -> bool {
        is_public(s.parse().unwrap())
    }

    #[test]
    fn sec_net_01_special_ipv4_addresses_are_not_public() {
        for s in [
            "127.0.0.1",
            "127.255.255.254",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "0.0.0.0",
            "0.1.2.3",
            "192.0.0.8",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "192.88.99.1",
            "168.63.129.16",
        ] {
            assert!(!public(s), "{s}");
        }
        for s in
            ["1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "192.0.1.1", "223.1.1.1"]
        {
            assert!(public(s), "{s}");
        }
    }

    #[test]
    fn sec_net_02_special_ipv6_addresses_are_not_public() {
        for s in [
            "::1",
            "::",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "::8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "2001::1",
            "2001:10::1",
            "2001:db8::1",
            "3fff::1",
            "fd00:ec2::254",
            "100::1",
        ] {
            assert!(!public(s), "{s}");
        }
        for s in ["2606:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "::ffff:8.8.8.8"] {
            assert!(public(s), "{s}");
        }
    }

    #[test]
    fn sec_net_07_metadata_addresses_are_never_allowed_in_any_spelling() {
        for s in [
            "169.254.169.254",
            "168.63.129.16",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "::169.254.169.254",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
        ] {
            assert!(is_never_allowed(s.parse().unwrap()), "{s}");
        }
        for s in ["127.0.0.1", "::1", "10.1.2.3", "fd12::1", "169.254.1.1"] {
            assert!(!is_never_allowed(s.parse().unwrap()), "{s}");
        }
    }
}
