//! A vendor's own alerts: their texts, and the codes that its technicians know them by. Some tables show what is wrong at the
//! moment, others are a history (service calls, jams) that a technician reads before the trip.
//!
//! An alert that prtAlertTable tells in the same words gets the code; any other one is added. What is past is never active.

use super::detail::{beside, text};
use super::file::{Arcs, File, Grade, Note, Number, OidText};
use crate::reading::{Alert, Reading};
use crate::rows::Rows;
use crate::standard::table::{self, dotted, number};
use dca_snmp::Value;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Rows of one table that are looked at.
const MAX_ROWS: usize = 128;
/// Entries of one history that are kept.
const MAX_PAST: usize = 64;

/// Columns of a table of troubles.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertTable {
    /// What the device says; without it the code is all that is said.
    pub(crate) text: Option<OidText>,
    /// The code that technicians know, a number or a text; 0 and blanks are none.
    pub(crate) code: Option<OidText>,
    severity: Option<SeverityCodes>,
    /// The page count at which it came.
    pages: Option<OidText>,
    /// Only the rows whose index ends so, where the row's number stands before the column's.
    ends: Option<Arcs>,
    /// What all rows are about: `service_call`, `jam` ...
    group: Option<String>,
    /// Who is concerned (PrtAlertTrainingLevelTC in snake_case).
    training: Option<String>,
    /// True: a history. What it tells is over.
    #[serde(default)]
    pub(crate) past: bool,
    pub(crate) confidence: Grade,
    /// Who says so: a MIB and its object, a recording, a collector's source.
    #[serde(rename = "source")]
    pub(crate) _source: Note,
    /// What else a reader should know.
    #[serde(rename = "why")]
    pub(crate) _why: Option<Note>,
}

/// A column of codes, and what they say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeverityCodes {
    column: OidText,
    meaning: BTreeMap<Number, Severity>,
}

/// How bad it is, and whether it takes a technician.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// A note, no condition.
    Information,
    /// It prints yet.
    Warning,
    /// It does not print.
    Critical,
    /// It does not print, and the dealer's technician has to come.
    FieldService,
}

impl AlertTable {
    /// The column that has a cell in every row.
    pub(super) fn key(&self) -> Option<&OidText> {
        self.text.as_ref().or(self.code.as_ref())
    }

    /// The columns that it needs.
    pub(super) fn columns(&self) -> impl Iterator<Item = &dca_snmp::Oid> {
        let severity = self.severity.as_ref().map(|severity| &severity.column);
        let all = [self.text.as_ref(), self.code.as_ref(), severity, self.pages.as_ref()];
        all.into_iter().flatten().map(|column| &column.0)
    }

    fn alerts(&self, rows: &Rows) -> Vec<Alert> {
        let Some(key) = self.key() else { return Vec::new() };
        let depth = key.0.as_ref().len();
        let mut found: Vec<Alert> = Vec::new();
        for (oid, value) in rows.under(key.0.as_ref()).take(MAX_ROWS) {
            let index: Vec<u32> = oid.arcs().skip(depth).collect();
            if self.ends.as_ref().is_some_and(|ends| !index.ends_with(&ends.0)) {
                continue;
            }
            let cell = |column: &OidText| beside(rows, &column.0, &index);
            let service_code = self.code.as_ref().and_then(cell).and_then(code);
            let told = if self.text.is_some() { text(value) } else { service_code.clone() };
            let Some(mut description) = told.filter(|told| told.chars().any(char::is_alphanumeric)) else { continue };
            let pages = self.pages.as_ref().and_then(cell).and_then(number).filter(|pages| *pages > 0);
            if let Some(pages) = pages {
                description = format!("{description}, at {pages} pages");
            }
            // The same trouble again and again is told once.
            if self.past && found.last().is_some_and(|last| last.description == description) {
                continue;
            }
            let severity = self.severity.as_ref().and_then(|severity| {
                let code = cell(&severity.column).and_then(number)?;
                severity.meaning.get(&Number(code)).copied()
            });
            let (word, training) = match severity {
                None if self.past => ("other", None),
                None => ("unknown", None),
                Some(Severity::Information) => ("other", None),
                Some(Severity::Warning) => ("warning", None),
                Some(Severity::Critical) => ("critical", None),
                Some(Severity::FieldService) => ("critical", Some("field_service")),
            };
            let name = self.group.as_deref().filter(|_| self.past).unwrap_or("vendor");
            found.push(Alert {
                index: format!("{name}.{}", dotted(&index)),
                severity: word.to_owned(),
                training: training.map(str::to_owned).or_else(|| self.training.clone()),
                group: self.group.clone(),
                code: None,
                code_name: None,
                description,
                location: None,
                service_code,
                active: !self.past && severity != Some(Severity::Information),
                source: table::source(oid),
            });
        }
        if self.past {
            found.truncate(MAX_PAST);
        }
        found
    }
}

pub(super) fn read(file: &File, rows: &Rows, reading: &mut Reading) {
    if let Some(shape) = &file.alert_code {
        for alert in &mut reading.alerts {
            alert.service_code = leading(&alert.description, shape).map(str::to_owned);
        }
    }
    for own in &file.alert_table {
        for alert in own.alerts(rows) {
            let same = |told: &&mut Alert| !own.past && told.description.eq_ignore_ascii_case(&alert.description);
            match reading.alerts.iter_mut().find(same) {
                Some(told) => told.service_code = told.service_code.take().or(alert.service_code),
                None => reading.alerts.push(alert),
            }
        }
    }
}

/// A code as a technician reads it; 0, zeros and blanks are a place that is not used.
fn code(value: &Value) -> Option<String> {
    match number(value) {
        Some(0) => None,
        Some(number) => Some(number.to_string()),
        None => text(value),
    }
}

/// The first word of a text, if it has the shape: 9 stands for a digit.
fn leading<'a>(text: &'a str, shape: &str) -> Option<&'a str> {
    let word = text.split_whitespace().next()?;
    let fits = |(letter, wanted): (u8, u8)| if wanted == b'9' { letter.is_ascii_digit() } else { letter == wanted };
    (word.len() == shape.len() && word.bytes().zip(shape.bytes()).all(fits)).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_code_stands_first() {
        assert_eq!(leading("07-534-00 Tray 4 is empty", "99-999-99"), Some("07-534-00"));
        assert_eq!(leading("Tray 07-534-00 is empty", "99-999-99"), None);
        assert_eq!(leading("07-534-001 Tray", "99-999-99"), None);
        assert_eq!(leading("", "99-999-99"), None);
    }
}
