//! What goes into a statement and comes out of a row: whole numbers, text and octets, each of which may be absent. Both
//! databases have these three, so one SQL text serves both.

use super::StoreError;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, Row as _, Type};

/// A value for a placeholder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// BIGINT.
    Int(Option<i64>),
    /// TEXT.
    Text(Option<String>),
    /// BYTEA, BLOB.
    Blob(Option<Vec<u8>>),
}

impl Value {
    /// As the databases call its kind.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Int(_) => "BIGINT",
            Self::Text(_) => "TEXT",
            Self::Blob(_) => "BYTEA",
        }
    }

    /// How much it takes, about.
    pub(super) fn octets(&self) -> usize {
        match self {
            Self::Int(_) => 8,
            Self::Text(it) => it.as_ref().map_or(0, String::len),
            Self::Blob(it) => it.as_ref().map_or(0, Vec::len),
        }
    }

    /// If it is of this kind; it may still be absent.
    pub(super) fn as_int(&self) -> Option<Option<i64>> {
        if let Self::Int(it) = self { Some(*it) } else { None }
    }

    pub(super) fn as_text(&self) -> Option<Option<&str>> {
        if let Self::Text(it) = self { Some(it.as_deref()) } else { None }
    }

    pub(super) fn as_blob(&self) -> Option<Option<&[u8]>> {
        if let Self::Blob(it) = self { Some(it.as_deref()) } else { None }
    }
}

macro_rules! from {
    ($($from:ty => |$it:ident| $into:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($it: $from) -> Self {
                $into
            }
        }
    )*};
}

from! {
    i64 => |it| Self::Int(Some(it));
    Option<i64> => |it| Self::Int(it);
    &str => |it| Self::Text(Some(clean(it)));
    String => |it| Self::from(it.as_str());
    Option<&str> => |it| Self::Text(it.map(clean));
    Option<String> => |it| Self::from(it.as_deref());
    &[u8] => |it| Self::Blob(Some(it.to_vec()));
    Vec<u8> => |it| Self::Blob(Some(it));
    Option<Vec<u8>> => |it| Self::Blob(it);
}

/// PostgreSQL takes no U+0000 in a text.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A row of either database.
#[derive(Debug)]
pub enum Row {
    /// Of SQLite.
    Sqlite(SqliteRow),
    /// Of PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    /// A number that is there.
    ///
    /// # Errors
    /// If the column is absent or holds something else.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.value(column)
    }

    /// A number that may be absent.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn maybe_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.value(column)
    }

    /// A text that is there.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        self.value(column)
    }

    /// A text that may be absent.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn maybe_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        self.value(column)
    }

    /// Octets that are there.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn blob(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.value(column)
    }

    /// Octets that may be absent.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn maybe_blob(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.value(column)
    }

    fn value<T>(&self, column: usize) -> Result<T, StoreError>
    where
        T: for<'r> Decode<'r, sqlx::Sqlite> + Type<sqlx::Sqlite>,
        T: for<'r> Decode<'r, sqlx::Postgres> + Type<sqlx::Postgres>,
        usize: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// As a value, whatever it is: for moving rows between databases.
    ///
    /// # Errors
    /// If it is none of the three.
    pub fn any(&self, column: usize) -> Result<Value, StoreError> {
        self.maybe_int(column)
            .map(Value::Int)
            .or_else(|_| self.maybe_text(column).map(Value::Text))
            .or_else(|_| self.maybe_blob(column).map(Value::Blob))
    }
}
