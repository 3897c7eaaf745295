//! Who serves a database: one portal at a time. Check-ins are answered from memory and numbers are given out there, so two would
//! spoil each other's work. On SQLite a lock on a file beside the database, on PostgreSQL an advisory lock of a session: both
//! end with the process that holds them, however it ends.

use super::connection::{Connection, Place};
use super::{Store, StoreError};
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Names the lock among others in a database of PostgreSQL.
const NUMBER: i64 = 0x6578_706c_6f72_6572;
const TAKE: &str = "SELECT CAST(CASE WHEN pg_try_advisory_lock($1) THEN 1 ELSE 0 END AS BIGINT)";
const LOOK: &str = "SELECT CAST(1 AS BIGINT)";
/// For a portal that is about to end.
const TRIES: usize = 10;
const AGAIN: Duration = Duration::from_millis(100);
/// How often it is looked whether the session is still there.
const EVERY: Duration = Duration::from_secs(5);

/// The right to serve a database, as long as this lives.
#[derive(Debug)]
pub(crate) struct Claim(Held);

#[derive(Debug)]
enum Held {
    File { _lock: File },
    Session { place: Arc<Place>, connection: Option<Connection> },
}

impl Store {
    /// Claims the database for this portal.
    ///
    /// # Errors
    /// If another one serves it, or it cannot be told.
    pub(crate) async fn claim(&self) -> Result<Claim, StoreError> {
        for _ in 0..TRIES {
            match self.try_claim().await {
                // It may be about to end.
                Err(StoreError::Served) => tokio::time::sleep(AGAIN).await,
                other => return other,
            }
        }
        self.try_claim().await
    }

    /// Whether a portal serves the database.
    ///
    /// # Errors
    /// If that cannot be told.
    pub async fn is_served(&self) -> Result<bool, StoreError> {
        match self.try_claim().await {
            Ok(_) => Ok(false),
            Err(StoreError::Served) => Ok(true),
            Err(error) => Err(error),
        }
    }

    async fn try_claim(&self) -> Result<Claim, StoreError> {
        match self.place.as_ref() {
            Place::Sqlite(options) => Ok(Claim(Held::File { _lock: lock(options.get_filename())? })),
            Place::Postgres(_) => {
                let place = self.place.clone();
                let connection = session(&place).await?.ok_or(StoreError::Served)?;
                Ok(Claim(Held::Session { place, connection: Some(connection) }))
            }
        }
    }
}

impl Claim {
    /// Comes true when another portal has taken over: after PostgreSQL was gone, it may have been quicker.
    pub(crate) async fn lost(self) {
        let Held::Session { place, mut connection } = self.0 else { return std::future::pending().await };
        loop {
            tokio::time::sleep(EVERY).await;
            if let Some(held) = &mut connection
                && held.rows(LOOK, &[]).await.is_err()
            {
                connection = None;
            }
            if connection.is_none() {
                match session(&place).await {
                    Ok(None) => return,
                    Ok(again) => connection = again,
                    // Gone still: nobody can serve it.
                    Err(error) => tracing::warn!(%error, "the database is gone"),
                }
            }
        }
    }
}

fn lock(database: &Path) -> Result<File, StoreError> {
    let mut path = OsString::from(database);
    path.push(".serving");
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(StoreError::Lock)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Served),
        Err(TryLockError::Error(error)) => Err(StoreError::Lock(error)),
    }
}

/// A session with the lock; none if another has it.
async fn session(place: &Place) -> Result<Option<Connection>, StoreError> {
    let mut connection = place.connect().await?;
    let rows = connection.rows(TAKE, &[NUMBER.into()]).await?;
    let taken = rows.first().map(|row| row.int(0)).transpose()?;
    Ok((taken == Some(1)).then_some(connection))
}
