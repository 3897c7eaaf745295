//! How much the outbox may take.

use std::path::Path;

/// Octets of a page of the file.
pub(crate) const PAGE: u64 = 4096;
/// A page in the write-ahead log, with its head.
const FRAME: u64 = PAGE + 24;
/// Pages that a record can touch: its own, one of the index, those of its lane, each with what a split adds.
const PAGES_A_RECORD: u64 = 5;
const MIB: u64 = 1 << 20;

/// The bounds of a spool.
///
/// When the octets run short, room is made in this order, always from the oldest on: what a damaged file left behind and dead
/// letters; readings that are not the last of their device and (UTC) day; alerts; diagnostics; and only when nothing else is
/// left, the last readings of a day, by which pages are billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Most octets of all files together, the write-ahead log included; at least [`Bounds::LEAST`].
    pub octets: u64,
    /// The same as a share of what is free on the disk or taken by the spool, in percent; 0: no such bound.
    pub disk_percent: u8,
    /// Most octets of one record, at most [`Bounds::MOST_ENTRY`].
    pub entry: usize,
}

impl Bounds {
    /// The fewest octets a spool works in.
    pub const LEAST: u64 = 4 * MIB;
    /// The largest record that is ever taken, in octets.
    pub const MOST_ENTRY: usize = 128 << 10;
}

impl Default for Bounds {
    fn default() -> Self {
        Self { octets: 256 * MIB, disk_percent: 10, entry: Self::MOST_ENTRY }
    }
}

/// [`Bounds`] worked out for a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Most octets of all files.
    pub(crate) total: u64,
    /// Of these, for the write-ahead log.
    pub(crate) log: u64,
    /// Most octets of a record.
    pub(crate) entry: usize,
}

impl Room {
    /// The room on the disk of `folder`, of which the spool takes `own` octets at the moment.
    pub(crate) fn of(bounds: Bounds, folder: &Path, own: u64) -> Self {
        let share = match (bounds.disk_percent, free(folder)) {
            (percent @ 1..=99, Some(free)) => free.saturating_add(own) / 100 * u64::from(percent),
            _ => u64::MAX,
        };
        let total = bounds.octets.min(share).max(Bounds::LEAST);
        Self { total, log: (total / 16).clamp(MIB, 8 * MIB), entry: bounds.entry.min(Bounds::MOST_ENTRY) }
    }

    /// Most octets of the database file.
    pub(crate) fn file(&self) -> u64 {
        (self.total - self.log) / PAGE * PAGE
    }

    /// Most records in one transaction, so that what it adds to the log stays within half of the log's room.
    pub(crate) fn records(&self) -> usize {
        usize::try_from(self.log / 4 / (PAGES_A_RECORD * FRAME)).unwrap_or(usize::MAX).clamp(1, 100)
    }

    /// Most octets of records in one transaction.
    pub(crate) fn octets(&self) -> usize {
        usize::try_from(self.log / 4).unwrap_or(usize::MAX)
    }

    /// After how many pages the log is written back.
    pub(crate) fn log_pages(&self) -> u64 {
        self.log / 2 / FRAME
    }
}

#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free(_folder: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_and_log_together_stay_within_the_bound() {
        for octets in [0, 5 * MIB, 64 * MIB, 256 * MIB, 1 << 40] {
            let bounds = Bounds { octets, disk_percent: 0, ..Bounds::default() };
            let room = Room::of(bounds, Path::new("/"), 0);
            assert!(room.file() + room.log <= octets.max(Bounds::LEAST), "{octets}");
            // The largest record fits into a transaction, and a transaction beside the pages not yet written back.
            assert!(room.entry <= room.octets(), "{octets}");
            let transaction = room.octets() as u64 + room.records() as u64 * PAGES_A_RECORD * FRAME;
            assert!(room.log_pages() * FRAME + transaction <= room.log, "{octets}");
        }
    }
}
