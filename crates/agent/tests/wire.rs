//! What a printer said, as it goes to the portal, told back in the words of `dca read --json`: the same, figure by figure.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends by panicking"
)]

use dca_agent::{Profiles, Read, read_walk, report};
use dca_wire::v1::{self, record::What};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.to_string_lossy().ends_with(".snmprec") {
            found.push(path);
        }
    }
}

/// Our own cases, and the recorded walks of real devices where they are at hand.
fn walks() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    files(&here.join("../printer/tests/golden"), &mut found);
    assert!(found.len() >= 30, "{}", found.len());
    let shared = std::env::var_os("DCA_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let shared = here.join("../..").join(shared).join("walks");
    if shared.is_dir() {
        files(&shared, &mut found);
    } else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI=true, but there is no {}", shared.display());
        eprintln!("SKIPPED: no recorded walks in {}; set DCA_SHARED", shared.display());
    }
    found
}

#[tokio::test]
async fn every_figure_of_every_walk_reaches_the_portal() {
    let profiles = Profiles::builtin();
    let (mut codes, mut installed, mut removed) = (0, 0, 0);
    for walk in walks() {
        let read = read_walk(&walk, &profiles).await.unwrap().read;
        let arrived = sent(&read);
        codes += arrived.alerts.iter().filter(|alert| alert.service_code.is_some()).count();
        installed += arrived.supplies.iter().filter(|supply| supply.installed.is_some()).count();
        removed += arrived.removed.len();
        let expected = known(serde_json::to_value(&read.reading).unwrap());
        assert_eq!(known(told(&arrived)), expected, "{}", walk.display());
    }
    assert!(codes > 0 && installed > 0 && removed > 0, "{codes} codes, {installed} dates, {removed} taken out");
}

/// Encoded as the agent keeps it, and decoded as the portal does.
fn sent(read: &Read) -> v1::Reading {
    let reading = report::wire::reading(&read.reading, "1", "192.0.2.1:161", "full", read.complete);
    let octets = dca_wire::encode(&v1::Record { at_ms: 1, what: Some(What::Reading(reading)) }).unwrap();
    match dca_wire::decode::<v1::Record>(&octets).unwrap().what {
        Some(What::Reading(reading)) => reading,
        other => panic!("{other:?}"),
    }
}

/// Without what is not known: null and absent mean the same.
fn known(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name, known(value))).collect()
        }
        Value::Array(rows) => rows.into_iter().map(known).collect(),
        other => other,
    }
}

fn rows<T>(of: &[T], told: impl Fn(&T) -> Value) -> Value {
    of.iter().map(told).collect()
}

/// An empty list and an absent one mean the same, where the reading leaves it out.
fn some_rows<T>(of: &[T], told: impl Fn(&T) -> Value) -> Value {
    if of.is_empty() { Value::Null } else { rows(of, told) }
}

fn told(reading: &v1::Reading) -> Value {
    json!({
        "is_printer": reading.is_printer,
        "profile": reading.profile,
        "identity": identity(reading.identity.as_ref().unwrap()),
        "total": reading.total.as_ref().map(|it| json!({
            "value": it.value, "unit": it.unit, "source": source(&it.source), "confidence": confidence(it.confidence),
        })),
        "meters": rows(&reading.meters, |it| json!({
            "service": it.service, "color": it.color, "size": it.size, "sides": it.sides, "unit": it.unit,
            "persistence": it.persistence, "value": it.value, "source": source(&it.source),
            "confidence": confidence(it.confidence),
        })),
        "supplies": rows(&reading.supplies, |it| json!({
            "index": it.index, "description": it.description, "type": it.r#type, "class": it.class, "color": it.color,
            "unit": it.unit, "capacity": it.capacity, "level": it.level, "percent": it.percent, "state": it.state,
            "part_number": it.part_number, "serial": it.serial, "installed": it.installed, "pages_left": it.pages_left,
            "source": source(&it.source), "confidence": confidence(it.confidence),
        })),
        "status": reading.status.as_ref().map(|it| json!({
            "printer": it.printer, "device": it.device, "errors": it.errors.as_ref().map(|errors| &errors.names),
        })),
        "alerts": rows(&reading.alerts, |it| json!({
            "index": it.index, "severity": it.severity, "training": it.training, "group": it.group, "code": it.code,
            "code_name": it.code_name, "description": it.description, "location": it.location,
            "service_code": it.service_code, "active": it.active, "source": source(&it.source),
        })),
        "console": reading.console,
        "inputs": rows(&reading.inputs, |it| json!({
            "index": it.index, "name": it.name, "kind": it.kind, "media": it.media, "unit": it.unit,
            "capacity": it.capacity, "level": it.level, "percent": it.percent, "state": it.state,
            "source": source(&it.source),
        })),
        "outputs": rows(&reading.outputs, |it| json!({
            "index": it.index, "name": it.name, "kind": it.kind, "unit": it.unit, "capacity": it.capacity,
            "remaining": it.level, "source": source(&it.source),
        })),
        "covers": rows(&reading.covers, |it| json!({
            "index": it.index, "description": it.description, "state": it.state, "source": source(&it.source),
        })),
        "counts": rows(&reading.counts, |it| json!({
            "what": it.what, "where": it.place, "value": it.value, "source": source(&it.source),
        })),
        "maintenance": rows(&reading.maintenance, |it| json!({
            "part": it.part, "percent": it.percent, "pages_left": it.pages_left, "source": source(&it.source),
        })),
        "details": some_rows(&reading.details, |it| json!({
            "what": it.what, "value": it.value, "unit": it.unit, "source": source(&it.source),
        })),
        "removed": some_rows(&reading.removed, |it| json!({
            "index": it.index, "description": it.description, "serial": it.serial, "installed": it.installed,
            "pages": it.pages, "percent": it.percent, "source": source(&it.source),
        })),
        "quirks": reading.quirks,
        "doubts": reading.doubts,
    })
}

fn identity(identity: &v1::Identity) -> Value {
    let fact = |fact: &Option<v1::Fact>| {
        fact.as_ref()
            .map(|it| json!({"value": it.value, "source": source(&it.source), "confidence": confidence(it.confidence)}))
    };
    json!({
        "vendor": fact(&identity.vendor), "model": fact(&identity.model), "serial": fact(&identity.serial),
        "firmware": fact(&identity.firmware), "mac": fact(&identity.mac), "hostname": fact(&identity.hostname),
        "asset": fact(&identity.asset), "location": fact(&identity.location),
    })
}

fn source(source: &Option<v1::Source>) -> Value {
    let it = source.as_ref().unwrap();
    json!({
        "oid": it.oid, "url": it.url, "command": it.command, "tag": it.tag, "label": it.label, "rule": it.rule,
    })
}

fn confidence(confidence: i32) -> &'static str {
    match v1::Confidence::try_from(confidence).unwrap() {
        v1::Confidence::Unspecified => panic!("a confidence that nobody set"),
        v1::Confidence::A => "A",
        v1::Confidence::B => "B",
        v1::Confidence::C => "C",
        v1::Confidence::D => "D",
    }
}
