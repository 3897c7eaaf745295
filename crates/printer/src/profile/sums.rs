//! Figures that a device keeps in parts: the sides of a paper size by paper type, the prints of a service by paper size.
//!
//! The sum is right only if it has all its parts. A row that lacks its number takes its figure away; a row that lacks what
//! tells its meaning takes them all away, for it may be a part of any.

use super::file::MeterTable;
use super::key::Key;
use super::meters::{Figure, MAX_ROWS, beside, plausible, row, wanted};
use crate::reading::{Confidence, Source};
use crate::rows::Rows;
use dca_snmp::Oid;
use std::collections::BTreeSet;

/// A figure as far as its parts were seen.
struct Sum {
    key: Key,
    confidence: Confidence,
    parts: Vec<Oid>,
    /// None when a part is missing.
    value: Option<u64>,
}

pub(super) fn read(table: &MeterTable, rows: &Rows, figures: &mut Vec<Figure>, doubts: &mut Vec<String>) {
    let values = &table.values.get_ref().0;
    // A device without the counts may yet say what it would count.
    if rows.under(values.as_ref()).next().is_none() {
        return;
    }
    let mut sums: Vec<Sum> = Vec::new();
    for index in indices(table, rows) {
        let Ok(at) = values.join(index.iter().copied()) else { continue };
        let Some(row) = row(table, rows, &index) else {
            let labels = table.labels.iter().map(|labels| &labels.column);
            let mut columns = labels.chain(table.codes.iter().map(|codes| &codes.column));
            if columns.all(|column| beside(rows, column, &index).is_some()) {
                continue;
            }
            doubts.push(format!("{at}: what it counts is not told, so nothing in its table is added up"));
            return;
        };
        let Some(key) = row.words.or(table.is).key() else { continue };
        let value = match rows.get(at.as_ref()) {
            Some(value) => plausible(&at, value, &table.absent, doubts),
            None => {
                doubts.push(format!("{at} is missing: {key} is not added up"));
                None
            }
        };
        let part = Sum { key, confidence: row.confidence, parts: vec![at], value };
        match sums.iter_mut().find(|sum| sum.key == key) {
            Some(sum) => sum.add(part),
            None => sums.push(part),
        }
    }
    figures.extend(sums.into_iter().filter_map(|sum| sum.figure(values)));
}

impl Sum {
    fn add(&mut self, part: Self) {
        self.value = self.value.zip(part.value).and_then(|(sum, value)| sum.checked_add(value));
        self.confidence = self.confidence.max(part.confidence);
        self.parts.extend(part.parts);
    }

    fn figure(self, column: &Oid) -> Option<Figure> {
        let depth = column.as_ref().len();
        let index = |part: &Oid| part.arcs().skip(depth).map(|arc| arc.to_string()).collect::<Vec<_>>().join(".");
        let rule = format!("sum of rows {}", self.parts.iter().map(index).collect::<Vec<_>>().join(", "));
        let source = Source {
            oid: self.parts.first().map(Oid::to_string),
            rule: (self.parts.len() > 1).then_some(rule),
            ..Source::default()
        };
        Some(Figure { key: self.key, value: self.value?, source, confidence: self.confidence })
    }
}

/// The rows that any of the table's columns shows.
fn indices(table: &MeterTable, rows: &Rows) -> BTreeSet<Vec<u32>> {
    let labels = table.labels.iter().map(|labels| &labels.column);
    let columns =
        [table.values.get_ref()].into_iter().chain(labels).chain(table.codes.iter().map(|codes| &codes.column));
    let cells = columns.flat_map(|column| {
        let depth = column.0.as_ref().len();
        rows.under(column.0.as_ref()).take(MAX_ROWS).map(move |(oid, _)| oid.arcs().skip(depth).collect())
    });
    cells.filter(|index: &Vec<u32>| wanted(table, index)).collect()
}
