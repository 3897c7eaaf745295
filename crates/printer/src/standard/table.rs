//! A conceptual table read tolerantly: rows are found by whatever columns a device answers, and their index is taken as
//! it comes (`dev.row`; some firmware leaves the device away, some says device 0).

use crate::reading::Source;
use crate::rows::Rows;
use crate::standard::Context;
use dca_snmp::{Oid, OidRef, Value};
use std::collections::BTreeSet;

/// The arcs behind a column, one or two for the tables read here.
pub(crate) type Index = Vec<u32>;

/// Rows below one entry OID.
pub(crate) struct Table<'a> {
    rows: &'a Rows,
    entry: Oid,
}

/// One cell.
pub(crate) struct Cell<'a> {
    pub(crate) oid: Oid,
    pub(crate) value: &'a Value,
}

impl<'a> Table<'a> {
    /// `entry` is the table's entry object: its children are the columns.
    pub(crate) fn new(rows: &'a Rows, entry: OidRef<'_>) -> Self {
        Self { rows, entry: entry.to_oid() }
    }

    /// The rows that any column shows, in order, at most `limit`; the rest is doubted, not read.
    pub(crate) fn indices(&self, limit: usize, what: &str, context: &mut Context<'_>) -> Vec<Index> {
        let depth = self.entry.as_ref().len();
        let mut found = BTreeSet::new();
        for (oid, _) in self.rows.under(self.entry.as_ref()) {
            let index: Index = oid.arcs().skip(depth + 1).take(3).collect();
            if !(1..=2).contains(&index.len()) {
                continue;
            }
            // One more than the limit tells that there was more; memory stays bounded whatever the device sends.
            if found.len() <= limit {
                found.insert(index);
            } else if !found.contains(&index) {
                break;
            }
        }
        if found.len() > limit {
            context.doubt(format!("more than {limit} rows of {what}: the rest was left out"));
        }
        found.into_iter().take(limit).collect()
    }

    /// One cell.
    pub(crate) fn cell(&self, column: u32, index: &[u32]) -> Option<Cell<'a>> {
        let oid = self.entry.join(std::iter::once(column).chain(index.iter().copied())).ok()?;
        let value = self.rows.get(oid.as_ref())?;
        Some(Cell { oid, value })
    }

    /// The number in one cell.
    pub(crate) fn number(&self, column: u32, index: &[u32]) -> Option<i64> {
        number(self.cell(column, index)?.value)
    }

    /// The octets in one cell.
    pub(crate) fn octets(&self, column: u32, index: &[u32]) -> Option<&'a [u8]> {
        self.cell(column, index)?.value.as_octets()
    }

    /// Where a figure of this row comes from: the first of `columns` that the device answered.
    pub(crate) fn source(&self, columns: &[u32], index: &[u32]) -> Source {
        let cell = columns.iter().find_map(|column| self.cell(*column, index));
        cell.map(|cell| source(&cell.oid)).unwrap_or_default()
    }
}

/// The rows of one column: last arcs and value.
pub(crate) fn column<'a>(rows: &'a Rows, column: OidRef<'_>) -> impl Iterator<Item = (Index, &'a Oid, &'a Value)> {
    let depth = column.len();
    rows.under(column).map(move |(oid, value)| (oid.arcs().skip(depth).take(3).collect(), oid, value))
}

/// An instance as a source.
pub(crate) fn source(oid: &Oid) -> Source {
    Source { oid: Some(oid.to_string()), ..Source::default() }
}

/// `1.2` for the index 1, 2.
pub(crate) fn dotted(index: &[u32]) -> String {
    index.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

/// A number in any numeric type, or as decimal digits in an OCTET STRING (seen in the field).
pub(crate) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let octets = value.as_octets().filter(|octets| octets.len() <= 24)?;
        let text = std::str::from_utf8(octets).ok()?.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        text.parse().ok()
    })
}

/// `value` as a share of `whole`, 0 to 100 with one decimal.
pub(crate) fn percent(value: i64, whole: i64) -> Option<f64> {
    share_of(value, whole).map(tenth)
}

/// Rounded to one decimal.
pub(crate) fn tenth(share: f64) -> f64 {
    (share * 10.0).round() / 10.0
}

/// `value` as an exact share of `whole`, 0 to 100; none if it is not within.
pub(crate) fn share_of(value: i64, whole: i64) -> Option<f64> {
    if whole <= 0 || !(0..=whole).contains(&value) {
        return None;
    }
    Some(100.0 * value as f64 / whole as f64)
}
