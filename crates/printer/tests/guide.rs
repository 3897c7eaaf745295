//! The worked example of `docs/PROFILES.md` does what the page says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends by panicking")]

use dca_printer::{Profiles, Rows};

const GUIDE: &str = include_str!("../../../docs/PROFILES.md");

/// The first fenced block of a language.
fn block(language: &str) -> &'static str {
    let (_, behind) = GUIDE.split_once(&format!("```{language}\n")).unwrap_or_else(|| panic!("no {language} block"));
    behind.split("```").next().unwrap()
}

#[test]
fn the_worked_example_works() {
    let recording = dca_snmp::recording::parse(block("snmprec"));
    assert!(recording.problems.is_empty(), "{:?}", recording.problems);
    let rows: Rows = recording.rows.into_iter().collect();
    let profiles = Profiles::with([("acme.toml", block("toml"))]).unwrap_or_else(|error| panic!("{error}"));
    let profile = profiles.pick(&rows);
    assert_eq!(profile.name(), "acme");
    let asked = profile.plan().keep(&profiles.discovery(), &rows);
    assert_eq!(asked.len(), rows.len() - 1, "all but the community is asked for");
    let reading = profile.read(&asked);
    assert_eq!(reading.identity.serial.unwrap().value, "ACME000123");
    assert_eq!(reading.identity.vendor.unwrap().value, "Acme");
    assert_eq!(reading.total.unwrap().value, 1500);
    let own = reading.meters.iter().filter(|meter| meter.source.label.is_some());
    let told: Vec<_> = own.map(|meter| (meter.service.as_str(), meter.color.as_str(), meter.value)).collect();
    let wanted =
        [("system_totals", "total", 1500), ("system_totals", "mono", 900), ("system_totals", "full_color", 600)];
    assert_eq!(told, wanted);
    assert_eq!(reading.doubts, Vec::<String>::new());
}
