//! Opening: the file is checked; a damaged one is set aside, what can be read of it taken over, and all of it said.

use crate::bounds::Bounds;
use crate::error::SpoolError;
use crate::salvage;
use crate::store::Store;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// How opening the spool went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// There was none before.
    pub fresh: bool,
    /// The file was damaged.
    pub damage: Option<Damage>,
}

/// A file that was damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What was wrong with it.
    pub why: String,
    /// Where it lies. It goes when room is needed.
    pub aside: PathBuf,
    /// Records that were taken over, under the epoch and number they had.
    pub salvaged: u64,
    /// Records that were lost; `None` if the file did not say any more how many there were.
    pub lost: Option<u64>,
}

/// Opens the spool; a new one numbers its records in `epoch`. A damaged file is renamed to `.corrupt-{now_ms}`.
pub(crate) fn open(path: &Path, bounds: Bounds, epoch: u64, now_ms: i64) -> Result<(Store, Recovery), SpoolError> {
    let why = match Store::open(path, bounds, epoch) {
        Ok((store, fresh)) => return Ok((store, Recovery { fresh, damage: None })),
        Err(SpoolError::Damaged(why)) => why.to_string(),
        Err(other) => return Err(other),
    };
    // An older one goes: one at a time is enough to look at.
    for old in left_behind(path)? {
        std::fs::remove_file(old)?;
    }
    let aside = beside(path, &format!(".corrupt-{now_ms}"));
    // The log first: without its file nobody replays it, and the file without its log is only older.
    rename(&beside(path, "-wal"), &beside(&aside, "-wal"))?;
    rename(path, &aside)?;
    let (mut store, _) = Store::open(path, bounds, epoch)?;
    let (salvaged, lost) = salvage::take_over(&mut store, &aside, now_ms)?;
    store.left_behind = left_behind(path)?;
    store.measure();
    let damage = Damage { why, aside, salvaged, lost };
    tracing::error!(why = damage.why, salvaged, lost, "the spool was damaged and is set aside");
    Ok((store, Recovery { fresh: false, damage: Some(damage) }))
}

/// The path with something at its end.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    PathBuf::from(name)
}

/// Files that were set aside before.
pub(crate) fn left_behind(path: &Path) -> Result<Vec<PathBuf>, SpoolError> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(Vec::new()) };
    let mut start = name.to_owned();
    start.push(".corrupt-");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(start.as_encoded_bytes()) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
