//! What can still be read of a damaged file.
//!
//! Rows are read from the lowest id up to the first that cannot be read, then from the highest down. Each is taken only if
//! its octets have their checksum. They keep epoch and number: what the portal has already is recognised.

use crate::error::SpoolError;
use crate::gaps::{self, Gap, Loss};
use crate::item::Packed;
use crate::lanes::{self, Lane, Lanes};
use crate::store::{self, Row, Store};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeSet;
use std::path::Path;

struct Found {
    id: i64,
    class: i64,
    device: String,
    at_ms: i64,
    tries: i64,
    body: Packed,
}

/// Takes over what can be read of the file at `aside`. The answer: how many records, and how many were lost if that can be
/// told. Nothing in the damaged file is an error.
pub(crate) fn take_over(store: &mut Store, aside: &Path, now_ms: i64) -> Result<(u64, Option<u64>), SpoolError> {
    let opened = Connection::open_with_flags(aside, OpenFlags::SQLITE_OPEN_READ_WRITE);
    let lanes = opened.as_ref().ok().and_then(|old| {
        old.pragma_update(None, "locking_mode", "EXCLUSIVE").ok()?;
        Lanes::load(old).ok()
    });
    let (Ok(old), Some(lanes)) = (opened, lanes) else {
        // Nothing is known, but that something may be missing.
        store.transaction(|db, _| count_unknown(db, now_ms))?;
        return Ok((0, None));
    };
    keep_numbers(store, &old)?;
    let mut known = BTreeSet::new();
    let mut salvaged = 0;
    for up in [true, false] {
        let mut from = if up { 0 } else { i64::MAX };
        loop {
            let (some, ended) = rows(&old, up, from, store.room.records(), &known);
            if let Some(last) = some.last() {
                from = last.id;
            }
            known.extend(some.iter().map(|found| found.id));
            let good: Vec<Found> = some.into_iter().filter(|found| found.body.clone().unpack().is_some()).collect();
            salvaged += good.len() as u64;
            put(store, &lanes, &good)?;
            if ended {
                break;
            }
        }
    }
    let lost = count_lost(store, &lanes, now_ms)?;
    Ok((salvaged, Some(lost)))
}

/// Orders that were seen, counters and gaps that were not told: without them a replay would not be recognised.
fn keep_numbers(store: &mut Store, old: &Connection) -> Result<(), SpoolError> {
    let numbers: Vec<(String, i64)> = old
        .prepare("SELECT name, value FROM number WHERE name <> 'epoch'")
        .and_then(|mut query| query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .unwrap_or_default();
    type Order = (Vec<u8>, i64, i64, bool, Option<Vec<u8>>);
    let orders: Vec<Order> = old
        .prepare("SELECT id, counter, at_ms, told, result FROM orders")
        .and_then(|mut query| {
            query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?.collect()
        })
        .unwrap_or_default();
    let gaps: Vec<Gap> = gaps::all(old).unwrap_or_default();
    store.transaction(|db, _| {
        for number in &numbers {
            db.execute("INSERT OR REPLACE INTO number VALUES (?1, ?2)", (&number.0, number.1))?;
        }
        for (id, counter, at_ms, told, result) in &orders {
            let values = (id, counter, at_ms, told, result);
            db.execute("INSERT OR REPLACE INTO orders VALUES (?1, ?2, ?3, ?4, ?5)", values)?;
        }
        for gap in &gaps {
            let loss = Loss {
                first_seq: gap.first_seq.cast_signed(),
                last_seq: gap.last_seq.cast_signed(),
                records: gap.records.cast_signed(),
                from_ms: gap.from_ms,
                to_ms: gap.to_ms,
            };
            gaps::count(db, &gap.stream, gap.epoch, &gap.why, loss)?;
        }
        Ok(())
    })
}

/// The next rows, and whether these are the last that can be read in this direction.
fn rows(old: &Connection, up: bool, from: i64, most: usize, known: &BTreeSet<i64>) -> (Vec<Found>, bool) {
    let text = if up {
        "SELECT id, class, device, at_ms, tries, plain, crc, body FROM record WHERE id > ?1 ORDER BY id LIMIT ?2"
    } else {
        "SELECT id, class, device, at_ms, tries, plain, crc, body FROM record WHERE id < ?1 ORDER BY id DESC LIMIT ?2"
    };
    let mut found = Vec::new();
    let Ok(mut query) = old.prepare_cached(text) else { return (found, true) };
    let rows = query.query_map((from, most as i64), |row| {
        let body = Packed::from_row(row, 5);
        Ok(Found {
            id: row.get(0)?,
            class: row.get(1)?,
            device: row.get(2)?,
            at_ms: row.get(3)?,
            tries: row.get(4)?,
            body,
        })
    });
    let Ok(rows) = rows else { return (found, true) };
    for row in rows {
        match row {
            Ok(row) if known.contains(&row.id) => return (found, true),
            Ok(row) => found.push(row),
            Err(_) => return (found, true),
        }
    }
    let ended = found.len() < most;
    (found, ended)
}

fn put(store: &mut Store, old: &Lanes, found: &[Found]) -> Result<(), SpoolError> {
    // Bodies are at most as large as an entry, so that a few at a time stay within a transaction.
    for some in found.chunks((store.room.octets() / crate::Bounds::MOST_ENTRY).max(1)) {
        store.transaction(|db, lanes| {
            for one in some {
                let Some(was) = old.iter().find(|lane| lane.id == lanes::lane_of(one.id)) else { continue };
                let lane = lane_for(db, lanes, was)?;
                let row = Row {
                    stream: &was.stream,
                    class: one.class,
                    device: &one.device,
                    at_ms: one.at_ms,
                    tries: one.tries,
                };
                store::insert(db, lanes, &lane, lanes::seq_of(one.id), &row, &one.body)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// The lane of the new file for one of the old, as far along as that was.
fn lane_for(db: &Connection, lanes: &mut Lanes, was: &Lane) -> Result<Lane, SpoolError> {
    let lane = lanes.open(db, &was.stream, was.epoch)?;
    if let Some(lane) = lanes.edit(lane.id) {
        lane.last_seq = lane.last_seq.max(was.last_seq);
        lane.acked = lane.acked.max(was.acked);
    }
    Ok(lane)
}

/// What the lanes counted and is not there.
fn count_lost(store: &mut Store, old: &Lanes, now_ms: i64) -> Result<u64, SpoolError> {
    let mut all = 0;
    store.transaction(|db, lanes| {
        for was in old.iter() {
            let here = lanes.find(&was.stream, was.epoch).map_or(0, |lane| lane.waiting);
            let lost = was.waiting - here;
            if lost > 0 {
                let loss = Loss {
                    first_seq: was.acked + 1,
                    last_seq: was.last_seq,
                    records: lost,
                    from_ms: now_ms,
                    to_ms: now_ms,
                };
                gaps::count(db, &was.stream, was.epoch, gaps::DAMAGED, loss)?;
                all += lost.cast_unsigned();
            }
        }
        Ok(())
    })?;
    Ok(all)
}

fn count_unknown(db: &Connection, now_ms: i64) -> Result<(), SpoolError> {
    let loss = Loss { first_seq: 0, last_seq: 0, records: 0, from_ms: now_ms, to_ms: now_ms };
    gaps::count(db, "all", 0, gaps::DAMAGED, loss)
}
