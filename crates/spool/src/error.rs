//! What can go wrong with the outbox.

use rusqlite::ErrorCode;

/// An operation of the spool that did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// Larger than a record may be.
    #[error("a record of {octets} octets, at most {most} are taken")]
    TooLarge {
        /// How large it is.
        octets: usize,
        /// How large it may be.
        most: usize,
    },
    /// A stream or device name that is empty or too long.
    #[error("a name of {octets} octets, 1 to {most} are taken")]
    Name {
        /// How long it is.
        octets: usize,
        /// How long it may be.
        most: usize,
    },
    /// Another process has the file open.
    #[error("another agent uses this spool")]
    InUse,
    /// Written by a later version of the program.
    #[error("the spool has form {found}, this program knows {known}: use the later version")]
    Newer {
        /// The form of the file.
        found: i64,
        /// The form of this program.
        known: i64,
    },
    /// The disk is full, or the spool is at its bound and nothing in it may be dropped.
    #[error("no room on the disk")]
    NoRoom(#[source] rusqlite::Error),
    /// The file is damaged; it is set aside and salvaged when the spool is opened again.
    #[error("the spool is damaged")]
    Damaged(#[source] rusqlite::Error),
    /// The disk refused.
    #[error("the disk refused: {0}")]
    Disk(#[from] std::io::Error),
    /// SQLite refused.
    #[error("the spool's file refused: {0}")]
    Refused(#[source] rusqlite::Error),
    /// The writer has ended.
    #[error("the spool is closed")]
    Closed,
}

impl From<rusqlite::Error> for SpoolError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::NoRoom(error),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            _ => Self::Refused(error),
        }
    }
}
