//! For whoever writes a profile: what a profile makes of a recorded walk, what it leaves unread, and a first draft.

mod check;
mod draft;
mod labelled;

pub use check::{Checked, check_profiles};
pub use draft::draft;

use crate::input::{self, InputError};
use crate::recorded::{FromFile, load, read_rows};
use dca_printer::{Profiles, Reading, Rows};
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
    let unread = unread(&rows, &used(&rows, &profiles, &from_file.read.reading.profile), &profiles);
    let name = profile.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Trial { name, from_file, unread })
}

/// The rows without which the reading would be another one: sources of figures, and the labels and codes that give them
/// their meaning.
pub(crate) fn used<'a>(rows: &'a [(Oid, Value)], profiles: &Profiles, profile: &str) -> BTreeSet<&'a Oid> {
    let Some(profile) = profiles.named(profile) else { return BTreeSet::new() };
    let plan = profile.plan();
    let all: Rows = plan.keep(&profiles.discovery(), &rows.iter().cloned().collect());
    let whole = profile.read(&all);
    let differs = |without: &[&Oid]| {
        let rest = all.iter().filter(|(oid, _)| !without.contains(oid));
        profile.read(&rest.map(|(oid, value)| (oid.clone(), value.clone())).collect()) != whole
    };
    let sources = sources(&whole);
    let own = rows.iter().map(|(oid, _)| oid).filter(|oid| oid.starts_with(ENTERPRISES) && plan.covers(oid.as_ref()));
    let (mut used, asked): (BTreeSet<&Oid>, BTreeSet<&Oid>) = own.partition(|oid| sources.contains(&oid.to_string()));
    // Most of what is no source is a column of labels or codes, or of no use: many are tried at once.
    let asked: Vec<&Oid> = asked.into_iter().collect();
    for some in asked.chunks(TOGETHER).filter(|some| differs(some)) {
        used.extend(some.iter().filter(|oid| differs(&[oid])));
    }
    used
}

/// Rows that are left out at once to see whether any of them matters.
const TOGETHER: usize = 16;

/// The instances that figures were read from.
fn sources(reading: &Reading) -> BTreeSet<String> {
    fn collect(value: &serde_json::Value, found: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                found.extend(fields.get("oid").and_then(serde_json::Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| collect(value, found));
            }
            serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    if let Ok(reading) = serde_json::to_value(reading) {
        collect(&reading, &mut found);
    }
    found
}

fn unread(rows: &[(Oid, Value)], used: &BTreeSet<&Oid>, profiles: &Profiles) -> Vec<Unread> {
    let tables = labelled(rows);
    let labels: BTreeMap<&Oid, &str> =
        tables.iter().flat_map(|table| &table.rows).map(|row| (row.value_at, row.label.as_str())).collect();
    let label_rows: BTreeSet<&Oid> = tables.iter().flat_map(|table| &table.rows).map(|row| row.label_at).collect();
    let deny = denied_anywhere(profiles);
    rows.iter()
        .filter(|(oid, _)| oid.starts_with(ENTERPRISES) && !label_rows.contains(oid) && !used.contains(oid))
        .filter(|(oid, _)| !deny.iter().any(|root| oid.starts_with(root.as_ref())))
        .filter_map(|(oid, value)| {
            let value = shown(value)?;
            Some(Unread { oid: oid.to_string(), value, label: labels.get(oid).map(|label| (*label).to_owned()) })
        })
        .collect()
}

/// What no profile may read: it is not shown either.
fn denied_anywhere(profiles: &Profiles) -> Vec<Oid> {
    profiles.iter().flat_map(|profile| profile.plan().deny).collect()
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
