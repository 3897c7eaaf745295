//! What was dropped, counted until it is told.
//!
//! One row for each stream, epoch and reason, so that counting takes no room however long nobody listens. [`crate::Spool::tell`]
//! turns rows into records in one transaction: a gap is counted or told, never neither.

use crate::error::SpoolError;
use rusqlite::Connection;

/// Why records were dropped.
pub(crate) const THINNED: &str = "thinned";
pub(crate) const FULL: &str = "full";
pub(crate) const TOO_OLD: &str = "too_old";
pub(crate) const DAMAGED: &str = "damaged";
pub(crate) const DEAD: &str = "dead";

/// Records of a stream that were dropped and are not told yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// To name it in [`crate::Spool::tell`].
    pub id: i64,
    /// Whose records.
    pub stream: String,
    /// In which epoch they were numbered.
    pub epoch: u64,
    /// thinned, full, too_old, damaged or dead.
    pub why: String,
    /// The lowest number among them; 0 if they never got one.
    pub first_seq: u64,
    /// The highest number among them.
    pub last_seq: u64,
    /// How many; 0 if that is not known.
    pub records: u64,
    /// The earliest of their times.
    pub from_ms: i64,
    /// The latest of their times.
    pub to_ms: i64,
}

/// Records that are being dropped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loss {
    pub(crate) first_seq: i64,
    pub(crate) last_seq: i64,
    pub(crate) records: i64,
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
}

impl Loss {
    pub(crate) fn one(seq: i64, at_ms: i64) -> Self {
        Self { first_seq: seq, last_seq: seq, records: 1, from_ms: at_ms, to_ms: at_ms }
    }

    pub(crate) fn join(self, other: Self) -> Self {
        Self {
            first_seq: self.first_seq.min(other.first_seq),
            last_seq: self.last_seq.max(other.last_seq),
            records: self.records.saturating_add(other.records),
            from_ms: self.from_ms.min(other.from_ms),
            to_ms: self.to_ms.max(other.to_ms),
        }
    }
}

/// Adds to what is counted.
pub(crate) fn count(db: &Connection, stream: &str, epoch: u64, why: &str, loss: Loss) -> Result<(), SpoolError> {
    db.prepare_cached(
        "INSERT INTO gap VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (stream, epoch, why) DO UPDATE SET first_seq = min(first_seq, ?4), last_seq = max(last_seq, ?5),
         records = records + ?6, from_ms = min(from_ms, ?7), to_ms = max(to_ms, ?8)",
    )?
    .execute((
        stream,
        epoch.cast_signed(),
        why,
        loss.first_seq,
        loss.last_seq,
        loss.records,
        loss.from_ms,
        loss.to_ms,
    ))?;
    Ok(())
}

/// All that is counted.
pub(crate) fn all(db: &Connection) -> Result<Vec<Gap>, SpoolError> {
    let mut query = db.prepare_cached(
        "SELECT id, stream, epoch, why, first_seq, last_seq, records, from_ms, to_ms FROM gap ORDER BY id LIMIT 1000",
    )?;
    let gaps = query.query_map([], |row| {
        Ok(Gap {
            id: row.get(0)?,
            stream: row.get(1)?,
            epoch: row.get::<_, i64>(2)?.cast_unsigned(),
            why: row.get(3)?,
            first_seq: row.get::<_, i64>(4)?.cast_unsigned(),
            last_seq: row.get::<_, i64>(5)?.cast_unsigned(),
            records: row.get::<_, i64>(6)?.cast_unsigned(),
            from_ms: row.get(7)?,
            to_ms: row.get(8)?,
        })
    })?;
    Ok(gaps.collect::<Result<_, _>>()?)
}
