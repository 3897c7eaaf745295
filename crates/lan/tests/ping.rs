//! Ping on loopback, as far as this host lets us.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use dca_lan::{LanError, ping};
use std::time::Duration;

#[tokio::test]
async fn loopback_answers_or_the_error_says_what_to_do() {
    for ip in ["127.0.0.1:161", "127.9.9.9:161", "[::1]:161"] {
        if ip.starts_with('[') && std::net::UdpSocket::bind("[::1]:0").is_err() {
            println!("SKIPPED: this host has no IPv6 loopback");
            continue;
        }
        match (ping(common::allow(ip.parse().unwrap()), Duration::from_secs(2)).await, permitted()) {
            (Ok(took), _) => assert!(took < Duration::from_secs(2)),
            (Err(error @ LanError::PingForbidden(_)), false) => {
                assert!(error.to_string().contains("net.ipv4.ping_group_range"), "{error}");
            }
            (other, permitted) => panic!("{ip}: {other:?}, permitted: {permitted}"),
        }
    }
}

#[tokio::test]
async fn no_echo_is_told() {
    // Discard prefix (RFC 6666): no route, or nobody there.
    let at = common::allow("[100::1]:161".parse().unwrap());
    match (ping(at, Duration::from_millis(200)).await, permitted()) {
        (Err(LanError::NoEcho(_) | LanError::Unreachable(_)), _) | (Err(LanError::PingForbidden(_)), false) => {}
        (other, permitted) => panic!("{other:?}, permitted: {permitted}"),
    }
}

/// CAP_NET_RAW (capability 13), or a group inside `ping_group_range`.
fn permitted() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    let capabilities = u64::from_str_radix(&field("CapEff:"), 16).unwrap();
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ping_group_range").unwrap();
    let range: Vec<u64> = range.split_whitespace().map(|end| end.parse().unwrap()).collect();
    let groups = format!("{} {}", field("Gid:"), field("Groups:"));
    let in_range = groups.split_whitespace().any(|group| (range[0]..=range[1]).contains(&group.parse().unwrap()));
    capabilities >> 13 & 1 == 1 || in_range
}
