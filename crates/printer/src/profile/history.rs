//! Supplies that were taken out: proof of a replacement, and how much was thrown away with it.

use super::detail::{beside, text};
use super::file::{File, Grade, Note, OidText};
use crate::reading::{Reading, Removed};
use crate::rows::Rows;
use crate::standard::table::{self, column, dotted, number, percent};
use crate::standard::text::date_and_time;
use serde::Deserialize;

/// Rows that are kept.
const MAX_ROWS: usize = 128;

/// Columns of a table of former supplies.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemovedTable {
    description: OidText,
    serial: Option<OidText>,
    /// Sides printed while it was in.
    pub(crate) pages: OidText,
    /// What was left when it was last seen, and of how much.
    level: Option<OidText>,
    capacity: Option<OidText>,
    /// DateAndTime (RFC 2579).
    installed: Option<OidText>,
    pub(crate) confidence: Grade,
    /// Who says so: a MIB and its object, a recording, a collector's source.
    #[serde(rename = "source")]
    _source: Note,
    /// What else a reader should know.
    #[serde(rename = "why")]
    _why: Option<Note>,
}

impl RemovedTable {
    /// The columns that it needs.
    pub(super) fn columns(&self) -> Vec<&dca_snmp::Oid> {
        let optional = [&self.serial, &self.level, &self.capacity, &self.installed].into_iter().flatten();
        [&self.description, &self.pages].into_iter().chain(optional).map(|column| &column.0).collect()
    }
}

pub(super) fn read(file: &File, rows: &Rows, reading: &mut Reading) {
    for former in &file.supplies.removed {
        for (index, oid, value) in column(rows, former.description.0.as_ref()).take(MAX_ROWS) {
            let cell = |column: &Option<OidText>| column.as_ref().and_then(|column| beside(rows, &column.0, &index));
            let pages = beside(rows, &former.pages.0, &index).and_then(number);
            let pages = pages.and_then(|pages| u64::try_from(pages).ok());
            let serial = cell(&former.serial).and_then(text);
            // Slots for supplies that were never replaced are there too, without a serial number and a page.
            if serial.is_none() && pages.is_none_or(|pages| pages == 0) {
                continue;
            }
            let share = || percent(cell(&former.level).and_then(number)?, cell(&former.capacity).and_then(number)?);
            let at = former.pages.0.join(index.iter().copied()).ok().filter(|_| pages.is_some());
            reading.removed.push(Removed {
                index: dotted(&index),
                description: text(value).unwrap_or_default(),
                serial,
                installed: cell(&former.installed).and_then(date_and_time),
                pages,
                percent: share(),
                source: table::source(at.as_ref().unwrap_or(oid)),
            });
        }
    }
}
