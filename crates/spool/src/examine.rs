//! A look at a spool for a diagnosis: as the disk has it, and as it stays.

use crate::error::SpoolError;
use crate::handle::Spool;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// What a look at a spool found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Examined {
    /// A process has it open.
    InUse,
    /// Nothing is wrong with it.
    Sound {
        /// That wait to be sent.
        records: u64,
        /// When the oldest of them was made, in milliseconds since 1970.
        oldest_ms: Option<i64>,
    },
    /// It will be set aside by whoever opens it next.
    Damaged {
        /// What SQLite says.
        why: String,
    },
}

impl Spool {
    /// Looks at the spool at `path`, which is there. It takes as long as the disk takes to read all of it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn examine(path: &Path) -> Result<Examined, SpoolError> {
        match look(path).map_err(SpoolError::from) {
            Err(SpoolError::InUse) => Ok(Examined::InUse),
            Err(SpoolError::Damaged(error)) => Ok(Examined::Damaged { why: error.to_string() }),
            other => other,
        }
    }
}

fn look(path: &Path) -> rusqlite::Result<Examined> {
    // A log that was left behind has to be read with it, and can only be read by who may write.
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(std::time::Duration::ZERO)?;
    db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    // What was left behind stays behind.
    let left_behind = std::fs::metadata(log).is_ok_and(|log| log.len() > 0);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, left_behind)?;
    let check: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if check != "ok" {
        return Ok(Examined::Damaged { why: check });
    }
    db.query_row("SELECT count(*), min(at_ms) FROM record", [], |row| {
        Ok(Examined::Sound { records: row.get(0)?, oldest_ms: row.get(1)? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bounds, Class, Item};

    #[test]
    fn in_use_sound_and_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool.db");
        let (spool, _) = Spool::open(&path, Bounds::default(), 7, 0).unwrap();
        let item = |at_ms| Item {
            stream: "readings".to_owned(),
            class: Class::Billing,
            device: "d".to_owned(),
            at_ms,
            body: vec![7; 5_000],
        };
        spool.push((1..=50).map(item).collect()).unwrap();
        assert_eq!(Spool::examine(&path).unwrap(), Examined::InUse);
        // As a power cut leaves it: with its log.
        let cut = folder.path().join("cut.db");
        for (from, to) in [("spool.db", "cut.db"), ("spool.db-wal", "cut.db-wal")] {
            std::fs::copy(folder.path().join(from), folder.path().join(to)).unwrap();
        }
        drop(spool);
        let files = || {
            let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
            let mut all: Vec<_> =
                names.map(|entry| (entry.file_name(), std::fs::read(entry.path()).unwrap())).collect();
            all.sort();
            all
        };
        let before = files();
        let sound = Examined::Sound { records: 50, oldest_ms: Some(1) };
        assert_eq!(Spool::examine(&path).unwrap(), sound);
        assert_eq!(Spool::examine(&cut).unwrap(), sound);
        assert!(files() == before, "a look changes nothing");
        let mut octets = std::fs::read(&path).unwrap();
        octets[4_096..40_960].fill(0x55);
        std::fs::write(&path, octets).unwrap();
        assert!(matches!(Spool::examine(&path).unwrap(), Examined::Damaged { .. }));
        std::fs::write(&path, b"not a database at all").unwrap();
        assert!(matches!(Spool::examine(&path).unwrap(), Examined::Damaged { .. }));
        assert!(Spool::examine(&folder.path().join("none.db")).is_err());
    }
}
