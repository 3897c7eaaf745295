//! Rules of the house that no other tool checks.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};

/// Vendor knowledge is data: a vendor's name stands in a profile, not in Rust (docs/ARCHITECTURE.md).
#[test]
fn no_vendor_is_named_in_code_outside_dialect() {
    const VENDORS: &[&str] = &[
        "brother",
        "canon",
        "dell",
        "develop ineo",
        "epson",
        "fujifilm",
        "gestetner",
        "hewlett",
        "konica",
        "kyocera",
        "lanier",
        "lexmark",
        "nashuatec",
        "olivetti",
        "pantum",
        "ricoh",
        "samsung",
        "savin",
        "toshiba",
        "triumph",
        "utax",
        "xerox",
        "zebra",
    ];
    let source = root().join("crates/printer/src");
    let mut named = Vec::new();
    for file in rust_files(&source) {
        if file.strip_prefix(&source).unwrap().starts_with("dialect") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (at, line) in code.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default().to_lowercase();
            for vendor in VENDORS.iter().filter(|vendor| code.contains(*vendor)) {
                named.push(format!("{}:{}: {vendor}", file.display(), at + 1));
            }
        }
    }
    assert!(named.is_empty(), "vendors named in code:\n{}", named.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
