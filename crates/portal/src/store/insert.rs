//! Many rows of one table at once, as each database takes them best.

use super::batch::Bulk;
use super::connection::Connection;
use super::{StoreError, Value};
use sqlx::{AssertSqlSafe, Postgres};

/// Rows in one statement of SQLite, largest first: few statements, of few kinds.
const SIZES: [usize; 8] = [128, 64, 32, 16, 8, 4, 2, 1];
/// Rows in one statement of PostgreSQL, and octets, about.
const MOST: usize = 500;
const OCTETS: usize = 4 << 20;

impl Connection {
    /// Inserts rows.
    pub(super) async fn insert(&mut self, bulk: &Bulk, rows: &[&[Value]]) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => self.as_values(bulk, rows).await,
            Self::Postgres(_) => self.as_arrays(bulk, rows).await,
        }
    }

    /// A place for each value. Plain ones: a numbered one is looked up among all of its statement.
    async fn as_values(&mut self, bulk: &Bulk, rows: &[&[Value]]) -> Result<(), StoreError> {
        let mut left = rows;
        for size in SIZES {
            while let Some((now, later)) = left.split_at_checked(size) {
                let row = format!("({})", vec!["?"; bulk.columns].join(", "));
                let sql = format!("{} VALUES {} {}", bulk.head, vec![row.as_str(); size].join(", "), bulk.tail);
                // Made of constants of this crate.
                self.execute_rows(AssertSqlSafe(sql), now).await?;
                left = later;
            }
        }
        Ok(())
    }

    /// A place for each column, for an array: there are as many as the table has columns, whatever the rows.
    async fn as_arrays(&mut self, bulk: &Bulk, rows: &[&[Value]]) -> Result<(), StoreError> {
        let Self::Postgres(connection) = self else { return Ok(()) };
        let mut left = rows;
        while let Some((first, _)) = left.split_first() {
            let mut octets = 0;
            let fits = |row: &&&[Value]| {
                octets += row.iter().map(Value::octets).sum::<usize>();
                octets <= OCTETS
            };
            let (now, later) = left.split_at(left.iter().take(MOST).take_while(fits).count().max(1));
            let kinds =
                first.iter().enumerate().map(|(column, value)| format!("UNNEST(${}::{}[])", column + 1, value.kind()));
            let arrays = kinds.collect::<Vec<_>>().join(", ");
            let sql = AssertSqlSafe(format!("{} SELECT {arrays} {}", bulk.head, bulk.tail));
            let mut query = sqlx::query::<Postgres>(sql);
            for (column, value) in first.iter().enumerate() {
                let values = now.iter().map(|row| row.get(column));
                query = match value {
                    Value::Int(_) => query.bind(all(values, Value::as_int)?),
                    Value::Text(_) => query.bind(all(values, Value::as_text)?),
                    Value::Blob(_) => query.bind(all(values, Value::as_blob)?),
                };
            }
            sqlx::Executor::execute(connection.as_mut(), query).await?;
            left = later;
        }
        Ok(())
    }
}

/// The values of a column, which are of one kind.
fn all<'a, T>(
    values: impl Iterator<Item = Option<&'a Value>>,
    of: impl Fn(&'a Value) -> Option<T>,
) -> Result<Vec<T>, StoreError> {
    let all: Option<Vec<T>> = values.map(|value| value.and_then(&of)).collect();
    all.ok_or(StoreError::Damaged("rows of one kind"))
}
