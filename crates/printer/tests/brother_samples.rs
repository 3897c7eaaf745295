//! Octet strings of real devices against two other decoders' results (`device-samples/brother` in the shared folder, see
//! `recorded.rs` for where that is).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, clippy::panic, reason = "a test")]

use dca_printer::{Decoded, Form, Profiles, Reading, Rows};
use dca_snmp::{Oid, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn samples() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared =
        std::env::var_os("DCA_SHARED").map_or_else(|| workspace.join("../shared"), |given| workspace.join(given));
    let folder = shared.join("device-samples/brother");
    if folder.is_dir() {
        return Some(folder);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI=true, but there is no {}", folder.display());
    eprintln!("SKIPPED: no {}; set DCA_SHARED", folder.display());
    None
}

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect()
}

fn decode(file: &Path) -> Vec<Decoded> {
    Form::named("brother").unwrap().decode(&std::fs::read(file).unwrap()).unwrap()
}

#[test]
fn a_recorded_table_is_decoded_record_by_record() {
    let Some(folder) = samples() else { return };
    let file = folder.join("tlv-hex.tsv");
    let decoded = decode(&file);
    let table = std::fs::read_to_string(&file).unwrap();
    let mut strings = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<_> = line.split('\t').collect();
        let device = decoded.iter().find(|one| one.device.as_deref() == Some(cells[0])).unwrap();
        let oid = format!("{}.0", cells[2]);
        let records = device.reading.details.iter().filter(|detail| detail.source.oid.as_ref() == Some(&oid));
        let records: Vec<String> =
            records.map(|one| format!("{}={}", one.source.tag.as_deref().unwrap(), one.value)).collect();
        assert_eq!(records.join(" "), cells[5], "{} {}", cells[0], cells[1]);
        strings += 1;
    }
    assert!(strings >= 13, "only {strings} strings");
}

#[test]
fn recorded_json_is_decoded_as_the_walk_is_read() {
    let Some(folder) = samples() else { return };
    let mut models = 0;
    for entry in std::fs::read_dir(folder.join("octet-fixtures")).unwrap() {
        let path = entry.unwrap().path();
        let [one] = decode(&path).try_into().unwrap();
        let read = fixture(&folder, path.file_stem().unwrap().to_str().unwrap());
        assert_eq!(one.reading.meters, read.meters, "{}", path.display());
        assert_eq!(one.reading.maintenance, read.maintenance, "{}", path.display());
        assert_eq!(one.reading.total, read.total, "{}", path.display());
        models += 1;
    }
    assert!(models >= 9, "only {models} models");
}

fn read(rows: Rows) -> Reading {
    let profiles = Profiles::builtin();
    profiles.named("brother").unwrap().read(&rows)
}

/// All that a reading holds, by the record it stands in: percent in hundredths, pages, counts.
fn by_tag(reading: &Reading) -> Vec<(String, u64)> {
    let meters = reading.meters.iter().filter_map(|m| Some((m.source.tag.clone()?, m.value)));
    let counts = reading.counts.iter().filter_map(|c| Some((c.source.tag.clone()?, c.value)));
    let wear = reading.maintenance.iter().filter_map(|part| {
        let percent = part.percent.map(|percent| (percent * 100.0).round() as u64);
        Some((part.source.tag.clone()?, percent.or(part.pages_left)?))
    });
    meters.chain(counts).chain(wear).collect()
}

#[test]
fn published_strings_are_read_record_by_record() {
    let Some(folder) = samples() else { return };
    let table = std::fs::read_to_string(folder.join("tlv-hex.tsv")).unwrap();
    let mut seen = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<_> = line.split('\t').collect();
        let oid: Oid = format!("{}.0", cells[2]).parse().unwrap();
        let reading = read([(oid, Value::OctetString(octets(cells[4])))].into_iter().collect());
        assert!(!reading.doubts.iter().any(|doubt| doubt.contains("records")), "{line}: {:?}", reading.doubts);
        let wanted: BTreeMap<_, u64> = cells[5]
            .split_whitespace()
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(id, value)| (id.to_owned(), value.parse().unwrap()))
            .collect();
        for (tag, value) in by_tag(&reading) {
            assert_eq!(Some(&value), wanted.get(&tag), "{} {} record {tag}", cells[0], cells[1]);
            seen += 1;
        }
    }
    assert!(seen >= 60, "only {seen} records");
}

#[test]
fn another_decoder_reads_the_same() {
    let Some(folder) = samples() else { return };
    let table = std::fs::read_to_string(folder.join("octet-fixtures.expected.tsv")).unwrap();
    let mut readings: BTreeMap<String, Reading> = BTreeMap::new();
    let mut seen = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<_> = line.split('\t').collect();
        let reading = readings.entry(cells[0].to_owned()).or_insert_with(|| fixture(&folder, cells[0]));
        for got in found(reading, cells[1]) {
            assert_eq!(got, cells[2].parse::<u64>().unwrap(), "{} {}", cells[0], cells[1]);
            seen += 1;
        }
    }
    assert!(seen >= 40, "only {seen} figures");
}

fn fixture(folder: &Path, model: &str) -> Reading {
    let text = std::fs::read_to_string(folder.join("octet-fixtures").join(format!("{model}.json"))).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rows = json.as_object().unwrap().iter().filter_map(|(oid, value)| {
        let value = match value {
            // The fixture cut the string into lines and left the end mark out.
            serde_json::Value::Array(parts) => {
                let mut all: Vec<u8> = parts.iter().flat_map(|part| octets(part.as_str().unwrap())).collect();
                all.push(0xff);
                Value::OctetString(all)
            }
            serde_json::Value::String(text) if text.bytes().all(|c| c.is_ascii_digit()) => {
                Value::Counter32(text.parse().ok()?)
            }
            serde_json::Value::String(text) => Value::OctetString(text.clone().into_bytes()),
            _ => return None,
        };
        Some((oid.parse().unwrap(), value))
    });
    read(rows.collect())
}

/// What we read for one of the other decoder's fields; nothing where we claim nothing.
fn found(reading: &Reading, field: &str) -> Vec<u64> {
    let meter = |color: &str, sides: &str| -> Vec<u64> {
        let meters =
            reading.meters.iter().filter(|m| m.service == "system_totals" && m.color == color && m.sides == sides);
        meters.map(|meter| meter.value).collect()
    };
    let part = |name: &str| {
        let name = name.replace("_unit", "").replace("pf_kit", "paper_feed_kit").replace("_toner", "_supply");
        let name = name.replace("_ink", "_supply");
        if ["fuser", "laser"].contains(&name.as_str()) { "fuser_or_laser".to_owned() } else { name }
    };
    let wear = |name: String| reading.maintenance.iter().filter(move |part| part.part == name);
    match field {
        "page_counter" => reading.total.iter().map(|total| total.value).collect(),
        "bw_counter" => meter("mono", "any"),
        "color_counter" => meter("full_color", "any"),
        "duplex_unit_pages_counter" => meter("total", "duplex"),
        _ => {
            if let Some(name) = field.strip_suffix("_remaining_pages") {
                return wear(part(name)).filter_map(|part| part.pages_left).collect();
            }
            let name = field.strip_suffix("_remaining_life").or_else(|| field.strip_suffix("_remaining"));
            let Some(name) = name else { return Vec::new() };
            wear(part(name)).filter_map(|part| Some(part.percent?.round() as u64)).collect()
        }
    }
}
