//! The rules of the fence, one by one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use dca_fence::{Fence, Name, Service};
use std::net::{IpAddr, SocketAddr};

fn fence(lines: &[&str]) -> Fence {
    Fence::parse(lines.iter().copied()).unwrap()
}

fn admits(fence: &Fence, at: &str) -> bool {
    fence.admit(at.parse().unwrap()).is_some()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Every address that `targets` gives, after checking that it agrees with `admit` and `count`.
#[track_caller]
fn visits(fence: &Fence) -> Vec<String> {
    let all: Vec<SocketAddr> = fence.targets().collect();
    assert_eq!(all.len() as u64, fence.count());
    assert!(all.iter().all(|at| fence.admit(*at).is_some_and(|allowed| allowed.addr() == *at)));
    all.iter().map(ToString::to_string).collect()
}

#[test]
fn the_port_is_part_of_the_permission() {
    let fence = fence(&["10.0.0.5:16100", "10.0.0.6", "10.0.0.6:9161"]);
    assert!(admits(&fence, "10.0.0.5:16100"));
    assert!(!admits(&fence, "10.0.0.5:161"));
    assert!(admits(&fence, "10.0.0.6:161"));
    assert!(admits(&fence, "10.0.0.6:9161"));
    assert!(!admits(&fence, "10.0.0.6:80"));
    assert_eq!(visits(&fence), ["10.0.0.5:16100", "10.0.0.6:161", "10.0.0.6:9161"]);
}

#[test]
fn a_further_service_is_open_only_where_it_was_named() {
    let lines = ["10.0.0.0/29", "10.0.1.5:16100", "!10.0.0.2", "!10.0.0.3:9100", "printer.example"];
    let open = |beside_named_ports| {
        let mut fence = fence(&lines);
        fence.also(Service { port: 9100, beside_named_ports });
        fence.add_resolved("printer.example", [ip("10.0.2.1"), ip("127.0.0.1")]);
        fence
    };
    for (at, beside_unnamed, beside_named) in [
        ("10.0.0.1:9100", true, true),
        ("10.0.0.1:9101", false, false),
        ("10.0.0.2:9100", false, false),
        ("10.0.0.3:9100", false, false),
        ("10.0.0.7:9100", false, false),
        ("10.0.1.5:9100", false, true),
        ("10.0.2.1:9100", true, true),
        ("127.0.0.1:9100", false, false),
        ("10.0.3.1:9100", false, false),
    ] {
        assert_eq!(admits(&open(false), at), beside_unnamed, "{at}");
        assert_eq!(admits(&open(true), at), beside_named, "{at} with the port named");
    }
    let plain = {
        let mut fence = fence(&lines);
        fence.add_resolved("printer.example", [ip("10.0.2.1")]);
        fence
    };
    assert_eq!(visits(&open(true)), visits(&plain), "a service is not visited");
}

#[test]
fn the_ends_of_a_block_are_not_hosts() {
    assert_eq!(visits(&fence(&["10.0.0.4/30"])), ["10.0.0.5:161", "10.0.0.6:161"]);
    assert_eq!(visits(&fence(&["10.0.0.4/31"])), ["10.0.0.4:161", "10.0.0.5:161"]);
    assert_eq!(visits(&fence(&["10.0.0.4/32"])), ["10.0.0.4:161"]);
    assert_eq!(fence(&["10.0.0.0/23"]).count(), 510);
    assert!(admits(&fence(&["10.0.0.0/23"]), "10.0.0.255:161"), "an inner .255 is a host");
    assert!(!admits(&fence(&["10.0.0.0/24"]), "10.0.0.255:161"));
    assert!(admits(&fence(&["10.0.0.0/24", "10.0.0.255"]), "10.0.0.255:161"), "written literally");
    assert_eq!(fence(&["10.0.0.0-10.0.0.255"]).count(), 256);
    assert_eq!(visits(&fence(&["2001:db8::/127"])), ["[2001:db8::]:161", "[2001:db8::1]:161"]);
}

#[test]
fn order_as_written_and_each_once() {
    let fence = fence(&["10.0.0.9", "10.0.0.7-10", "10.0.0.8-11", "10.0.0.9:162", "10.0.0.1"]);
    let order = ["9:161", "7:161", "8:161", "10:161", "11:161", "9:162", "1:161"];
    assert_eq!(visits(&fence), order.map(|end| format!("10.0.0.{end}")));
}

#[test]
fn exclusions_win_whatever_the_order() {
    let fence = fence(&["!10.0.0.6", "10.0.0.4-8", "10.0.0.6", "10.0.0.4-8:162", "!10.0.0.5:162", "!10.0.0.7-8"]);
    assert_eq!(visits(&fence), ["10.0.0.4:161", "10.0.0.5:161", "10.0.0.4:162"]);
    assert_eq!(visits(&self::fence(&["10.0.0.5", "2001:db8::5", "!::/0"])), ["10.0.0.5:161"]);
    assert_eq!(visits(&self::fence(&["10.0.0.5", "2001:db8::5", "!0.0.0.0/0"])), ["[2001:db8::5]:161"]);
}

#[test]
fn special_addresses_must_be_written() {
    let everything = fence(&["0.0.0.0/0"]);
    let special = [
        "0.0.0.0",
        "0.1.2.3",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.1.1",
        "169.254.169.254",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.254",
        "255.255.255.255",
    ];
    for at in special {
        assert!(everything.admit(SocketAddr::new(ip(at), 161)).is_none(), "{at} by 0.0.0.0/0");
        assert!(fence(&[at]).admit(SocketAddr::new(ip(at), 161)).is_some(), "{at} by itself");
    }
    assert!(admits(&everything, "10.0.0.5:161") && admits(&everything, "223.255.255.255:161"));
    // 0/8, 127/8, 224/4 and 240/4, 169.254/16
    assert_eq!(everything.count(), (1 << 32) - 2 * (1 << 24) - 2 * (1 << 28) - (1 << 16));

    assert_eq!(fence(&["127.1.0.0/20"]).count(), 4094);
    assert_eq!(fence(&["126.255.255.254-127.0.0.3"]).count(), 2, "a range across the border opens its outer part only");
    let link_local = fence(&["169.254.0.0/16"]);
    assert!(admits(&link_local, "169.254.1.1:161"));
    assert!(!admits(&link_local, "169.254.169.254:161"), "metadata only by itself");
    assert!(!admits(&fence(&["169.254.169.254-255"]), "169.254.169.254:161"));

    for at in ["::1", "::", "::10.0.0.5", "fe80::1", "ff02::1", "64:ff9b::a00:5", "2002:a00:5::1", "fd00:ec2::254"] {
        let at = SocketAddr::new(ip(at), 161);
        assert!(fence(&[&at.ip().to_string()]).admit(at).is_some(), "{at} by itself");
    }
    assert!(!admits(&fence(&["::/112"]), "[::1]:161"), "a block around ::1");
    assert!(!admits(&fence(&["fd00:ec2::/112"]), "[fd00:ec2::254]:161"));
    assert!(admits(&fence(&["fd00:ec2::/112"]), "[fd00:ec2::253]:161"));
}

#[test]
fn mapped_ipv6_is_ipv4() {
    let fence = fence(&["10.0.0.5", "!10.0.0.6", "::ffff:10.0.0.6", "::ffff:10.0.0.7"]);
    let allowed = fence.admit("[::ffff:10.0.0.5]:161".parse().unwrap()).unwrap();
    assert_eq!(allowed.addr(), "10.0.0.5:161".parse().unwrap());
    assert!(!admits(&fence, "[::ffff:10.0.0.6]:161"));
    assert!(!admits(&fence, "[::ffff:127.0.0.1]:161"));
    assert!(!admits(&fence, "[::10.0.0.5]:161"), "IPv4-compatible is not IPv4");
    assert_eq!(visits(&fence), ["10.0.0.5:161", "10.0.0.7:161"]);
}

#[test]
fn names_are_resolved_by_the_caller() {
    let mut fence = fence(&["10.0.0.1", "Printer.example.com.:16100", "10.0.0.3", "printer.example.com"]);
    assert_eq!(fence.names(), [Name { host: "printer.example.com", exclude: false }]);
    assert_eq!(visits(&fence), ["10.0.0.1:161", "10.0.0.3:161"]);
    let refused = fence.add_resolved("PRINTER.example.com", [ip("10.0.0.2"), ip("::ffff:10.0.0.9"), ip("127.0.0.1")]);
    assert_eq!(refused, [ip("127.0.0.1")], "a name opens no special address");
    assert!(fence.names().is_empty());
    let order = ["1:161", "2:16100", "9:16100", "3:161", "2:161", "9:161"];
    assert_eq!(visits(&fence), order.map(|end| format!("10.0.0.{end}")));
    fence.add_resolved("printer.example.com", [ip("10.0.0.4")]);
    assert!(!admits(&fence, "10.0.0.2:161"), "the new addresses replace the old ones");

    let stranger = [ip("10.9.9.9")];
    assert_eq!(fence.add_resolved("elsewhere.example.com", stranger), stranger, "not in the fence");
    assert!(!admits(&fence, "10.9.9.9:161"));
}

#[test]
fn localhost_is_loopback_and_only_that() {
    let mut fence = fence(&["localhost:16100"]);
    assert_eq!(fence.add_resolved("localhost", [ip("127.0.0.1"), ip("::1"), ip("10.0.0.5")]), [ip("10.0.0.5")]);
    assert_eq!(visits(&fence), ["127.0.0.1:16100", "[::1]:16100"]);
}

#[test]
fn an_unresolved_exclusion_closes_everything() {
    let mut fence = fence(&["10.0.0.0/24", "!nas.example.com"]);
    assert_eq!(fence.names(), [Name { host: "nas.example.com", exclude: true }]);
    assert_eq!((fence.count(), admits(&fence, "10.0.0.5:161")), (0, false));
    assert!(fence.add_resolved("nas.example.com", [ip("10.0.0.7"), ip("127.0.0.1")]).is_empty());
    assert_eq!((fence.count(), admits(&fence, "10.0.0.5:161"), admits(&fence, "10.0.0.7:161")), (253, true, false));
    fence.add_resolved("nas.example.com", []);
    assert_eq!(fence.count(), 254, "it has no address");
}

#[test]
fn the_zone_stays_where_it_means_something() {
    let fence = fence(&["fe80::1", "2001:db8::1"]);
    assert_eq!(fence.admit("[fe80::1%3]:161".parse().unwrap()).unwrap().to_string(), "[fe80::1%3]:161");
    assert_eq!(fence.admit("[2001:db8::1%3]:161".parse().unwrap()).unwrap().to_string(), "[2001:db8::1]:161");
}

#[test]
fn a_slash_eight_costs_nothing() {
    let fence = fence(&["10.0.0.0/8", "!10.0.0.0/9"]);
    assert_eq!(fence.count(), (1 << 23) - 1);
    assert_eq!(fence.targets().next().unwrap().to_string(), "10.128.0.0:161");
}

#[test]
fn a_bad_line_is_named() {
    let error = Fence::parse(["# office", "10.0.0.5 # reception", "", "10.0.0.300"]).unwrap_err();
    assert_eq!(error.line, 4);
    assert!(error.to_string().starts_with("line 4: expected an IPv4 address"), "{error}");
    assert_eq!(fence(&["# office", "10.0.0.5 # reception", ""]).count(), 1);
    assert_eq!(Fence::default().count(), 0);
}

#[test]
fn inside_another_fence_only_what_both_admit_is_admitted() {
    let mut inner = fence(&["10.0.0.0/24", "10.0.1.5:9161", "192.168.1.1"]);
    inner.within(fence(&["10.0.0.0/16", "!10.0.0.7"]));
    assert!(admits(&inner, "10.0.0.9:161"));
    assert!(!admits(&inner, "10.0.0.7:161"), "excluded outside");
    assert!(!admits(&inner, "10.0.1.5:9161"), "a port that the outer one does not name");
    assert!(!admits(&inner, "192.168.1.1:161"), "the outer one does not have it");
    assert!(!admits(&inner, "10.0.1.1:161"), "the inner one does not have it");
}
