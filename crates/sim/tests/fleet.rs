//! Devices on real loopback sockets, asked by net-snmp.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]

use dca_sim::{Device, Fleet, office};
use dca_snmp::Oid;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use tokio::process::Command;

/// GET sysDescr.0, v2c, public.
const GET_SYS_DESCR: [u8; 40] = [
    0x30, 0x26, 2, 1, 1, 4, 6, b'p', b'u', b'b', b'l', b'i', b'c', 0xa0, 0x19, 2, 1, 1, 2, 1, 0, 2, 1, 0, 0x30, 0x0e,
    0x30, 0x0c, 6, 8, 0x2b, 6, 1, 2, 1, 1, 1, 0, 5, 0,
];
/// The user of `devices/v3-only.toml`.
const V3: [&str; 13] = [
    "-v3",
    "-u",
    "monitor",
    "-l",
    "authPriv",
    "-a",
    "SHA-256",
    "-A",
    "sim-auth-passphrase",
    "-x",
    "AES",
    "-X",
    "sim-priv-passphrase",
];
const WALKER: &str = "/usr/bin/snmpbulkwalk";

/// True if net-snmp is there. Where it must be (`CI=true`) its absence is a failure.
fn net_snmp() -> bool {
    let there = Path::new(WALKER).exists();
    if !there {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "net-snmp's {WALKER} is missing");
        eprintln!("SKIPPED: net-snmp's {WALKER} is missing");
    }
    there
}

async fn run(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.env("MIBS", "").args(arguments).kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(60), command.output()).await.unwrap().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn oids(walk: &str) -> Vec<Oid> {
    let rows = walk.lines().filter(|line| !line.contains("No more variables left"));
    rows.filter_map(|line| line.split_once(" = ")?.0.parse().ok()).collect()
}

fn at(last: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 1, 0, last)), 0)
}

#[tokio::test]
async fn net_snmp_walks_every_kind_in_rising_order() {
    if !net_snmp() {
        return;
    }
    let kinds: Vec<&str> = Device::kinds().collect();
    let devices = kinds.iter().zip(1..).map(|(kind, last)| (at(last), Device::builtin(kind).unwrap()));
    let fleet = Fleet::on_loopback(devices).await.unwrap();
    for (kind, address) in kinds.iter().zip(fleet.addresses()) {
        let (program, version): (_, &[&str]) = match *kind {
            "v1-only" => ("/usr/bin/snmpwalk", &["-v1", "-c", "public"]),
            "no-getbulk" => ("/usr/bin/snmpwalk", &["-v2c", "-c", "public"]),
            // net-snmp drops what it sends; see tests/liar.rs.
            "liar" => continue,
            "v3-only" => (WALKER, &V3),
            _ => (WALKER, &["-v2c", "-c", "public"]),
        };
        let address = address.to_string();
        let arguments = [version, &["-On", "-t", "5", "-r", "0", &address, ".1.3.6.1"]].concat();
        let walk = run(program, &arguments).await;
        let walked = oids(&walk);
        assert!(walked.len() > 60, "{kind} at {address}: {} rows\n{walk}", walked.len());
        assert!(walked.is_sorted_by(|a, b| a < b), "{kind}");
    }
}

#[tokio::test]
async fn a_recording_is_served_as_it_is() {
    if !net_snmp() {
        return;
    }
    let text =
        "1.3.6.1.2.1.1.1.0|4|A device\n1.3.6.1.2.1.1.3.0|67|1187785\n1.3.6.1.2.1.43.10.2.1.4.1.1|65|4294967295\n";
    let rows = dca_snmp::recording::parse(text).rows;
    let fleet = Fleet::on_loopback([(at(9), Device::from_rows(rows))]).await.unwrap();
    let address = fleet.addresses()[0].to_string();
    let walk = run(WALKER, &["-v2c", "-c", "public", "-On", "-t", "5", &address, ".1.3"]).await;
    assert_eq!(walk.lines().count(), 4, "three rows and the end: {walk}");
    assert!(walk.contains("A device") && walk.contains("4294967295") && walk.contains("(1187785)"), "{walk}");
}

#[tokio::test]
async fn one_socket_holds_two_thousand_addresses() {
    let devices = office(2_000, 4).into_iter().map(|(ip, device)| (SocketAddr::new(ip, 0), device));
    let fleet = Fleet::on_loopback(devices).await.unwrap();
    let ports: std::collections::HashSet<u16> = fleet.addresses().iter().map(SocketAddr::port).collect();
    assert_eq!((fleet.addresses().len(), ports.len()), (2_000, 1));
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut buffer = [0; 2_000];
    for n in [0, 16, 1_600, 1_984] {
        let to = fleet.addresses()[n];
        socket.send_to(&GET_SYS_DESCR, to).await.unwrap();
        let (length, from) =
            tokio::time::timeout(Duration::from_secs(5), socket.recv_from(&mut buffer)).await.unwrap().unwrap();
        assert_eq!(from, to, "the answer leaves from the address that was asked");
        assert!(length > GET_SYS_DESCR.len());
    }
    // An address with nobody behind it stays silent.
    socket.send_to(&GET_SYS_DESCR, (Ipv4Addr::new(127, 9, 9, 9), fleet.addresses()[0].port())).await.unwrap();
    let silence = tokio::time::timeout(Duration::from_millis(300), socket.recv_from(&mut buffer)).await;
    assert!(silence.is_err());
    assert_eq!((fleet.heard(), fleet.answered()), (4, 4));
}

#[tokio::test]
async fn only_loopback_is_served() {
    let device = Device::builtin("ink").unwrap();
    let outside: SocketAddr = "192.0.2.1:0".parse().unwrap();
    assert!(Fleet::on_loopback([(outside, device)]).await.is_err());
}

#[test]
fn an_office_has_all_kinds_and_no_twins() {
    let office = office(64, 1);
    let serials: std::collections::HashSet<&str> = office.iter().map(|(_, device)| device.serial()).collect();
    let addresses: std::collections::HashSet<IpAddr> = office.iter().map(|(at, _)| *at).collect();
    let models: std::collections::HashSet<String> = office.iter().map(|(_, device)| device.model()).collect();
    assert_eq!((office.len(), serials.len(), addresses.len()), (64, 64, 64));
    assert_eq!(models.len(), Device::kinds().count());
}

#[tokio::test]
async fn a_sweep_of_thousands_loses_nothing_on_the_devices_side() {
    let devices: Vec<_> = office(500, 2).into_iter().map(|(ip, device)| (SocketAddr::new(ip, 0), device)).collect();
    // These answer v3 alone, or v1 alone.
    let mute = |model: &str| model.contains("VersaLink") || model.contains("1320");
    let silent = devices.iter().filter(|(_, device)| mute(&device.model())).count();
    let fleet = Fleet::on_loopback(devices).await.unwrap();
    let (port, count) = (fleet.addresses()[0].port(), fleet.addresses().len());
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let sweep = async {
        for (n, octets) in (0..4_096_u32).map(|n| (n, Ipv4Addr::from(0x7f01_0000 + n))) {
            socket.send_to(&GET_SYS_DESCR, (octets, port)).await.unwrap();
            if n % 64 == 63 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    };
    let mut answered = std::collections::HashSet::new();
    let listen = async {
        let mut buffer = [0; 2_000];
        while answered.len() < count - silent {
            answered.insert(socket.recv_from(&mut buffer).await.unwrap().1);
        }
    };
    let both = async { tokio::join!(sweep, listen) };
    tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
    assert_eq!(fleet.heard(), count as u64);
}
