//! What polling costs: datagrams and octets of each printer, ours beside what others walk. `cargo xtask bench plan` runs it.
//!
//! Simulated printers and recorded walks are asked under virtual time, through the real manager and the real planner; the
//! walks of others are GETBULKs with their repetitions, sent by the same manager. Recordings come from the folder in
//! `DCA_SHARED` (default `../shared`); without it the simulated printers alone are measured.
#![allow(clippy::print_stdout, reason = "a program")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a program reads files and the clock")]

#[path = "../tests/support/mod.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod support;

use dca_agent::Profiles;
use dca_sim::Device;
use dca_snmp::{Credentials, Oid, OidRef, oid, recording};
use std::path::{Path, PathBuf};
use std::time::Duration;
use support::{Asked, Cost, day};

/// The same facts as five walks, as monitoring templates do them: prtMarkerSuppliesDescription, -MaxCapacity, -Level,
/// prtMarkerLifeCount, hrPrinterEntry.
const FIVE: [OidRef<'static>; 5] = [
    oid!("1.3.6.1.2.1.43.11.1.1.6"),
    oid!("1.3.6.1.2.1.43.11.1.1.8"),
    oid!("1.3.6.1.2.1.43.11.1.1.9"),
    oid!("1.3.6.1.2.1.43.10.2.1.4"),
    oid!("1.3.6.1.2.1.25.3.5.1"),
];
/// The objects that snmp_exporter's module `printer_mib` walks (prometheus/snmp_exporter, generator/generator.yml).
const EXPORTER: [OidRef<'static>; 13] = [
    oid!("1.3.6.1.2.1.43.5.1.1.3"),
    oid!("1.3.6.1.2.1.43.5.1.1.13"),
    oid!("1.3.6.1.2.1.43.5.1.1.16"),
    oid!("1.3.6.1.2.1.43.5.1.1.17"),
    oid!("1.3.6.1.2.1.43.5.1.1.18"),
    oid!("1.3.6.1.2.1.43.5.1.1.19"),
    oid!("1.3.6.1.2.1.43.6.1.1.3"),
    oid!("1.3.6.1.2.1.43.10.2.1.4"),
    oid!("1.3.6.1.2.1.43.10.2.1.5"),
    oid!("1.3.6.1.2.1.43.11.1.1.6"),
    oid!("1.3.6.1.2.1.43.11.1.1.9"),
    oid!("1.3.6.1.2.1.43.11.1.1.8"),
    oid!("1.3.6.1.2.1.43.11.1.1.5"),
];
/// `snmpbulkwalk -Cr10` is its default; snmp_exporter's is 25.
const BULKWALK: u32 = 10;
const EXPORTER_BULK: u32 = 25;
const POLLS: u64 = 288;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let profiles = Profiles::builtin();
    println!("datagrams sent / octets of UDP payload both ways; a day is {POLLS} polls of five minutes");
    println!(
        "{:44} {:>11} {:>12} {:>11} {:>14} {:>14} {:>16} {:>6} {:>6}",
        "", "discovery", "first read", "hot poll", "day", "5 walks, day", "exporter, day", "/walks", "/exp."
    );
    let mut office = Group::default();
    for (at, kind) in
        ["mono-laser", "color-mfp", "brother-color", "hp-color", "sharp-mfp", "ricoh-mfp", "ink", "third-device"]
            .into_iter()
            .enumerate()
    {
        // From eight on a Tuesday: prints, runs low, jams.
        let running = Duration::from_secs(86_400);
        let make = || Device::builtin(kind).map(|device| device.seeded(at as u64 + 1).running_for(running));
        office.measure(&format!("simulated {kind}"), make, &profiles).await;
    }
    office.sum("simulated office, mean");
    let mut recorded = Group::default();
    for file in recordings() {
        let Ok(text) = std::fs::read(&file) else { continue };
        let rows = recording::parse(&String::from_utf8_lossy(&text)).rows;
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // A part of a device costs a part.
        if rows.len() >= 100 {
            recorded.measure(&name, || Some(Device::from_rows(rows.clone())), &profiles).await;
        }
    }
    recorded.sum("recorded printers, mean (nothing happens on them)");
}

fn recordings() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("DCA_SHARED").map_or(here, PathBuf::from).join("walks");
    let (mut found, mut folders) = (Vec::new(), vec![shared]);
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let aside = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('_'));
            match path.is_dir() {
                true if !aside => folders.push(path),
                false if path.extension().is_some_and(|end| end == "snmprec") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

#[derive(Default)]
struct Group {
    /// Discovery, first reading, hot poll, day, five walks, exporter.
    sums: [Cost; 6],
    devices: u64,
}

impl Group {
    async fn measure(&mut self, name: &str, make: impl Fn() -> Option<Device>, profiles: &Profiles) {
        let asked = |device| Asked::new(device, Credentials::v2c("public"));
        let Some(ours) = make().map(asked) else { return };
        let Some(ours) = day(ours, profiles, |_, _, _| {}).await else { return };
        let Some(mut others) = make().map(asked) else { return };
        let five = walk(&mut others, &FIVE, BULKWALK);
        let exporter = walk(&mut others, &EXPORTER, EXPORTER_BULK);
        let costs = [ours.discovery, ours.first, ours.hot, ours.day, five, exporter];
        for (sum, cost) in self.sums.iter_mut().zip(costs) {
            sum.sent += cost.sent;
            sum.octets += cost.octets;
        }
        self.devices += 1;
        line(name, costs, 1);
        let told: Vec<String> = ours.visits.iter().chain(&ours.causes).map(|(what, n)| format!("{what} {n}")).collect();
        println!("{:46}{}", "", told.join(", "));
    }

    fn sum(&self, name: &str) {
        if self.devices > 0 {
            line(name, self.sums, self.devices);
            println!();
        }
    }
}

/// One round of walks, for a whole day.
fn walk(asked: &mut Asked, columns: &[OidRef<'static>], repetitions: u32) -> Cost {
    let before = asked.cost;
    for column in columns {
        let column: Oid = column.to_oid();
        asked.bulkwalk(&column, repetitions);
    }
    let once = asked.cost - before;
    Cost { sent: once.sent * POLLS, received: once.received * POLLS, octets: once.octets * POLLS }
}

fn line(name: &str, costs: [Cost; 6], devices: u64) {
    let [discovery, first, hot, day, five, exporter] = costs;
    let cell = |cost: Cost| format!("{}/{}", tenth(cost.sent, devices), cost.octets / devices);
    let share = |other: Cost| day.sent as f64 / other.sent.max(1) as f64;
    println!(
        "{name:44} {:>11} {:>12} {:>11} {:>14} {:>14} {:>16} {:>6.2} {:>6.2}",
        cell(discovery),
        cell(first),
        cell(hot),
        cell(day),
        cell(five),
        cell(exporter),
        share(five),
        share(exporter),
    );
}

fn tenth(sum: u64, devices: u64) -> String {
    if devices == 1 { sum.to_string() } else { format!("{:.1}", sum as f64 / devices as f64) }
}
