//! Who uses whom: `cargo metadata` against the list in docs/ARCHITECTURE.md.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

type Edges = BTreeMap<String, BTreeSet<String>>;

/// Packages that may use any crate and that no crate of the product may use.
const TOOLS: [&str; 7] =
    ["xtask", "dca-e2e", "dca-loopback", "dca-examples", "dca-benches", "dca-conformance", "dca-fuzz"];

#[test]
fn the_crates_use_each_other_as_architecture_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = std::fs::read_to_string(root.join("docs/ARCHITECTURE.md")).unwrap();
    let block = text.split("```edges\n").nth(1).expect("docs/ARCHITECTURE.md has an `edges` block");
    let written: Edges = block
        .lines()
        .take_while(|line| *line != "```")
        .map(|line| {
            let (from, to) = line.split_once("->").expect("each line is `crate -> crates`");
            (from.trim().to_owned(), to.split_whitespace().map(str::to_owned).collect())
        })
        .collect();
    assert_eq!(actual(root), written, "left: cargo metadata; right: docs/ARCHITECTURE.md");
}

fn actual(root: &Path) -> Edges {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let ours: BTreeSet<&str> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    packages
        .iter()
        .filter(|package| !TOOLS.contains(&package["name"].as_str().unwrap()))
        .map(|package| {
            let uses = package["dependencies"].as_array().unwrap().iter();
            let uses = uses.filter(|dependency| dependency["kind"].is_null()); // neither dev nor build
            let uses = uses.map(|dependency| dependency["name"].as_str().unwrap());
            let uses = uses.filter(|name| ours.contains(name)).map(str::to_owned).collect();
            (package["name"].as_str().unwrap().to_owned(), uses)
        })
        .collect()
}
