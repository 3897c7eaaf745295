//! Many small questions to one device, packed into the fewest datagrams that its answers fit in.
//!
//! ```text
//! names     a.0 b.0 c.0 ... ──► Get, full ──► Get, full ──► the rest ┐
//! columns   t.1 t.2 u.4 ... ───────────────────────────────────────┴► one GETBULK ──► GETBULK ──► ...
//! ```

use crate::oid::{Oid, OidRef};
use crate::quirk::Quirks;
use crate::request::Failure;
use crate::table::Row;
use crate::typed::{FromValue, TypedError, present, read};
use crate::value::VarBind;
use crate::walk::WalkEnd;
use core::time::Duration;

/// Single values and columns to be asked of one device together.
///
/// Questions of several origins may be put into one plan and may overlap: each name and each column is asked once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub(crate) names: Vec<Oid>,
    pub(crate) columns: Vec<Oid>,
    /// Rows of one column after which it ends with [`WalkEnd::RowLimit`].
    pub max_rows: usize,
}

/// What came of a [`Plan`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// One for each name of the plan, in the order of their first mention; or why not all could be asked.
    pub values: Result<Vec<VarBind>, Failure>,
    /// The rows of the columns, those of several tables that share an index in one.
    pub rows: Vec<Row>,
    /// How the columns ended; see [`Table::end`](crate::Table::end).
    pub end: WalkEnd,
    /// What was forgiven.
    pub quirks: Quirks,
    /// From the first transmission to the end.
    pub took: Duration,
    /// How many datagrams were sent.
    pub sent: u32,
}

impl Plan {
    /// A plan of nothing; at most 10,000 rows of each column.
    pub fn new() -> Self {
        Self { names: Vec::new(), columns: Vec::new(), max_rows: 10_000 }
    }

    /// And these instances.
    #[must_use]
    pub fn get(mut self, names: impl IntoIterator<Item = impl Into<Oid>>) -> Self {
        add(&mut self.names, names);
        self
    }

    /// And these columns, whole. None may lie within another one.
    #[must_use]
    pub fn columns(mut self, columns: impl IntoIterator<Item = impl Into<Oid>>) -> Self {
        add(&mut self.columns, columns);
        self
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self::new()
    }
}

fn add(known: &mut Vec<Oid>, more: impl IntoIterator<Item = impl Into<Oid>>) {
    let mut seen: std::collections::BTreeSet<Oid> = known.iter().cloned().collect();
    known.extend(more.into_iter().map(Into::into).filter(|name| seen.insert(name.clone())));
}

impl Planned {
    /// The value of a name as a type.
    pub fn get<'a, T: FromValue<'a>>(&'a self, name: OidRef<'_>) -> Result<T, TypedError> {
        let values = self.values.as_deref().unwrap_or_default();
        read(name, values.iter().find(|varbind| varbind.oid == name).map(|varbind| varbind.binding.as_ref()))
    }

    /// The value of a name as a type; `None` where the device has none. What was not answered is an error, not `None`.
    pub fn find<'a, T: FromValue<'a>>(&'a self, name: OidRef<'_>) -> Result<Option<T>, TypedError> {
        if self.values.is_err() { self.get(name).map(Some) } else { present(self.get(name)) }
    }

    /// The rows that have a cell below this name: those of one table.
    pub fn rows_of(&self, table: OidRef<'_>) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.cells.iter().any(|cell| cell.oid.starts_with(table)))
    }
}
