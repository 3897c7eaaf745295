//! A full reading asks its columns side by side, and one after the other where a device does not bear that.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test"
)]

use dca_agent::{Asking, Keyring, Network, Profiles, Read, Targets, Versions};
use dca_sim::{Device, Fleet};
use dca_snmp::message::{Body, Message};
use dca_snmp::{OidRef, oid};
use std::future::pending;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// The one device at an address, and how many datagrams it took.
async fn read(at: SocketAddr, timeout: Duration) -> (Read, u64) {
    let scope = Targets::parse([at.to_string().as_str()]).unwrap().resolve().await.unwrap();
    let keyring = Keyring::typed(["public"], None, Versions::Any).unwrap();
    let asking = Asking { timeout, retries: 0, ..Asking::default() };
    let network = Network::open(asking, keyring, Profiles::builtin(), &scope).unwrap();
    let mut run = network.read(&scope, true, &mut (), pending()).await;
    (run.answered.remove(0), network.counters().sent)
}

#[tokio::test]
async fn a_color_printer_takes_a_dozen_datagrams() {
    let device = Device::builtin("color-mfp").unwrap();
    let fleet = Fleet::on_loopback([("127.9.1.1:0".parse().unwrap(), device)]).await.unwrap();
    let (read, sent) = read(fleet.addresses()[0], Duration::from_secs(4)).await;
    assert!(read.complete && read.reading.supplies.len() > 4 && read.reading.inputs.len() > 1);
    assert!(sent <= 12, "{sent} datagrams");
}

#[tokio::test]
async fn a_column_that_is_never_answered_costs_that_column_alone() {
    const DESCRIPTIONS: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1.6");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = socket.local_addr().unwrap();
    let mut device = Device::builtin("color-mfp").unwrap();
    // Ends with the test's process.
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((octets, from)) = socket.recv_from(&mut buffer) {
            let Ok(Message::Community(message)) = Message::decode(&buffer[..octets]) else { continue };
            let Body::Pdu(pdu) = &message.body else { continue };
            if pdu.varbinds().any(|varbind| varbind.oid.starts_with(DESCRIPTIONS)) {
                continue;
            }
            if let Some(answer) = device.answer(&buffer[..octets], Instant::now()) {
                socket.send_to(&answer, from).unwrap();
            }
        }
    });
    let (read, _) = read(at, Duration::from_millis(300)).await;
    assert!(!read.complete);
    let reading = read.reading;
    assert!(
        reading.doubts.iter().any(|doubt| doubt.contains("walk of 1.3.6.1.2.1.43.11.1.1.6")),
        "{:?}",
        reading.doubts
    );
    assert!(reading.total.is_some() && reading.inputs.len() > 1, "the other columns are read");
    assert!(reading.supplies.iter().any(|supply| supply.level.is_some()));
    assert!(reading.supplies.iter().all(|supply| supply.description.is_empty()));
}
