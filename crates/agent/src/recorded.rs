//! Reading a recorded walk as if the device answered: it is asked the same questions, so rows that no question covers do
//! not count.

use crate::input::{self, InputError};
use crate::interview::{Depth, Device, Interview, Part, interview};
use crate::read::{Read, now};
use dca_printer::{Profiles, Rows};
use dca_snmp::recording::{self, Problem, Recording};
use dca_snmp::{Oid, OidRef};
use serde::Serialize;
use std::path::Path;

/// A reading made of a recorded walk, and the lines of the file that were left out.
#[derive(Debug, Serialize)]
pub struct FromFile {
    /// The reading; its address is the file's path as given.
    #[serde(rename = "reading")]
    pub read: Read,
    /// Lines that cannot be read.
    #[serde(skip)]
    pub problems: Vec<Problem>,
}

/// Reads a recorded walk: `.snmprec`, or the text of `snmpwalk -On`.
pub async fn read_walk(path: &Path, profiles: &Profiles) -> Result<FromFile, InputError> {
    Ok(read_rows(path, load(path)?, profiles).await)
}

/// The rows of a recorded walk; at least one.
pub(crate) fn load(path: &Path) -> Result<Recording, InputError> {
    let text = input::text(path)?;
    let recording = recording::parse(text.trim_start_matches('\u{feff}'));
    if recording.rows.is_empty() {
        let first = recording.problems.first().map(|problem| (problem.line, problem.what.clone()));
        let (line, what) = first.unzip();
        let expected = "expected a recorded walk: lines of OID|tag|value (.snmprec) or of snmpwalk -On";
        let what = what.map_or_else(|| expected.to_owned(), |what| format!("{expected}; {what}"));
        return Err(InputError { file: Some(path.into()), line, what });
    }
    Ok(recording)
}

/// What these rows are read as.
pub(crate) async fn read_rows(path: &Path, recording: Recording, profiles: &Profiles) -> FromFile {
    let mut device = Recorded(recording.rows.into_iter().collect());
    let discovered = device.get(profiles.discovery()).await;
    let Interview { verdict, reading, complete, .. } = interview(&mut device, profiles, discovered, Depth::Full).await;
    let address = path.display().to_string();
    let read = Read { address, read_at: now(), why: verdict.why, complete, reading };
    FromFile { read, problems: recording.problems }
}

struct Recorded(Rows);

impl Recorded {
    fn after(&self, root: OidRef<'_>) -> Option<(Oid, dca_snmp::Value)> {
        // Only rows below the root are of interest to the asker.
        self.0.under(root).next().map(|(oid, value)| (oid.clone(), value.clone()))
    }
}

impl Device for Recorded {
    fn bears_all(&self) -> bool {
        true
    }

    async fn get(&mut self, oids: Vec<Oid>) -> Part {
        let rows = oids.into_iter().filter_map(|oid| self.0.get(oid.as_ref()).cloned().map(|value| (oid, value)));
        Part { rows: rows.collect(), ..Part::default() }
    }

    async fn next(&mut self, oids: Vec<Oid>) -> Part {
        Part { rows: oids.iter().filter_map(|oid| self.after(oid.as_ref())).collect(), ..Part::default() }
    }

    async fn columns(&mut self, columns: Vec<Oid>, max_rows: usize) -> Part {
        let rows = columns.iter().flat_map(|column| self.0.under(column.as_ref()).take(max_rows));
        Part { rows: rows.map(|(oid, value)| (oid.clone(), value.clone())).collect(), ..Part::default() }
    }
}
