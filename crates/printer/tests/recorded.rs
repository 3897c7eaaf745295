//! All recorded walks of real devices, read as `dca read --walk` reads them, against results that were derived
//! independently. The walks are not part of this repository: `DCA_SHARED` names their folder, by default `../shared`
//! beside the workspace. Without it the tests say loudly that they did nothing, and fail under `CI=true`.
//!
//! Every expected figure is a fact: right, missing or wrong. A missing one is allowed now and then, a wrong one never.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::panic,
    reason = "a test ends by panicking"
)]

use dca_printer::{Profiles, Reading, Rows, verdict};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Facts that no row of the walk holds, or that are a placeholder (docs/decisions/003-figures.md): all that may be missing.
const MISSING: [&str; 3] = [
    "brother/dcp-l3550cdw.snmprec: missing: serial",
    "brother/hl-l5100dn.snmprec: missing: model",
    "brother/mfc-5490cn.snmprec: missing: serial",
];

fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("DCA_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        |given| {
            let given = PathBuf::from(given);
            // Relative to the workspace, wherever the test runs.
            if given.is_absolute() { given } else { Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(given) }
        },
    );
    if folder.join("walks").is_dir() {
        return Some(folder);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI=true, but there are no walks in {}", folder.display());
    eprintln!("SKIPPED: no recorded walks in {}; set DCA_SHARED", folder.display());
    None
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn rows(walk: &Path) -> Rows {
    dca_snmp::recording::parse(&std::fs::read_to_string(walk).unwrap()).rows.into_iter().collect()
}

fn read(profiles: &Profiles, walk: &Path) -> Reading {
    let recorded = rows(walk);
    let profile = profiles.pick(&recorded);
    profile.read(&profile.plan().keep(&profiles.discovery(), &recorded))
}

#[test]
fn every_walk_is_read_and_printers_are_told_from_the_rest() {
    let Some(shared) = shared() else { return };
    let profiles = Profiles::builtin();
    let walks = files(&shared.join("walks"), ".snmprec");
    assert!(walks.len() >= 100, "{}", walks.len());
    for walk in &walks {
        let reading = read(&profiles, walk);
        let other = walk.to_string_lossy().contains("_not-printers");
        assert_eq!(reading.is_printer, !other, "{}: {}", walk.display(), verdict(&rows(walk)).why);
        let json = serde_json::to_string(&reading).unwrap();
        assert!(!json.chars().any(char::is_control), "{}", walk.display());
    }
}

/// A device over UDP has only its answers to discovery when the profile is picked.
#[test]
fn the_answers_to_discovery_are_enough_to_tell() {
    let Some(shared) = shared() else { return };
    let profiles = Profiles::builtin();
    let discovery = profiles.discovery();
    for walk in files(&shared.join("walks"), ".snmprec") {
        let all = rows(&walk);
        let answers: Rows =
            discovery.iter().filter_map(|oid| Some((oid.clone(), all.get(oid.as_ref())?.clone()))).collect();
        assert_eq!(profiles.pick(&answers).name(), profiles.pick(&all).name(), "{}", walk.display());
        // Fragments hold single tables, and nothing of what discovery asks for.
        if !walk.to_string_lossy().contains("_fragments") {
            assert_eq!(verdict(&answers).is_printer, verdict(&all).is_printer, "{}", walk.display());
        }
    }
}

#[test]
fn what_is_read_is_what_was_expected() {
    let Some(shared) = shared() else { return };
    let profiles = Profiles::builtin();
    let mut score = Score::default();
    for file in files(&shared.join("walks/expected"), ".json") {
        let expected: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let walk = expected["walk"].as_str().unwrap();
        let reading = serde_json::to_value(read(&profiles, &shared.join("walks").join(walk))).unwrap();
        score.walk = walk.to_owned();
        identity(&mut score, &expected, &reading);
        counts(&mut score, &expected, &reading);
        supplies(&mut score, &expected, &reading);
        wear(&mut score, &expected, &reading);
        state(&mut score, &expected, &reading);
    }
    let all = score.right + score.missing + score.wrong;
    println!("right {}/{all}, missing {}, wrong {}\n{}", score.right, score.missing, score.wrong, score.told);
    assert!(all > 300, "only {all} facts");
    assert_eq!(score.wrong, 0, "{}", score.told);
    let unnamed: Vec<_> =
        score.told.lines().filter(|line| !MISSING.iter().any(|missing| line.starts_with(missing))).collect();
    assert!(unnamed.is_empty(), "{unnamed:#?}");
}

/// Figures that people read from the panel or the web page beside the walk, or that several rows of it agree on (the
/// fragments' own README).
#[test]
fn fragments_agree_with_what_people_read_beside_them() {
    let Some(shared) = shared() else { return };
    let profiles = Profiles::builtin();
    let check = |file: &str, wanted: &[(&str, &str, u64)]| {
        let reading = read(&profiles, &shared.join(format!("walks/_fragments/{file}.snmprec")));
        for (service, color, value) in wanted {
            let plain = reading.meters.iter().find(|meter| {
                (meter.service.as_str(), meter.color.as_str()) == (service, color)
                    && (meter.size.as_str(), meter.sides.as_str(), meter.unit.as_str()) == ("any", "any", "impressions")
                    && meter.persistence == "lifetime"
            });
            assert_eq!(plain.map(|meter| meter.value), Some(*value), "{file} {service} {color}");
        }
    };
    let totals = |total, mono, color| {
        [("system_totals", "total", total), ("system_totals", "mono", mono), ("system_totals", "full_color", color)]
    };
    check("xerox-workcentre-3655x", &[("system_totals", "total", 149_855), ("system_totals", "mono", 149_855)]);
    check("xerox-phaser-6600dn", &totals(54_590, 18_185, 36_405));
    check("xerox-workcentre-78xx", &totals(207_766, 116_514, 91_252));
    check("xerox-workcentre-71xx", &totals(779_786, 775_016, 4_770));
    check("xerox-workcentre-71xx", &[("print", "mono", 680_251), ("copy", "mono", 94_657), ("fax", "total", 108)]);
    check("xerox-colorqube-9303", &[("system_totals", "total", 67_630)]);
    check("xerox-versalink-b600", &[("system_totals", "total", 8)]);
    check("lexmark-xc9235", &totals(96, 21, 75));
    check("konicaminolta-accuriopress-c4070", &[("print", "mono", 67_337), ("print", "full_color", 371_292)]);
    check("hp-designjet-t1100ps", &[("system_totals", "total", 4_893)]);
    // The web page of this one tells A3 apart.
    let reading = read(&profiles, &shared.join("walks/_fragments/lexmark-xc9235.snmprec"));
    let a3 = |color: &str| {
        let found = reading.meters.iter().find(|meter| meter.size == "a3" && meter.color == color);
        found.filter(|meter| meter.unit == "impressions").map(|meter| meter.value)
    };
    assert_eq!((a3("mono"), a3("full_color")), (Some(10), Some(72)));
    let tray = read(&profiles, &shared.join("walks/_fragments/xerox-altalink-c8135-new.snmprec"));
    assert!(tray.alerts.iter().any(|alert| alert.service_code.as_deref() == Some("07-534-00")), "{:?}", tray.alerts);
}

/// An entry that names a recording as its source must be seen there: a mistyped OID is found out.
#[test]
fn what_a_profile_says_was_recorded_was_recorded() {
    let Some(shared) = shared() else { return };
    let mut seen = 0;
    for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles"), ".toml") {
        let profile: toml::Table = toml::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for name in profile.get("recordings").and_then(toml::Value::as_array).into_iter().flatten() {
            assert!(walk_of(&shared, name.as_str().unwrap()).is_file(), "{}: no walk {name:?}", file.display());
        }
        let mut entries = Vec::new();
        let profile = toml::Value::Table(profile);
        collect(&profile, &mut entries);
        for entry in entries {
            let source = entry["source"].as_str().unwrap_or_default();
            let names = source.split([' ', ',', ':', ';']).filter(|word| word.contains('/'));
            for walk in names.map(|name| walk_of(&shared, name)).filter(|walk| walk.is_file()) {
                let rows = rows(&walk);
                for oid in ["oid", "values"].iter().filter_map(|key| entry.get(*key)?.as_str()) {
                    let root: dca_snmp::Oid = oid.parse().unwrap();
                    let there = rows.under(root.as_ref()).next().is_some();
                    assert!(there, "{}: {oid} is not in {}", file.display(), walk.display());
                    seen += 1;
                }
            }
        }
    }
    assert!(seen >= 20, "only {seen} entries name a recording");
}

fn walk_of(shared: &Path, name: &str) -> PathBuf {
    shared.join("walks").join(format!("{name}.snmprec"))
}

fn collect<'a>(value: &'a toml::Value, found: &mut Vec<&'a toml::Table>) {
    match value {
        toml::Value::Table(table) => {
            if table.contains_key("source") {
                found.push(table);
            }
            table.values().for_each(|value| collect(value, found));
        }
        toml::Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

#[derive(Default)]
struct Score {
    walk: String,
    right: u32,
    missing: u32,
    wrong: u32,
    told: String,
}

impl Score {
    /// `got` is null when missing.
    fn fact(&mut self, what: &str, got: &Value, right: impl Fn(&Value) -> bool, wanted: &Value) {
        let word = match got {
            Value::Null => "missing",
            got if right(got) => {
                self.right += 1;
                return;
            }
            _ => "wrong",
        };
        if word == "missing" {
            self.missing += 1
        } else {
            self.wrong += 1
        }
        self.told += &format!("{}: {word}: {what}: got {got}, expected {wanted}\n", self.walk);
    }
}

/// Letters and digits in lower case: `XC-1` and `xc1` are the same model.
fn plain(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn identity(score: &mut Score, expected: &Value, reading: &Value) {
    let (wanted, got) = (&expected["identity"], &reading["identity"]);
    let accepted = |main: &Value, also: &Value| -> Vec<String> {
        [main].into_iter().chain(list(also)).map(plain).filter(|text| !text.is_empty()).collect()
    };
    if wanted["vendor"].is_string() {
        let names = accepted(&wanted["vendor"], &wanted["vendor_accept"]);
        score.fact("vendor", &got["vendor"]["value"], |value| names.contains(&plain(value)), &wanted["vendor"]);
    }
    if wanted["model"].is_string() {
        let names = accepted(&wanted["model"], &wanted["model_accept"]);
        let right = |value: &Value| names.iter().any(|name| plain(value).contains(name));
        score.fact("model", &got["model"]["value"], right, &wanted["model"]);
    }
    for field in ["serial", "firmware", "hostname", "mac"] {
        if wanted[field]["value"].is_string() {
            let values = accepted(&wanted[field]["value"], &wanted[field]["acceptable"]);
            score.fact(field, &got[field]["value"], |value| values.contains(&plain(value)), &wanted[field]);
        }
    }
}

fn counts(score: &mut Score, expected: &Value, reading: &Value) {
    let total = &expected["page_counts"]["total"];
    if !total.is_null() {
        let also = list(&total["acceptable"]).iter().map(|other| &other["value"]);
        let values: Vec<_> = [&total["value"]].into_iter().chain(also).collect();
        score.fact("total", &reading["total"]["value"], |value| values.contains(&value), total);
    }
    for counter in list(&expected["page_counts"]["counters"]) {
        let same = |meter: &&Value| {
            meter["source"]["oid"] == counter["oid"]
                && (counter["blob_tag"].is_null() || meter["source"]["tag"] == counter["blob_tag"])
        };
        let found = list(&reading["meters"]).iter().chain(list(&reading["counts"])).find(same);
        let got = found.map_or(&Value::Null, |meter| &meter["value"]);
        score.fact("counter", got, |value| *value == counter["value"], counter);
    }
}

fn supplies(score: &mut Score, expected: &Value, reading: &Value) {
    for wanted in list(&expected["supplies"]) {
        let index = plain(&wanted["index"]);
        let Some(got) = list(&reading["supplies"]).iter().find(|supply| plain(&supply["index"]) == index) else {
            score.fact("supply", &Value::Null, |_| false, wanted);
            continue;
        };
        match wanted["percent"].as_f64() {
            Some(percent) => {
                let right = |value: &Value| value.as_f64().is_some_and(|got| (got - percent).abs() <= 0.51);
                score.fact("supply percent", &got["percent"], right, wanted);
            }
            // Null is a fact too: a percentage here would be invented.
            None => {
                let either = plain(&wanted["state"]).contains("bothacceptable");
                let right = got["percent"].is_null() || (either && got["percent"] == 0.0);
                score.fact("supply percent", &Value::Bool(right), |right| *right == true, wanted);
            }
        }
        for (field, mine) in [("type", "type"), ("colour", "color"), ("description", "description")] {
            if wanted[field].is_string() {
                let want = plain(&wanted[field]);
                let right = |value: &Value| {
                    let got = plain(value);
                    got == want || (field != "type" && !got.is_empty() && (got.contains(&want) || want.contains(&got)))
                };
                score.fact(field, &got[mine], right, wanted);
            }
        }
    }
}

fn wear(score: &mut Score, expected: &Value, reading: &Value) {
    let part = |tag: &Value, field: &str| {
        let parts = list(&reading["maintenance"]).iter();
        parts
            .filter(|part| part["source"]["tag"] == *tag)
            .map(|part| part[field].clone())
            .find(|value| !value.is_null())
    };
    for item in list(&expected["vendor_maintenance"]["items"]) {
        let got = part(&item["blob_tag"], "percent");
        match item["percent"].as_f64() {
            Some(percent) => {
                let right = |value: &Value| value.as_f64().is_some_and(|got| (got - percent).abs() <= 0.051);
                score.fact("maintenance", &got.unwrap_or_default(), right, item);
            }
            // Steps in two octets: `brother_samples.rs` has another decoder's figures for them.
            None if item["length"] == 2 => {}
            None => assert_eq!(got, None, "{}: {item} has no percentage", score.walk),
        }
    }
    for item in list(&expected["vendor_next_care"]["items"]) {
        let got = part(&item["blob_tag"], "pages_left").unwrap_or_default();
        score.fact("next care", &got, |value| *value == item["pages"], item);
    }
    for (table, what) in [("vendor_jam_counts", "jam"), ("vendor_replace_counts", "replacement")] {
        for item in list(&expected[table]["items"]) {
            let tag = item.get("tag").unwrap_or(&item["blob_tag"]);
            let events = list(&reading["counts"]).iter().filter(|count| count["what"] == what);
            // Not every record's meaning is known well enough: those that are read must be right.
            for event in events.filter(|event| event["source"]["tag"] == *tag) {
                score.fact(what, &event["value"], |value| *value == item["count"], item);
            }
        }
    }
}

fn state(score: &mut Score, expected: &Value, reading: &Value) {
    if let Some(errors) = expected["status"]["detectedErrorState"].as_array() {
        let sorted = |values: &[Value]| {
            let mut names: Vec<_> = values.iter().map(plain).collect();
            names.sort();
            names
        };
        let wanted = sorted(errors);
        let right = |value: &Value| sorted(list(value)) == wanted;
        score.fact("errors", &reading["status"]["errors"], right, &expected["status"]);
    }
    for alert in list(&expected["alert_rows"]) {
        let last = |value: &Value| plain_index(value).rsplit('.').next().map(str::to_owned);
        let same = |got: &&Value| last(&got["index"]) == last(&alert["index"]) && got["code"] == alert["code"];
        let got = list(&reading["alerts"]).iter().find(same).map_or(Value::Null, |got| got["index"].clone());
        score.fact("alert", &got, |_| true, alert);
    }
}

fn plain_index(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
