//! The file: its settings and tables.

use crate::bounds::Room;
use crate::error::SpoolError;
use rusqlite::Connection;
use std::path::Path;

/// Rises when the tables change.
const FORM: i64 = 1;
/// "dcas", so that `file` can tell.
const APPLICATION: i64 = 0x6463_6173;

const TABLES: &str = "
CREATE TABLE lane (
  id INTEGER PRIMARY KEY, stream TEXT NOT NULL, epoch INTEGER NOT NULL, last_seq INTEGER NOT NULL,
  acked INTEGER NOT NULL, waiting INTEGER NOT NULL, octets INTEGER NOT NULL, dropped INTEGER NOT NULL,
  UNIQUE (stream, epoch));
CREATE TABLE record (
  id INTEGER PRIMARY KEY, class INTEGER NOT NULL, day INTEGER NOT NULL, device TEXT NOT NULL, at_ms INTEGER NOT NULL,
  tries INTEGER NOT NULL, plain INTEGER, crc INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX record_use ON record (class, day, device, id);
CREATE TABLE aside (
  id INTEGER PRIMARY KEY, stream TEXT NOT NULL, due_ms INTEGER, class INTEGER NOT NULL, device TEXT NOT NULL,
  at_ms INTEGER NOT NULL, tries INTEGER NOT NULL, plain INTEGER, crc INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE gap (
  id INTEGER PRIMARY KEY, stream TEXT NOT NULL, epoch INTEGER NOT NULL, why TEXT NOT NULL, first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL, records INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
  UNIQUE (stream, epoch, why));
CREATE TABLE orders (id BLOB PRIMARY KEY, counter INTEGER NOT NULL, at_ms INTEGER NOT NULL, told INTEGER NOT NULL, result BLOB);
CREATE TABLE number (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
";

/// Opens the file, checks it, and makes its tables if it is new. The answer says whether it was.
pub(crate) fn open(path: &Path, room: Room, epoch: u64) -> Result<(Connection, bool), SpoolError> {
    private(path)?;
    let db = Connection::open(path)?;
    db.busy_timeout(std::time::Duration::ZERO)?;
    // Exclusive before the log is first touched: no shared memory beside the file, and nobody else in it.
    db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    db.pragma_update(None, "page_size", crate::bounds::PAGE)?;
    db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    let form: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if form > FORM {
        return Err(SpoolError::Newer { found: form, known: FORM });
    }
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "cache_spill", 0)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    limit(&db, room)?;
    if form == FORM {
        let check: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        return if check == "ok" { Ok((db, false)) } else { Err(damaged(check)) };
    }
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 {
        return Err(damaged("tables of something else".to_owned()));
    }
    let making = db.unchecked_transaction()?;
    making.execute_batch(TABLES)?;
    making.execute("INSERT INTO number VALUES ('epoch', ?1)", [epoch.cast_signed()])?;
    making.pragma_update(None, "application_id", APPLICATION)?;
    making.pragma_update(None, "user_version", FORM)?;
    making.commit()?;
    Ok((db, true))
}

/// Makes the file if there is none, for nobody else to read; SQLite gives its log the same rights.
fn private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Sets what SQLite itself holds to. A file that is larger stays so until it is vacuumed.
pub(crate) fn limit(db: &Connection, room: Room) -> Result<(), SpoolError> {
    db.pragma_update(None, "max_page_count", room.file() / crate::bounds::PAGE)?;
    db.pragma_update(None, "wal_autocheckpoint", room.log_pages())?;
    db.pragma_update(None, "journal_size_limit", room.log)?;
    Ok(())
}

pub(crate) fn damaged(why: String) -> SpoolError {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    SpoolError::Damaged(rusqlite::Error::SqliteFailure(code, Some(why)))
}
