//! The portal's database after a power cut: what was synced is there, what was not is there in part.
//!
//! What an agent was told that is stored must have been synced. So the log may end at any commit from the first on in which
//! all acknowledgements lie that agents have, but not before what may have been written back from it.

use crate::ground::{Acked, STORED, acknowledged};
use anyhow::Context;
use dca_e2e::wal::{Wal, beside};
use std::fs;
use std::path::Path;

pub(crate) const KINDS: [&str; 4] = ["log cut", "log zeroed", "log garbled", "page torn"];

/// Damages the files of a database whose programs are gone. The answer is the kind of damage; none if there is no log.
pub(crate) fn tear(database: &Path, acked: &Acked, random: &mut fastrand::Rng) -> anyhow::Result<Option<usize>> {
    let wal = Wal::of(database);
    if wal.commits.is_empty() {
        return Ok(None);
    }
    let log = beside(database, "-wal");
    let mut octets = fs::read(&log).unwrap_or_default();
    // From the newest on, as many as may be lost; but no more than a few are looked at.
    let mut ends = vec![wal.end()];
    for commit in wal.commits.iter().rev().skip(1).take(6) {
        if commit.end < wal.written_back
            || !holds(database, octets.get(..commit.end).context("a log that is shorter")?, acked)?
        {
            break;
        }
        ends.push(commit.end);
    }
    let from = ends[random.usize(..ends.len())].min(octets.len());
    let at = if from < octets.len() { random.usize(from..octets.len()) } else { from };
    let kind = random.usize(..KINDS.len());
    match kind {
        0 => octets.truncate(at),
        1 => octets[at..].fill(0),
        2 => octets[at..].iter_mut().for_each(|octet| *octet = random.u8(..)),
        _ => {
            octets.truncate(from);
            let mut file = fs::read(database)?;
            for page in wal.pages(from) {
                let start = (page - 1) * wal.page + random.usize(..8) * 512;
                if random.bool()
                    && let Some(sector) = file.get_mut(start..start + 512)
                {
                    sector.fill(0x5a);
                }
            }
            fs::write(database, file)?;
        }
    }
    fs::write(&log, octets)?;
    // A machine that starts anew has no memory of the old one.
    let _ = fs::remove_file(beside(database, "-shm"));
    Ok(Some(kind))
}

/// Whether all of these acknowledgements lie in a database with this log.
fn holds(database: &Path, log: &[u8], acked: &Acked) -> anyhow::Result<bool> {
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("copy.db");
    fs::copy(database, &copy)?;
    fs::write(beside(&copy, "-wal"), log)?;
    let there = acknowledged(&copy, STORED)?;
    Ok(acked.iter().all(|(key, through)| there.get(key).copied().unwrap_or(0) >= *through))
}
