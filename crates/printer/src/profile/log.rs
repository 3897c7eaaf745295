//! What a device notes of its troubles beside prtAlertTable: service calls, jams, error texts, with the page count at
//! which they came. A technician reads them before the trip.

use super::file::{File, Log};
use crate::reading::{Alert, Reading};
use crate::rows::Rows;
use crate::standard::table;
use crate::standard::text::Decoder;
use dca_snmp::{Oid, Value};

/// Entries of one log that are read.
const MAX_ENTRIES: usize = 64;

/// The columns that a log needs.
pub(super) fn columns(log: &Log) -> impl Iterator<Item = Oid> {
    [Some(&log.entries), log.pages.as_ref()].into_iter().flatten().map(|column| column.0.clone())
}

pub(super) fn read(file: &File, rows: &Rows, reading: &mut Reading) {
    for log in &file.log {
        reading.alerts.extend(entries(log, rows));
    }
}

fn entries(log: &Log, rows: &Rows) -> Vec<Alert> {
    let column = log.entries.0.as_ref();
    let indexed =
        rows.under(column).map(|(oid, value)| (oid, oid.arcs().skip(column.len()).collect::<Vec<u32>>(), value));
    let wanted = indexed.filter(|(_, index, _)| log.ends.as_ref().is_none_or(|ends| index.ends_with(&ends.0)));
    let alerts = wanted.filter_map(|(oid, index, value)| {
        let (code, text) = entry(value)?;
        let at = log.pages.as_ref().and_then(|pages| rows.get(pages.0.join(index.iter().copied()).ok()?.as_ref()));
        let pages = at.and_then(table::number).filter(|pages| *pages > 0);
        let service_code = text.clone();
        let description = pages.map_or_else(|| text.clone(), |pages| format!("{text}, at {pages} pages"));
        Some(Alert {
            index: format!("{}.{}", log.what, table::dotted(&index)),
            severity: "other".to_owned(),
            training: log.training.clone(),
            group: Some(log.what.clone()),
            code,
            code_name: code.is_none().then_some(text),
            description,
            location: None,
            service_code: Some(service_code),
            active: log.active,
            source: table::source(oid),
        })
    });
    let mut alerts: Vec<Alert> = alerts.take(MAX_ENTRIES).collect();
    // The same trouble again and again is told once.
    alerts.dedup_by(|again, first| again.description == first.description);
    alerts
}

/// A code as a number and as a text; 0, zeros and blanks are a place that is not used.
fn entry(value: &Value) -> Option<(Option<i64>, String)> {
    let number = table::number(value);
    let text = match number {
        Some(number) => number.to_string(),
        None => Decoder::default().text(value.as_octets()?),
    };
    (number != Some(0) && text.chars().any(char::is_alphanumeric)).then_some((number, text))
}
