//! The recorded pages of HP devices, kept beside the repository: each value here was read off the pages by eye.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, reason = "tests")]

use dca_printer::{Profiles, Reading, Rows, ledm};
use std::path::{Path, PathBuf};

/// The folder of samples, or `None`, loudly; under `CI=true` it must be there.
fn samples() -> Option<PathBuf> {
    let shared = std::env::var_os("DCA_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let found = shared.join("device-samples");
    if !found.is_dir() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI=true and no {}", found.display());
        eprintln!("SKIPPED: 1 test, no recorded data at {} (set DCA_SHARED)", found.display());
        return None;
    }
    Some(found)
}

fn read(files: &[&str]) -> Option<Reading> {
    let folder = samples()?;
    let pages: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(folder.join(file)).unwrap()).collect();
    Some(ledm::read(&pages.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

const M175: &str = "hp-ledm/hp-laserjet-100-colormfp-m175nw";

#[test]
fn a_colour_laser_by_its_pages() {
    let files = ["ConsumableConfigDyn", "ProductStatusDyn", "ProductUsageDyn"].map(|page| format!("{M175}.{page}.xml"));
    let Some(reading) = read(&files.each_ref().map(String::as_str)) else { return };
    assert!(reading.is_printer);
    assert_eq!(reading.doubts, Vec::<String>::new());
    let total = reading.total.unwrap();
    assert_eq!((total.value, total.unit.as_str()), (3879, "impressions"));
    assert_eq!(total.source.url.as_deref(), Some("/DevMgmt/ProductUsageDyn.xml"));
    assert_eq!(total.source.label.as_deref(), Some("PrinterSubunit/TotalImpressions"));
    let meters: Vec<_> =
        reading.meters.iter().map(|m| (m.service.as_str(), m.color.as_str(), m.unit.as_str(), m.value)).collect();
    assert_eq!(
        meters,
        [
            ("system_totals", "total", "impressions", 3879),
            ("system_totals", "mono", "impressions", 875),
            ("system_totals", "full_color", "impressions", 3004),
            ("copy", "total", "impressions", 107),
            ("copy", "mono", "impressions", 89),
            ("copy", "full_color", "impressions", 18),
            ("document_feeder", "total", "images", 204),
            ("scan", "total", "images", 204 + 218),
        ]
    );
    let counts: Vec<_> =
        reading.counts.iter().map(|c| (c.what.as_str(), c.place.as_deref().unwrap(), c.value)).collect();
    assert_eq!(counts, [("jam", "engine", 2), ("mispick", "engine", 0), ("jam", "scanner", 2)]);
    let supplies: Vec<_> = reading
        .supplies
        .iter()
        .map(|s| {
            (
                (s.description.as_str(), s.kind.as_str(), s.color.as_deref()),
                (s.percent, s.state.as_str(), s.pages_left),
                (s.part_number.as_deref(), s.serial.as_deref()),
            )
        })
        .collect();
    let toner = |text, color, left, pages, part, serial| {
        ((text, "toner", Some(color)), (Some(left), "ok", Some(pages)), (Some(part), Some(serial)))
    };
    assert_eq!(
        supplies,
        [
            toner("Black toner supply", "black", 20.0, 200, "CE310A", "-1515257599"),
            toner("Cyan toner supply", "cyan", 60.0, 800, "CE311A", "2051604737"),
            toner("Magenta toner supply", "magenta", 60.0, 700, "CE313A", "936313090"),
            toner("Yellow toner supply", "yellow", 60.0, 700, "CE312A", "490799362"),
            (("OPC supply", "opc", None), (Some(40.0), "ok", Some(20_000)), (Some("CE314A"), Some("619711233"))),
        ]
    );
    assert_eq!(reading.status.printer.as_deref(), Some("idle"));
    assert_eq!(reading.status.errors.as_deref(), Some(&[][..]));
    assert_eq!(reading.console, ["Power down mode"]);
    assert!(reading.alerts.is_empty());
}

#[test]
fn an_alert_table_with_information_in_it() {
    let Some(reading) = read(&["hp-ledm/hp-officejet-pro.ProductStatusDyn.trimmed.xml"]) else { return };
    let alerts: Vec<_> = reading
        .alerts
        .iter()
        .map(|a| (a.code_name.as_deref().unwrap(), a.severity.as_str(), a.description.as_str(), a.active))
        .collect();
    assert_eq!(
        alerts,
        [
            ("cartridgeCounterfeitQuestion", "warning", "cartridgeCounterfeitQuestion", true),
            ("genuineHP", "other", "genuineHP", false),
        ]
    );
    assert_eq!((reading.status.printer.as_deref(), reading.status.device.as_deref()), (Some("other"), Some("running")));
    assert_eq!(reading.status.errors.as_deref(), Some(&[][..]));
    assert_eq!(reading.doubts, Vec::<String>::new());
}

#[test]
fn a_large_format_printer_by_its_status_line() {
    let Some(reading) = read(&["hp-lfp/hp-latex-330.printer_status_core.txt"]) else { return };
    let alerts: Vec<_> =
        reading.alerts.iter().map(|a| (a.severity.as_str(), a.description.as_str(), a.active)).collect();
    assert_eq!(alerts, [("warning", "LM cartridge is low on ink", true)]);
    assert_eq!(reading.status.device.as_deref(), Some("warning"));
}

/// The names that the recorder's MIBs knew; everything else in the file is numbers.
const NAMES: [(&str, &str); 11] = [
    ("SNMPv2-SMI::mib-2.", ".1.3.6.1.2.1."),
    ("SNMPv2-SMI::enterprises.", ".1.3.6.1.4.1."),
    ("SNMPv2-MIB::sysDescr.", ".1.3.6.1.2.1.1.1."),
    ("SNMPv2-MIB::sysObjectID.", ".1.3.6.1.2.1.1.2."),
    ("SNMPv2-MIB::sysName.", ".1.3.6.1.2.1.1.5."),
    ("HOST-RESOURCES-MIB::hrDeviceType.", ".1.3.6.1.2.1.25.3.2.1.2."),
    ("HOST-RESOURCES-MIB::hrDeviceDescr.", ".1.3.6.1.2.1.25.3.2.1.3."),
    ("HOST-RESOURCES-MIB::hrDeviceStatus.", ".1.3.6.1.2.1.25.3.2.1.5."),
    ("HOST-RESOURCES-MIB::hrPrinterStatus.", ".1.3.6.1.2.1.25.3.5.1.1."),
    ("HOST-RESOURCES-MIB::hrPrinterDetectedErrorState.", ".1.3.6.1.2.1.25.3.5.1.2."),
    ("HOST-RESOURCES-TYPES::hrDevicePrinter", ".1.3.6.1.2.1.25.3.1.5"),
];

#[test]
fn an_ink_printer_by_its_walk() {
    let Some(folder) = samples() else { return };
    let mut text = std::fs::read_to_string(folder.join("hp-ledm/hp-envy-6000.snmpwalk.txt")).unwrap();
    for (name, oid) in NAMES {
        text = text.replace(name, oid);
    }
    let text: String = text.lines().filter(|line| line.starts_with('.')).map(|line| format!("{line}\n")).collect();
    let rows: Rows = dca_snmp::recording::parse(&text).rows.into_iter().collect();
    let reading = Profiles::builtin().pick(&rows).read(&rows);
    assert!(reading.is_printer);
    let (vendor, model) = (reading.identity.vendor.unwrap(), reading.identity.model.unwrap());
    assert_eq!((vendor.value.as_str(), model.value.as_str()), ("HP", "ENVY 6000 All-in-One Printer series"));
    assert_eq!(reading.identity.serial.map(|serial| serial.value).as_deref(), Some("XX00000000"));
    assert_eq!(reading.total.map(|total| (total.value, total.unit)), Some((931, "impressions".to_owned())));
    let supplies: Vec<_> = reading
        .supplies
        .iter()
        .map(|s| (s.description.as_str(), s.kind.as_str(), s.color.as_deref(), s.percent, s.state.as_str()))
        .collect();
    assert_eq!(
        supplies,
        [
            ("tri-color ink cartridge HP unknown", "ink", None, Some(0.0), "empty"),
            ("black ink cartridge HP unknown", "ink", Some("black"), Some(11.0), "ok"),
        ]
    );
    assert_eq!(reading.status.printer.as_deref(), Some("idle"));
    assert!(reading.alerts.iter().all(|alert| !alert.active), "rows that only record something: {:?}", reading.alerts);
}
