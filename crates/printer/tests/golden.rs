//! Golden cases: `tests/golden/CASE/walk.snmprec` and what is read from it, `reading.json`.
//!
//! The walks are made up (their names say `synthetic`), one for each kind of knowledge a profile can hold. After a wanted
//! change, `UPDATE_GOLDEN=1 cargo test -p dca-printer --test golden` writes the readings anew; review them with `git diff`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends by panicking")]

use dca_printer::{Profiles, Rows};
use std::path::Path;

#[test]
fn readings_are_as_agreed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 8, "too few cases in {}", folder.display());
    let profiles = Profiles::builtin();
    let update = std::env::var_os("UPDATE_GOLDEN").is_some_and(|word| !word.is_empty());
    for case in cases {
        assert!(case.to_string_lossy().contains("synthetic"), "{}: recorded walks stay outside", case.display());
        let recording = dca_snmp::recording::parse(&std::fs::read_to_string(case.join("walk.snmprec")).unwrap());
        assert!(recording.problems.is_empty(), "{}: {:?}", case.display(), recording.problems);
        let rows: Rows = recording.rows.into_iter().collect();
        let profile = profiles.pick(&rows);
        let reading = profile.read(&profile.plan().keep(&profiles.discovery(), &rows));
        let mut json = serde_json::to_string_pretty(&reading).unwrap();
        json.push('\n');
        let file = case.join("reading.json");
        if update {
            std::fs::write(&file, &json).unwrap();
        }
        let agreed = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(json, agreed, "{} reads otherwise; see this file's first lines", case.display());
    }
}
