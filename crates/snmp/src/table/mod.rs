//! Tables (RFC 2578 §7.1.12): rows by index, typed cells, holes where the device has none.
//!
//! ```text
//! columns asked          answers, each column at its own pace        rows
//! ifDescr, ifInOctets    ifDescr.1  ifInOctets.1                     1: eth0, 4711
//!                        ifDescr.2  ifInOctets.3                     2: lo,   -
//!                        ifDescr.3  (left its column)                3: eth1, 815
//! ```

mod reader;

pub(crate) use reader::Reader;

use crate::oid::{Oid, OidRef};
use crate::quirk::Quirks;
use crate::typed::{FromValue, TypedError, present, read};
use crate::value::VarBind;
use crate::walk::WalkEnd;
use core::time::Duration;
use std::collections::BTreeMap;

/// Columns to be read whole, side by side, in as few datagrams as their answers fit in.
///
/// They may belong to several tables of one device; [`Table::rows_of`] keeps those apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The columns, such as 1.3.6.1.2.1.2.2.1.2 (ifDescr). None may lie within another one.
    pub columns: Vec<Oid>,
    /// Rows of one column after which it ends with [`WalkEnd::RowLimit`].
    pub max_rows: usize,
    /// Bindings that the device is known to bear in one answer to a GETBULK, from an earlier [`Table::bears`]; 0: it does not
    /// know GETBULK.
    pub bears: Option<u32>,
}

impl Columns {
    /// These columns; at most 10,000 rows.
    pub fn of(columns: impl IntoIterator<Item = impl Into<Oid>>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), max_rows: 10_000, bears: None }
    }
}

/// What came of [`Columns`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The rows in the order of their indices; each has at least one cell.
    pub rows: Vec<Row>,
    /// How it ended. With several columns the first that did not end well; the others are read all the same, and what
    /// was read before is kept.
    pub end: WalkEnd,
    /// What was forgiven.
    pub quirks: Quirks,
    /// From the first transmission to the end.
    pub took: Duration,
    /// How many datagrams were sent.
    pub sent: u32,
    /// What was found out about how many bindings the device bears in one answer; `None` if it bore all that was asked.
    pub bears: Option<u32>,
}

/// The cells that share an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The arcs after the column: `[3]` of ifDescr.3.
    pub index: Vec<u32>,
    /// The cells that the device has, in the order of the columns asked for.
    pub cells: Vec<VarBind>,
}

impl Table {
    /// The row with this index.
    pub fn row(&self, index: &[u32]) -> Option<&Row> {
        let at = self.rows.binary_search_by(|row| row.index.as_slice().cmp(index)).ok()?;
        self.rows.get(at)
    }

    /// The rows that have a cell below this name: those of one table where columns of several were asked for.
    pub fn rows_of(&self, table: OidRef<'_>) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.cells.iter().any(|cell| cell.oid.starts_with(table)))
    }

    /// Puts the columns together.
    fn join(columns: impl IntoIterator<Item = (Oid, Vec<VarBind>)>) -> Vec<Row> {
        let mut rows = BTreeMap::<Vec<u32>, Vec<VarBind>>::new();
        for (column, cells) in columns {
            for cell in cells {
                let index = cell.oid.as_ref().index_under(column.as_ref()).map(Iterator::collect);
                rows.entry(index.unwrap_or_default()).or_default().push(cell);
            }
        }
        rows.into_iter().map(|(index, cells)| Row { index, cells }).collect()
    }
}

impl Row {
    /// The cell in this column as a type.
    pub fn get<'a, T: FromValue<'a>>(&'a self, column: OidRef<'_>) -> Result<T, TypedError> {
        match self.cell(column) {
            Some(cell) => cell.get(),
            None => read(column.to_oid().join(self.index.iter().copied()).unwrap_or(column.to_oid()).as_ref(), None),
        }
    }

    /// The cell in this column as a type; `None` where the device has none.
    pub fn find<'a, T: FromValue<'a>>(&'a self, column: OidRef<'_>) -> Result<Option<T>, TypedError> {
        present(self.get(column))
    }

    /// The cell in this column.
    pub fn cell(&self, column: OidRef<'_>) -> Option<&VarBind> {
        self.cells.iter().find(|cell| cell.oid.starts_with(column))
    }
}

#[cfg(test)]
mod tests;
