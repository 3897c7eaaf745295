//! What the portal refused.
//!
//! A refused record leaves its place, so that it holds up nothing, and comes back at the end of its stream under a new
//! number: the old one is behind what the portal counts as done, and would be taken for a repetition. Each time it waits
//! longer; refused five times it is dead, which is counted as a gap, and kept as long as there is room.

use crate::error::SpoolError;
use crate::gaps::{self, Loss};
use crate::item::Packed;
use crate::lanes::{Lane, Lanes};
use crate::store::{self, Row, Store};
use rusqlite::Connection;

/// So many refusals are enough.
const ENOUGH: i64 = 5;
/// How long a record waits after each refusal but the last, in milliseconds.
const WAITS: [i64; 4] = [60_000, 600_000, 3_600_000, 6 * 3_600_000];
/// The most dead records that are kept.
const MOST_DEAD: i64 = 1000;

/// A record that the portal refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Its number.
    pub seq: u64,
    /// It was not the record's fault: it is tried again, and not counted as refused.
    pub later: bool,
}

/// Puts refused records aside. The answer is how many of them are dead.
pub(crate) fn put(
    db: &Connection,
    lanes: &mut Lanes,
    lane: &Lane,
    refused: &[Refused],
    now_ms: i64,
) -> Result<u64, SpoolError> {
    let mut dead = 0;
    for one in refused {
        let Ok(seq) = i64::try_from(one.seq) else { continue };
        let id = lane.record(seq);
        let found: Option<(i64, i64, i64)> = db
            .prepare_cached("SELECT tries, at_ms, length(body) FROM record WHERE id = ?1")?
            .query_map([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .next()
            .transpose()?;
        let Some((tries, at_ms, octets)) = found.filter(|_| seq > 0 && seq <= lane.last_seq) else { continue };
        let tries = if one.later { tries } else { tries + 1 };
        let wait = WAITS.get(usize::try_from(tries - 1).unwrap_or(0));
        let due = if tries >= ENOUGH { None } else { wait.map(|wait| now_ms.saturating_add(*wait)) };
        db.prepare_cached(
            "INSERT INTO aside SELECT NULL, ?2, ?3, class, device, at_ms, ?4, plain, crc, body FROM record WHERE id = ?1",
        )?
        .execute((id, &lane.stream, due, tries))?;
        db.prepare_cached("DELETE FROM record WHERE id = ?1")?.execute([id])?;
        lanes.left(&[(id, octets)]);
        if due.is_none() {
            dead += 1;
            if let Some(lane) = lanes.edit(lane.id) {
                lane.dropped += 1;
            }
            gaps::count(db, &lane.stream, lane.epoch, gaps::DEAD, Loss::one(seq, at_ms))?;
        }
    }
    if dead > 0 {
        db.execute("DELETE FROM aside WHERE due_ms IS NULL AND id <= (SELECT max(id) FROM aside) - ?1", [MOST_DEAD])?;
    }
    Ok(dead)
}

impl Store {
    /// Brings back what is due at `now_ms`; at most as many as fit into a transaction.
    pub(crate) fn bring_back(&mut self, now_ms: i64) -> Result<usize, SpoolError> {
        let (most, most_octets) = (self.room.records(), self.room.octets());
        let epoch = self.epoch;
        self.transaction(|db, lanes| {
            let mut query = db.prepare_cached(
                "SELECT id, stream, class, device, at_ms, tries, plain, crc, body FROM aside
                 WHERE due_ms <= ?1 ORDER BY id LIMIT ?2",
            )?;
            let mut rows = query.query((now_ms, most as i64))?;
            let mut back = Vec::new();
            let mut octets = 0;
            while let Some(row) = rows.next()? {
                let body = Packed::from_row(row, 6);
                octets += body.octets.len();
                if octets > most_octets && !back.is_empty() {
                    break;
                }
                let (stream, device): (String, String) = (row.get(1)?, row.get(3)?);
                let around = Row {
                    stream: &stream,
                    class: row.get(2)?,
                    device: &device,
                    at_ms: row.get(4)?,
                    tries: row.get(5)?,
                };
                store::append(db, lanes, epoch, &around, &body)?;
                back.push(row.get::<_, i64>(0)?);
            }
            for id in &back {
                db.prepare_cached("DELETE FROM aside WHERE id = ?1")?.execute([id])?;
            }
            Ok(back.len())
        })
    }

    /// Removes dead letters, at most as many as fit into a transaction. They are counted already.
    pub(crate) fn bury(&mut self) -> Result<usize, SpoolError> {
        let most = self.room.records() as i64;
        self.transaction(|db, _| {
            Ok(db.execute(
                "DELETE FROM aside WHERE id IN (SELECT id FROM aside WHERE due_ms IS NULL ORDER BY id LIMIT ?1)",
                [most],
            )?)
        })
    }
}

/// By stream: records that wait to be tried again, octets of these, dead ones.
pub(crate) fn summary(db: &Connection) -> Result<Vec<(String, u64, u64, u64)>, SpoolError> {
    let mut query = db.prepare_cached(
        "SELECT stream, count(due_ms), coalesce(sum(length(body)) FILTER (WHERE due_ms IS NOT NULL), 0), count(*) - count(due_ms)
         FROM aside GROUP BY stream",
    )?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
