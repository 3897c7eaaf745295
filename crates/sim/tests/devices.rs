//! Every built-in device: it parses, it is an individual, it lives, and what it answers walks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail"
)]

use dca_sim::Device;
use dca_snmp::{Oid, OidRef, Value, oid};
use std::collections::HashSet;
use std::time::Duration;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
const LIFE_COUNT: OidRef<'_> = oid!("1.3.6.1.2.1.43.10.2.1.4.1.1");

fn printers() -> impl Iterator<Item = (&'static str, Device)> {
    Device::kinds().map(|kind| (kind, Device::builtin(kind).unwrap())).filter(|(_, device)| device.is_printer())
}

/// hrDeviceIndex of the printer.
fn index(kind: &str) -> u32 {
    if kind == "third-device" { 3 } else { 1 }
}

fn number(device: &Device, oid: OidRef<'_>, at: u64) -> Option<i64> {
    device.value(oid, Duration::from_secs(at)).and_then(|value| value.as_i64())
}

#[test]
fn every_kind_parses() {
    assert!(Device::kinds().count() >= 11);
    for kind in Device::kinds() {
        let device = Device::builtin(kind).unwrap_or_else(|| panic!("{kind} does not parse"));
        assert!(!device.serial().is_empty(), "{kind}");
        assert!(!device.serial().contains(['#', '@', '^']), "{kind}: {}", device.serial());
    }
    assert!(Device::builtin("no such kind").is_none());
    assert!(Device::kinds().any(|kind| !Device::builtin(kind).unwrap().is_printer()));
}

#[test]
fn the_documented_file_is_one() {
    let docs = include_str!("../src/lib.rs").lines().map(|line| line.trim_start_matches("//!"));
    let block: Vec<&str> =
        docs.skip_while(|line| *line != " ```toml").skip(1).take_while(|line| *line != " ```").collect();
    assert!(block.len() > 50);
    let device = Device::parse(&block.join("\n")).unwrap();
    assert_eq!(number(&device, LIFE_COUNT, 0), Some(58_000));
    // The lines of the v3 user, which are commented out there.
    let users = block.join("\n").replace("versions = [\"v1\", \"v2c\"]", "versions = [\"v3\"]");
    let users = users.replace(" # [[snmp.users]]", " [[snmp.users]]").replace(" # name =", " name =");
    let users =
        users.replace(" # auth", " auth").replace(" # privacy", " privacy").replace("\"...\"", "\"passphrase\"");
    assert!(Device::parse(&users).is_ok(), "{:?}", Device::parse(&users).err());
}

#[test]
fn bad_files_say_what_is_wrong() {
    let good = "[device]\nvendor='V'\nmodel='M'\nmac='00:11:22'\ndescription='D'\nobject='1.3.6.1.4.1.9'\n";
    assert!(Device::parse(good).is_ok());
    for (bad, told) in [
        (good.replace("mac=", "mack="), "mack"),
        (good.replace("00:11:22", "00:11"), "device.mac"),
        (good.replace("1.3.6.1.4.1.9", "1.3.x"), "device.object"),
        (format!("{good}[[alerts]]\nwhen='supply 3 low'\n"), "alerts.when"),
        (format!("{good}[[private]]\nroot='1.3'\nrows=[{{at='1', integer='{{print.mono}}'}}]\n"), "1.3.1"),
        (format!("{good}[[private]]\nroot='1.3'\nrows=[{{at='1', integer='1', text='1'}}]\n"), "exactly one"),
        (format!("{good}[behaviour]\nbroken_rows=['x']\n"), "broken_rows"),
    ] {
        let error = Device::parse(&bad).unwrap_err().to_string();
        assert!(error.contains(told), "{error:?} should name {told:?}");
    }
}

#[test]
fn counters_only_grow() {
    for (kind, device) in printers() {
        let life_count = oid!("1.3.6.1.2.1.43.10.2.1.4").to_oid().join([index(kind), 1]).unwrap();
        let mut last = -1;
        let mut grown = 0;
        for hour in (0..14 * 24).step_by(5) {
            let count =
                number(&device, life_count.as_ref(), hour * HOUR).unwrap_or_else(|| panic!("{kind} has no life count"));
            assert!(count >= last, "{kind}: {count} after {last}");
            grown += i64::from(last >= 0 && count > last);
            last = count;
        }
        assert!(grown > 5, "{kind} prints in two weeks");
    }
}

#[test]
fn supplies_fall_until_they_are_replaced() {
    for (kind, device) in printers() {
        let level = |n: u32, at: u64| {
            let column = oid!("1.3.6.1.2.1.43.11.1.1.9").to_oid();
            number(&device, column.join([index(kind), n]).unwrap().as_ref(), at)
        };
        for n in (1..9).filter(|n| level(*n, 0).is_some_and(|level| level > 0)) {
            let levels: Vec<i64> = (0..30).map(|day| level(n, day * DAY).unwrap()).collect();
            let falls = levels.windows(2).filter(|pair| pair[1] < pair[0]).count();
            let rises = levels.windows(2).filter(|pair| pair[1] > pair[0]).count();
            assert!(levels.iter().all(|level| *level >= 0), "{kind}, supply {n}: {levels:?}");
            assert!(falls >= rises && rises <= 9, "{kind}, supply {n}: {levels:?}");
        }
    }
}

#[test]
fn alerts_and_error_bits_come_and_go() {
    let device = Device::builtin("color-mfp").unwrap().seeded(5);
    let bits = |at| match device.value(oid!("1.3.6.1.2.1.25.3.5.1.2.1"), Duration::from_secs(at)) {
        Some(Value::OctetString(octets)) => octets,
        other => panic!("{other:?}"),
    };
    let seen: HashSet<Vec<u8>> = (0..60 * 24).map(|hour| bits(hour * HOUR)).collect();
    assert!(seen.contains(&vec![0, 0]), "{seen:?}");
    assert!(seen.iter().any(|octets| octets[0] & 0x20 != 0), "low toner: {seen:?}");
    assert!(seen.iter().any(|octets| octets[1] & 0x04 != 0), "input tray empty: {seen:?}");
    let events: Vec<i64> =
        (0..60).map(|day| number(&device, oid!("1.3.6.1.2.1.43.5.1.1.19.1"), day * DAY).unwrap()).collect();
    assert!(events.is_sorted() && events[59] > events[0], "{events:?}");
}

#[test]
fn the_state_is_a_function_of_seed_and_time() {
    let one = Device::builtin("ricoh-mfp").unwrap().seeded(9);
    let same = Device::builtin("ricoh-mfp").unwrap().seeded(9);
    let other = Device::builtin("ricoh-mfp").unwrap().seeded(10);
    assert_eq!(one.serial(), same.serial());
    assert_ne!(one.serial(), other.serial());
    // One asks every hour, the other jumps.
    assert!((0..500).all(|hour| number(&one, LIFE_COUNT, hour * HOUR).is_some()));
    assert_eq!(number(&one, LIFE_COUNT, 500 * HOUR), number(&same, LIFE_COUNT, 500 * HOUR));
    assert_ne!(number(&one, LIFE_COUNT, 500 * HOUR), number(&other, LIFE_COUNT, 500 * HOUR));
}

#[test]
fn the_vendor_s_figures_agree_with_the_standard_ones() {
    for (kind, total) in [
        ("mono-laser", "1.3.6.1.4.1.1347.43.10.1.1.12.1.1"),
        ("color-mfp", "1.3.6.1.4.1.1347.43.10.1.1.12.1.1"),
        ("hp-color", "1.3.6.1.4.1.11.2.3.9.4.2.1.4.1.2.5.0"),
        ("ricoh-mfp", "1.3.6.1.4.1.367.3.2.1.2.19.1.0"),
        ("ink", "1.3.6.1.4.1.1248.1.2.2.27.1.1.33.1.1"),
    ] {
        let device = Device::builtin(kind).unwrap().seeded(3);
        let total: Oid = total.parse().unwrap();
        for at in [0, 30 * HOUR, 40 * DAY] {
            assert_eq!(number(&device, total.as_ref(), at), number(&device, LIFE_COUNT, at), "{kind}");
        }
    }
}

#[test]
fn simplex_and_duplex_are_the_total() {
    let (simplex, duplex) = (oid!("1.3.6.1.4.1.1347.42.2.5.1.1.1.1"), oid!("1.3.6.1.4.1.1347.42.2.5.1.1.2.1"));
    for kind in ["mono-laser", "color-mfp"] {
        let device = Device::builtin(kind).unwrap().seeded(11);
        for at in (0..40).map(|hours| hours * HOUR) {
            let sides = number(&device, simplex, at).unwrap() + number(&device, duplex, at).unwrap();
            assert_eq!(Some(sides), number(&device, LIFE_COUNT, at), "{kind}");
        }
    }
}

#[test]
fn octet_strings_hold_records() {
    let device = Device::builtin("brother-color").unwrap();
    let counters = oid!("1.3.6.1.4.1.2435.2.3.9.4.2.1.5.5.10.0");
    let Some(Value::OctetString(octets)) = device.value(counters, Duration::from_secs(5 * HOUR)) else { panic!() };
    assert_eq!((octets.len() % 7, octets.last()), (1, Some(&0xff)));
    let total = u32::from_be_bytes(octets[3..7].try_into().unwrap());
    assert_eq!(octets[..3], [0, 1, 4]);
    assert_eq!(i64::from(total), number(&device, LIFE_COUNT, 5 * HOUR).unwrap());
}
