//! The outbox as its writer sees it: one connection, one transaction at a time.

use crate::bounds::{Bounds, PAGE, Room};
use crate::error::SpoolError;
use crate::gaps::{self, Loss};
use crate::item::{Batch, Entry, Item, Packed};
use crate::lanes::{Lane, Lanes};
use crate::{aside, schema};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) const DAY_MS: i64 = 86_400_000;

/// What waits in a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Which stream.
    pub stream: String,
    /// Records that wait, those that were refused and will be tried again included.
    pub records: u64,
    /// Octets of their bodies, as they are kept.
    pub octets: u64,
    /// When the first of them happened; `None` if none waits.
    pub oldest_ms: Option<i64>,
    /// Given up after five refusals, and still kept aside.
    pub dead: u64,
    /// Dropped since the spool was made.
    pub dropped: u64,
}

/// What the files take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Octets of all files at the last commit.
    pub octets: u64,
    /// The most that it was at any commit since the spool was opened.
    pub most: u64,
    /// The bound, as it is in force with what is free on the disk.
    pub bound: u64,
}

/// What became of an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Acknowledged {
    /// Records that left because the portal has them.
    pub removed: u64,
    /// Records that the portal refused for good.
    pub dead: u64,
    /// The portal knows higher numbers than were ever given: this spool is an older copy of itself, such as a machine that
    /// was set back to a snapshot. Nothing was removed; see [`crate::Spool::renew_epoch`].
    pub set_back: bool,
}

pub(crate) struct Store {
    pub(crate) db: Connection,
    pub(crate) path: PathBuf,
    pub(crate) epoch: u64,
    pub(crate) lanes: Lanes,
    pub(crate) bounds: Bounds,
    pub(crate) room: Room,
    pub(crate) size: Size,
    /// From which (day, device, id) on thinning looks next.
    pub(crate) thinned: (i64, String, i64),
    /// What a damaged file left behind.
    pub(crate) left_behind: Vec<PathBuf>,
}

impl Store {
    /// Opens the file; the answer says whether it is new.
    pub(crate) fn open(path: &Path, bounds: Bounds, epoch: u64) -> Result<(Self, bool), SpoolError> {
        let left_behind = crate::recovery::left_behind(path)?;
        let own = files(path, &left_behind);
        let room = Room::of(bounds, path.parent().unwrap_or(path), own);
        let (db, fresh) = schema::open(path, room, epoch)?;
        let epoch: i64 = db.query_row("SELECT value FROM number WHERE name = 'epoch'", [], |row| row.get(0))?;
        let lanes = Lanes::load(&db)?;
        let thinned = (i64::MIN, String::new(), 0);
        let size = Size { octets: own, most: own, bound: room.total };
        let path = path.to_owned();
        let mut store =
            Self { db, path, epoch: epoch.cast_unsigned(), lanes, bounds, room, size, thinned, left_behind };
        store.measure();
        Ok((store, fresh))
    }

    /// One transaction: all of `work` or nothing.
    pub(crate) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Connection, &mut Lanes) -> Result<T, SpoolError>,
    ) -> Result<T, SpoolError> {
        let mut lanes = self.lanes.clone();
        let open = self.db.unchecked_transaction()?;
        let done = work(&open, &mut lanes)?;
        lanes.save(&open, self.epoch)?;
        open.commit()?;
        self.lanes = lanes;
        self.measure();
        Ok(done)
    }

    /// Puts items at the end of their streams, in one transaction; they are within what [`Room`] allows for one.
    pub(crate) fn insert(&mut self, items: &[Item]) -> Result<(), SpoolError> {
        let packed: Vec<Packed> = items.iter().map(|item| Packed::of(&item.body)).collect();
        let need = packed.iter().map(|body| body.octets.len() as u64 + 512).sum::<u64>() + 32 * PAGE;
        self.make_room(need)?;
        let epoch = self.epoch;
        self.transaction(|db, lanes| {
            for (item, body) in items.iter().zip(&packed) {
                append(db, lanes, epoch, &Row::of(item), body)?;
            }
            Ok(())
        })
    }

    /// The next records of a stream, as far as `most_records` and `most_octets` of bodies allow; at least one.
    pub(crate) fn batch(
        &mut self,
        stream: &str,
        most_records: usize,
        most_octets: usize,
    ) -> Result<Option<Batch>, SpoolError> {
        loop {
            let Some(lane) = self.lanes.iter().find(|lane| lane.stream == stream && lane.waiting > 0).cloned() else {
                return Ok(None);
            };
            let (entries, damaged) = read(&self.db, &lane, most_records, most_octets)?;
            if !damaged.is_empty() {
                // Their octets are not what was pushed: better missing and counted than wrong.
                self.drop_records(&damaged, gaps::DAMAGED)?;
            }
            if !entries.is_empty() {
                return Ok(Some(Batch { stream: lane.stream, epoch: lane.epoch, entries }));
            }
            if damaged.is_empty() {
                // The count was of records that are not there; the file contradicts itself.
                return Err(schema::damaged(format!("lane {} counts records it does not have", lane.id)));
            }
        }
    }

    /// The portal has all of the stream up to `through`, but for what it refused.
    pub(crate) fn acknowledge(
        &mut self,
        stream: &str,
        epoch: u64,
        through: u64,
        refused: &[aside::Refused],
        now_ms: i64,
    ) -> Result<Acknowledged, SpoolError> {
        let mut done = Acknowledged::default();
        let Some(lane) = self.lanes.find(stream, epoch).cloned() else { return Ok(done) };
        let through = i64::try_from(through).unwrap_or(i64::MAX);
        if through > lane.last_seq {
            return Ok(Acknowledged { set_back: true, ..done });
        }
        for some in refused.chunks(self.room.records()) {
            done.dead += self.transaction(|db, lanes| aside::put(db, lanes, &lane, some, now_ms))?;
        }
        loop {
            let most = self.room.records();
            let removed = self.transaction(|db, lanes| {
                let mut query = db.prepare_cached(
                    "SELECT id, length(body) FROM record WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3",
                )?;
                let ids: Vec<(i64, i64)> = query
                    .query_map((lane.record(0), lane.record(through), most as i64), |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })?
                    .collect::<Result<_, _>>()?;
                if let (Some(first), Some(last)) = (ids.first(), ids.last()) {
                    db.prepare_cached("DELETE FROM record WHERE id BETWEEN ?1 AND ?2")?.execute((first.0, last.0))?;
                }
                lanes.left(&ids);
                if ids.len() < most
                    && let Some(lane) = lanes.edit(lane.id)
                {
                    lane.acked = lane.acked.max(through);
                }
                Ok(ids.len())
            })?;
            done.removed += removed as u64;
            if removed < most {
                return Ok(done);
            }
        }
    }

    /// Every stream in which something waits or was ever dropped.
    pub(crate) fn summary(&self) -> Result<Vec<Summary>, SpoolError> {
        let mut all: BTreeMap<String, Summary> = BTreeMap::new();
        for lane in self.lanes.iter() {
            let oldest: Option<i64> = self
                .db
                .prepare_cached("SELECT at_ms FROM record WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT 1")?
                .query_map((lane.record(0), lane.record(lane.last_seq)), |row| row.get(0))?
                .next()
                .transpose()?;
            let summary = all.entry(lane.stream.clone()).or_default();
            summary.records += lane.waiting.cast_unsigned();
            summary.octets += lane.octets.cast_unsigned();
            summary.dropped += lane.dropped.cast_unsigned();
            summary.oldest_ms = [summary.oldest_ms, oldest].into_iter().flatten().min();
        }
        for (stream, waiting, octets, dead) in aside::summary(&self.db)? {
            let summary = all.entry(stream).or_default();
            summary.records += waiting;
            summary.octets += octets;
            summary.dead += dead;
        }
        Ok(all.into_iter().map(|(stream, summary)| Summary { stream, ..summary }).collect())
    }

    /// Turns the gaps with these ids into records.
    pub(crate) fn tell(&mut self, told: &[i64], items: &[Item]) -> Result<(), SpoolError> {
        for item in items {
            item.check(self.room.entry)?;
        }
        let packed: Vec<Packed> = items.iter().map(|item| Packed::of(&item.body)).collect();
        let epoch = self.epoch;
        self.transaction(|db, lanes| {
            for id in told {
                db.prepare_cached("DELETE FROM gap WHERE id = ?1")?.execute([id])?;
            }
            for (item, body) in items.iter().zip(&packed) {
                append(db, lanes, epoch, &Row::of(item), body)?;
            }
            Ok(())
        })
    }

    /// From here on records are numbered in another epoch, those that wait included.
    pub(crate) fn renew_epoch(&mut self, epoch: u64) -> Result<(), SpoolError> {
        let old = self.epoch;
        self.epoch = epoch;
        let renewed = self.transaction(|db, lanes| {
            db.execute("UPDATE number SET value = ?1 WHERE name = 'epoch'", [epoch.cast_signed()])?;
            let ids: Vec<i64> = lanes.iter().filter(|lane| lane.epoch == old).map(|lane| lane.id).collect();
            for id in ids {
                if let Some(lane) = lanes.edit(id) {
                    lane.epoch = epoch;
                }
            }
            Ok(())
        });
        if renewed.is_err() {
            self.epoch = old;
        }
        renewed
    }

    /// Removes records and counts them.
    pub(crate) fn drop_records(&mut self, records: &[Leaving], why: &'static str) -> Result<(), SpoolError> {
        for some in records.chunks(self.room.records()) {
            self.transaction(|db, lanes| {
                let mut losses: Vec<(i64, Loss)> = Vec::new();
                for record in some {
                    db.prepare_cached("DELETE FROM record WHERE id = ?1")?.execute([record.id])?;
                    lanes.left(&[(record.id, record.octets)]);
                    let lane = crate::lanes::lane_of(record.id);
                    let loss = Loss::one(crate::lanes::seq_of(record.id), record.at_ms);
                    match losses.iter_mut().find(|(of, _)| *of == lane) {
                        Some((_, all)) => *all = all.join(loss),
                        None => losses.push((lane, loss)),
                    }
                }
                for (lane, loss) in losses {
                    let Some(lane) = lanes.edit(lane) else { continue };
                    lane.dropped += loss.records;
                    gaps::count(db, &lane.stream, lane.epoch, why, loss)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Counts records that were dropped before they got a number.
    pub(crate) fn count_unnumbered(&mut self, losses: &[(String, Loss)]) -> Result<(), SpoolError> {
        let epoch = self.epoch;
        self.transaction(|db, lanes| {
            for (stream, loss) in losses {
                let lane = lanes.open(db, stream, epoch)?;
                if let Some(lane) = lanes.edit(lane.id) {
                    lane.dropped += loss.records;
                }
                gaps::count(db, stream, epoch, gaps::FULL, *loss)?;
            }
            Ok(())
        })
    }

    /// Octets of the file that hold something.
    pub(crate) fn used(&self) -> Result<u64, SpoolError> {
        let pages: u64 = self.db.pragma_query_value(None, "page_count", |row| row.get(0))?;
        let free: u64 = self.db.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
        Ok(pages.saturating_sub(free) * PAGE)
    }

    pub(crate) fn measure(&mut self) {
        let octets = files(&self.path, &self.left_behind);
        self.size = Size { octets, most: self.size.most.max(octets), bound: self.room.total };
    }
}

/// A record that is being removed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaving {
    pub(crate) id: i64,
    pub(crate) at_ms: i64,
    pub(crate) octets: i64,
}

/// What stands beside a body.
pub(crate) struct Row<'a> {
    pub(crate) stream: &'a str,
    pub(crate) class: i64,
    pub(crate) device: &'a str,
    pub(crate) at_ms: i64,
    pub(crate) tries: i64,
}

impl<'a> Row<'a> {
    fn of(item: &'a Item) -> Self {
        Self { stream: &item.stream, class: item.class.number(), device: &item.device, at_ms: item.at_ms, tries: 0 }
    }
}

/// Puts a record at the end of its stream.
pub(crate) fn append(
    db: &Connection,
    lanes: &mut Lanes,
    epoch: u64,
    row: &Row<'_>,
    body: &Packed,
) -> Result<(), SpoolError> {
    let lane = lanes.open(db, row.stream, epoch)?;
    insert(db, lanes, &lane, lane.last_seq + 1, row, body)
}

/// Puts a record into its lane under the number it has.
pub(crate) fn insert(
    db: &Connection,
    lanes: &mut Lanes,
    lane: &Lane,
    seq: i64,
    row: &Row<'_>,
    body: &Packed,
) -> Result<(), SpoolError> {
    db.prepare_cached("INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?.execute((
        lane.record(seq),
        row.class,
        row.at_ms.div_euclid(DAY_MS),
        row.device,
        row.at_ms,
        row.tries,
        body.plain.map(|plain| plain as i64),
        body.crc,
        &body.octets,
    ))?;
    if let Some(lane) = lanes.edit(lane.id) {
        lane.last_seq = lane.last_seq.max(seq);
        lane.waiting += 1;
        lane.octets += body.octets.len() as i64;
    }
    Ok(())
}

/// The first records of a lane that fit, and those before them that are damaged.
fn read(
    db: &Connection,
    lane: &Lane,
    most_records: usize,
    most_octets: usize,
) -> Result<(Vec<Entry>, Vec<Leaving>), SpoolError> {
    let mut query = db.prepare_cached(
        "SELECT id, at_ms, plain, crc, body FROM record WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3",
    )?;
    let mut rows = query.query((lane.record(0), lane.record(lane.last_seq), most_records.max(1) as i64))?;
    let (mut entries, mut damaged) = (Vec::new(), Vec::new());
    let mut room = most_octets;
    while let Some(row) = rows.next()? {
        let (id, at_ms): (i64, i64) = (row.get(0)?, row.get(1)?);
        let packed = Packed::from_row(row, 2);
        let octets = packed.octets.len() as i64;
        let Some(body) = packed.unpack() else {
            damaged.push(Leaving { id, at_ms, octets });
            continue;
        };
        if !entries.is_empty() && body.len() > room {
            break;
        }
        room = room.saturating_sub(body.len());
        entries.push(Entry { seq: crate::lanes::seq_of(id).cast_unsigned(), body });
    }
    Ok((entries, damaged))
}

/// Octets of the database, its log and what a damaged one left behind.
fn files(path: &Path, left_behind: &[PathBuf]) -> u64 {
    let log = crate::recovery::beside(path, "-wal");
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    length(path) + length(&log) + left_behind.iter().map(|path| length(path)).sum::<u64>()
}
