//! Answers of real label printers (`device-samples/zebra` in the shared folder) against what they are known to say.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, clippy::panic, reason = "a test")]

use dca_printer::{Form, Reading};
use std::path::{Path, PathBuf};

fn samples() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared =
        std::env::var_os("DCA_SHARED").map_or_else(|| workspace.join("../shared"), |given| workspace.join(given));
    let folder = shared.join("device-samples/zebra");
    if folder.is_dir() {
        return Some(folder);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI=true, but there is no {}", folder.display());
    eprintln!("SKIPPED: no {}; set DCA_SHARED", folder.display());
    None
}

fn decode(octets: &[u8]) -> Reading {
    let [decoded] = Form::named("zebra").unwrap().decode(octets).unwrap().try_into().unwrap();
    decoded.reading
}

/// All that a reading says, a line each.
fn said(reading: &Reading) -> Vec<String> {
    let identity = &reading.identity;
    let facts = [
        ("model", &identity.model),
        ("serial", &identity.serial),
        ("firmware", &identity.firmware),
        ("mac", &identity.mac),
    ];
    let mut lines: Vec<String> = Vec::new();
    lines.extend(facts.into_iter().filter_map(|(name, fact)| Some(format!("{name} {}", fact.as_ref()?.value))));
    lines.extend(reading.meters.iter().map(|one| format!("{} {} {}", one.persistence, one.value, one.unit)));
    lines.extend(reading.status.device.iter().map(|word| format!("device {word}")));
    lines.extend(reading.status.errors.iter().map(|errors| format!("errors {}", errors.join(" "))));
    lines.extend(reading.alerts.iter().map(|alert| format!("{}: {}", alert.severity, alert.description)));
    let unit = |unit: &Option<String>| unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
    lines.extend(reading.details.iter().map(|one| format!("{} = {}{}", one.what, one.value, unit(&one.unit))));
    lines
}

fn check(sample: &str, wanted: &[&str]) {
    let Some(folder) = samples() else { return };
    let octets = std::fs::read(folder.join(sample)).unwrap();
    let reading = decode(&octets);
    assert_eq!(said(&reading), wanted, "{sample}");
    assert_eq!(reading.identity.vendor.as_ref().unwrap().value, "Zebra");
    assert_eq!(reading.doubts, Vec::<String>::new(), "{sample}");
    assert!(!serde_json::to_string(&reading).unwrap().contains("1234"), "{sample}: the password of ~HS");
    // However it is cut, nothing is said that the whole does not say.
    for end in 0..octets.len() {
        let Ok(part) = Form::named("zebra").unwrap().decode(&octets[..end]) else { continue };
        for line in said(&part[0].reading) {
            let in_part = line.starts_with("errors") || line.starts_with("device");
            assert!(in_part || wanted.contains(&line.as_str()), "{sample} cut at {end}: {line}");
        }
    }
}

#[test]
fn identity() {
    check(
        "hi-gx430t.txt",
        &[
            "model GX430t-300dpi",
            "firmware V56.17.17Z",
            "resolution = 12 dots_per_millimeter",
            "memory = 2104 kilobytes",
        ],
    );
    check("zt230.hq-sn.txt", &["serial 52J000000000"]);
    check("zt230.hq-ha.txt", &["mac 00:07:4d:00:00:01"]);
    check("zt230.hq-pp.txt", &["model ZT230", "CMD = ZPL"]);
}

/// Inches by 2.54, rounded.
#[test]
fn odometer() {
    check(
        "hqod-inches-313248.txt",
        &["lifetime 795650 centimeters", "reset 795650 centimeters", "reset 795650 centimeters"],
    );
    check(
        "zt230.hq-od.txt",
        &["lifetime 3379219 centimeters", "reset 3379219 centimeters", "reset 3379219 centimeters"],
    );
}

#[test]
fn errors() {
    check(
        "hqes-head-open-paused.txt",
        &[
            "device down",
            "errors door_open offline",
            "critical: print head open",
            "critical: paused",
            "warning: warning bit 0x100, whose meaning is not known",
        ],
    );
    check("zt230.hq-es.txt", &["device warning", "errors ", "warning: warning bit 0x2000, whose meaning is not known"]);
}

#[test]
fn host_status() {
    let healthy = ["label_length = 1245 dots", "formats_waiting = 0", "labels_left = 0", "print_mode = tear_off"];
    check("hs-healthy.txt", &[&["errors "], &healthy[..], &["print_method = direct_thermal"]].concat());
    check(
        "hs-errors.txt",
        &[
            "device down",
            "errors no_paper no_toner door_open offline service_requested",
            "critical: media out",
            "critical: ribbon out",
            "critical: print head open",
            "critical: paused",
            "critical: print head too hot",
            "critical: print head too cold",
            "critical: receive buffer full",
            "critical: memory corrupt",
            "label_length = 1245 dots",
            "formats_waiting = 3",
            "labels_left = 0",
            "print_mode = tear_off",
        ],
    );
}

#[test]
fn memory_head_and_maintenance() {
    check("hm.txt", &["memory_total = 1024 kilobytes", "memory_most = 780 kilobytes", "memory_free = 780 kilobytes"]);
    check(
        "zt230.hq-ma.txt",
        &[
            "HEAD REPLACEMENT INTERVAL = 50 km",
            "HEAD REPLACEMENT FREQUENCY = 0 M",
            "HEAD CLEANING INTERVAL = 0 M",
            "HEAD CLEANING FREQUENCY = 0 M",
            "PRINT REPLACEMENT ALERT = NO",
            "PRINT CLEANING ALERT = NO",
            "UNITS = I",
        ],
    );
    check(
        "hd.txt",
        &[
            "Head Temp = 22",
            "Ambient Temp = 153",
            "Head Test = Test Not Run",
            "Darkness Adjust = 10",
            "Print Speed = 6.0",
            "Slew Speed = 6.0",
            "Backfeed Speed = 2.0",
            "Static_pitch_length = 0420",
            "Dynamic_pitch_length = 0000",
            "Max_dynamic_pitch_length = 0000",
            "Min_dynamic_pitch_length = 0000",
            "COMMAND PFX = ~ : FORMAT PFX = ^ : DELIMITER = ,",
            "Dynamic_top_position = 0000",
            "No ribbon A/D = 0000",
            "PCB Temp = 177",
        ],
    );
}

#[test]
fn no_sample_is_left_out() {
    let Some(folder) = samples() else { return };
    let this = include_str!("zebra_samples.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(this.contains(&format!("\"{name}\",")), "{name} is not checked");
    }
}
