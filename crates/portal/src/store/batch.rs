//! What is to be written together.

use super::Value;
use crate::audit::Entry;

/// Rows of one table that are inserted many at a time.
#[derive(Debug)]
pub struct Bulk {
    /// Up to and with `VALUES`.
    pub head: &'static str,
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

impl Bulk {
    /// The statement for `rows` rows.
    pub(super) fn statement(&self, rows: usize, marks: Marks) -> String {
        rows_of(self.head, self.columns, rows, marks) + " " + self.tail
    }
}

/// How a place for a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// `$1`, `$2`, ...
    Numbered,
    /// `?`: SQLite looks a numbered one up among all of its statement, for each value.
    Plain,
}

/// `head` and places for rows.
pub(super) fn rows_of(head: &str, columns: usize, rows: usize, marks: Marks) -> String {
    let mut sql = head.to_owned();
    for row in 0..rows {
        sql.push_str(if row == 0 { " (" } else { ", (" });
        for column in 0..columns {
            let separator = if column == 0 { "" } else { ", " };
            sql.push_str(separator);
            match marks {
                Marks::Numbered => sql.push_str(&format!("${}", row * columns + column + 1)),
                Marks::Plain => sql.push('?'),
            }
        }
        sql.push(')');
    }
    sql
}
