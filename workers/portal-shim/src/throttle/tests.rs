//! Who shares with whom. The limits themselves are tried over HTTP, in `crate::tests`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use super::network;

#[test]
fn an_address_has_a_share_of_its_own_and_a_network_of_ipv6_one_for_all() {
    for (origin, expected) in [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
        ("unix-peer", "unix-peer"),
        ("unknown", "unknown"),
    ] {
        assert_eq!(network(origin), expected, "{origin}");
    }
}
