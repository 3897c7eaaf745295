//! Profiles that are sound, and what the recordings beside them lack.
//!
//! A recording lies next to its profile: the same name with `.snmprec` or `.txt`, or a name of the profile's own
//! `recordings`, from the profile's folder. An OID that none of them has may be mistyped, or another firmware's.

use crate::input::{self, InputError};
use crate::recorded::load;
use dca_snmp::Oid;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A profile that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Its file.
    pub file: PathBuf,
    /// How many OIDs it asks for.
    pub oids: usize,
    /// The recordings that were found next to it.
    pub recordings: Vec<PathBuf>,
    /// What it asks for that no recording has, with the entry it stands in; nothing without a recording.
    pub missing: Vec<(Oid, String)>,
}

/// Checks profiles, or the profiles of folders, beside the built-in ones.
pub fn check_profiles(places: &[PathBuf]) -> Result<Vec<Checked>, InputError> {
    input::profiles(places)?;
    input::profile_files(places)?.iter().map(|file| check(file)).collect()
}

fn check(file: &Path) -> Result<Checked, InputError> {
    let text = input::text(file)?;
    let profile: toml::Table = toml::from_str(&text).map_err(|error| input::toml_error(file, &text, &error))?;
    let mut asked = BTreeMap::new();
    for (entry, value) in profile.iter().filter(|(entry, _)| !matches!(entry.as_str(), "match" | "deny")) {
        oids(value, entry, &mut asked);
    }
    let named = profile.get("recordings").and_then(toml::Value::as_array).into_iter().flatten();
    let named = named.filter_map(toml::Value::as_str).map(|name| file.with_file_name(format!("{name}.snmprec")));
    let beside = ["snmprec", "txt"].map(|ending| file.with_extension(ending));
    let recordings: Vec<PathBuf> = beside.into_iter().chain(named).filter(|path| path.is_file()).collect();
    let mut rows = Vec::new();
    for recording in &recordings {
        rows.extend(load(recording)?.rows.into_iter().map(|(oid, _)| oid));
    }
    let is_there = |oid: &Oid| rows.iter().any(|row| row.starts_with(oid.as_ref()));
    let missing = asked.iter().filter(|(oid, _)| !recordings.is_empty() && !is_there(oid));
    let missing = missing.map(|(oid, entry)| (oid.clone(), entry.clone())).collect();
    Ok(Checked { file: file.to_owned(), oids: asked.len(), recordings, missing })
}

/// Every OID of an entry, and the entry's name.
fn oids(value: &toml::Value, entry: &str, found: &mut BTreeMap<Oid, String>) {
    match value {
        toml::Value::String(text) => {
            if let Some(oid) = text.parse::<Oid>().ok().filter(|oid| oid.as_ref().len() > 4) {
                found.entry(oid).or_insert_with(|| entry.to_owned());
            }
        }
        toml::Value::Array(values) => values.iter().for_each(|value| oids(value, entry, found)),
        toml::Value::Table(table) => table.iter().for_each(|(key, value)| match key.as_str() {
            "source" | "why" | "meaning" => {}
            // The fields of these are entries of their own.
            _ if matches!(entry, "identity" | "supplies") => oids(value, &format!("{entry}.{key}"), found),
            _ => oids(value, entry, found),
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACME: &str = r#"
extends = "printer-mib"
vendor = "Acme"
recordings = ["more/acme-c2"]
[[match]]
sys_object_id = "1.3.6.1.4.1.99999"
[[identity.serial]]
oid = "1.3.6.1.4.1.99999.2.1.0"
confidence = "B"
source = "the type plate of a C1"
[[meter]]
oid = "1.3.6.1.4.1.99999.3.1.0"
is = "system_totals"
confidence = "B"
source = "the panel of a C1"
[[deny]]
oid = "1.3.6.1.4.1.99999.9"
why = "community names"
"#;

    #[test]
    fn what_the_recordings_lack_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("acme.toml");
        std::fs::write(&file, ACME).unwrap();
        let check = |recordings: usize, missing: &[&str]| {
            let checked = check_profiles(&[folder.path().to_owned()]).unwrap().remove(0);
            let told: Vec<String> = checked.missing.iter().map(|(oid, entry)| format!("{entry} {oid}")).collect();
            assert_eq!((checked.oids, checked.recordings.len()), (2, recordings));
            assert_eq!(told, missing);
        };
        // Without a recording nothing can be said.
        check(0, &[]);
        std::fs::write(file.with_extension("snmprec"), "1.3.6.1.4.1.99999.2.1.0|4|ACME000123\n").unwrap();
        check(1, &["meter 1.3.6.1.4.1.99999.3.1.0"]);
        std::fs::create_dir(folder.path().join("more")).unwrap();
        std::fs::write(folder.path().join("more/acme-c2.snmprec"), "1.3.6.1.4.1.99999.3.1.0|65|1\n").unwrap();
        check(2, &[]);
    }
}
