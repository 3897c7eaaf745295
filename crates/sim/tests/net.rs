//! The network in memory, and the liar's messages taken apart.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]

use dca_sim::{Device, Fault, Net};
use dca_snmp::ber::Writer;
use dca_snmp::message::{Body, Message, PduFields, PduKind, Version, encode_community};
use dca_snmp::{BindingRef, ErrorStatus, Oid, OidRef, Quirk, Quirks, Value, ValueRef, oid};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

fn ask(kind: PduKind, id: i32, version: Version, names: &[OidRef<'_>]) -> Vec<u8> {
    let mut writer = Writer::new();
    let mut fields = PduFields::ask(kind, id);
    if kind == PduKind::GetBulk {
        fields.error_index = 20;
    }
    let varbinds = names.iter().map(|name| (*name, BindingRef::Found(ValueRef::Null)));
    encode_community(&mut writer, version, b"public", fields, varbinds);
    writer.octets().to_vec()
}

/// All events of 200 questions over a network, as (milliseconds, octets).
fn events(seed: u64, fault: Fault) -> Vec<(u128, Vec<u8>)> {
    let start = Instant::now();
    let mut net = Net::new(seed, fault, start);
    let at: SocketAddr = "192.0.2.7:161".parse().unwrap();
    net.plug(at, Device::builtin("mono-laser").unwrap());
    let mut seen = Vec::new();
    for n in 0..200 {
        let now = start + Duration::from_millis(u64::from(n as u32) * 10);
        net.send(&ask(PduKind::Get, 0x0100_0000 + n, Version::V2c, &[oid!("1.3.6.1.2.1.1.5.0")]), at, now);
    }
    while let Some(now) = net.next_event() {
        while let Some((from, bytes)) = net.poll(now) {
            assert_eq!(from, at);
            seen.push((now.saturating_duration_since(start).as_millis(), bytes));
        }
    }
    seen
}

#[test]
fn faults_follow_from_the_seed() {
    let fault = Fault {
        loss: 0.1,
        duplicate: 0.1,
        truncate: 0.1,
        garbage: 0.1,
        reorder: 0.2,
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(30),
    };
    let seen = events(1, fault);
    assert_eq!(seen, events(1, fault));
    assert_ne!(seen, events(2, fault));
    let perfect = events(1, Fault::default());
    assert_eq!(perfect.len(), 200);
    assert!(seen.len() < 200 && seen.len() > 120, "{}", seen.len());
    let broken = seen.iter().filter(|(_, bytes)| Message::decode(bytes).is_err()).count();
    assert!(broken > 5, "{broken}");
}

#[test]
fn each_fault_does_what_it_says() {
    let only = |fault: Fault| events(3, fault);
    assert_eq!(only(Fault { loss: 1.0, ..Fault::default() }).len(), 0);
    assert_eq!(only(Fault { duplicate: 1.0, ..Fault::default() }).len(), 800);
    let late = only(Fault { delay: Duration::from_millis(40), ..Fault::default() });
    assert_eq!(late.first().map(|(at, _)| *at), Some(80), "there and back");
    let ids = |events: &[(u128, Vec<u8>)]| -> Vec<i32> {
        events.iter().filter_map(|(_, bytes)| Some(pdu(bytes)?.request_id)).collect()
    };
    assert!(ids(&late).is_sorted());
    let fault = Fault { reorder: 0.5, delay: Duration::from_millis(40), ..Fault::default() };
    assert!(!ids(&only(fault)).is_sorted());
}

fn pdu(bytes: &[u8]) -> Option<dca_snmp::message::Pdu<'_>> {
    match Message::decode(bytes).ok()? {
        Message::Community(message) => match message.body {
            Body::Pdu(pdu) => Some(pdu),
            Body::TrapV1(_) => None,
        },
        Message::V3(_) => None,
    }
}

#[test]
fn the_liar_lies_as_its_file_says() {
    let mut device = Device::builtin("liar").unwrap();
    let start = Instant::now();
    let mut quirks = Quirks::NONE;
    let mut malformed = BTreeSet::new();
    let mut rows = 0;
    // Which numbers have their highest bit set changes with time: look at it on several days.
    for day in 0..5 {
        let now = start + Duration::from_secs(day * 93_611);
        let mut after: Oid = oid!("1.3").to_oid();
        'walk: for id in 1.. {
            let question = ask(PduKind::GetBulk, 0x0100_0000 + id, Version::V2c, &[after.as_ref()]);
            let answer = device.answer(&question, now).unwrap();
            let Ok(Message::Community(message)) = Message::decode(&answer) else { panic!("the frame can be read") };
            quirks.merge(message.quirks);
            for varbind in pdu(&answer).unwrap().varbinds() {
                quirks.merge(varbind.quirks);
                match varbind.binding {
                    BindingRef::EndOfMibView => break 'walk,
                    BindingRef::Malformed(_) => {
                        malformed.insert(varbind.oid.to_oid());
                    }
                    _ => rows += 1,
                }
                after = varbind.oid.to_oid();
            }
        }
    }
    assert!(rows > 500, "{rows}");
    let declared = ["1.3.6.1.2.1.43.8.2.1.13.1.2", "1.3.6.1.2.1.43.10.2.1.5.1.1"].map(|row| row.parse().unwrap());
    assert_eq!(malformed, BTreeSet::from(declared));
    for lie in [
        Quirk::NegativeUnsigned,
        Quirk::EmptyInteger,
        Quirk::PaddedInteger,
        Quirk::LongLength,
        Quirk::TrailingMessage,
        Quirk::TrailingPdu,
        Quirk::NullWithOctets,
    ] {
        assert!(quirks.has(lie), "{lie:?} not in {quirks:?}");
    }
}

#[test]
fn a_sleeper_takes_seconds_once() {
    let mut device = Device::builtin("sleepy").unwrap();
    let question = ask(PduKind::Get, 0x0100_0000, Version::V2c, &[oid!("1.3.6.1.2.1.1.1.0")]);
    let start = Instant::now();
    let first = device.respond(&question, start).unwrap().after;
    assert!((Duration::from_secs(2)..=Duration::from_secs(4)).contains(&first), "{first:?}");
    let again = device.respond(&question, start + Duration::from_secs(1)).unwrap().after;
    assert_eq!(again + Duration::from_secs(1), first, "a retry does not wake it faster");
    assert_eq!(device.respond(&question, start + Duration::from_secs(6)).unwrap().after, Duration::ZERO);
    assert!(device.respond(&question, start + Duration::from_secs(60)).unwrap().after >= Duration::from_secs(2));
}

#[test]
fn versions_and_getbulk_are_refused_as_the_files_say() {
    let now = Instant::now();
    let name = [oid!("1.3.6.1.2.1.1.1.0")];
    let v1 = ask(PduKind::Get, 0x0100_0000, Version::V1, &name);
    let v2c = ask(PduKind::Get, 0x0100_0000, Version::V2c, &name);
    let bulk = ask(PduKind::GetBulk, 0x0100_0000, Version::V2c, &name);
    let answers = |kind: &str, datagram: &[u8]| Device::builtin(kind).unwrap().answer(datagram, now).is_some();
    assert!(answers("v1-only", &v1) && !answers("v1-only", &v2c));
    assert!(!answers("v3-only", &v1) && !answers("v3-only", &v2c));
    assert!(answers("no-getbulk", &v2c) && !answers("no-getbulk", &bulk));
    assert!(answers("ink", &v1) && answers("ink", &v2c) && answers("ink", &bulk));
    assert!(!answers("ink", b"not SNMP"));
    let file = "[device]\nvendor='V'\nmodel='M'\nmac='00:11:22'\ndescription='D'\nobject='1.3.6.1.4.1.9'\n[behaviour]\ngetbulk='error'\n";
    let answer = Device::parse(file).unwrap().answer(&bulk, now).unwrap();
    assert_eq!(pdu(&answer).map(|pdu| pdu.error_status), Some(ErrorStatus::GEN_ERR));
}

/// Every row of a recording, asked for by GETBULK.
fn walked(device: &mut Device) -> Vec<(Oid, Value)> {
    let now = Instant::now();
    let mut rows = Vec::new();
    let mut after: Oid = oid!("0.0").to_oid();
    for id in 1.. {
        let question = ask(PduKind::GetBulk, 0x0100_0000 + id, Version::V2c, &[after.as_ref()]);
        let answer = device.answer(&question, now).unwrap();
        for varbind in pdu(&answer).unwrap().varbinds() {
            match varbind.binding {
                BindingRef::Found(value) => rows.push((varbind.oid.to_oid(), value.to_value())),
                BindingRef::EndOfMibView => return rows,
                other => panic!("{}: {other:?}", varbind.oid),
            }
            after = varbind.oid.to_oid();
        }
    }
    rows
}

#[test]
fn recorded_walks_are_served_row_for_row() {
    let shared = std::env::var("DCA_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let Ok(vendors) = std::fs::read_dir(format!("{shared}/walks")) else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{shared}/walks is missing");
        eprintln!("SKIPPED: {shared}/walks is missing");
        return;
    };
    let folders = vendors.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let mut count = 0;
    for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "snmprec")) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        let rows = dca_snmp::recording::parse(&text).rows;
        assert_eq!(walked(&mut Device::from_rows(rows.clone())), rows, "{}", file.display());
        count += 1;
    }
    assert!(count > 50, "{count} walks");
}
