//! Tests over the recorded walks, and what the other tests share.

use crate::rows::Rows;
use crate::standard::{Hints, discovery, read, verdict};
use proptest::prelude::*;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

/// Rows from lines of `.snmprec`; a line that cannot be read fails the test.
pub(crate) fn rows(text: &str) -> Rows {
    let recording = dca_snmp::recording::parse(text);
    assert!(recording.problems.is_empty(), "{:?}", recording.problems);
    recording.rows.into_iter().collect()
}

/// The folder of shared recordings; without it the test is skipped, except where it must run.
fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("DCA_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let walks = folder.join("walks");
    if walks.is_dir() {
        return Some(walks);
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "no recorded walks in {}", walks.display());
    eprintln!("SKIPPED: no recorded walks in {}", walks.display());
    None
}

fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|end| end == extension) {
            found.push(path);
        }
    }
    found.sort();
}

fn walk(path: &Path) -> Rows {
    let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    dca_snmp::recording::parse(&text).rows.into_iter().collect()
}

#[test]
fn devices_are_told_by_what_they_say_of_themselves() {
    let mut wrong = Vec::new();
    for line in include_str!("../../tests/self-descriptions.txt").lines().filter(|line| !line.starts_with('#')) {
        let [descr, object_id, device, printer, vendor, model] = line.split('|').collect::<Vec<_>>()[..] else {
            panic!("six columns expected: {line}")
        };
        let mut text = format!("1.3.6.1.2.1.1.1.0|4|{descr}\n");
        if !object_id.is_empty() {
            text.push_str(&format!("1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.{object_id}\n"));
        }
        if !device.is_empty() {
            // As hosts with print queues do, a device with a description shows hrPrinter rows.
            text.push_str(&format!("1.3.6.1.2.1.25.3.2.1.3.1|4|{device}\n1.3.6.1.2.1.25.3.5.1.1.1|2|3\n"));
        }
        let rows = rows(&text);
        let verdict = verdict(&rows);
        if verdict.is_printer != (printer == "yes") {
            wrong.push(format!("{line}\n    {}", verdict.why));
        }
        let identity = super::identity(&rows);
        let value = |fact: Option<crate::Fact>| fact.map(|fact| fact.value).unwrap_or_default();
        let (got_vendor, got_model) = (value(identity.vendor), value(identity.model));
        if printer == "yes"
            && (got_vendor != vendor || !got_model.contains(model) || got_model.is_empty() != model.is_empty())
        {
            wrong.push(format!("{line}\n    vendor {got_vendor:?}, model {got_model:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_recorded_device_is_told_for_what_it_is() {
    let Some(walks) = shared() else { return };
    let mut paths = Vec::new();
    files(&walks, "snmprec", &mut paths);
    let mut wrong = Vec::new();
    let mut not_printers = 0;
    for path in &paths {
        let rows = walk(path);
        let want = !path.components().any(|part| part.as_os_str() == "_not-printers");
        not_printers += usize::from(!want);
        let full = verdict(&rows);
        if full.is_printer != want {
            wrong.push(format!("{}: {}", path.display(), full.why));
        }
        // The one GET of discovery must tell the same, where the recording has what every agent answers.
        let asked = discovery();
        let first: Rows =
            rows.iter().filter(|(oid, _)| asked.contains(oid)).map(|(o, v)| (o.clone(), v.clone())).collect();
        let early = verdict(&first);
        let named = [super::oids::SYS_DESCR, super::oids::SYS_OBJECT_ID].iter().any(|oid| first.get(*oid).is_some());
        if named && early.is_printer != want {
            wrong.push(format!("{} by discovery alone: {}", path.display(), early.why));
        }
    }
    assert!(paths.len() > 70 && not_printers == 18, "{} files, {not_printers} of them not printers", paths.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn recorded_printers_read_as_expected() {
    let Some(walks) = shared() else { return };
    let mut paths = Vec::new();
    files(&walks.join("expected"), "json", &mut paths);
    let mut wrong = Vec::new();
    let mut facts = 0;
    for path in &paths {
        let want: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let name = want["walk"].as_str().unwrap();
        let got = serde_json::to_value(read(&walk(&walks.join(name)), &Hints::default())).unwrap();
        let mut fact = |what: String, right: bool, got: &Json, want: &Json| {
            facts += 1;
            if !right {
                wrong.push(format!("{name}: {what}: got {got}, expected {want}"));
            }
        };
        for supply in want["supplies"].as_array().into_iter().flatten() {
            let index = &supply["index"];
            let ours =
                got["supplies"].as_array().unwrap().iter().find(|ours| ours["index"] == *index).unwrap_or(&Json::Null);
            let same = match (ours["percent"].as_f64(), supply["percent"].as_f64()) {
                (Some(ours), Some(theirs)) => (ours - theirs).abs() <= 0.051,
                (ours, theirs) => ours == theirs,
            };
            fact(format!("percent of {index}"), same, &ours["percent"], &supply["percent"]);
            for (key, their) in [("type", "type"), ("color", "colour"), ("description", "description")] {
                let (a, b) = (&ours[key], &supply[their]);
                fact(format!("{key} of {index}"), b.is_null() || plain(a) == plain(b), a, b);
            }
        }
        let bits = &want["status"]["detectedErrorState"];
        fact(
            "errors".to_owned(),
            bits.is_null() || plain(bits) == plain(&got["status"]["errors"]),
            &got["status"],
            bits,
        );
        for (key, their) in [("device", "hrDeviceStatus"), ("printer", "hrPrinterStatus")] {
            let (a, b) = (&got["status"][key], &want["status"][their]);
            fact(key.to_owned(), b.is_null() || plain(a) == plain(b), a, b);
        }
        for alert in want["alert_rows"].as_array().into_iter().flatten() {
            let ours = got["alerts"].as_array().unwrap().iter().find(|ours| ours["index"] == alert["index"]);
            let ours = ours.unwrap_or(&Json::Null);
            for (key, their) in [("code", "code"), ("code_name", "code_name")] {
                fact(format!("{key} of alert"), ours[key] == alert[their], &ours[key], &alert[their]);
            }
        }
        let total = &want["page_counts"]["total"];
        // A vendor's own total is for its profile.
        if total["oid"].as_str().is_some_and(|oid| oid.starts_with("1.3.6.1.2.1.43.")) {
            fact("total".to_owned(), got["total"]["value"] == total["value"], &got["total"]["value"], &total["value"]);
        }
        let (who, ours) = (&want["identity"], &got["identity"]);
        fact(
            "vendor".to_owned(),
            plain(&ours["vendor"]["value"]) == plain(&who["vendor"]),
            &ours["vendor"],
            &who["vendor"],
        );
        let models = who["model_accept"].as_array().into_iter().flatten().chain([&who["model"]]);
        let model = plain(&ours["model"]["value"]);
        let known = !got["identity"]["model"].is_null();
        fact(
            "model".to_owned(),
            !known || models.into_iter().any(|m| model.contains(&plain(m))),
            &ours["model"],
            &who["model"],
        );
        for key in ["serial", "hostname", "mac"] {
            let standard = who[key]["oid"].as_str().is_some_and(|oid| oid.starts_with("1.3.6.1.2.1."));
            let also = who[key]["acceptable"].as_array().into_iter().flatten();
            let right = also.chain([&who[key]["value"]]).any(|value| plain(value) == plain(&ours[key]["value"]));
            fact(key.to_owned(), !standard || right, &ours[key], &who[key]);
        }
    }
    assert!(facts > 300, "only {facts} facts in {} files", paths.len());
    assert!(wrong.is_empty(), "{} of {facts} facts:\n{}", wrong.len(), wrong.join("\n"));
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect(),
        Json::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn any_value() -> impl Strategy<Value = dca_snmp::Value> {
    use dca_snmp::Value;
    prop_oneof![
        any::<i64>().prop_map(Value::Integer),
        (-4_i64..120).prop_map(Value::Integer),
        any::<u32>().prop_map(Value::Counter32),
        any::<u64>().prop_map(Value::Counter64),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::OctetString),
        "[ -~]{0,40}".prop_map(|text| Value::OctetString(text.into_bytes())),
        Just(Value::Null),
        Just(Value::ObjectIdentifier(super::oids::HR_DEVICE_PRINTER.to_oid())),
    ]
}

fn any_row() -> impl Strategy<Value = (dca_snmp::Oid, dca_snmp::Value)> {
    let roots: Vec<_> = super::columns().into_iter().chain(super::instances()).chain(discovery()).collect();
    let arcs = proptest::collection::vec(prop_oneof![0_u32..20, any::<u32>()], 0..4);
    (proptest::sample::select(roots), arcs, any_value())
        .prop_map(|(root, arcs, value)| (root.join(arcs).unwrap(), value))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_rows_make_a_reading_fail(
        rows in proptest::collection::vec(any_row(), 0..60),
        flags in any::<(bool, bool, bool)>(),
    ) {
        let rows: Rows = rows.into_iter().collect();
        let hints = Hints { receptacle_reports_fill: flags.0, percent_without_capacity: flags.1, markers_add_up: flags.2 };
        let reading = read(&rows, &hints);
        let percents = reading.supplies.iter().filter_map(|s| s.percent).chain(reading.inputs.iter().filter_map(|i| i.percent));
        for percent in percents {
            prop_assert!((0.0..=100.0).contains(&percent));
        }
        let text = serde_json::to_string(&reading).unwrap();
        let unsafe_signs = text.contains("\\u001b") || text.contains('\u{202e}');
        prop_assert!(!unsafe_signs, "control characters in the reading");
    }
}
