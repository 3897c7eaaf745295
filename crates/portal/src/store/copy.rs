//! The whole database into another one, of either kind.

use super::connection::Connection;
use super::{Bulk, Row, Store, StoreError, Value, schema};
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, SqlSafeStr};

/// Tables, the kinds of their columns (number, text, octets), in the order in which they are copied.
const TABLES: [(&str, &str); 17] = [
    ("node", "nnnttttn"),
    ("dealer_key", "noo"),
    ("activation_code", "tonnnnnt"),
    ("agent", "tnntoontttnnntnno"),
    ("stream", "ttnn"),
    ("device", "nnntttttttttttnn"),
    ("device_alias", "ttn"),
    ("device_state", "nno"),
    ("template", "nnto"),
    ("reading_hot", "nno"),
    ("reading_day", "nnno"),
    ("meter_month", "nnnnt"),
    ("event", "nntnntt"),
    ("command", "ontntootnnnttt"),
    ("diagnostics", "otno"),
    ("audit", "nnnttttoo"),
    ("change", "nntt"),
];
/// Rows in one statement.
const AT_ONCE: usize = 200;

impl Store {
    /// Copies everything into the database at `url`, which has to be new. The answer is how many rows there were. Nobody may
    /// write meanwhile: see [`Store::hold`].
    ///
    /// # Errors
    /// If either does not answer, or the other one is not new; then nothing was written to it.
    pub async fn copy_to(&self, url: &str) -> Result<u64, StoreError> {
        let mut target = target(url).await?;
        let mut source = self.place.connect().await?;
        target.begin().await?;
        let mut rows = 0;
        for (table, kinds) in TABLES {
            rows += copy(&mut source, &mut target, table, kinds).await?;
        }
        target.script("COMMIT").await?;
        Ok(rows)
    }
}

/// The database at `url`, with its tables, and nothing in them.
///
/// # Errors
/// If it does not answer, or is not new.
pub(super) async fn target(url: &str) -> Result<Connection, StoreError> {
    let mut target = super::Place::parse(url)?.connect().await?;
    schema::migrate(&mut target).await?;
    match target.rows(super::sql::NODES, &[]).await?.is_empty() {
        true => Ok(target),
        false => Err(StoreError::NotNew),
    }
}

async fn copy(source: &mut Connection, target: &mut Connection, table: &str, kinds: &str) -> Result<u64, StoreError> {
    let question = AssertSqlSafe(format!("SELECT * FROM {table}")).into_sql_str();
    let mut waiting: Vec<Vec<Value>> = Vec::new();
    let mut count = 0;
    macro_rules! rows {
        ($connection:ident, $kind:ident) => {{
            let mut rows = sqlx::query(question).fetch($connection.as_mut());
            while let Some(row) = rows.try_next().await? {
                waiting.push(values(&Row::$kind(row), kinds)?);
                if waiting.len() == AT_ONCE {
                    count += insert(target, table, kinds.len(), &mut waiting).await?;
                }
            }
        }};
    }
    match source {
        Connection::Sqlite(connection) => rows!(connection, Sqlite),
        Connection::Postgres(connection) => rows!(connection, Postgres),
    }
    Ok(count + insert(target, table, kinds.len(), &mut waiting).await?)
}

/// Of the kinds of their columns, so that what is absent is absent of the right kind.
fn values(row: &Row, kinds: &str) -> Result<Vec<Value>, StoreError> {
    kinds
        .bytes()
        .enumerate()
        .map(|(column, kind)| {
            Ok(match kind {
                b'n' => row.maybe_int(column)?.into(),
                b't' => row.maybe_text(column)?.into(),
                _ => row.maybe_blob(column)?.into(),
            })
        })
        .collect()
}

async fn insert(
    target: &mut Connection,
    table: &str,
    columns: usize,
    rows: &mut Vec<Vec<Value>>,
) -> Result<u64, StoreError> {
    let bulk = Bulk { head: format!("INSERT INTO {table}").into(), tail: "", columns, key: 0, earlier: false };
    let values: Vec<&[Value]> = rows.iter().map(Vec::as_slice).collect();
    target.insert(&bulk, &values).await?;
    let count = rows.len() as u64;
    rows.clear();
    Ok(count)
}
