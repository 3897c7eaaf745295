//! What a vendor tells beside identity, meters and supplies, as it is told: versions of components, dates, coverage, the text
//! on the panel. Nobody bills by it, and nothing is concluded from it.

use super::detail::{beside, text};
use super::file::{Arcs, File, Grade, Note, Number, OidText};
use crate::dialect::TextForm;
use crate::reading::{Detail as Told, Reading, Source};
use crate::rows::Rows;
use crate::standard::device;
use crate::standard::table::number;
use crate::standard::text::{Decoder, date_and_time};
use dca_snmp::{Oid, Value};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Rows of one table that are read.
const MAX_ROWS: usize = 96;

/// One text, number or date at one instance.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detail {
    pub(crate) oid: OidText,
    /// What it is, such as `product_number`.
    what: String,
    unit: Option<String>,
    #[serde(default)]
    form: TextForm,
    /// True: a DateAndTime (RFC 2579).
    #[serde(default)]
    date: bool,
    pub(crate) confidence: Grade,
    /// Who says so: a MIB and its object, a recording, a collector's source.
    #[serde(rename = "source")]
    _source: Note,
    /// What else a reader should know.
    #[serde(rename = "why")]
    _why: Option<Note>,
}

/// Texts or numbers in rows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetailTable {
    pub(crate) values: OidText,
    /// What all rows are, such as `firmware`.
    what: Option<String>,
    /// A column of codes, and what a row is by them.
    codes: Option<Codes>,
    /// A column of texts that name the rows.
    names: Option<OidText>,
    /// Only the rows whose index ends so, where the row's number stands before the column's.
    ends: Option<Arcs>,
    unit: Option<String>,
    /// Texts that mean "none".
    #[serde(default)]
    absent: Vec<String>,
    pub(crate) confidence: Grade,
    /// Who says so: a MIB and its object, a recording, a collector's source.
    #[serde(rename = "source")]
    _source: Note,
    /// What else a reader should know.
    #[serde(rename = "why")]
    _why: Option<Note>,
}

/// A column of codes, and what they mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Codes {
    column: OidText,
    meaning: BTreeMap<Number, String>,
}

/// The text on the panel, where prtConsoleDisplayBufferText has none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Console {
    pub(crate) oid: OidText,
    #[serde(default)]
    form: TextForm,
    pub(crate) confidence: Grade,
    /// Who says so: a MIB and its object, a recording, a collector's source.
    #[serde(rename = "source")]
    _source: Note,
}

impl DetailTable {
    /// The columns that it needs.
    pub(super) fn columns(&self) -> impl Iterator<Item = &Oid> {
        let codes = self.codes.as_ref().map(|codes| &codes.column);
        [Some(&self.values), self.names.as_ref(), codes].into_iter().flatten().map(|column| &column.0)
    }
}

pub(super) fn read(file: &File, rows: &Rows, reading: &mut Reading) {
    for detail in &file.detail {
        let Some(value) = rows.get(detail.oid.0.as_ref()) else { continue };
        let value = match detail.date {
            true => date_and_time(value),
            false => plain(value, detail.form),
        };
        let Some(value) = value else { continue };
        let source = Source { oid: Some(detail.oid.0.to_string()), ..Source::default() };
        reading.details.push(Told { what: detail.what.clone(), value, unit: detail.unit.clone(), source });
    }
    for table in &file.detail_table {
        for (oid, value) in rows.under(table.values.0.as_ref()).take(MAX_ROWS) {
            reading.details.extend(row(table, rows, oid, value));
        }
    }
    if reading.console.is_empty() {
        let decoder = Decoder::for_console(rows, device::printer_index(rows).unwrap_or(1));
        let texts = file.console.iter().filter_map(|console| {
            let octets = console.form.octets(rows.get(console.oid.0.as_ref())?.as_octets()?);
            Some(decoder.text(octets)).filter(|text| !text.is_empty())
        });
        reading.console.extend(texts.take(1));
    }
}

fn row(table: &DetailTable, rows: &Rows, oid: &Oid, value: &Value) -> Option<Told> {
    let index: Vec<u32> = oid.arcs().skip(table.values.0.as_ref().len()).collect();
    if table.ends.as_ref().is_some_and(|ends| !index.ends_with(&ends.0)) {
        return None;
    }
    let value = plain(value, TextForm::Plain).filter(|value| !table.absent.contains(value))?;
    let what = match &table.codes {
        Some(codes) => {
            let code = beside(rows, &codes.column.0, &index).and_then(number)?;
            codes.meaning.get(&Number(code))?.clone()
        }
        None => table.what.clone()?,
    };
    let label = table.names.as_ref().and_then(|names| text(beside(rows, &names.0, &index)?));
    let source = Source { oid: Some(oid.to_string()), label, ..Source::default() };
    Some(Told { what, value, unit: table.unit.clone(), source })
}

/// A number as digits, or a text that says something.
fn plain(value: &Value, form: TextForm) -> Option<String> {
    match value.as_octets() {
        Some(octets) => text(&Value::OctetString(form.octets(octets).to_vec())),
        None => number(value).map(|number| number.to_string()),
    }
}
