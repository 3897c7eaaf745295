//! Wear of parts in a vendor's table that counts what was used, beside what a part lasts.

use super::detail::beside;
use super::file::{File, Grade, Note, Number, OidText};
use crate::reading::{Maintenance, Reading, Source};
use crate::rows::Rows;
use crate::standard::table::{column, number, share_of, tenth};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Rows of one table that are read.
const MAX_ROWS: usize = 64;

/// Columns of a table of parts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WearTable {
    /// What was used.
    pub(crate) used: OidText,
    /// How much a part lasts, in the same unit.
    life: OidText,
    /// What all rows are, such as `fuser`.
    part: String,
    /// What a row is by the last arc of its index, where the vendor's MIB numbers them.
    #[serde(default)]
    parts: BTreeMap<Number, String>,
    pub(crate) confidence: Grade,
    /// Who says so: a MIB and its object, a recording, a collector's source.
    #[serde(rename = "source")]
    _source: Note,
    /// What else a reader should know.
    #[serde(rename = "why")]
    _why: Option<Note>,
}

impl WearTable {
    /// The columns that it needs.
    pub(super) fn columns(&self) -> [&dca_snmp::Oid; 2] {
        [&self.used.0, &self.life.0]
    }
}

pub(super) fn read(file: &File, rows: &Rows, reading: &mut Reading) {
    for wear in &file.wear {
        for (index, oid, value) in column(rows, wear.used.0.as_ref()).take(MAX_ROWS) {
            let life = beside(rows, &wear.life.0, &index).and_then(number).filter(|life| *life > 0);
            let Some((used, life)) = number(value).zip(life) else { continue };
            let Some(share) = share_of(used, life) else {
                reading.doubts.push(format!("{oid}: {used} used of {life} is no share"));
                continue;
            };
            let last = index.last().and_then(|last| wear.parts.get(&Number(i64::from(*last))));
            reading.maintenance.push(Maintenance {
                part: last.unwrap_or(&wear.part).clone(),
                percent: Some(tenth(100.0 - share)),
                pages_left: None,
                source: Source {
                    oid: Some(oid.to_string()),
                    rule: Some(format!("{used} used of {life}")),
                    ..Source::default()
                },
            });
        }
    }
}
