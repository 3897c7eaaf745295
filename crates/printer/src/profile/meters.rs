//! Meters at single instances and in tables.
//!
//! A row of a table counts what its label, its codes or the places in its index say. A row that one of them does not
//! know is left alone: it is a counter we cannot name.

use super::file::{CountTable, Event, File, Meaning, Meter, MeterTable, Number, OidText};
use super::key::{Key, Words};
use super::sums;
use crate::reading::{Confidence, Count, Reading, Source};
use crate::rows::Rows;
use crate::standard::table;
use crate::standard::text::Decoder;
use dca_snmp::{Oid, Value};

/// Rows of one table that are read.
pub(super) const MAX_ROWS: usize = 1024;
/// Values at and above are wrapped, filled with ones or not counts at all; a device prints 2^31 pages in centuries.
const TOO_MANY: i64 = i32::MAX as i64;

/// One meter, before it is reconciled.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) key: Key,
    pub(crate) value: u64,
    pub(crate) source: Source,
    pub(crate) confidence: Confidence,
}

/// The columns that a table needs.
pub(super) fn columns(table: &MeterTable) -> Vec<Oid> {
    let labels = table.labels.iter().map(|labels| &labels.column);
    let codes = table.codes.iter().map(|codes| &codes.column);
    let columns = [table.values.get_ref()].into_iter().chain(labels).chain(codes);
    if table.under.is_empty() {
        return columns.map(|column| column.0.clone()).collect();
    }
    let parts = columns.flat_map(|column| table.under.iter().map(|arcs| column.0.join(arcs.0.iter().copied())));
    parts.filter_map(Result::ok).collect()
}

pub(super) fn read(file: &File, rows: &Rows, reading: &mut Reading) -> Vec<Figure> {
    let mut figures = Vec::new();
    for meter in &file.meter {
        figures.extend(single(meter, rows, &mut reading.doubts));
    }
    for table in &file.meter_table {
        in_table(table, rows, &mut figures, &mut reading.doubts);
    }
    for count in &file.count {
        let Some(value) = rows.get(count.oid.0.as_ref()) else { continue };
        if let Some(value) = plausible(&count.oid.0, value, &[], &mut reading.doubts) {
            let source = table::source(&count.oid.0);
            reading.counts.push(Count { what: count.what.clone(), place: count.place.clone(), value, source });
        }
    }
    for counts in &file.count_table {
        for (index, oid, value) in table::column(rows, counts.values.0.as_ref()).take(MAX_ROWS) {
            let Some((event, place)) = event(counts, rows, &index) else { continue };
            if let Some(value) = plausible(oid, value, &[], &mut reading.doubts) {
                let source = table::source(oid);
                reading.counts.push(Count { what: event.what.clone(), place, value, source });
            }
        }
    }
    figures
}

/// What a row of events counts, and where.
fn event<'a>(counts: &'a CountTable, rows: &Rows, index: &[u32]) -> Option<(&'a Event, Option<String>)> {
    if let Some(codes) = &counts.codes {
        let event = counts.meaning.get(&Number(table::number(beside(rows, codes, index)?)?))?;
        return Some((event, event.place.clone()));
    }
    let text = Decoder::default().text(beside(rows, counts.texts.as_ref()?, index)?.as_octets()?);
    // Of two beginnings the longer says more.
    let (_, event) = counts.begins.iter().rev().find(|(start, _)| text.starts_with(start.as_str()))?;
    Some((event, event.place.clone().or(Some(text))))
}

/// A count: no minus, no overflow. What a device sends instead of "none" is listed in the profile and no doubt.
pub(super) fn plausible(oid: &Oid, value: &Value, absent: &[i64], doubts: &mut Vec<String>) -> Option<u64> {
    let Some(number) = table::number(value) else {
        let empty = value.as_octets().is_some_and(|octets| octets.iter().all(u8::is_ascii_whitespace));
        if !empty {
            doubts.push(format!("{oid} is not a number: no count is taken from it"));
        }
        return None;
    };
    if absent.contains(&number) {
        return None;
    }
    if !(0..TOO_MANY).contains(&number) {
        doubts.push(format!("{oid} is {number}: not a count"));
        return None;
    }
    u64::try_from(number).ok()
}

fn single(meter: &Meter, rows: &Rows, doubts: &mut Vec<String>) -> Option<Figure> {
    let key = *meter.is.get_ref();
    let mut parts = meter.oid.iter().chain(meter.sum.iter().flatten());
    let first = parts.next()?;
    let mut value = match &meter.number_before {
        Some(word) => before(rows.get(first.0.as_ref())?.as_octets()?, word)?,
        None => plausible(&first.0, rows.get(first.0.as_ref())?, &meter.absent, doubts)?,
    };
    let mut names = vec![first.0.to_string()];
    for part in parts {
        // A sum with a part missing would be too small.
        value = value.checked_add(plausible(&part.0, rows.get(part.0.as_ref())?, &meter.absent, doubts)?)?;
        names.push(part.0.to_string());
    }
    let rule = (names.len() > 1).then(|| format!("sum of {}", names.join(" and ")));
    let rule = rule.or_else(|| meter.number_before.as_ref().map(|word| format!("the number before {word}")));
    let source = Source { oid: names.into_iter().next(), rule, ..Source::default() };
    Some(Figure { key, value, source, confidence: meter.confidence.0 })
}

/// The whole number that stands before a word.
fn before(octets: &[u8], word: &str) -> Option<u64> {
    let text = Decoder::default().text(octets).to_ascii_uppercase();
    let head = text.split_once(&word.to_ascii_uppercase())?.0;
    let number: u64 = head.trim_end().rsplit([' ', ',']).next()?.parse().ok()?;
    (number < TOO_MANY.unsigned_abs()).then_some(number)
}

fn in_table(table: &MeterTable, rows: &Rows, figures: &mut Vec<Figure>, doubts: &mut Vec<String>) {
    let values = &table.values.get_ref().0;
    let depth = values.as_ref().len();
    if table.adds_up {
        sums::read(table, rows, figures, doubts);
        return;
    }
    if table.only_row && rows.under(values.as_ref()).take(2).count() > 1 {
        return;
    }
    for (oid, value) in rows.under(values.as_ref()).take(MAX_ROWS) {
        let index: Vec<u32> = oid.arcs().skip(depth).collect();
        if !wanted(table, &index) {
            continue;
        }
        let Some(row) = row(table, rows, &index) else { continue };
        let Some(key) = row.words.or(table.is).key() else { continue };
        let Some(value) = plausible(oid, value, &table.absent, doubts) else { continue };
        let source = Source { oid: Some(oid.to_string()), label: row.label, rule: row.rule, ..Source::default() };
        figures.push(Figure { key, value, source, confidence: row.confidence });
    }
}

pub(super) fn wanted(table: &MeterTable, index: &[u32]) -> bool {
    !index.is_empty() && (table.under.is_empty() || table.under.iter().any(|arcs| index.starts_with(&arcs.0)))
}

/// What one row of a table counts.
pub(super) struct Row {
    pub(super) words: Words,
    pub(super) confidence: Confidence,
    label: Option<String>,
    rule: Option<String>,
}

pub(super) fn row(table: &MeterTable, rows: &Rows, index: &[u32]) -> Option<Row> {
    let mut row = Row { words: Words::default(), confidence: table.confidence.0, label: None, rule: None };
    let mut rules = Vec::new();
    if let Some(labels) = &table.labels {
        let octets = beside(rows, &labels.column, index)?.as_octets()?;
        let label = Decoder::default().text(labels.form.octets(octets));
        let meaning = labels.meaning.iter().find(|(text, _)| text.eq_ignore_ascii_case(label.trim()));
        row.add(*meaning?.1);
        row.label = Some(label);
    }
    for codes in &table.codes {
        let code = table::number(beside(rows, &codes.column, index)?)?;
        row.add(*codes.meaning.get(&Number(code))?);
        rules.push(format!("code {code}"));
    }
    for place in &table.places {
        let arc = *index.get(place.arc.checked_sub(1)?)?;
        row.add(*place.meaning.get(&Number(i64::from(arc)))?);
        rules.push(format!("index arc {} is {arc}", place.arc));
    }
    row.rule = (!rules.is_empty()).then(|| rules.join(", "));
    Some(row)
}

impl Row {
    fn add(&mut self, meaning: Meaning) {
        self.words = meaning.is.or(self.words);
        self.confidence = self.confidence.max(meaning.confidence.unwrap_or(self.confidence));
    }
}

/// The cell of another column in the same row.
pub(super) fn beside<'a>(rows: &'a Rows, column: &OidText, index: &[u32]) -> Option<&'a Value> {
    rows.get(column.0.join(index.iter().copied()).ok()?.as_ref())
}
