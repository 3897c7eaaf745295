//! The public API of dca-snmp speaks of its own types and std's, and of no other crate's: whoever uses it never needs to
//! match a version of ours. Read from rustdoc's JSON, which the stable compiler writes with its unstable flags opened.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

#[test]
fn no_foreign_type_is_public() {
    let api = rustdoc("dca-snmp");
    let (paths, crates) = (&api["paths"], &api["external_crates"]);
    let (mut foreign, mut seen) = (BTreeMap::new(), 0);
    for item in api["index"].as_object().unwrap().values() {
        // What other crates implement for every type there is.
        let implementation = &item["inner"]["impl"];
        if implementation["is_synthetic"] == true || !implementation["blanket_impl"].is_null() {
            continue;
        }
        each_path(&item["inner"], &mut |id| {
            let path = &paths[id.to_string()];
            let krate = &path["crate_id"];
            seen += 1;
            if *krate == 0 || path.is_null() {
                return;
            }
            let name = crates[krate.to_string()]["name"].as_str().unwrap_or("unknown");
            if !["std", "core", "alloc"].contains(&name) {
                foreign.entry(path["path"].to_string()).or_insert_with(|| item["name"].to_string());
            }
        });
    }
    assert!(seen > 1000, "only {seen} types were looked at: has the format changed?");
    assert!(foreign.is_empty(), "types of other crates, and where: {foreign:#?}");
}

/// Visits the id of each type and trait that an item names.
fn each_path(json: &Value, visit: &mut impl FnMut(&Value)) {
    match json {
        Value::Object(fields) => {
            if let (Some(id), true) = (fields.get("id"), fields.contains_key("path")) {
                visit(id);
            }
            fields.values().for_each(|field| each_path(field, visit));
        }
        Value::Array(list) => list.iter().for_each(|entry| each_path(entry, visit)),
        _ => {}
    }
}

fn rustdoc(package: &str) -> Value {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rustdoc");
    let output = Command::new(env!("CARGO"))
        .args(["rustdoc", "--locked", "--lib", "-p", package, "--target-dir"])
        .arg(&target)
        .args(["--", "-Zunstable-options", "--output-format", "json"])
        .env("RUSTC_BOOTSTRAP", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let file = target.join("doc").join(package.replace('-', "_") + ".json");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}
