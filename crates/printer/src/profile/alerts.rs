//! A vendor's own alerts: their texts, and the codes that its technicians know them by.
//!
//! An alert that prtAlertTable tells in the same words gets the code; any other one is added.

use super::detail::{beside, text};
use super::file::{File, Grade, Note, Number, OidText};
use crate::reading::{Alert, Reading};
use crate::rows::Rows;
use crate::standard::table::{self, column, dotted, number};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Rows of one table that are looked at.
const MAX_ROWS: usize = 128;

/// Columns of a table whose rows are what is wrong at the moment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertTable {
    pub(crate) text: OidText,
    /// A number or a text; 0 is none.
    pub(crate) code: Option<OidText>,
    pub(crate) severity: Option<SeverityCodes>,
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
    /// The columns that it needs.
    pub(super) fn columns(&self) -> Vec<&dca_snmp::Oid> {
        let severity = self.severity.as_ref().map(|severity| &severity.column);
        [&self.text].into_iter().chain(&self.code).chain(severity).map(|column| &column.0).collect()
    }
}

pub(super) fn read(file: &File, rows: &Rows, reading: &mut Reading) {
    if let Some(shape) = &file.alert_code {
        for alert in &mut reading.alerts {
            alert.service_code = leading(&alert.description, shape).map(str::to_owned);
        }
    }
    for alerts in &file.alert_table {
        for (index, oid, value) in column(rows, alerts.text.0.as_ref()).take(MAX_ROWS) {
            let Some(description) = text(value) else { continue };
            let code = alerts.code.as_ref().and_then(|code| beside(rows, &code.0, &index));
            let code = code.and_then(|code| number(code).map(|code| code.to_string()).or_else(|| text(code)));
            let code = code.filter(|code| code != "0");
            let told = reading.alerts.iter_mut().find(|alert| alert.description.eq_ignore_ascii_case(&description));
            if let Some(told) = told {
                told.service_code = told.service_code.take().or(code);
                continue;
            }
            let severity = alerts.severity.as_ref().and_then(|severity| {
                let code = beside(rows, &severity.column.0, &index).and_then(number)?;
                severity.meaning.get(&Number(code)).copied()
            });
            let (word, training) = match severity {
                None => ("unknown", None),
                Some(Severity::Information) => ("other", None),
                Some(Severity::Warning) => ("warning", None),
                Some(Severity::Critical) => ("critical", None),
                Some(Severity::FieldService) => ("critical", Some("field_service")),
            };
            reading.alerts.push(Alert {
                index: format!("vendor.{}", dotted(&index)),
                severity: word.to_owned(),
                training: training.map(str::to_owned),
                group: None,
                code: None,
                code_name: None,
                description,
                location: None,
                service_code: code,
                active: severity != Some(Severity::Information),
                source: table::source(oid),
            });
        }
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
