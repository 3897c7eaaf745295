//! What is to be written together.

use super::Value;
use crate::audit::Entry;
use std::borrow::Cow;

/// Rows of one table that are inserted many at a time.
#[derive(Debug)]
pub struct Bulk {
    /// `INSERT INTO` and the table.
    pub head: Cow<'static, str>,
    /// What follows the rows.
    pub tail: &'static str,
    /// Values in a row.
    pub columns: usize,
    /// How many of them, from the first, are the key.
    pub key: usize,
    /// Of two rows with one key in a transaction the earlier counts, as `ON CONFLICT DO NOTHING` has it for those that are there;
    /// else the later.
    pub earlier: bool,
}

/// Statements that are committed together, in their order; rows of [`Bulk`] after them.
#[derive(Debug, Default)]
pub struct Batch {
    pub(super) steps: Vec<Step>,
    pub(super) rows: Vec<(&'static Bulk, Vec<Value>)>,
}

#[derive(Debug)]
pub(super) enum Step {
    Run { sql: &'static str, values: Vec<Value>, wanted: Wanted },
    Audit(Entry),
}

/// How many rows a statement has to change.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted {
    Any,
    Some,
    Exactly(u64),
}

impl Wanted {
    pub(super) fn holds(self, changed: u64) -> bool {
        match self {
            Self::Any => true,
            Self::Some => changed > 0,
            Self::Exactly(rows) => changed == rows,
        }
    }
}

impl Batch {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// A statement out of [`sql`](super::sql).
    pub fn run(&mut self, sql: &'static str, values: impl IntoIterator<Item = Value>) -> &mut Self {
        self.steps.push(Step::Run { sql, values: values.into_iter().collect(), wanted: Wanted::Any });
        self
    }

    /// A statement that has to change a row, or nothing of the batch is written.
    pub fn must(&mut self, sql: &'static str, values: impl IntoIterator<Item = Value>) -> &mut Self {
        self.steps.push(Step::Run { sql, values: values.into_iter().collect(), wanted: Wanted::Some });
        self
    }

    /// A statement that has to change exactly so many rows, or nothing of the batch is written.
    pub fn exactly(&mut self, rows: u64, sql: &'static str, values: impl IntoIterator<Item = Value>) -> &mut Self {
        self.steps.push(Step::Run { sql, values: values.into_iter().collect(), wanted: Wanted::Exactly(rows) });
        self
    }

    /// A line of the audit log.
    pub fn audit(&mut self, entry: Entry) -> &mut Self {
        self.steps.push(Step::Audit(entry));
        self
    }

    /// A row.
    pub fn row(&mut self, bulk: &'static Bulk, values: Vec<Value>) -> &mut Self {
        debug_assert_eq!(values.len(), bulk.columns);
        self.rows.push((bulk, values));
        self
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.rows.is_empty()
    }

    pub(super) fn weight(&self) -> usize {
        self.steps.len() + self.rows.len()
    }
}
