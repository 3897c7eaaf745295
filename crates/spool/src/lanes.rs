//! Lanes: a stream in an epoch, and how far it got.
//!
//! Records of a file that was damaged keep the epoch and the numbers under which they may have been sent, so a stream can
//! have several lanes. The oldest is emptied first; only the one of the spool's own epoch is added to.

use crate::error::SpoolError;
use rusqlite::{Connection, Row};

/// Bits of a record's id that are its number in the lane.
const SEQ_BITS: u32 = 48;
const SEQ_MASK: i64 = (1 << SEQ_BITS) - 1;

/// A stream in an epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) id: i64,
    pub(crate) stream: String,
    pub(crate) epoch: u64,
    pub(crate) last_seq: i64,
    pub(crate) acked: i64,
    pub(crate) waiting: i64,
    pub(crate) octets: i64,
    pub(crate) dropped: i64,
}

impl Lane {
    /// The id of a record.
    pub(crate) fn record(&self, seq: i64) -> i64 {
        self.id << SEQ_BITS | (seq & SEQ_MASK)
    }
}

/// The lane of a record's id.
pub(crate) fn lane_of(record: i64) -> i64 {
    record >> SEQ_BITS
}

/// The number in its lane of a record's id.
pub(crate) fn seq_of(record: i64) -> i64 {
    record & SEQ_MASK
}

/// All lanes, oldest first, as they are on the disk. Changes are made to a copy that takes its place with the commit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lanes {
    all: Vec<Lane>,
    changed: Vec<i64>,
}

impl Lanes {
    pub(crate) fn load(db: &Connection) -> Result<Self, SpoolError> {
        let mut query =
            db.prepare("SELECT id, stream, epoch, last_seq, acked, waiting, octets, dropped FROM lane ORDER BY id")?;
        let all = query.query_map([], lane)?.collect::<Result<_, _>>()?;
        Ok(Self { all, changed: Vec::new() })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Lane> {
        self.all.iter()
    }

    pub(crate) fn find(&self, stream: &str, epoch: u64) -> Option<&Lane> {
        self.all.iter().find(|lane| lane.epoch == epoch && lane.stream == stream)
    }

    /// The lane with this id, to be changed.
    pub(crate) fn edit(&mut self, id: i64) -> Option<&mut Lane> {
        if !self.changed.contains(&id) {
            self.changed.push(id);
        }
        self.all.iter_mut().find(|lane| lane.id == id)
    }

    /// The lane of a stream in an epoch, made if there is none.
    pub(crate) fn open(&mut self, db: &Connection, stream: &str, epoch: u64) -> Result<Lane, SpoolError> {
        if let Some(lane) = self.find(stream, epoch) {
            return Ok(lane.clone());
        }
        db.execute("INSERT INTO lane VALUES (NULL, ?1, ?2, 0, 0, 0, 0, 0)", (stream, epoch.cast_signed()))?;
        let stream = stream.to_owned();
        let id = db.last_insert_rowid();
        let lane = Lane { id, stream, epoch, last_seq: 0, acked: 0, waiting: 0, octets: 0, dropped: 0 };
        self.all.push(lane.clone());
        Ok(lane)
    }

    /// Notes records that left, by their ids and the octets of their bodies.
    pub(crate) fn left(&mut self, records: &[(i64, i64)]) {
        for (id, octets) in records {
            if let Some(lane) = self.edit(lane_of(*id)) {
                lane.waiting -= 1;
                lane.octets -= octets;
            }
        }
    }

    /// Writes what changed; lanes of other epochs than `epoch` go when they are empty.
    pub(crate) fn save(&mut self, db: &Connection, epoch: u64) -> Result<(), SpoolError> {
        for id in std::mem::take(&mut self.changed) {
            let Some(lane) = self.all.iter().find(|lane| lane.id == id) else { continue };
            if lane.waiting == 0 && lane.epoch != epoch {
                db.prepare_cached("DELETE FROM lane WHERE id = ?1")?.execute([id])?;
                self.all.retain(|lane| lane.id != id);
                continue;
            }
            db.prepare_cached(
                "UPDATE lane SET last_seq = ?2, acked = ?3, waiting = ?4, octets = ?5, dropped = ?6, epoch = ?7 WHERE id = ?1",
            )?
            .execute((id, lane.last_seq, lane.acked, lane.waiting, lane.octets, lane.dropped, lane.epoch.cast_signed()))?;
        }
        Ok(())
    }
}

fn lane(row: &Row<'_>) -> rusqlite::Result<Lane> {
    Ok(Lane {
        id: row.get(0)?,
        stream: row.get(1)?,
        epoch: row.get::<_, i64>(2)?.cast_unsigned(),
        last_seq: row.get(3)?,
        acked: row.get(4)?,
        waiting: row.get(5)?,
        octets: row.get(6)?,
        dropped: row.get(7)?,
    })
}
