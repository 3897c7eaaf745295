//! What a shallow poll of learnt instances tells is what a full reading tells, of the recorded walks and of made-up ones.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::panic,
    reason = "a test ends by panicking"
)]

use dca_printer::{Depth, Extra, Learnt, Mark, Profiles, Questions, Reading, Rows, verdict};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const ALL: Extra = Extra { alerts: true, meters: true };
const NONE: Extra = Extra { alerts: false, meters: false };

/// The recordings of the golden cases, and the shared ones where they are.
fn recordings() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared =
        std::env::var_os("DCA_SHARED").map_or_else(|| here.join("../../../shared"), PathBuf::from).join("walks");
    if !shared.is_dir() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI=true, but no walks in {}", shared.display());
        eprintln!("SKIPPED: no recorded walks in {}; the golden ones alone are polled", shared.display());
    }
    let (mut found, mut folders) = (Vec::new(), vec![here.join("tests/golden"), shared]);
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|end| end == "snmprec") => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    found
}

/// What the device answers to these questions.
fn answers(rows: &Rows, asked: &Questions) -> Rows {
    let wanted = |oid: &dca_snmp::Oid| {
        asked.gets.contains(oid) || asked.columns.iter().any(|column| oid.starts_with(column.as_ref()))
    };
    rows.iter().filter(|(oid, _)| wanted(oid)).map(|(oid, value)| (oid.clone(), value.clone())).collect()
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

fn each(mut check: impl FnMut(&str, &Learnt, &Rows, &Reading)) {
    static PRINTERS: OnceLock<Vec<(String, Learnt, Rows, Reading)>> = OnceLock::new();
    for (file, learnt, rows, full) in PRINTERS.get_or_init(printers) {
        check(file, learnt, rows, full);
    }
}

/// Each printer: its file, what was learnt of it, its rows and what a full reading tells.
fn printers() -> Vec<(String, Learnt, Rows, Reading)> {
    let profiles = Profiles::builtin();
    let mut printers = Vec::new();
    for file in recordings() {
        let recording = dca_snmp::recording::parse(&String::from_utf8_lossy(&std::fs::read(&file).unwrap()));
        let rows: Rows = recording.rows.into_iter().collect();
        if !verdict(&rows).is_printer {
            continue;
        }
        let profile = profiles.pick(&rows);
        let rows = profile.plan().keep(&profiles.discovery(), &rows);
        let learnt = Learnt::of(&profile, &rows, &profiles.discovery());
        let full = profile.read(&rows);
        printers.push((file.display().to_string(), learnt, rows, full));
    }
    assert!(printers.len() >= 8, "{} printers", printers.len());
    printers
}

#[test]
fn a_poll_tells_what_the_full_reading_told() {
    each(|file, learnt, rows, full| {
        let read = |depth, extra| learnt.read(depth, extra, &answers(rows, &learnt.questions(depth, extra)));
        let hot = read(Depth::Hot, NONE);
        assert_eq!(json(&hot.total), json(&full.total), "{file}");
        assert_eq!(json(&hot.status), json(&full.status), "{file}");
        assert_eq!(json(&hot.identity), json(&full.identity), "{file}");
        for meter in &hot.meters {
            let same = |known: &&dca_printer::Meter| json(known) == json(meter);
            assert!(full.meters.iter().any(|known| same(&known)), "{file}: {meter:?}");
        }
        assert!(hot.supplies.is_empty() && hot.alerts.is_empty() && hot.inputs.is_empty(), "{file}");

        let warm = read(Depth::Warm, ALL);
        let without_details = Reading { details: Vec::new(), ..full.clone() };
        assert_eq!(json(&warm), json(&without_details), "{file}");
        assert_eq!(json(&read(Depth::Cold, NONE)), json(full), "{file}");
    });
}

#[test]
fn a_hot_poll_is_one_datagram() {
    each(|file, learnt, rows, _| {
        let asked = learnt.questions(Depth::Hot, NONE);
        assert!(asked.columns.is_empty(), "{file}");
        // Name, value and their headers, and the frame of a v2c message.
        let octets: usize = answers(rows, &asked)
            .iter()
            .map(|(oid, value)| oid.octets().len() + value.as_octets().map_or(5, <[u8]>::len) + 8)
            .sum();
        assert!(octets + 60 <= 1472, "{file}: {octets} octets in {} instances", asked.gets.len());
    });
}

#[test]
fn another_serial_or_label_is_a_contradiction() {
    let mut labels = 0;
    each(|file, learnt, rows, _| {
        let asked = learnt.questions(Depth::Warm, ALL);
        let same = answers(rows, &asked);
        assert_eq!(learnt.contradiction(&asked, &same), None, "{file}");
        let Some(witness) = learnt.witness() else { return };
        let hot = learnt.questions(Depth::Hot, NONE);
        let mut other = answers(rows, &hot);
        other.insert(witness.clone(), dca_snmp::Value::OctetString(b"another".to_vec()));
        assert_eq!(learnt.contradiction(&hot, &other), Some(witness.clone()), "{file}");
        // Counts and levels may move.
        let moved = same.iter().map(|(oid, value)| match value {
            dca_snmp::Value::Counter32(count) => (oid.clone(), dca_snmp::Value::Counter32(count.wrapping_add(7))),
            _ => (oid.clone(), value.clone()),
        });
        assert_eq!(learnt.contradiction(&asked, &moved.collect()), None, "{file}");
        // A unit, a label or a code may not change, and may not vanish either.
        let unit = same.iter().find(|(oid, _)| oid.starts_with(dca_snmp::oid!("1.3.6.1.2.1.43.10.2.1.3")));
        if let Some((unit, _)) = unit {
            let gone = same.iter().filter(|(oid, _)| *oid != unit).map(|(oid, value)| (oid.clone(), value.clone()));
            assert_eq!(learnt.contradiction(&asked, &gone.collect()).as_ref(), Some(unit), "{file}");
            labels += 1;
        }
    });
    assert!(labels > 8, "{labels}");
}

#[test]
fn a_poll_marks_where_the_device_stands() {
    let mut marked = 0;
    each(|_, learnt, rows, _| {
        let mark = Mark::of(&answers(rows, &learnt.questions(Depth::Hot, NONE)));
        assert_eq!(mark.since(&mark), []);
        assert_eq!(mark.events, Mark::of(rows).events);
        marked += usize::from(mark.errors.is_some());
    });
    assert!(marked > 5, "{marked}");
}
