//! For whoever writes a profile: what a profile makes of a recorded walk, what it leaves unread, and a first draft.

mod draft;
mod labelled;

pub use draft::draft;

use crate::input::{self, InputError};
use crate::recorded::{FromFile, load, read_rows};
use dca_printer::Profiles;
use dca_snmp::{Oid, Value, oid};
use labelled::labelled;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A profile tried on a recorded walk.
#[derive(Debug, Serialize)]
pub struct Trial {
    /// The name of the profile on trial.
    pub name: String,
    /// What would be reported, with the profile that was picked.
    #[serde(flatten)]
    pub from_file: FromFile,
    /// What the vendor's tree has beyond that, in the order of the walk.
    pub unread: Vec<Unread>,
}

/// A row of the vendor's tree that is no source of any figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// The instance.
    pub oid: String,
    /// Its number or text; at most 80 letters.
    pub value: String,
    /// The text that stands in the same row of another column.
    pub label: Option<String>,
}

impl Trial {
    /// True if the device is read by the profile on trial.
    pub fn is_picked(&self) -> bool {
        self.from_file.read.reading.profile == self.name
    }
}

/// Reads a recorded walk with a profile from a file beside the built-in ones.
pub async fn try_profile(profile: &Path, walk: &Path) -> Result<Trial, InputError> {
    let profiles = input::profiles(&[profile.to_owned()])?;
    let recording = load(walk)?;
    let rows = recording.rows.clone();
    let from_file = read_rows(walk, recording, &profiles).await;
    let unread = unread(&rows, &sources(&from_file), &profiles, &from_file);
    let name = profile.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Trial { name, from_file, unread })
}

/// The instances that figures were read from.
fn sources(from_file: &FromFile) -> BTreeSet<String> {
    fn collect(value: &serde_json::Value, found: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                if let Some(oid) = fields.get("oid").and_then(serde_json::Value::as_str) {
                    found.insert(oid.to_owned());
                }
                fields.values().for_each(|value| collect(value, found));
            }
            serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    if let Ok(reading) = serde_json::to_value(&from_file.read.reading) {
        collect(&reading, &mut found);
    }
    found
}

fn unread(rows: &[(Oid, Value)], sources: &BTreeSet<String>, profiles: &Profiles, from_file: &FromFile) -> Vec<Unread> {
    let plan = profiles.named(&from_file.read.reading.profile).map(dca_printer::Profile::plan);
    let tables = labelled(rows);
    let labels: BTreeMap<&Oid, &str> =
        tables.iter().flat_map(|table| &table.rows).map(|row| (row.value_at, row.label.as_str())).collect();
    let label_rows: BTreeSet<&Oid> = tables.iter().flat_map(|table| &table.rows).map(|row| row.label_at).collect();
    rows.iter()
        .filter(|(oid, _)| oid.starts_with(ENTERPRISES) && !label_rows.contains(oid))
        .filter(|(oid, _)| !sources.contains(&oid.to_string()))
        .filter(|(oid, _)| !plan.as_ref().is_some_and(|plan| plan.denies(oid.as_ref())))
        .filter_map(|(oid, value)| {
            let value = shown(value)?;
            Some(Unread { oid: oid.to_string(), value, label: labels.get(oid).map(|label| (*label).to_owned()) })
        })
        .collect()
}

const ENTERPRISES: dca_snmp::OidRef<'static> = oid!("1.3.6.1.4.1");
/// Letters of a value that are shown.
const SHOWN: usize = 80;

/// A number above 0 or a text: what might be worth reading.
fn shown(value: &Value) -> Option<String> {
    let text = match value {
        Value::Counter64(number) => number.to_string(),
        _ => match value.as_i64() {
            Some(number) => number.to_string(),
            None => text(value)?,
        },
    };
    (text != "0").then_some(text)
}

/// A value's text if it is one.
fn text(value: &Value) -> Option<String> {
    let text = std::str::from_utf8(value.as_octets()?).ok()?.trim_matches(['\0', ' ', '\r', '\n']);
    let printable = !text.is_empty() && text.chars().all(|letter| !letter.is_control());
    printable.then(|| text.chars().take(SHOWN).collect())
}
