//! It only touches what was configured: strace, which sees every call to the system, lists whom `dca` sends to.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use dca_conformance::{dca, witness};
use dca_sim::{Device, Fleet, Pages, Site};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What one run did on the network.
#[derive(Debug, Default)]
struct Touched {
    sent_to: BTreeSet<SocketAddr>,
    /// Ports that it took for itself; 0 is one of the system's choice.
    bound: BTreeSet<u16>,
    /// Calls that wait for strangers.
    listened: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn nothing_but_the_targets_is_sent_to() {
    let Some(strace) = witness("strace") else { return };
    let kinds = ["mono-laser", "color-mfp", "switch", "label", "hp-color"].iter().zip(1..);
    let devices = kinds.map(|(kind, at)| (SocketAddr::from(([127, 88, 0, at], 0)), Device::builtin(kind).unwrap()));
    let mut fleet = Fleet::on_loopback(devices).await.unwrap();
    let port = fleet.addresses()[0].port();
    let (raw, queue) = (fleet.open_raw_ports(0).unwrap(), fleet.open_queues(0).unwrap());
    let hp = Device::builtin("hp-color").unwrap();
    let pages = Pages::default().ledm(&hp, Duration::ZERO).ipp(&hp, Duration::ZERO);
    let site = Site::open(SocketAddr::from(([127, 88, 0, 5], 0)), true, pages).await.unwrap();
    let web = site.address().port();
    tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("calls");
        let recording = folder.path().join("walk.snmprec");
        let check = |arguments: &[&str], expected: &[(u8, u16)]| {
            let run = trace(&strace, &log, arguments);
            let expected: BTreeSet<SocketAddr> =
                expected.iter().map(|(at, port)| SocketAddr::from(([127, 88, 0, *at], *port))).collect();
            assert_eq!(run.sent_to, expected, "{arguments:?}");
            assert!(run.bound.iter().all(|port| *port == 0) && run.listened.is_empty(), "{arguments:?}: {run:?}");
        };
        let (range, printer) = (format!("127.88.0.1-6:{port}"), format!("127.88.0.2:{port}"));
        let without = format!("!127.88.0.2-4:{port}");
        let all = |at: &[u8]| at.iter().map(|at| (*at, port)).collect::<Vec<_>>();
        let quick = ["--timeout", "0.4"];
        check(&[&["scan", "--all", &range][..], &quick].concat(), &all(&[1, 2, 3, 4, 5, 6]));
        check(
            &[&["scan", "--all", &range, &without, "-c", "a", "-c", "public"][..], &quick].concat(),
            &all(&[1, 5, 6]),
        );
        check(&[&["scan", &range, "127.88.0.9:9", "--user", "nobody"][..], &quick].concat(), &{
            let mut both = all(&[1, 2, 3, 4, 5, 6]);
            both.push((9, 9));
            both
        });
        check(&["read", "--json", &printer], &all(&[2]));
        check(&["walk", &printer, "1.3.6.1.2.1.1"], &all(&[2]));
        check(&["record", &printer, "-o", recording.to_str().unwrap()], &all(&[2]));
        check(&["read", "--walk", recording.to_str().unwrap()], &[]);
        // The raw port of the label printer and of nobody else; of nobody at all where it is not switched on.
        let also = format!("zebra:{raw}");
        let read = [&["read", "--all", "--json", &range][..], &quick].concat();
        check(&read, &all(&[1, 2, 3, 4, 5, 6]));
        let mut label = all(&[1, 2, 3, 4, 5, 6]);
        label.push((4, raw));
        check(&[&read[..], &["--also", &also]].concat(), &label);
        // Pages of the brand that has them and of nobody else, IPP of the printer that was named, each where it is switched on.
        let two = format!("127.88.0.5:{port}");
        let (ledm, ipp) = (format!("ledm:{web}"), format!("ipp:{web}"));
        check(&["read", "--json", &printer, &two, "--also", &ledm], &[(2, port), (5, port), (5, web)]);
        check(&["read", "--json", &two, "--also", &ipp], &[(5, port), (5, web)]);
        check(&["read", "--json", &two], &[(5, port)]);
        check(&["lpr", "state", &format!("127.88.0.2:{queue}")], &[(2, queue)]);
        // ICMP has no port.
        check(&["ping", "127.88.0.2"], &[(2, 0)]);
    })
    .await
    .unwrap();
}

fn trace(strace: &Path, log: &Path, arguments: &[&str]) -> Touched {
    let mut command = Command::new(strace);
    // Without the data, so that no device can write lines into the list.
    command.args(["-f", "-s", "0", "-e", "trace=network", "-o"]).arg(log).arg(dca()).args(arguments);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(matches!(status.code(), Some(0..=2)), "{arguments:?}: {status}");
    let mut touched = Touched::default();
    let calls = std::fs::read_to_string(log).unwrap();
    for line in calls.lines() {
        let call = line.split_once(' ').map_or(line, |(_, call)| call.trim_start());
        let name = call.split('(').next().unwrap_or_default();
        match name {
            "sendto" | "sendmsg" | "sendmmsg" | "connect" => touched.sent_to.extend(addresses(call)),
            "bind" => touched.bound.extend(addresses(call).iter().map(SocketAddr::port)),
            "listen" | "accept" | "accept4" => touched.listened.push(call.to_owned()),
            _ => {}
        }
    }
    touched
}

/// The internet addresses in a call as strace writes them.
fn addresses(call: &str) -> Vec<SocketAddr> {
    let text = |part: &str| -> Option<IpAddr> { part.split('"').nth(1)?.parse().ok() };
    let pieces = call.split("_port=htons(").skip(1);
    pieces
        .map(|piece| {
            let (port, rest) = piece.split_once(')').unwrap();
            SocketAddr::new(text(rest).unwrap_or_else(|| panic!("no address in {call}")), port.parse().unwrap())
        })
        .collect()
}
