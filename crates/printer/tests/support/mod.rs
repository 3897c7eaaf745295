//! What the profiles say, read from their files without the engine, so that a mistake of the engine is not made twice.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test's helper"
)]

pub(crate) mod device;
pub(crate) mod supported;

use dca_printer::Rows;
use dca_snmp::{Oid, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The words of a meter in its six dimensions; empty where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) [String; 6]);

const USUAL: [&str; 6] = ["", "total", "any", "any", "impressions", "lifetime"];
const WORDS: [&[&str]; 5] = [
    &[
        "total",
        "mono",
        "full_color",
        "highlight_color",
        "single_color",
        "two_color",
        "color_level_1",
        "color_level_2",
        "color_level_3",
        "mono_and_color_level_1",
        "black",
        "cyan",
        "magenta",
        "yellow",
    ],
    &[
        "any",
        "small",
        "large",
        "a3",
        "a4",
        "a5",
        "a6",
        "b4",
        "b5",
        "b6",
        "jis_b4",
        "jis_b5",
        "letter",
        "legal",
        "ledger",
        "folio",
        "statement",
        "executive",
        "envelope",
        "other_size",
    ],
    &["any_sides", "simplex", "duplex"],
    &["impressions", "sheets", "images", "items", "meters", "feet", "hours", "labels", "centimeters", "a4_equivalents"],
    &["lifetime", "power_on", "reset"],
];

impl Key {
    /// A word that belongs to no other dimension is a service.
    pub(crate) fn words(text: &str) -> Self {
        let mut key = Self::default();
        for word in text.split_whitespace() {
            let dimension = WORDS.iter().position(|words| words.contains(&word)).map_or(0, |at| at + 1);
            key.0[dimension] = if word == "any_sides" { "any".to_owned() } else { word.to_owned() };
        }
        key
    }

    /// These words, and where they say nothing those of `base`.
    pub(crate) fn or(mut self, base: &Self) -> Self {
        for (word, other) in self.0.iter_mut().zip(&base.0) {
            if word.is_empty() {
                word.clone_from(other);
            }
        }
        self
    }

    /// With the usual meaning of what is not said.
    pub(crate) fn whole(self) -> Self {
        self.or(&Self(USUAL.map(str::to_owned)))
    }
}

/// The files by profile name.
pub(crate) fn profiles() -> BTreeMap<String, toml::Table> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(&path).unwrap().parse().unwrap())
    };
    files.map(read).filter(|(name, _)| name != "brands").collect()
}

/// A file and those it extends.
pub(crate) fn chain<'a>(files: &'a BTreeMap<String, toml::Table>, name: &str) -> Vec<&'a toml::Table> {
    let mut chain = Vec::new();
    let mut next = files.get(name);
    while let Some(file) = next {
        chain.push(file);
        next = file.get("extends").and_then(|parent| files.get(parent.as_str()?));
    }
    chain
}

/// The entries at a path such as `supplies.detail`.
pub(crate) fn entries<'a>(file: &'a toml::Table, path: &str) -> Vec<&'a toml::Table> {
    let mut at = vec![file];
    for part in path.split('.') {
        at = at
            .into_iter()
            .filter_map(|table| table.get(part))
            .flat_map(|value| match value {
                toml::Value::Table(table) => vec![table],
                toml::Value::Array(values) => values.iter().filter_map(toml::Value::as_table).collect(),
                _ => Vec::new(),
            })
            .collect();
    }
    at
}

pub(crate) fn text<'a>(entry: &'a toml::Table, key: &str) -> Option<&'a str> {
    entry.get(key)?.as_str()
}

pub(crate) fn oid(text: &str) -> Oid {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The meanings of `labels`, `codes` or `places`: what stands there, and the words.
pub(crate) fn meanings(of: &toml::Table) -> Vec<(String, Key)> {
    let meaning = of["meaning"].as_table().unwrap();
    meaning.iter().map(|(key, value)| (key.clone(), said(value))).collect()
}

fn said(value: &toml::Value) -> Key {
    Key::words(value.as_str().or_else(|| value.get("is")?.as_str()).unwrap())
}

/// The shared folder of recordings and reference tables, if it is there.
pub(crate) fn shared() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let given = std::env::var_os("DCA_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let folder = workspace.join(given);
    if folder.join("walks").is_dir() {
        return Some(folder);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI=true, but there is no {}", folder.display());
    eprintln!("SKIPPED: no {}; set DCA_SHARED", folder.display());
    None
}

pub(crate) fn walk(path: &Path) -> Rows {
    dca_snmp::recording::parse(&std::fs::read_to_string(path).unwrap()).rows.into_iter().collect()
}

/// All files below a folder whose name ends so.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
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

pub(crate) fn octets(text: &str) -> Value {
    Value::OctetString(text.as_bytes().to_vec())
}
