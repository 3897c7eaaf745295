//! One connection to either database, and what can be done with it.

use super::{Row, StoreError, Value};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection as _, Database, Encode, Executor, SqlSafeStr, SqlStr, Type};
use std::str::FromStr;
use std::time::Duration;

/// Readers beside the one writer.
const READERS: u32 = 8;
/// How long a writer of another process (`explorer admin`) may hold the file.
const BUSY: Duration = Duration::from_secs(10);

/// For a database to answer when it is dialled.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the data is.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Sqlite(Box<SqliteConnectOptions>),
    Postgres(Box<PgConnectOptions>),
}

/// A connection of one's own.
#[derive(Debug)]
pub(super) enum Connection {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

/// Connections to read with.
#[derive(Debug, Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Place {
    /// From a URL: `sqlite:PATH` or `postgres://...`.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let options = SqliteConnectOptions::new()
                .filename(path.strip_prefix("//").unwrap_or(path))
                .create_if_missing(true)
                // A device's day takes 1 to 2 KiB: of the usual 4 KiB a third would stand empty.
                .page_size(8192)
                .journal_mode(SqliteJournalMode::Wal)
                // What is acknowledged is on the disk.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY)
                .statement_cache_capacity(256)
                // Pages that change with each transaction are brought home once for many: 64 MiB.
                .pragma("wal_autocheckpoint", "8192")
                .pragma("journal_size_limit", "67108864")
                .pragma("cache_size", "-32768");
            return Ok(Self::Sqlite(Box::new(options.disable_statement_logging())));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url)?.statement_cache_capacity(256).disable_statement_logging();
            return Ok(Self::Postgres(Box::new(options)));
        }
        Err(StoreError::Address)
    }

    /// How many write at once. The file of SQLite has one writer; PostgreSQL's work for one goes on while another waits for the disk.
    pub(super) fn writers(&self) -> u32 {
        match self {
            Self::Sqlite(_) => 1,
            Self::Postgres(_) => 2,
        }
    }

    pub(super) async fn connect(&self) -> Result<Connection, StoreError> {
        let connected = async {
            Ok(match self {
                Self::Sqlite(options) => Connection::Sqlite(Box::new(SqliteConnection::connect_with(options).await?)),
                Self::Postgres(options) => Connection::Postgres(Box::new(PgConnection::connect_with(options).await?)),
            })
        };
        tokio::time::timeout(PATIENCE, connected).await.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut.into()))
    }

    pub(super) fn pool(&self) -> Pool {
        match self {
            Self::Sqlite(options) => Pool::Sqlite(
                SqlitePoolOptions::new()
                    .max_connections(READERS)
                    .acquire_timeout(PATIENCE)
                    .connect_lazy_with(options.as_ref().clone().read_only(true)),
            ),
            Self::Postgres(options) => Pool::Postgres(
                PgPoolOptions::new()
                    .max_connections(READERS)
                    .acquire_timeout(PATIENCE)
                    .connect_lazy_with(options.as_ref().clone()),
            ),
        }
    }
}

impl Connection {
    /// Runs a statement; the answer is how many rows it changed.
    pub(super) async fn execute(&mut self, sql: impl SqlSafeStr, values: &[Value]) -> Result<u64, StoreError> {
        self.execute_rows(sql, &[values]).await
    }

    /// The same, with the values of one row after the other.
    pub(super) async fn execute_rows(&mut self, sql: impl SqlSafeStr, rows: &[&[Value]]) -> Result<u64, StoreError> {
        let sql = sql.into_sql_str();
        Ok(match self {
            Self::Sqlite(it) => bound(sql, rows).execute(it.as_mut()).await?.rows_affected(),
            Self::Postgres(it) => bound(sql, rows).execute(it.as_mut()).await?.rows_affected(),
        })
    }

    /// The rows of a question.
    pub(super) async fn rows(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let sql = sql.into_sql_str();
        Ok(match self {
            Self::Sqlite(it) => {
                bound(sql, &[values]).fetch_all(it.as_mut()).await?.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(it) => {
                bound(sql, &[values]).fetch_all(it.as_mut()).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Runs statements without values, one after the other.
    pub(super) async fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        // Made of constants of this crate.
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Sqlite(it) => it.execute(sql).await.map(|_| ())?,
            Self::Postgres(it) => it.execute(sql).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Whether the database would take a statement.
    pub(super) async fn prepare(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(it) => drop(it.prepare(sql.into_sql_str()).await?),
            Self::Postgres(it) => drop(it.prepare(sql.into_sql_str()).await?),
        }
        Ok(())
    }

    /// Begins a transaction that may write.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        match self {
            // Asks for the lock at once: a transaction that turns from reading to writing may be refused.
            Self::Sqlite(_) => self.script("BEGIN IMMEDIATE").await,
            Self::Postgres(_) => self.script("BEGIN").await,
        }
    }
}

impl Pool {
    pub(super) async fn rows(&self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let sql = sql.into_sql_str();
        Ok(match self {
            Self::Sqlite(it) => bound(sql, &[values]).fetch_all(it).await?.into_iter().map(Row::Sqlite).collect(),
            Self::Postgres(it) => bound(sql, &[values]).fetch_all(it).await?.into_iter().map(Row::Postgres).collect(),
        })
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(it) => it.close().await,
            Self::Postgres(it) => it.close().await,
        }
    }
}

/// A statement with its values.
fn bound<'q, 'v, D>(sql: SqlStr, rows: &[&'v [Value]]) -> Query<'q, D, D::Arguments>
where
    D: Database,
    Option<i64>: for<'t> Encode<'t, D> + Type<D>,
    Option<String>: for<'t> Encode<'t, D> + Type<D>,
    Option<Vec<u8>>: for<'t> Encode<'t, D> + Type<D>,
    &'v str: for<'t> Encode<'t, D> + Type<D>,
    &'v [u8]: for<'t> Encode<'t, D> + Type<D>,
{
    rows.iter().copied().flatten().fold(sqlx::query::<D>(sql), |query, value| match value {
        Value::Int(it) => query.bind(*it),
        Value::Text(Some(it)) => query.bind(it.as_str()),
        Value::Text(None) => query.bind(None::<String>),
        Value::Blob(Some(it)) => query.bind(it.as_slice()),
        Value::Blob(None) => query.bind(None::<Vec<u8>>),
    })
}
